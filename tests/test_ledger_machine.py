"""Any history of trips, corrections, repetitions and crashes, in a file and in a server at once: one ledger."""

from typing import Any

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
from ledger_pair import Pair, expected_balances
from ledger_records import STORE_ID

from fusion.checkout import goods
from fusion.checkout.postings import give_back, post, reverse, void
from fusion.checkout.records import Entry, Leg, Transfer, derive_id

Batch = tuple[tuple[Transfer, ...], tuple[Entry, ...]]
TRIPS = st.integers(0, 5)
ROWS = 10  # that `die_in_the_middle` writes: four links, three transfers, two legs, an entry
HISTORIES = settings(max_examples=25, stateful_step_count=25, suppress_health_check=list(HealthCheck), deadline=None)


class Ledgers(RuleBasedStateMachine):
    """A file and a server that are told the same; the model is the plain list of what they were told."""

    server = ""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[bytes, Transfer | Entry] = {}
        self.batches: list[Batch] = []
        self.lives = 0

    @initialize()
    def begin(self) -> None:
        self.pair = Pair(self.server, STORE_ID)

    def teardown(self) -> None:
        self.pair.close()

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

    @rule(which=st.integers(0, 99), parts=st.integers(1, 3), waits=st.booleans())
    def refund(self, which: int, parts: int, waits: bool) -> None:
        """Give back all of an entry, or a half or a third of what it moved; what was given back is left alone."""
        reversed_ = {r.reverses for r in self.entries()}
        sold = [e for e in self.entries() if e.state == "posted" and e.entry_id not in reversed_]
        if not sold:
            return
        entry = sold[which % len(sold)]
        cents = abs(entry.legs[0].amount_cents) // parts
        if parts == 1 or cents == 0:
            self.commit((), (reverse(entry, self.now(), "refund"),))
            return
        legs = tuple(Leg(leg.account, cents if leg.amount_cents < 0 else -cents) for leg in entry.legs)
        for number in range(parts):
            state = "pending" if waits else "posted"
            part = give_back(entry, legs, evidence=(str(number),), t_ns=self.now(), memo="refund", state=state)
            self.commit((), (part,))

    # What goes wrong

    @precondition(lambda self: self.batches)
    @rule(order=st.randoms(use_true_random=False))
    def say_everything_again(self, order: Any) -> None:
        batches = list(self.batches)
        order.shuffle(batches)
        for transfers, entries in batches:
            self.pair.commit(transfers, entries)

    @rule(trip=TRIPS, rows=st.integers(0, ROWS), kept=st.booleans())
    def die_in_the_middle(self, trip: int, rows: int, kept: bool) -> None:
        """The power goes between any two rows; the next process finds what the disk holds, and may be told again."""
        moved = tuple(self.moved("cola", 1, None, "plate:p1", goods.cart(f"t{trip}"), n) for n in range(3))
        legs = (Leg("receivable:a", 5), Leg("sales:general", -5))
        entry = Entry(derive_id("died", str(self.lives)), self.now(), f"t{trip}", "sale", "posted", legs)
        self.lives += 1
        if self.pair.die(rows, moved, (entry,)) or kept:
            self.commit(moved, (entry,))

    # What must hold

    @invariant()
    def they_are_one_ledger(self) -> None:
        if hasattr(self, "pair"):
            self.pair.check()
            assert self.pair.head().records == 1 + len(self.records)
            assert self.pair.balances() == expected_balances(self.entries())

    def commit(self, transfers: tuple[Transfer, ...], entries: tuple[Entry, ...]) -> None:
        self.pair.commit(transfers, entries)
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


def test_any_history_is_one_ledger(server: str) -> None:
    Ledgers.server = server
    run_state_machine_as_test(Ledgers, settings=HISTORIES)
