"""The book: the one way to write and read a ledger, in a file or in a server.

Theory of operation. `commit` is one durable transaction. A record that is already there with the same content is
skipped, so a crash is mended by committing everything again; the same id with other content is refused, because then
either the evidence or the ledger has been changed. New records are linked to the chain in the order given: transfers,
entries, receipts. What a row may be is held by the database (see `rules`).
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

from fusion.checkout import goods
from fusion.checkout.records import Entry, Issue, Transfer
from fusion.checkout.rulings import Recorded
from fusion.ledger import appending, rows
from fusion.ledger.chain import HASH_BYTES, shown
from fusion.ledger.database import BookError, Database
from fusion.ledger.heads import Head, SignedHead

Guard: TypeAlias = Callable[[Database], None]  # raises where we may not write any more
SCHEMES: Final = ("postgresql://", "postgres://")


def unguarded(database: Database) -> None:
    """Let anything be written."""


class Book:
    """An open ledger of one store."""

    __slots__ = ("_database", "currency", "guard", "store_id")

    def __init__(self, database: Database, store_id: str, currency: str) -> None:
        self._database = database
        self.store_id = store_id
        self.currency = currency
        self.guard: Guard = unguarded  # asked inside each transaction, before anything is written

    @property
    def place(self) -> str:
        """The file, or the URL without its password."""
        return self._database.place

    def commit(self, transfers: Iterable[Transfer], entries: Iterable[Entry], receipts: Iterable[Issue] = ()) -> None:
        """Write records in one durable transaction, skipping what is already there.

        Raises BookError, and writes nothing, where an id is there with other content, an account that may not
        would go below zero, or the database refuses a row.
        """
        records: tuple[rows.Record, ...] = (*transfers, *entries, *receipts)
        with self._database.transaction():
            self.guard(self._database)
            appending.append(self._database, records)

    def digest(self) -> str:
        """Return a hash of every record in order of time and id: equal ledgers have equal digests."""
        return self.head().digest

    def head(self) -> Head:
        """Return what the ledger holds now, in the few words that are signed at closing time."""
        digest = blake2b(rows.ledger_bytes(self.store_id, self.currency), digest_size=HASH_BYTES)
        with self._database.snapshot():
            records, link = appending.tip(self._database)
            for row in self._database.scan(rows.ALL_TRANSFERS):
                digest.update(rows.transfer_bytes(row))
            for record in rows.entries_bytes(self._database.scan(rows.ALL_ENTRIES)):
                digest.update(record)
            for row in self._database.scan(rows.ALL_RECEIPTS):
                digest.update(rows.receipt_bytes(row))
        return Head(self.store_id, self.currency, records, link, digest.hexdigest())

    def records(self) -> int:
        """Return how many records there are."""
        return appending.tip(self._database)[0]

    def add_head(self, signed: SignedHead) -> None:
        """Keep a signed head in the ledger; the same again changes nothing."""
        key = (signed.head.records, signed.public_key)
        with self._database.transaction():
            self.guard(self._database)
            if not self._database.read("SELECT 1 FROM heads WHERE records = ? AND public_key = ?", key):
                self._database.write(rows.INSERT["heads"], [signed.row()])

    def is_signed(self) -> bool:
        """Tell whether a head covers every record; whether that head is good is told by `verify`."""
        return bool(self._database.read("SELECT 1 FROM heads WHERE records = (SELECT count(*) FROM chain)"))

    def counts(self) -> dict[str, int]:
        """Return how many rows there are, and how many (plate, SKU) pairs the planogram got wrong."""
        queries = {
            "transfers": "SELECT count(*) FROM transfers",
            "entries": "SELECT count(*) FROM entries",
            "pending": "SELECT count(*) FROM entries AS e WHERE state = 'pending'"
            " AND NOT EXISTS (SELECT 1 FROM entries WHERE resolves = e.entry_id)",
            "plates_below_zero": "SELECT count(*) FROM goods_balances"
            " WHERE quantity < 0 AND substr(account, 1, 6) = 'plate:'",
        }
        return {name: int(self._database.read(query)[0][0]) for name, query in queries.items()}

    def receipts(self) -> tuple[Issue, ...]:
        """Return every receipt as it stands, in the order in which it was written."""
        return tuple(map(rows.receipt_of, self._database.read(rows.STANDING)))

    def receipt(self, trip: str) -> Issue | None:
        """Return the receipt of a trip as it stands, None where it has none."""
        found = self._database.read(rows.STANDING_OF, (trip,))
        return rows.receipt_of(found[0]) if found else None

    def stock(self, account: str) -> dict[str, int]:
        """Return pieces by SKU of one goods account; those it has none of are left out."""
        found = self._database.read(rows.STOCK, (account, account))
        return {str(sku): int(quantity) for sku, quantity in found if quantity}

    def recorded(self, trip: str) -> Recorded:
        """Return what the ledger holds of one trip, in the order in which it was written."""
        accounts = (goods.cart(trip), goods.suspense(trip), goods.sold(trip))
        with self._database.snapshot():
            moved = self._database.read(rows.TRANSFERS_OF, (*accounts, *accounts))
            paid = self._database.read(rows.ENTRIES_OF, (trip,))
        return Recorded(tuple(map(rows.transfer_of, moved)), tuple(rows.entries_of(paid)))

    def balances(self) -> dict[str, tuple[int, int]]:
        """Return the posted and the pending cents of every money account; both add up to zero."""
        read = self._database.read("SELECT account, posted_cents, pending_cents FROM money_balances ORDER BY account")
        return {account: (int(posted), int(pending)) for account, posted, pending in read}

    def verify_balances(self) -> tuple[str, ...]:
        """Return what is wrong, one line each: entries that do not add up, accounts below zero."""
        entries = self._database.read("SELECT * FROM unbalanced ORDER BY entry_id")
        goods = self._database.read("SELECT * FROM overdrawn ORDER BY account, sku")
        return (
            *(f"entry {shown(row_id)}: expected a sum of 0, received {cents}" for row_id, cents in entries),
            *(appending.below_zero(*row) for row in goods),
        )

    def close(self) -> None:
        """Close the ledger; a file is a single file again. Closing twice does no harm."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_book(place: Path | str, store_id: str, currency: str) -> Book:
    """Open the ledger of a store, a file or a postgresql:// URL, or make it where there is none.

    Raises BookError where what is there is no ledger, of another schema version, or of another store or currency.
    """
    database = _opened(place, store_id, appending.founding(store_id, currency))
    try:
        found = owner(database)
        if found != (store_id, currency):
            received = " in ".join(found)
            raise BookError(f"{database.place}: store: expected {store_id} in {currency}, received {received}")
    except BookError:
        database.close()
        raise
    return Book(database, store_id, currency)


def open_existing(place: Path | str) -> Book:
    """Open a ledger that is there, whoever's it is; in a server `URL#STORE`, or the only one of the database.

    Raises OSError where there is no such file, BookError where there is no such ledger.
    """
    database: Database
    if is_url(place):
        from fusion.ledger import postgres

        database = postgres.open_existing(str(place))
    else:
        from fusion.ledger import sqlite

        sqlite.expect_a_ledger(Path(place))  # the driver would make one
        database = sqlite.open_file(Path(place), ())
    try:
        return Book(database, *owner(database))
    except BookError:
        database.close()
        raise


def owner(database: Database) -> tuple[str, str]:
    """Return store and currency of a ledger; raises BookError where it does not say."""
    found = database.read("SELECT store_id, currency FROM ledger")
    if len(found) != 1:
        raise BookError(f"{database.place}: expected one row in ledger, received {len(found)}")
    return str(found[0][0]), str(found[0][1])


def is_url(place: Path | str) -> bool:
    """Tell a server's URL from a file's name."""
    return str(place).startswith(SCHEMES)


def _opened(place: Path | str, store_id: str, founding: Sequence[tuple[str, rows.Row]]) -> Database:
    # Only the driver that is asked for is imported.
    if is_url(place):
        from fusion.ledger.postgres import open_schema

        return open_schema(str(place), store_id, founding)
    from fusion.ledger.sqlite import open_file

    return open_file(Path(place), founding)
