"""The ledger's schema in PostgreSQL's words; pure.

Each rule is a trigger function of its own schema. Two more stand before every table: one refuses UPDATE, DELETE and
TRUNCATE, the other makes every writer wait for its turn. All fire also where a session poses as a replica.
"""

from collections.abc import Iterator

from fusion.ledger import rules

_TYPES = {"bytes": "BYTEA", "whole": "BIGINT", "real": "DOUBLE PRECISION"}
_REFUSED = "USING ERRCODE = 'integrity_constraint_violation'"


def statements(schema: str) -> Iterator[str]:
    """Return the statements that make a ledger in a schema of its own, in order."""
    yield f'CREATE SCHEMA "{schema}"'
    yield f"COMMENT ON SCHEMA \"{schema}\" IS 'aisle ledger {rules.VERSION}'"
    yield f'SET LOCAL search_path = "{schema}", pg_temp'
    for name, columns in rules.TABLES.items():
        yield f"CREATE TABLE {name} ({columns.format(**_TYPES)})"
    refusal = f"'rows of % are never changed or removed', TG_TABLE_NAME {_REFUSED}"
    yield function(schema, "rows_kept", f"RAISE EXCEPTION {refusal};")
    yield function(schema, "rows_wait", "LOCK TABLE chain IN EXCLUSIVE MODE; RETURN NULL;")
    for name in rules.TABLES:
        yield from trigger(f"{name}_kept", name, "UPDATE OR DELETE OR TRUNCATE", "STATEMENT", "rows_kept")
        yield from trigger(f"{name}_wait", name, "INSERT", "STATEMENT", "rows_wait")
    for rule in rules.RULES:
        refusal = f"'{rule.refusal}' {_REFUSED}"
        yield function(schema, rule.name, f"IF {rule.condition} THEN RAISE EXCEPTION {refusal}; END IF; RETURN NEW;")
        yield from trigger(rule.name, rule.table, "INSERT", "ROW", rule.name)
    yield from rules.VIEWS


def function(schema: str, name: str, body: str) -> str:
    """Return the statement that makes a function for triggers."""
    # With its own search path a rule reads the tables of its ledger, whatever the session calls by these names.
    return (
        f'CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = "{schema}", pg_temp '
        f"AS $rule$ BEGIN {body} END $rule$"
    )


def trigger(name: str, table: str, events: str, each: str, function: str) -> Iterator[str]:
    """Return the statements that put a function before some events of a table, whoever the session poses as."""
    yield f"CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()"
    yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"
