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

import psycopg

from fusion.ledger import rules
from fusion.ledger.catalog import other_schema
from fusion.ledger.chain import Finding
from fusion.ledger.database import BookError
from fusion.ledger.postgres_rules import statements
from fusion.ledger.rows import Row, Value

PREFIX: Final = "aisle_"
NAME_BYTES_MAX: Final = 63  # PostgreSQL cuts longer identifiers off
SCAN_ROWS: Final = 2000  # fetched at a time
MODEL: Final = "aisle~model"  # no store id has a tilde

# As durable as a commit can be, and read as the rules need it: every statement sees what is committed.
_SETTINGS = (
    "SET synchronous_commit = on",
    "SET default_transaction_isolation = 'read committed'",
    "SET client_encoding = 'UTF8'",
    "SET client_min_messages = 'warning'",
    "SET jit = off",
)
_LEDGERS = (
    "SELECT nspname FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') LIKE 'aisle ledger %' ORDER BY 1"
)


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
        # A plan made while a table was small reads all of it, and is kept when the table has grown: none is made here.
        with self._block("BEGIN; SET LOCAL enable_seqscan = off; LOCK TABLE chain IN EXCLUSIVE MODE"):
            yield

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let several statements be done at once or not at all; nobody waits for us."""
        with self._block("BEGIN"):
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
    connection, place = _connect(url.partition("#")[0], schema)
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


def open_existing(url: str) -> PostgresSchema:
    """Open a ledger that is there: `URL#STORE`, or the only one of the database.

    Raises BookError where there is none, several, or one of another version.
    """
    url, _, store_id = url.partition("#")
    schema = schema_of(store_id) if store_id else _only_schema(url)
    connection, place = _connect(url, schema)
    opened = PostgresSchema(connection, schema, place)
    try:
        _check_version(opened, schema)
    except BookError:
        connection.close()
        raise
    return opened


def open_plain(url: str, schema: str, made: Sequence[str]) -> PostgresSchema:
    """Open a schema that is no store's ledger, made by these statements where they make what is not there yet.

    Raises BookError where the server cannot be reached or lets nothing be made.
    """
    connection, place = _connect(url.partition("#")[0], schema)
    try:
        with _named(place, "a database to make tables in"), connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (schema,))
            for statement in made:
                connection.execute(statement.encode())
    except BookError:
        connection.close()
        raise
    return PostgresSchema(connection, schema, place)


def _only_schema(url: str) -> str:
    connection, place = _connect(url, "public")
    with connection, _named(place):
        found = [str(name) for (name,) in connection.execute(_LEDGERS)]
    if len(found) != 1:
        stores = ", ".join(name.removeprefix(PREFIX) for name in found) or "none"
        raise BookError(f"{_without_password(url)}: expected #STORE or a database of one ledger, received {stores}")
    return found[0]


def _connect(url: str, schema: str) -> tuple[psycopg.Connection, str]:
    """Connect, and return how messages name the place: with its store, where one was asked for."""
    store = f"#{schema.removeprefix(PREFIX)}" if schema.startswith(PREFIX) else ""
    place = _without_password(url) + store
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
    named = re.sub(r"^(\w+://[^:@/?#]*):[^/?#]*@", r"\1@", url)
    return re.sub(r"(password=)[^&]*", r"\1...", named)


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
