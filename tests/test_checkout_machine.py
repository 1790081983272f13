"""A store's money over many visits: trips, prices, tenders, reviews, disputes, refunds, declines, debts and power cuts
in any order.

Everything goes through the functions that the commands call, into two real ledgers, a file and a server, whose
processes die between any two rows, and through an outbox whose couriers are killed.
"""

from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test
from ledger_pair import expected_balances
from market import CHECKOUT, CONFIG, LIMITS, ROW, STORE
from shop_day import HOUR_NS, Day
from visits import charged_cents

from fusion.checkout import goods, trips
from fusion.checkout.disputes import Dispute, disputes
from fusion.checkout.issues import first_issues, receipt_of
from fusion.checkout.postings import close_trip
from fusion.checkout.pricing import price
from fusion.checkout.receipts import Item
from fusion.checkout.refunds import Claim
from fusion.checkout.review import Approve, Case, Waive
from fusion.checkout.rulings import Refusal, let_go, waiting
from fusion.checkout.shares import all_payments
from fusion.checkout.tenders import spend
from fusion.desk.claims import answer_dispute, give_back, open_dispute
from fusion.desk.deciding import Done
from fusion.desk.queue import waiting_cases
from fusion.desk.reviews import Correction, review, sweep
from fusion.purchase.bad_debts import BAD_DEBT
from fusion.purchase.life import Outcome, Status
from fusion.purchase.operating import retry, settle
from fusion.purchase.outbox_file import OutboxError
from fusion.purchase.requests import RefundPurchase

picks = st.randoms(use_true_random=False)
MOODS = ("accept", "accept", "decline", "decline", "stall", "lose", "kill")
HISTORIES = settings(max_examples=50, stateful_step_count=50, suppress_health_check=list(HealthCheck), deadline=None)


class Shop(Day):
    """One store, from opening to closing."""

    @initialize()
    def begin(self) -> None:
        self.open()

    def teardown(self) -> None:
        self.rows_left = None
        self.end_of_day()
        self.tell_everything_twice()
        self.shut()

    @rule(rows=st.integers(0, 30), is_lost=st.booleans())
    def power_will_go(self, rows: int, is_lost: bool) -> None:
        self.rows_left, self.is_lost = rows, is_lost

    @rule()
    def everything_is_told_twice(self) -> None:
        self.tell_everything_twice()

    # Trips

    @rule(ns=st.integers(1, 20))
    def wait(self, ns: int) -> None:
        self.now_ns += ns
        due = trips.due(self.visits, self.now_ns)
        self.visits = trips.close(self.visits, due, self.now_ns)
        for visit in [visit for visit in self.visits.ended if visit.trip in due]:
            self.settle(visit)

    @rule(account=st.sampled_from(["ann", "bob", "cid", "dan", None]), staff=st.booleans(), party=st.integers(1, 2))
    def enter(self, account: str | None, staff: bool, party: int) -> None:
        self.enter_trip(account, "staff" if staff and account == "dan" else "shopper", party)

    @rule(
        account=st.sampled_from(["ann", "bob", "cid", "dan"]),
        basket=st.dictionaries(st.sampled_from(sorted(ROW)), st.integers(1, 3), min_size=1),
    )
    def shop(self, account: str, basket: dict[str, int]) -> None:
        """Come in alone, take goods, leave, and let the trip close: a whole visit in one step."""
        self.enter_trip(account, "shopper", 1)
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
            self.act(lambda book: book.commit((one,), ()))

    @precondition(lambda self: self.visits.live)
    @rule(pick=picks)
    def leave(self, pick: object) -> None:
        visit = pick.choice(self.visits.live)  # type: ignore[attr-defined]
        self.visits = trips.leave(self.visits, visit.trip, self.now_ns)

    def settle(self, visit: trips.Trip) -> None:
        """Close one trip as the engine does; what it carries is known."""
        assert visit.trip not in self.issued, "a trip closes once"
        if visit.is_staff:
            return
        held = {sku: n for (a, sku), n in goods.balances(self.moved.values()).items() if a == goods.cart(visit.trip)}
        items = [Item(ROW[sku], n, n * 153.3, 0.9, (f"{visit.trip}:{sku}",)) for sku, n in held.items()]
        status = "review" if len(held) == 3 else "settled"
        receipt = price(visit.end(), items, 0.9, status, STORE, spend({}, self.stand.values()))
        moved, entries = close_trip(receipt, STORE)
        self.act(lambda book: book.commit(moved, entries, first_issues([receipt], "till")))

    # People who decide

    def waiting(self) -> tuple[Case, ...]:
        return self.pair.do(lambda book: waiting_cases(book, CHECKOUT))[0]

    @precondition(lambda self: self.lines("review"))
    @rule(
        which=st.sampled_from(["approve", "adjust", "adjust", "waive"]),
        wanted=st.dictionaries(st.sampled_from(sorted(ROW)), st.integers(0, 4), min_size=1),
    )
    def decide_case(self, which: str, wanted: dict[str, int]) -> None:
        case, now_ns = self.waiting()[0], self.now_ns
        receipt = self.stand[case.trip]
        assert (case.proposed_cents, case.opened_ns) == (receipt.total_cents, receipt.closed_ns) and case.reasons
        grams = {"apple": wanted["apple"] * 148.0} if "apple" in wanted else {}
        verdict = {"approve": Approve(), "adjust": Correction(wanted, STORE, grams), "waive": Waive()}[which]
        answer = self.decide(lambda book: review(book, case.trip, verdict, author="kim", t_ns=now_ns))
        if answer is None:
            return
        assert isinstance(answer, Done) and answer.is_new
        if which == "adjust":
            lines = {line.sku: line.quantity for line in receipt.lines} | wanted
            now = {line.sku: line.quantity for line in self.stand[case.trip].lines}
            assert now == {sku: pieces for sku, pieces in lines.items() if pieces}
        others = [one for one in (Approve(), Waive()) if type(one) is not type(verdict)]
        for other in others:
            act = self.pair.do(lambda book, o=other: review(book, case.trip, o, author="lee", t_ns=now_ns))  # type: ignore[misc]
            assert isinstance(act[0], Refusal) and act[1] == [], "nobody is asked twice"

    @rule()
    def deadline(self) -> None:
        late = {case.trip for case in self.waiting() if self.now_ns >= case.opened_ns + 30}
        before = {trip: self.stand[trip].total_cents for trip in late}
        now_ns = self.now_ns
        answers = self.act(lambda book: list(sweep(book, CHECKOUT, t_ns=now_ns)), may_be_lost=True)
        if answers is not None:
            assert {trip for trip, _ in answers} <= late
            assert all(isinstance(answer, Done) for _, answer in answers)
            assert all(self.stand[trip].total_cents <= cents for trip, cents in before.items())
            assert self.pair.do(lambda book: list(sweep(book, CHECKOUT, t_ns=now_ns))) == ([], [])

    def lines(self, *statuses: str) -> list[tuple[str, str]]:
        standing = ((trip, receipt) for trip, receipt in self.stand.items() if receipt.status in statuses)
        return sorted((trip, line.sku) for trip, receipt in standing for line in receipt.lines)

    @precondition(lambda self: self.lines("settled"))
    @rule(
        quantity=st.integers(1, 3),
        reason=st.sampled_from(["not-taken", "returned", "damaged", "wrong-price"]),
        disputed=st.booleans(),
        nth=st.integers(1, 2),
        pick=picks,
    )
    def claim(self, quantity: int, reason: str, disputed: bool, nth: int, pick: object) -> None:
        trip, sku = pick.choice(self.lines("settled"))  # type: ignore[attr-defined]
        self.claimed(trip, Claim(sku, quantity, reason, "kim", self.now_ns), disputed=disputed, nth=nth)

    def claimed(self, trip: str, what: Claim, *, disputed: bool, nth: int) -> None:
        act = open_dispute if disputed else give_back
        answer = self.decide(lambda book: act(book, STORE, trip, what, CHECKOUT, nth=nth))
        if isinstance(answer, Done) and answer.is_new:
            assert self.now_ns <= (self.stand[trip].closed_ns or 0) + 90

    @precondition(lambda self: self.lines("review"))
    @rule(pick=picks)
    def claim_too_early(self, pick: object) -> None:
        trip, sku = pick.choice(self.lines("review"))  # type: ignore[attr-defined]
        what = Claim(sku, 1, "returned", "kim", self.now_ns)
        assert isinstance(self.pair.do(lambda book: give_back(book, STORE, trip, what, CHECKOUT))[0], Refusal)

    def disputed(self) -> list[Dispute]:
        return [one for one in disputes(self.booked.values()) if not one.answer]

    @precondition(lambda self: self.disputed())
    @rule(said=st.sampled_from(["uphold", "reject"]), pick=picks)
    def answer(self, said: str, pick: object) -> None:
        granted = said == "uphold"
        what, now_ns = pick.choice(self.disputed()), self.now_ns  # type: ignore[attr-defined]
        by = {"author": "lee", "t_ns": now_ns, "number": what.number}
        answer = self.decide(lambda book: answer_dispute(book, what.trip, what.sku, granted=granted, **by))
        if answer is not None:
            assert isinstance(answer, Done) and answer.is_new
            other, batches = self.pair.do(
                lambda book: answer_dispute(book, what.trip, what.sku, granted=not granted, **by)
            )
            assert isinstance(other, Refusal) and batches == []

    # Whoever takes the money

    @rule(moods=st.lists(st.sampled_from(MOODS), min_size=1, max_size=4), looks=st.sampled_from([-1, -1, 2, 3, 4]))
    def courier(self, moods: list[str], looks: int) -> None:
        self.deliver(moods, looks)
        self.wall_ns += HOUR_NS

    @rule()
    def debts_are_booked(self) -> None:
        self.book_debts()

    @rule(
        account=st.sampled_from(["ann", "bob", "cid", "dan"]),
        basket=st.dictionaries(st.sampled_from(sorted(ROW)), st.integers(1, 3), min_size=1),
        is_booked=st.booleans(),
    )
    def be_declined(self, account: str, basket: dict[str, int], is_booked: bool) -> None:
        """A whole visit that nobody wants to pay in the end."""
        self.shop(account, basket)
        self.deliver(["decline"])
        if is_booked:
            self.book_debts()

    @precondition(lambda self: self.owing)
    @rule(
        act=st.sampled_from(["settle", "pay after all", "refund", "dispute", "ask again"]),
        pick=picks,
        then=st.sampled_from(["", "refund"]),
    )
    def owe(self, act: str, pick: object, then: str) -> None:
        """Something becomes of a debt: it is settled, paid, or what was bought comes back."""
        trip = pick.choice(self.owing)  # type: ignore[attr-defined]
        if act in ("refund", "dispute"):
            self.give_back(trip, disputed=act == "dispute")
            self.deliver(["accept"])
        else:
            self.operate(trip, act)
        if then == "refund":
            self.give_back(trip, disputed=False)
            self.deliver(["accept"])

    def give_back(self, trip: str, *, disputed: bool) -> None:
        sku = self.stand[trip].lines[0].sku
        self.claimed(trip, Claim(sku, 1, "returned", "ann", self.now_ns), disputed=disputed, nth=1)

    def operate(self, trip: str, act: str) -> None:
        with self.outbox() as outbox:
            if act != "settle":
                retry(outbox, trip, self.clock(), declined=True)
            else:
                try:
                    self.settled[trip] = settle(outbox, trip, "kim", self.clock())
                except OutboxError as error:
                    assert "expected an answer" in str(error)
            self.look(outbox)
        if act == "pay after all":
            self.deliver(["accept"])

    @rule()
    def ask_again(self) -> None:
        with self.outbox() as outbox:
            for purchase in outbox.purchases():
                retry(outbox, purchase.trip, self.clock(), declined=False)

    def end_of_day(self) -> None:
        """Everybody answers in the end, and then outbox, outside and ledger say the same."""
        for _ in range(2):
            self.deliver(["accept"])
            with self.outbox() as outbox:
                for purchase in outbox.purchases():
                    retry(outbox, purchase.trip, self.clock(), declined=False)
        self.deliver(["accept"])
        self.book_debts()
        owed: Counter[str] = Counter()
        with self.outbox() as outbox:
            for one in outbox.purchases():
                owed[one.account] += one.balance_cents
                requests = outbox.requests(one.trip)
                refused = sum(
                    r.total_cents for r in requests
                    if isinstance(r, RefundPurchase) and one.last[r.head.request_id].outcome is Outcome.DECLINED
                )  # fmt: skip
                paid = self.outside.kept_cents(one.trip) + one.balance_cents + self.settled.get(one.trip, 0) - refused
                assert paid == charged_cents(tuple(self.booked.values()), one.trip)
                assert (one.status is Status.SETTLED) == (one.trip in self.settled)
        once = [one for one in self.outside.asked if not one.endswith("refund")]
        assert len(once) == len(set(once)), "nothing is charged twice"
        debts = {a.removeprefix(BAD_DEBT): posted for a, (posted, _) in self.pair.balances().items() if BAD_DEBT in a}
        assert {a: cents for a, cents in debts.items() if cents} == {a: cents for a, cents in owed.items() if cents}
        tills = sum(posted for a, (posted, _) in self.pair.balances().items() if a.startswith("tender:office:"))
        assert tills == sum(self.settled.values())

    # What must hold

    @invariant()
    def both_ledgers_hold_what_they_were_told_and_debits_equal_credits(self) -> None:
        if hasattr(self, "pair"):
            records = len(self.moved) + len(self.booked) + sum(len(batch[2]) for batch in self.batches)
            assert self.pair.head().records == 1 + records
            assert self.pair.receipts() == self.issued
            assert {t: receipt_of(i) for t, i in self.issued.items() if t in self.stand} == self.stand
            assert self.pair.balances() == expected_balances(self.booked.values())
            self.pair.check()

    @invariant()
    def goods_are_conserved(self) -> None:
        held = goods.balances(self.moved.values())
        for sku in ROW:
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
            entries = [e for e in self.recorded(trip).entries if not e.memo.startswith("debt")]
            gone = let_go(entries)
            for entry in (e for e in entries if e.reverses and e.entry_id not in gone):
                *_, sku, _, _, payer = entry.memo.split()
                back[sku, payer] -= sum(leg.amount_cents for leg in entry.legs if leg.account == payer)
            assert all(0 < cents <= paid[key] for key, cents in back.items())

    @invariant()
    def no_balance_is_overdrawn_and_every_tender_gets_back_its_own(self) -> None:
        sold = [entry for entry in self.booked.values() if not entry.memo.startswith("debt")]
        for account, (posted, pending) in expected_balances(sold).items():
            if account.startswith(("tender:", "coupon:")):
                assert 0 <= posted + pending <= LIMITS.get(account, 10**9), account

    @invariant()
    def nobody_unnamed_and_no_staff_is_charged(self) -> None:
        charged = {entry.trip for entry in self.booked.values()}
        for visit in self.visits.ended:
            if visit.is_staff or visit.account is None:
                assert visit.trip not in charged


def test_any_day_is_one_ledger(server: str) -> None:
    Shop.server = server
    run_state_machine_as_test(Shop, settings=HISTORIES)
