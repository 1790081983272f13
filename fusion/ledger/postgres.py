"""A ledger in one schema of a PostgreSQL database: a chain of stores keeps a schema each.

Writers wait for one another on the chain's table lock, whoever they are: our transactions take it first, and a
statement of anybody else takes it in a trigger before its first row. So two writers cannot fork the chain, and no
row is judged by what another transaction has not finished. TRUNCATE is refused like UPDATE and DELETE, and the
triggers fire also where a session poses as a replica.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg

from fusion.ledger import rules
from fusion.ledger.catalog import other_schema
from fusion.ledger.chain import Finding
from fusion.ledger.database import BookError
from fusion.ledger.rows import Row, Value

PREFIX: Final = "aisle_"
NAME_BYTES_MAX: Final = 63  # PostgreSQL cuts longer identifiers off
SCAN_ROWS: Final = 2000  # fetched at a time
MODEL: Final = "aisle~model"  # no store id has a tilde

_TYPES = {"bytes": "BYTEA", "whole": "BIGINT", "real": "DOUBLE PRECISION"}
# As durable as a commit can be, and read as the rules need it: every statement sees what is committed.
_SETTINGS = (
    "SET synchronous_commit = on",
    "SET default_transaction_isolation = 'read committed'",
    "SET client_encoding = 'UTF8'",
    "SET client_min_messages = 'warning'",
)
_FOUND = "SELECT nspname FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') LIKE 'aisle ledger %' ORDER BY 1"


class PostgresSchema:
    """An open ledger in a server."""

    __slots__ = ("_connection", "_schema", "place")

    def __init__(self, connection: psycopg.Connection, schema: str, place: str) -> None:
        self._connection = connection
        self._schema = schema
        self.place = place

    def read(self, query: str, parameters: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with _named(self.place):
            return self._connection.execute(_marked(query), parameters).fetchall()

    def scan(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Return the rows of a query, some thousand at a time; inside a snapshot."""
        with _named(self.place), self._connection.cursor(name="scan") as cursor:
            cursor.itersize = SCAN_ROWS
            yield from cursor.execute(_marked(query))

    def write(self, query: str, rows: Sequence[Row]) -> None:
        """Run a query once for each row, in one round trip."""
        with _named(self.place), self._connection.cursor() as cursor:
            cursor.executemany(_marked(query), rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock that every writer of this ledger needs."""
        with self._block("BEGIN; LOCK TABLE chain IN EXCLUSIVE MODE"):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let several queries see one state."""
        with self._block("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"):
            yield

    def faults(self) -> Iterator[Finding]:
        """Return what differs from the schema of a new ledger; takes the right to make one, which is rolled back."""
        with self._block("BEGIN", "ROLLBACK"):
            for statement in (*statements(MODEL), "SET LOCAL search_path = pg_catalog"):
                self.run(statement)
            found = list(other_schema(self.read, self._schema, MODEL))
        yield from found

    def close(self) -> None:
        """Close; what was not committed is not there."""
        self._connection.close()

    @contextmanager
    def _block(self, begin: str, end: str = "COMMIT") -> Iterator[None]:
        try:
            self.run(begin)
            yield
            self.run(end)
        finally:
            # Whatever went wrong, also in our own code; with the connection gone the server rolls back by itself.
            if not self._connection.closed and self._connection.info.transaction_status != _IDLE:
                self.run("ROLLBACK")

    def run(self, statement: str) -> None:
        """Run one statement that has no parameters."""
        with _named(self.place):
            self._connection.execute(statement.encode())


_IDLE = psycopg.pq.TransactionStatus.IDLE


def schema_of(store_id: str) -> str:
    """Return the schema of a store: its id where that fits into a name."""
    name = PREFIX + store_id
    if len(name.encode()) <= NAME_BYTES_MAX:
        return name
    return PREFIX + store_id[:30] + "~" + blake2b(store_id.encode(), digest_size=8).hexdigest()


def open_schema(url: str, store_id: str, founding: Sequence[tuple[str, Row]]) -> PostgresSchema:
    """Open the ledger of a store, or make one with these first rows where there is none.

    Raises BookError where the server cannot be reached, or the schema is no ledger or of another version.
    """
    schema = schema_of(store_id)
    connection, place = _connect(url, schema)
    opened = PostgresSchema(connection, schema, place)
    try:
        with _named(place, "a ledger"), connection.transaction():
            # Two processes may want to make it at once: one waits here for the other.
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (schema,))
            _found(opened, schema, founding)
            _check_version(opened, schema)
    except BookError:
        connection.close()
        raise
    return opened


def stores_at(url: str) -> list[str]:
    """Return the schemas of a database that are ledgers, in order of name."""
    connection, place = _connect(url, "public")
    with connection, _named(place):
        return [name for (name,) in connection.execute(_FOUND)]


def open_existing(url: str, schema: str) -> PostgresSchema:
    """Open a ledger that is there; raises BookError where it is not, or of another version."""
    connection, place = _connect(url, schema)
    opened = PostgresSchema(connection, schema, place)
    try:
        _check_version(opened, schema)
    except BookError:
        connection.close()
        raise
    return opened


def statements(schema: str) -> Iterator[str]:
    """Return the statements that make a ledger in a schema of its own, in order."""
    yield f'CREATE SCHEMA "{schema}"'
    yield f"COMMENT ON SCHEMA \"{schema}\" IS 'aisle ledger {rules.VERSION}'"
    yield f'SET LOCAL search_path = "{schema}", pg_temp'
    for name, columns in rules.TABLES.items():
        yield f"CREATE TABLE {name} ({columns.format(**_TYPES)})"
    refusal = "'rows of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'"
    yield _function(schema, "rows_kept", f"RAISE EXCEPTION {refusal};")
    yield _function(schema, "rows_wait", "LOCK TABLE chain IN EXCLUSIVE MODE; RETURN NULL;")
    for name in rules.TABLES:
        yield from _trigger(f"{name}_kept", name, "UPDATE OR DELETE OR TRUNCATE", "STATEMENT", "rows_kept")
        yield from _trigger(f"{name}_wait", name, "INSERT", "STATEMENT", "rows_wait")
    for rule in rules.RULES:
        refusal = f"'{rule.refusal}' USING ERRCODE = 'integrity_constraint_violation'"
        yield _function(schema, rule.name, f"IF {rule.condition} THEN RAISE EXCEPTION {refusal}; END IF; RETURN NEW;")
        yield from _trigger(rule.name, rule.table, "INSERT", "ROW", rule.name)
    yield from rules.VIEWS


def _function(schema: str, name: str, body: str) -> str:
    # With its own search path a rule reads the tables of its ledger, whatever the session calls by these names.
    return (
        f'CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = "{schema}", pg_temp '
        f"AS $rule$ BEGIN {body} END $rule$"
    )


def _trigger(name: str, table: str, events: str, each: str, function: str) -> Iterator[str]:
    yield f"CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()"
    yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"


def _connect(url: str, schema: str) -> tuple[psycopg.Connection, str]:
    place = f"{_without_password(url)}#{schema.removeprefix(PREFIX)}"
    with _named(place, "a server that lets us in"):
        connection = psycopg.connect(url, autocommit=True)
        for setting in (*_SETTINGS, f'SET search_path = "{schema}", pg_temp'):
            connection.execute(setting.encode())
    if connection.info.parameter_status("server_encoding") != "UTF8":
        connection.close()
        raise BookError(f"{place}: expected a database encoded in UTF8, received another")
    return connection, place


def _found(opened: PostgresSchema, schema: str, founding: Sequence[tuple[str, Row]]) -> None:
    if opened.read("SELECT 1 FROM pg_namespace WHERE nspname = ?", (schema,)):
        return
    for statement in statements(schema):
        opened.run(statement)
    for query, row in founding:
        opened.write(query, [row])


def _check_version(opened: PostgresSchema, schema: str) -> None:
    query = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = ?"
    rows = opened.read(query, (schema,))
    expected = f"aisle ledger {rules.VERSION}"
    received = rows[0][0] if rows else "no such schema"
    if received != expected:
        raise BookError(f"{opened.place}: schema version: expected {expected}, received {received}")


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    hidden = parts._replace(netloc=user.partition(":")[0] + at + host)
    return re.sub(r"(password=)[^&]*", r"\1...", hidden.geturl())


@lru_cache(maxsize=256)
def _marked(query: str) -> bytes:
    """Return a query with the marks of this driver; none of ours holds a percent sign."""
    return query.replace("?", "%s").encode()


@contextmanager
def _named(place: str, expected: str = "rows the ledger can take") -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        told = error.diag.message_primary or " ".join(str(error).split())
        raise BookError(f"{place}: expected {expected}, received: {told}") from error
