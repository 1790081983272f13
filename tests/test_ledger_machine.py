"""Any history of trips, corrections, repetitions and crashes, in a file and in a server at once: one ledger."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from conftest import empty_database
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from ledger_records import STORE_ID, opened

from fusion.checkout import goods
from fusion.checkout.postings import post, reverse, void
from fusion.checkout.records import Entry, Leg, Transfer, derive_id
from fusion.ledger.book import Book
from fusion.ledger.database import Database
from fusion.ledger.verify import verify

Batch = tuple[tuple[Transfer, ...], tuple[Entry, ...]]
TRIPS = st.integers(0, 5)
ROWS = 10  # that `die_in_the_middle` writes: four links, three transfers, two legs, an entry
HISTORIES = settings(max_examples=25, stateful_step_count=25, suppress_health_check=list(HealthCheck), deadline=None)


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


class Ledgers(RuleBasedStateMachine):
    """A file and a server that are told the same; the model is the plain list of what they were told."""

    server = ""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "0.db"
        self.records: dict[bytes, Transfer | Entry] = {}
        self.batches: list[Batch] = []
        self.lives = 0

    @initialize()
    def begin(self) -> None:
        empty_database(self.server)
        self.file, self.schema = opened(self.path), opened(self.server)

    def teardown(self) -> None:
        for book in (self.file, self.schema):
            book.close()
        assert verify(self.path, is_open=True).findings == ()
        assert verify(self.server, is_open=True).findings == ()
        shutil.rmtree(self.folder)

    # What happens in a store

    @rule(trip=TRIPS, sku=st.sampled_from(["cola", "soap"]), quantity=st.integers(1, 3), grams=st.booleans())
    def pick(self, trip: int, sku: str, quantity: int, grams: bool) -> None:
        weighed = 0.1 * (len(self.records) + 1) if grams else None
        self.commit((self.moved(sku, quantity, weighed, "plate:p1", goods.cart(f"t{trip}")),), ())

    @rule(trip=TRIPS, pending=st.booleans(), cents=st.integers(1, 10**12))
    def leave(self, trip: int, pending: bool, cents: int) -> None:
        """Everything in the cart is sold or waits, and one entry says so."""
        target = goods.suspense(f"t{trip}") if pending else goods.sold(f"t{trip}")
        held = goods.balances(r for r in self.records.values() if isinstance(r, Transfer))
        cart = [(sku, units) for (account, sku), units in sorted(held.items()) if account == goods.cart(f"t{trip}")]
        moved = tuple(self.moved(sku, units, None, goods.cart(f"t{trip}"), target) for sku, units in cart)
        legs = (Leg("receivable:a", cents), Leg("sales:general", -cents))
        state = "pending" if pending else "posted"
        entry = Entry(derive_id("close", str(len(self.records))), self.now(), f"t{trip}", "sale", state, legs)
        self.commit(moved, (entry,))

    @rule(which=st.integers(0, 99), charge=st.booleans())
    def review(self, which: int, charge: bool) -> None:
        resolved = {r.resolves for r in self.entries()}
        held = [e for e in self.entries() if e.state == "pending" and e.entry_id not in resolved]
        if held:
            entry = held[which % len(held)]
            self.commit((), (post(entry, self.now()) if charge else void(entry, self.now()),))

    @rule(which=st.integers(0, 99))
    def refund(self, which: int) -> None:
        reversed_ = {r.reverses for r in self.entries()}
        sold = [e for e in self.entries() if e.state == "posted" and e.entry_id not in reversed_]
        if sold:
            self.commit((), (reverse(sold[which % len(sold)], self.now(), "refund"),))

    # What goes wrong

    @precondition(lambda self: self.batches)
    @rule(order=st.randoms(use_true_random=False))
    def say_everything_again(self, order: Any) -> None:
        batches = list(self.batches)
        order.shuffle(batches)
        for transfers, entries in batches:
            self.file.commit(transfers, entries)
            self.schema.commit(transfers, entries)

    @rule(trip=TRIPS, rows=st.integers(0, ROWS), kept=st.booleans())
    def die_in_the_middle(self, trip: int, rows: int, kept: bool) -> None:
        """The power goes between any two rows; the next process finds what the disk holds, and may be told again."""
        moved = tuple(self.moved("cola", 1, None, "plate:p1", goods.cart(f"t{trip}"), n) for n in range(3))
        legs = (Leg("receivable:a", 5), Leg("sales:general", -5))
        entry = Entry(derive_id("died", str(self.lives)), self.now(), f"t{trip}", "sale", "posted", legs)
        self.lives += 1
        before = self.file.head()
        written = [self._die(moved, entry, rows, self._cut_file), self._die(moved, entry, rows, self._cut_server)]
        assert written[0] == written[1]
        if not written[0]:
            assert self.file.head() == self.schema.head() == before
        if written[0] or kept:
            self.commit(moved, (entry,))

    def _die(self, moved: tuple[Transfer, ...], entry: Entry, rows: int, cut: Callable[[], None]) -> bool:
        book = self.file if cut == self._cut_file else self.schema
        with suppress(PowerCut):
            Book(Mortal(book._database, rows, cut), STORE_ID, "USD").commit(moved, (entry,))
            return True
        if cut == self._cut_file:
            self.file.close()
            self.file = opened(self.path)
        else:
            self.schema = opened(self.server)
        return False

    def _cut_file(self) -> None:
        """Keep what lies on the disk at this moment, log included, and let the process end as it will."""
        after = self.folder / f"{self.lives}.db"
        for end in ("", "-wal"):
            if (log := self.path.with_name(self.path.name + end)).exists():
                shutil.copy(log, after.with_name(after.name + end))
        self.path = after

    def _cut_server(self) -> None:
        self.schema.close()

    # What must hold

    @invariant()
    def they_are_one_ledger(self) -> None:
        if not hasattr(self, "schema"):
            return
        assert self.file.head() == self.schema.head()
        assert self.file.balances() == self.schema.balances() == self.expected_balances()
        assert self.file.counts() == self.schema.counts()
        assert self.file.verify_balances() == self.schema.verify_balances() == ()
        assert self.file.head().records == 1 + len(self.records)

    @invariant()
    def debits_equal_credits(self) -> None:
        if hasattr(self, "schema"):
            assert [sum(side) for side in zip(*self.schema.balances().values(), strict=True)] in ([], [0, 0])

    def commit(self, transfers: tuple[Transfer, ...], entries: tuple[Entry, ...]) -> None:
        for book in (self.file, self.schema):
            book.commit(transfers, entries)
        self.batches.append((transfers, entries))
        self.records |= {r.transfer_id: r for r in transfers} | {e.entry_id: e for e in entries}

    def moved(self, sku: str, quantity: int, grams: float | None, source: str, target: str, n: int = 0) -> Transfer:
        return goods.move(
            STORE_ID,
            evidence=f"{len(self.records)}:{self.lives}:{n}",
            t_ns=self.now(),
            sku=sku,
            quantity=quantity,
            grams=grams,
            source=source,
            target=target,
        )

    def now(self) -> int:
        return 1000 * (len(self.records) + 1)

    def entries(self) -> list[Entry]:
        return [record for record in self.records.values() if isinstance(record, Entry)]

    def expected_balances(self) -> dict[str, tuple[int, int]]:
        resolved = {entry.resolves for entry in self.entries()}
        total: dict[str, tuple[int, int]] = {}
        for entry in self.entries():
            for leg in entry.legs:
                posted, pending = total.get(leg.account, (0, 0))
                posted += leg.amount_cents * (entry.state == "posted")
                pending += leg.amount_cents * (entry.state == "pending" and entry.entry_id not in resolved)
                total[leg.account] = posted, pending
        return total


def test_any_history_is_one_ledger(server: str) -> None:
    Ledgers.server = server
    run_state_machine_as_test(Ledgers, settings=HISTORIES)
