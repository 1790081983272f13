"""An outbox file: opened or made, and nothing but rows."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from fusion.purchase import outbox_rules

Value: TypeAlias = bytes | str | int | None
WAIT_S = 60.0  # for another process to finish writing


class OutboxError(Exception):
    """An outbox that cannot be opened, or what it cannot take; one line that names the file."""


class OutboxFile:
    """An open SQLite file: WAL, and durable at the end of each transaction."""

    __slots__ = ("_connection", "path")

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def read(self, query: str, *values: Value) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise OutboxError(f"{self.path}: expected an outbox that can be read, received: {error}") from error

    def write(self, query: str, *values: Value) -> None:
        """Run one statement, inside a transaction."""
        assert self._connection.in_transaction
        self._connection.execute(query, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Let one writer at a time write; all of it is durable at the end, or nothing where anything is raised."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise OutboxError(f"{self.path}: expected rows the outbox can take, received: {error}") from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close; twice does no harm."""
        self._connection.close()


def open_file(path: Path, founding: Sequence[Value] = ()) -> OutboxFile:
    """Open an outbox, or make one whose only row of `outbox` is `founding`; OutboxError where that cannot be."""
    try:
        connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    except sqlite3.Error as error:
        raise OutboxError(f"{path}: expected an outbox or a place for one, received: {error}") from error
    try:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        _found(connection, founding)
        _check_version(connection, path)
    except (OutboxError, sqlite3.Error) as error:
        connection.close()
        if isinstance(error, OutboxError):
            raise
        raise OutboxError(f"{path}: expected an outbox, received: {error}") from error
    return OutboxFile(connection, path)


def _found(connection: sqlite3.Connection, founding: Sequence[Value]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if founding and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
        for statement in outbox_rules.statements():
            connection.execute(statement)
        connection.execute("INSERT INTO outbox VALUES (1, ?, ?, ?)", founding)
    connection.execute("COMMIT")


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone() != (outbox_rules.APPLICATION_ID,):
        raise OutboxError(f"{path}: expected an outbox, received another kind of SQLite file")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != outbox_rules.VERSION:
        raise OutboxError(f"{path}: schema version: expected {outbox_rules.VERSION}, received {version}")
