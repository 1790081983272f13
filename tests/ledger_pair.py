"""A ledger in a file and one in a server that are told the same, and whose processes die between any two rows."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

from conftest import empty_database

from fusion.checkout.records import Entry, Issue, Transfer
from fusion.ledger.book import Book, open_book
from fusion.ledger.database import Database
from fusion.ledger.heads import Head
from fusion.ledger.verify import verify

T = TypeVar("T")
Batch = tuple[tuple[Transfer, ...], tuple[Entry, ...], tuple[Issue, ...]]


# Who syncs every commit to a busy disk waits: the power here is cut by the test, and it copies what was written.
MEMORY = Path("/dev/shm")


def scratch() -> Path:
    """Return a new folder, in memory where there is such a place."""
    return Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))


class PowerCut(Exception):
    """The end of a process in the middle of a commit."""


class Mortal:
    """A database whose process dies before it writes one more row than it may."""

    def __init__(self, database: Database, rows: int, die: Callable[[], None]) -> None:
        self._database, self._left, self._die = database, rows, die
        self.place = database.place

    def read(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._database.read(query, parameters)

    def scan(self, query: str) -> Iterator[tuple[Any, ...]]:
        return self._database.scan(query)

    def write(self, query: str, rows: Sequence[Any]) -> None:
        for row in rows:
            if self._left == 0:
                self._die()
                raise PowerCut
            self._left -= 1
            self._database.write(query, [row])

    def transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    def snapshot(self) -> AbstractContextManager[None]:
        return self._database.snapshot()

    def faults(self) -> Iterator[Any]:
        return self._database.faults()

    def close(self) -> None:
        self._database.close()


class Witness(Book):
    """A book that remembers what was committed through it."""

    __slots__ = ("batches",)

    def __init__(self, database: Database, book: Book) -> None:
        super().__init__(database, book.store_id, book.currency)
        self.batches: list[Batch] = []

    def commit(self, transfers: Iterable[Any], entries: Iterable[Any], receipts: Iterable[Any] = ()) -> None:
        batch = (tuple(transfers), tuple(entries), tuple(receipts))
        super().commit(*batch)
        self.batches.append(batch)


class Pair:
    """The two ledgers of one store; every check is that they are one."""

    def __init__(self, server: str, store_id: str) -> None:
        self._server, self._store_id = server, store_id
        self._folder = scratch()
        self._path, self._lives = self._folder / "0.db", 0
        empty_database(server)
        self.file, self.schema = self._open(self._path), self._open(server)

    def commit(self, *batch: Iterable[Any]) -> None:
        self.do(lambda book: book.commit(*batch))

    def die(self, rows: int, *batch: Iterable[Any]) -> bool:
        """Let the power go once so many rows of a batch are written; tell whether all of it was written before."""
        before = self.head()
        is_whole, _, batches = self.die_doing(rows, lambda book: book.commit(*batch))
        assert is_whole or (self.head() == before and batches == [])
        return is_whole

    def do(self, act: Callable[[Book], T]) -> tuple[T, list[Batch]]:
        """Do something with both ledgers; return what it says, and what it has committed."""
        done = [(act(book), book.batches) for book in (Witness(b._database, b) for b in (self.file, self.schema))]
        assert done[0] == done[1]
        return done[0]

    def die_doing(self, rows: int, act: Callable[[Book], T]) -> tuple[bool, T | None, list[Batch]]:
        """Do something with both, the power going once so many rows are written.

        Returns whether it was done before, what it says then, and the commits that were whole.
        """
        self._lives += 1
        in_file = self._done(self.file, rows, self._cut_file, act)
        if not in_file[0]:
            self.file.close()
            self.file = self._open(self._path)
        in_server = self._done(self.schema, rows, self.schema.close, act)
        if not in_server[0]:
            self.schema = self._open(self._server)
        assert in_file == in_server
        return in_file

    def head(self) -> Head:
        head = self.file.head()
        assert head == self.schema.head()
        return head

    def balances(self) -> dict[str, tuple[int, int]]:
        balances = self.file.balances()
        assert balances == self.schema.balances()
        assert [sum(side) for side in zip(*balances.values(), strict=True)] in ([], [0, 0])
        return balances

    def receipts(self) -> dict[str, Issue]:
        receipts = self.file.receipts()
        assert receipts == self.schema.receipts()
        return {issue.trip: issue for issue in receipts}

    def check(self) -> None:
        assert self.file.counts() == self.schema.counts()
        assert self.file.verify_balances() == self.schema.verify_balances() == ()

    def close(self) -> None:
        for book in (self.file, self.schema):
            book.close()
        assert verify(self._path, is_open=True).findings == ()
        assert verify(self._server, is_open=True).findings == ()
        shutil.rmtree(self._folder)

    def _open(self, place: Path | str) -> Book:
        return open_book(place, self._store_id, "USD")

    def _done(
        self, book: Book, rows: int, cut: Callable[[], None], act: Callable[[Book], T]
    ) -> tuple[bool, T | None, list[Batch]]:
        mortal = Witness(Mortal(book._database, rows, cut), book)
        try:
            return True, act(mortal), mortal.batches
        except PowerCut:
            return False, None, mortal.batches

    def _cut_file(self) -> None:
        """Keep what lies on the disk at this moment, log included, and let the process end as it will."""
        after = self._folder / f"{self._lives}.db"
        for end in ("", "-wal"):
            if (log := self._path.with_name(self._path.name + end)).exists():
                shutil.copy(log, after.with_name(after.name + end))
        self._path = after


def expected_balances(entries: Iterable[Entry]) -> dict[str, tuple[int, int]]:
    """Return the posted and the pending cents of every account, by plain addition."""
    entries = tuple(entries)
    resolved = {entry.resolves for entry in entries}
    total: dict[str, tuple[int, int]] = {}
    for entry in entries:
        for leg in entry.legs:
            posted, pending = total.get(leg.account, (0, 0))
            posted += leg.amount_cents * (entry.state == "posted")
            pending += leg.amount_cents * (entry.state == "pending" and entry.entry_id not in resolved)
            total[leg.account] = posted, pending
    return total
