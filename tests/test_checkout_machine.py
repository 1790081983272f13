"""A store's money over many visits: trips, prices, tenders, reviews, disputes, refunds and power cuts in any order.

Everything goes through two real ledgers, a file and a server, whose processes die between any two rows. The model is
the plain list of records they were told.
"""

from collections import Counter
from dataclasses import replace
from fractions import Fraction

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
from till import Goods, store_of

from fusion.checkout import goods, trips
from fusion.checkout.adjusting import Adjust
from fusion.checkout.decision import CheckoutConfig
from fusion.checkout.disputes import Dispute, decide_dispute, disputes
from fusion.checkout.issues import first_issues, receipt_of, reissue
from fusion.checkout.postings import close_trip
from fusion.checkout.pricing import price
from fusion.checkout.receipts import Item, Receipt
from fusion.checkout.records import Entry, Issue, Transfer
from fusion.checkout.refunds import Claim, dispute, refund
from fusion.checkout.review import BY_DEADLINE, Approve, Waive, default_verdict, queue
from fusion.checkout.review import rule as judge
from fusion.checkout.rulings import Recorded, Refusal, Ruling, let_go, recorded_of, waiting
from fusion.checkout.shares import all_payments
from fusion.checkout.tenders import spend
from fusion.config import Config
from fusion.messages import Gate
from fusion.store_terms import ALWAYS, Deposit, PriceTag, Promotion, Scale, Span, Tender, Terms

SELL = (
    Goods("apple", 399, "food", snap=True, grams=150.0),
    Goods("cola", 199, "sweet", snap=True),
    Goods("soap", 333, "general"),
    Goods("wine", 1299, "general", min_age=21),
)
TERMS = Terms(
    prices={"cola": (PriceTag(149, Span(20, 60)), PriceTag(219, Span(60, 90)))},
    promotions=(
        Promotion("three", "multibuy", ("cola", "soap"), 3, Fraction(500), "", "store", ALWAYS),
        Promotion("ripe", "percent", ("apple",), 1, Fraction(10), "", "store", Span(0, 80)),
        Promotion("maker", "amount", ("soap",), 1, Fraction(60), "MAKER", "manufacturer", ALWAYS),
    ),
    deposits={"cola": Deposit(10, 5, "general")},
    tare_g={"apple": 2.0},
    tenders={
        "ann": (Tender("coupon", "MAKER", None), Tender("snap", "s", 1500), Tender("card", "c", None)),
        "bob": (Tender("gift", "g", 900), Tender("card", "d", 1000)),
        "cid": (Tender("snap", "s", 1500), Tender("office", "", None)),
    },
    verified_age={"bob": 30},
    scale=Scale(5.0, 0.5),
)
STORE = store_of(SELL, {"food": 0.0, "sweet": 0.0825, "general": 0.1025}, TERMS)
ROW = {one.sku: row for row, one in enumerate(SELL)}
LIMITS = {"tender:snap:s": 1500, "tender:gift:g": 900, "tender:card:d": 1000}
CHECKOUT = CheckoutConfig(review_deadline_ns=30, refund_window_ns=90)
CONFIG = replace(Config(), close_lag_ns=5)
quantities = st.integers(0, 3)
picks = st.randoms(use_true_random=False)
HISTORIES = settings(max_examples=80, stateful_step_count=50, suppress_health_check=list(HealthCheck), deadline=None)
Batch = tuple[tuple[Transfer, ...], tuple[Entry, ...], tuple[Issue, ...]]


class Shop(RuleBasedStateMachine):
    """One store, from opening to closing."""

    server = ""

    def __init__(self) -> None:
        super().__init__()
        self.now_ns = 10
        self.seq = 0
        self.visits = trips.Trips("till")
        self.moved: dict[bytes, Transfer] = {}
        self.booked: dict[bytes, Entry] = {}
        self.receipts: dict[str, Receipt] = {}  # as they were when the trip closed
        self.stand: dict[str, Receipt] = {}  # as they stand now
        self.issued: dict[str, Issue] = {}  # that stand now
        self.batches: list[Batch] = []
        self.rows_left: int | None = None  # that the next commit writes before the power goes
        self.is_lost = False  # what the power cut short is not told again, if it was a person's decision

    @initialize()
    def begin(self) -> None:
        self.pair = Pair(self.server, "till")

    def teardown(self) -> None:
        self.tell_everything_twice()
        self.pair.close()

    @rule(rows=st.integers(0, 30), is_lost=st.booleans())
    def power_will_go(self, rows: int, is_lost: bool) -> None:
        self.rows_left, self.is_lost = rows, is_lost

    @rule()
    def tell_everything_twice(self) -> None:
        before = self.pair.head()
        for batch in (*self.batches, *self.batches):
            self.pair.commit(*batch)
        assert self.pair.head() == before

    def commit(self, batch: Batch, *, may_be_lost: bool = False) -> bool:
        """Commit records; where the power goes before the end, again, as from the tape. Tell whether they are there."""
        rows, self.rows_left = self.rows_left, None
        is_there = rows is not None and self.pair.die(rows, *batch)
        if rows is not None and not is_there and may_be_lost and self.is_lost:
            return False
        self.pair.commit(*batch)
        self.batches.append(batch)
        self.moved |= {one.transfer_id: one for one in batch[0]}
        self.booked |= {one.entry_id: one for one in batch[1]}
        self.issued |= {one.trip: one for one in batch[2]}
        return True

    def recorded(self, trip: str) -> Recorded:
        return recorded_of(trip, self.moved.values(), self.booked.values())

    def take(self, ruling: Ruling | Refusal, trip: str) -> bool:
        """Commit a decision, unless it was refused."""
        if isinstance(ruling, Refusal):
            return False
        issued = self.issued[trip]
        again = () if ruling.receipt == self.stand[trip] else (reissue(issued, ruling.receipt, "kim", self.now_ns),)
        if self.commit((ruling.transfers, ruling.entries, again), may_be_lost=True):
            self.stand[trip] = ruling.receipt
            return True
        return False

    def spent_by_others(self, trip: str) -> dict[str, int]:
        return dict(spend({}, [one for key, one in self.stand.items() if key != trip]))

    @rule(ns=st.integers(1, 20))
    def wait(self, ns: int) -> None:
        self.now_ns += ns
        due = trips.due(self.visits, self.now_ns)
        self.visits = trips.close(self.visits, due, self.now_ns)
        for visit in [visit for visit in self.visits.ended if visit.trip in due]:
            self.settle(visit)

    @rule(account=st.sampled_from(["ann", "bob", "cid", "dan", None]), staff=st.booleans(), party=st.integers(1, 2))
    def enter(self, account: str | None, staff: bool, party: int) -> None:
        self.seq += 1
        role = "staff" if staff and account == "dan" else "shopper"
        message = Gate("door", self.seq, self.now_ns, "door", "enter", account, party, role)
        self.visits = trips.enter(self.visits, message, self.now_ns, CONFIG)

    @rule(
        account=st.sampled_from(["ann", "bob", "cid", "dan"]),
        basket=st.dictionaries(st.sampled_from(sorted(ROW)), st.integers(1, 3), min_size=1),
    )
    def shop(self, account: str, basket: dict[str, int]) -> None:
        """Come in alone, take goods, leave, and let the trip close: a whole visit in one step."""
        self.enter(account, staff=False, party=1)
        visit = trips.inside(self.visits, account)
        assert visit is not None
        for sku, quantity in basket.items():
            self.carry(visit, sku, quantity)
        for _ in range(visit.party - visit.left):
            self.visits = trips.leave(self.visits, visit.trip, self.now_ns)
        self.wait(CONFIG.close_lag_ns)

    @precondition(lambda self: self.visits.live)
    @rule(sku=st.sampled_from(sorted(ROW)), quantity=st.integers(-2, 3), pick=picks)
    def move(self, sku: str, quantity: int, pick: object) -> None:
        self.carry(pick.choice(self.visits.live), sku, quantity)  # type: ignore[attr-defined]

    def carry(self, visit: trips.Trip, sku: str, quantity: int) -> None:
        """Take goods from a shelf, or put them back."""
        self.seq += 1
        cart, shelf = goods.cart(visit.trip), goods.plate("P1")
        mine = goods.balances(self.moved.values()).get((cart, sku), 0)
        source, target = (shelf, cart) if quantity > 0 else (cart, shelf)
        pieces = quantity if quantity > 0 else min(-quantity, mine)
        if pieces:
            one = goods.move(
                "till", evidence=f"e{self.seq}", t_ns=self.now_ns, sku=sku, quantity=pieces, grams=None,
                source=source, target=target,
            )  # fmt: skip
            self.commit(((one,), (), ()))

    @precondition(lambda self: self.visits.live)
    @rule(pick=picks)
    def leave(self, pick: object) -> None:
        visit = pick.choice(self.visits.live)  # type: ignore[attr-defined]
        self.visits = trips.leave(self.visits, visit.trip, self.now_ns)

    def settle(self, visit: trips.Trip) -> None:
        """Close one trip as the engine does; what it carries is known."""
        assert visit.trip not in self.receipts, "a trip closes once"
        if visit.is_staff:
            return
        held = {sku: n for (a, sku), n in goods.balances(self.moved.values()).items() if a == goods.cart(visit.trip)}
        items = [Item(ROW[sku], n, n * 153.3, 0.9, (f"{visit.trip}:{sku}",)) for sku, n in held.items()]
        status = "review" if len(held) == 3 else "settled"
        receipt = price(visit.end(), items, 0.9, status, STORE, spend({}, self.stand.values()))
        self.commit((*close_trip(receipt, STORE), tuple(first_issues([receipt], "till"))))
        if receipt.account is not None:
            self.receipts[visit.trip] = self.stand[visit.trip] = receipt

    def waiting(self) -> tuple:
        return queue(self.stand.values(), {trip: self.recorded(trip) for trip in self.stand}, CHECKOUT)

    @precondition(lambda self: self.waiting())
    @rule(
        which=st.sampled_from(["approve", "adjust", "waive"]),
        kept=st.fixed_dictionaries(dict.fromkeys(ROW, quantities)),
    )
    def decide(self, which: str, kept: dict[str, int]) -> None:
        case = self.waiting()[0]
        receipt = self.stand[case.trip]
        assert (case.proposed_cents, case.opened_ns) == (receipt.total_cents, receipt.closed_ns) and case.reasons
        wanted = {line.sku: min(kept[line.sku], line.quantity) for line in receipt.lines}
        adjust = Adjust(wanted, STORE, self.spent_by_others(case.trip))
        verdict = {"approve": Approve(), "adjust": adjust, "waive": Waive()}[which]
        ruling = judge(receipt, verdict, self.recorded(case.trip), "till", author="kim", t_ns=self.now_ns)
        assert isinstance(ruling, Ruling)
        if self.take(ruling, case.trip):
            again = judge(receipt, Waive(), self.recorded(case.trip), "till", author="lee", t_ns=self.now_ns)
            assert isinstance(again, Refusal), "nobody is asked twice"

    @rule()
    def deadline(self) -> None:
        for case in self.waiting():
            verdict = default_verdict(case, self.now_ns, CHECKOUT)
            assert (verdict is None) == (self.now_ns < case.opened_ns + 30)
            if verdict is not None:
                receipt, known = self.stand[case.trip], self.recorded(case.trip)
                ruling = judge(receipt, verdict, known, "till", author=BY_DEADLINE, t_ns=self.now_ns)
                assert isinstance(ruling, Ruling) and ruling.receipt.total_cents <= case.proposed_cents
                self.take(ruling, case.trip)

    def lines(self, *statuses: str) -> list[tuple[str, str]]:
        standing = ((trip, receipt) for trip, receipt in self.stand.items() if receipt.status in statuses)
        return sorted((trip, line.sku) for trip, receipt in standing for line in receipt.lines)

    @precondition(lambda self: self.lines("settled"))
    @rule(
        quantity=st.integers(1, 3),
        reason=st.sampled_from(["not-taken", "returned", "damaged", "wrong-price"]),
        disputed=st.booleans(),
        pick=picks,
    )
    def claim(self, quantity: int, reason: str, disputed: bool, pick: object) -> None:
        trip, sku = pick.choice(self.lines("settled"))  # type: ignore[attr-defined]
        receipt, what = self.stand[trip], Claim(sku, quantity, reason, "kim", self.now_ns)
        done = self.take((dispute if disputed else refund)(receipt, what, self.recorded(trip), STORE, CHECKOUT), trip)
        assert not done or self.now_ns <= receipt.closed_ns + 90

    @precondition(lambda self: self.lines("review"))
    @rule(pick=picks)
    def claim_too_early(self, pick: object) -> None:
        trip, sku = pick.choice(self.lines("review"))  # type: ignore[attr-defined]
        what = Claim(sku, 1, "returned", "kim", self.now_ns)
        assert isinstance(refund(self.stand[trip], what, self.recorded(trip), STORE, CHECKOUT), Refusal)

    def disputed(self) -> list[Dispute]:
        return [one for one in disputes(self.booked.values()) if not one.answer]

    @precondition(lambda self: self.disputed())
    @rule(granted=st.booleans(), pick=picks)
    def answer(self, granted: bool, pick: object) -> None:
        what = pick.choice(self.disputed())  # type: ignore[attr-defined]
        receipt, known = self.stand[what.trip], self.recorded(what.trip)
        answer = decide_dispute(receipt, what, known, "till", granted=granted, author="lee", t_ns=self.now_ns)
        assert isinstance(answer, Ruling)
        self.take(answer, what.trip)

    @invariant()
    def both_ledgers_hold_what_they_were_told_and_debits_equal_credits(self) -> None:
        if hasattr(self, "pair"):
            assert self.pair.head().records == 1 + sum(len(kind) for batch in self.batches for kind in batch)
            assert {
                trip: receipt_of(one) for trip, one in self.pair.receipts().items() if trip in self.stand
            } == self.stand
            assert self.pair.balances() == expected_balances(self.booked.values())
            self.pair.check()

    @invariant()
    def goods_are_conserved(self) -> None:
        for sku in ROW:
            held = goods.balances(self.moved.values())
            assert sum(quantity for (_, name), quantity in held.items() if name == sku) == 0

    @invariant()
    def a_trip_is_charged_once_what_its_receipt_says(self) -> None:
        for trip, receipt in self.stand.items():
            assert receipt.total_cents == sum(line.amount_cents for line in receipt.lines) + receipt.tax_cents
            entries = [entry for entry in self.booked.values() if entry.trip == trip]
            sales = [e for e in entries if e.memo.split()[0] == "sale" and e.state == "posted"]
            charged = [leg.amount_cents for entry in sales for leg in entry.legs if leg.amount_cents > 0]
            settled = receipt.status == "settled" and receipt.total_cents > 0
            assert charged == ([receipt.total_cents] if settled else [])
            undecided = [e for e in waiting(entries) if e.memo in ("sale", "tender")]
            assert bool(undecided) == (receipt.status == "review" and receipt.total_cents > 0)

    @invariant()
    def goods_are_where_the_receipt_says(self) -> None:
        held = goods.balances(self.moved.values())
        for trip, receipt in self.stand.items():
            lines = {line.sku: line.quantity for line in receipt.lines}
            for sku in ROW:
                assert held.get((goods.cart(trip), sku), 0) == 0
                waits = lines.get(sku, 0) if receipt.status == "review" else 0
                assert held.get((goods.suspense(trip), sku), 0) == waits
                assert held.get((goods.sold(trip), sku), 0) <= lines.get(sku, 0) - waits

    @invariant()
    def refunds_are_bounded_by_line_and_tender(self) -> None:
        for trip, receipt in self.stand.items():
            paid: Counter[tuple[str, str]] = Counter()
            for one in all_payments(receipt, STORE):
                paid[one.sku, one.account(receipt.account or "")] += one.amount_cents
            back: Counter[tuple[str, str]] = Counter()
            entries = self.recorded(trip).entries
            gone = let_go(entries)
            for entry in (e for e in entries if e.reverses and e.entry_id not in gone):
                *_, sku, _, _, payer = entry.memo.split()
                back[sku, payer] -= sum(leg.amount_cents for leg in entry.legs if leg.account == payer)
            assert all(0 < cents <= paid[key] for key, cents in back.items())

    @invariant()
    def no_balance_is_overdrawn_and_every_tender_gets_back_its_own(self) -> None:
        for account, (posted, pending) in expected_balances(self.booked.values()).items():
            if account.startswith(("tender:", "coupon:")):
                assert 0 <= posted + pending <= LIMITS.get(account, 60 if account == "coupon:MAKER" else 10**9), account

    @invariant()
    def nobody_unnamed_and_no_staff_is_charged(self) -> None:
        charged = {entry.trip for entry in self.booked.values()}
        for visit in self.visits.ended:
            if visit.is_staff or visit.account is None:
                assert visit.trip not in charged


def test_any_day_is_one_ledger(server: str) -> None:
    Shop.server = server
    run_state_machine_as_test(Shop, settings=HISTORIES)
