"""The ledger on disk: one SQLite file that only ever grows. The only module of checkout with I/O.

Theory of operation: `commit` is one durable transaction. A row that is already there with the same content is
skipped, so a crash is mended by committing everything again; the same id with other content is refused,
because then either the evidence or the ledger has been changed. What a row may be is held by the database
(see `schema`).
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Self

from fusion.checkout import rows, schema
from fusion.checkout.goods import may_overdraw
from fusion.checkout.records import Entry, Transfer


class BookError(Exception):
    """A ledger that cannot be opened, or rows it refuses; one line that names the file."""


class Book:
    """An open ledger of one store."""

    __slots__ = ("_connection", "path")

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def commit(self, transfers: Iterable[Transfer], entries: Iterable[Entry]) -> None:
        """Write transfers and entries in one durable transaction, skipping what is already there.

        Raises BookError, and writes nothing, where an id is there with other content, an account that may not
        would go below zero, or the database refuses a row.
        """
        transfers = tuple(transfers)
        with self._transaction():
            for transfer in transfers:
                self._add_transfer(transfer)
            for entry in entries:
                self._add_entry(entry)
            self._refuse_overdraft(transfers)

    def digest(self) -> str:
        """Return a hash of every row in order of time and id: equal ledgers have equal digests."""
        digest = blake2b(digest_size=32)
        for query in rows.ALL_ROWS:
            for row in self._connection.execute(query):
                digest.update(rows.canonical(row))
        return digest.hexdigest()

    def counts(self) -> dict[str, int]:
        """Return how many rows there are, and how many (plate, SKU) pairs the planogram got wrong."""
        queries = {
            "transfers": "SELECT count(*) FROM transfers",
            "entries": "SELECT count(*) FROM entries",
            "pending": "SELECT count(*) FROM entries WHERE state = 'pending'",
            "plates_below_zero": "SELECT count(*) FROM goods_balances"
            " WHERE quantity < 0 AND substr(account, 1, 6) = 'plate:'",
        }
        return {name: self._number(query) for name, query in queries.items()}

    def verify_balances(self) -> tuple[str, ...]:
        """Return what is wrong, one line each: entries that do not add up, accounts below zero."""
        entries = self._connection.execute("SELECT * FROM unbalanced ORDER BY entry_id")
        goods = self._connection.execute("SELECT * FROM overdrawn ORDER BY account, sku")
        return (
            *(f"entry {row_id.hex()}: expected a sum of 0, received {cents}" for row_id, cents in entries),
            *(_below_zero(account, sku, quantity) for account, sku, quantity in goods),
        )

    def close(self) -> None:
        """Close the ledger and leave a single file; closing twice does no harm."""
        self._connection.close()  # the last connection folds the write-ahead log into the file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise BookError(f"{self.path}: expected rows the ledger can take, received: {error}") from error
        finally:
            if self._connection.in_transaction:  # whatever went wrong, also in our own code
                self._connection.execute("ROLLBACK")

    def _add_transfer(self, transfer: Transfer) -> None:
        row = self._connection.execute(rows.FIND_TRANSFER, (transfer.transfer_id,)).fetchone()
        if row is None:
            self._connection.execute(rows.INSERT_TRANSFER, rows.transfer_row(transfer))
        elif (known := rows.transfer_of(row)) != transfer:
            raise BookError(f"{self.path}: expected the recorded {known}, received {transfer}")

    def _add_entry(self, entry: Entry) -> None:
        row = self._connection.execute(rows.FIND_ENTRY, (entry.entry_id,)).fetchone()
        if row is None:
            # Legs first: the entry's own row seals them.
            self._connection.executemany(rows.INSERT_LEG, rows.leg_rows(entry))
            self._connection.execute(rows.INSERT_ENTRY, rows.entry_row(entry))
            return
        known = rows.entry_of(row, self._connection.execute(rows.FIND_LEGS, (entry.entry_id,)))
        if known != entry:
            raise BookError(f"{self.path}: expected the recorded {known}, received {entry}")

    def _refuse_overdraft(self, transfers: tuple[Transfer, ...]) -> None:
        sources = dict.fromkeys((transfer.source, transfer.sku) for transfer in transfers)
        for key in (key for key in sources if not may_overdraw(key[0])):
            quantity = self._number(
                "SELECT (SELECT coalesce(sum(quantity), 0) FROM transfers WHERE target = ?1 AND sku = ?2)"
                " - (SELECT coalesce(sum(quantity), 0) FROM transfers WHERE source = ?1 AND sku = ?2)",
                *key,
            )
            if quantity < 0:
                raise BookError(f"{self.path}: {_below_zero(*key, quantity)}")

    def _number(self, query: str, *parameters: str) -> int:
        return int(self._connection.execute(query, parameters).fetchone()[0])


def open_book(path: Path, store_id: str, currency: str) -> Book:
    """Open the ledger of a store, or make it where there is none.

    Raises BookError where the file is no ledger, of another schema version, or of another store or currency.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None)
    except sqlite3.Error as error:
        raise BookError(f"{path}: expected a ledger or a place for one, received: {error}") from error
    try:
        _create_if_empty(connection, store_id, currency)
        _check_identity(connection, path, store_id, currency)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
    except (BookError, sqlite3.Error) as error:
        connection.close()
        if isinstance(error, BookError):
            raise
        raise BookError(f"{path}: expected a ledger, received: {error}") from error
    return Book(connection, path)


def _create_if_empty(connection: sqlite3.Connection, store_id: str, currency: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
        for statement in schema.statements():
            connection.execute(statement)
        connection.execute("INSERT INTO ledger VALUES (1, ?, ?)", (store_id, currency))
    connection.execute("COMMIT")


def _check_identity(connection: sqlite3.Connection, path: Path, store_id: str, currency: str) -> None:
    if connection.execute("PRAGMA application_id").fetchone() != (schema.APPLICATION_ID,):
        raise BookError(f"{path}: expected a ledger, received another kind of SQLite file")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != schema.VERSION:
        raise BookError(f"{path}: schema version: expected {schema.VERSION}, received {version}")
    found = connection.execute("SELECT store_id, currency FROM ledger").fetchone()
    if found != (store_id, currency):
        raise BookError(f"{path}: store: expected {store_id} in {currency}, received {' in '.join(found)}")


def _below_zero(account: str, sku: str, quantity: int) -> str:
    return f"account {account}: expected no less than 0 of {sku}, received {quantity}"
