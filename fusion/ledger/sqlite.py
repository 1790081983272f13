"""A ledger in one SQLite file: WAL, synchronous FULL, STRICT tables."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from fusion.ledger import rules
from fusion.ledger.chain import Finding
from fusion.ledger.database import BookError
from fusion.ledger.rows import Row, Value
from fusion.ledger.sqlite_rules import APPLICATION_ID, statements

# Ids are hashes, so that every record touches pages all over the file: enough of them stay in memory, and the log is
# folded into the file less often than SQLite would.
_SETTINGS: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "cache_size = -65536",  # KiB
    "wal_autocheckpoint = 8000",  # pages
)
WAIT_S: Final = 60.0  # for another writer to finish
FAULTS_MAX: Final = 100  # told by SQLite's own check
FILE: Final = "ledger.db"  # what an output folder calls it
_MAGIC: Final = b"SQLite format 3\0"


class SqliteFile:
    """An open ledger file."""

    __slots__ = ("_connection", "place")

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self._connection = connection
        self.place = place

    def read(self, query: str, parameters: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with _named(self.place):
            return self._connection.execute(query, parameters).fetchall()

    def scan(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Return the rows of a query one by one."""
        with _named(self.place):
            yield from self._connection.execute(query)

    def write(self, query: str, rows: Sequence[Row]) -> None:
        """Run a query once for each row."""
        with _named(self.place):
            self._connection.executemany(query, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the file's only write lock from the first statement on."""
        with self._block("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let several queries see one state."""
        with self._block("BEGIN"):
            yield

    def faults(self) -> Iterator[Finding]:
        """Return what is wrong with the file's pages, references and rules."""
        for (text,) in self.read(f"PRAGMA integrity_check({FAULTS_MAX})"):
            if text != "ok":
                yield Finding("file", "sound pages and indexes", " ".join(text.split()))
        for table, parent in dict.fromkeys((row[0], row[2]) for row in self.read("PRAGMA foreign_key_check")):
            yield Finding(f"table {table}", f"rows whose {parent} are there", "one whose is not")
        yield from _other_schema(self)

    def close(self) -> None:
        """Close and leave a single file: the last connection folds the write-ahead log into it."""
        self._connection.close()

    @contextmanager
    def _block(self, begin: str) -> Iterator[None]:
        try:
            with _named(self.place):
                self._connection.execute(begin)
            yield
            with _named(self.place):
                self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:  # whatever went wrong, also in our own code
                self._connection.execute("ROLLBACK")


def open_file(path: Path, founding: Sequence[tuple[str, Row]]) -> SqliteFile:
    """Open a ledger file, or make one with these first rows where there is none.

    Raises BookError where the file is no ledger or of another schema version.
    """
    with _named(str(path), "a ledger or a place for one"):
        connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    try:
        with _named(str(path), "a ledger"):
            _found(connection, founding)
            _check_version(connection, path)
            for pragma in _SETTINGS:
                connection.execute(f"PRAGMA {pragma}")
    except BookError:
        connection.close()
        raise
    return SqliteFile(connection, str(path))


def open_read_only(path: Path, *, is_open: bool) -> SqliteFile:
    """Open a ledger file without changing a byte of it; `is_open` where others may be writing to it."""
    mode = "mode=ro" if is_open else "mode=ro&immutable=1"
    with _named(str(path), "a ledger"):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)
    return SqliteFile(connection, str(path))


def expect_a_ledger(path: Path) -> None:
    """Say in plain words that a folder or another kind of file is no ledger: the driver would say less.

    Raises BookError for them, OSError where there is nothing.
    """
    if path.is_dir():
        inside = path / FILE
        hint = f"; try {inside}" if inside.exists() else ""
        raise BookError(f"{path}: expected a ledger, received a folder{hint}")
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if start and start != _MAGIC:  # an empty file is an empty database
        raise BookError(f"{path}: expected a ledger (SQLite), received another kind of file")


def _found(connection: sqlite3.Connection, founding: Sequence[tuple[str, Row]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,) and founding:
        for statement in statements():
            connection.execute(statement)
        for query, row in founding:
            connection.execute(query, row)
    connection.execute("COMMIT")


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
        raise BookError(f"{path}: expected a ledger, received another kind of SQLite file")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != rules.VERSION:
        raise BookError(f"{path}: schema version: expected {rules.VERSION}, received {version}")


def _other_schema(file: SqliteFile) -> Iterator[Finding]:
    """Compare every table, trigger, index and view, letter by letter, with what a new ledger has."""
    query = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
    model = sqlite3.connect(":memory:", isolation_level=None)
    for statement in statements():
        model.execute(statement)
    ours = {row[:2]: row[2] for row in model.execute(query)}
    model.close()
    theirs = {row[:2]: row[2] for row in file.read(query)}
    for kind, name in sorted(ours.keys() | theirs.keys(), key=str):
        expected, received = ours.get((kind, name), "none"), theirs.get((kind, name), "none")
        if expected != received:
            yield Finding(f"{kind} {name}", _short(expected), _short(received))


def _short(sql: object) -> str:
    return " ".join(str(sql).split())[:120]


@contextmanager
def _named(place: str, expected: str = "rows the ledger can take") -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # a damaged file can put anything into a name or a message
        raise BookError(f"{place}: expected {expected}, received: {error}") from error
