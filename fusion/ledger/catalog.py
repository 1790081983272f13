"""What PostgreSQL's catalogs say of a schema, compared with the same of another. The server is only read."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from fusion.ledger.chain import Finding

# One row a fact: (kind, name, definition). Switched-off triggers, rewrite rules and row security count as well:
# each can make a table take or hide rows.
_FACTS: Final = """
WITH ours AS (SELECT c.* FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ?)
SELECT 'relation' AS kind, relname AS name,
    concat_ws(' ', relkind, relrowsecurity, relhassubclass, relpersistence, reloptions) FROM ours
UNION ALL SELECT 'column', concat(relname, '.', attname),
    concat_ws(' ', attnum, format_type(atttypid, atttypmod), attnotnull, atthasdef, attcollation)
    FROM ours JOIN pg_attribute ON attrelid = ours.oid WHERE attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'constraint', concat(relname, '.', conname), concat_ws(' ', pg_get_constraintdef(k.oid), convalidated)
    FROM ours JOIN pg_constraint AS k ON conrelid = ours.oid
UNION ALL SELECT 'index', relname, pg_get_indexdef(indexrelid)
    FROM ours JOIN pg_index ON indexrelid = ours.oid
UNION ALL SELECT 'trigger', concat(relname, '.', tgname), concat_ws(' ', pg_get_triggerdef(t.oid), tgenabled)
    FROM ours JOIN pg_trigger AS t ON tgrelid = ours.oid WHERE NOT tgisinternal
UNION ALL SELECT 'references', relname, string_agg(tgenabled::text, '' ORDER BY tgenabled)
    FROM ours JOIN pg_trigger AS t ON tgrelid = ours.oid WHERE tgisinternal GROUP BY relname
UNION ALL SELECT 'rule', concat(relname, '.', rulename), pg_get_ruledef(r.oid)
    FROM ours JOIN pg_rewrite AS r ON ev_class = ours.oid
UNION ALL SELECT 'policy', concat(relname, '.', polname), concat_ws(' ', polcmd, polpermissive)
    FROM ours JOIN pg_policy AS p ON polrelid = ours.oid
UNION ALL SELECT 'function', proname, concat_ws(' ', prosrc, proconfig, provolatile, prosecdef, proretset)
    FROM pg_proc JOIN pg_namespace AS n ON n.oid = pronamespace WHERE n.nspname = ?
"""
WIDTH_MAX: Final = 160  # of a definition in a message

Reader: TypeAlias = Callable[[str, tuple[str, ...]], list[tuple[Any, ...]]]


def other_schema(read: Reader, schema: str, model: str) -> Iterator[Finding]:
    """Say in which facts a schema differs from its model, which has just been made by the same server.

    Neither may be on the search path: then the server gives every name with its schema.
    """
    ours, theirs = _facts(read, model), _facts(read, schema)
    for kind, name in sorted(ours.keys() | theirs.keys()):
        expected, received = ours.get((kind, name), "none"), theirs.get((kind, name), "none")
        if expected != received:
            yield Finding(f"{kind} {name}", _short(expected), _short(received))


def _facts(read: Reader, schema: str) -> dict[tuple[str, str], str]:
    own_name = re.compile(rf'\\?"?{re.escape(schema)}\\?"?(?![A-Za-z0-9_~-])')
    rows = read(_FACTS, (schema, schema))
    return {(kind, name): own_name.sub("(schema)", str(definition)) for kind, name, definition in rows}


def _short(definition: str) -> str:
    return " ".join(definition.split())[:WIDTH_MAX]
