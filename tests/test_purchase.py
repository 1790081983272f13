"""From the ledger to requests, and from answers to the state of a purchase."""

from dataclasses import replace

import pytest
from cards import pans, texts_around
from hypothesis import given
from hypothesis import strategies as st
from visits import Commit, asked_cents, charged_cents, close, receipt_of, shop, visits

from fusion.checkout.receipts import Receipt
from fusion.purchase.answers import Accepted, Declined, Later, reason_of
from fusion.purchase.backoff import Patience, event_of, wait_ns
from fusion.purchase.debts import Admitted, Refused, may_enter
from fusion.purchase.demands import by_trip, requests_of
from fusion.purchase.life import NEXT, Happening, Outcome, Status
from fusion.purchase.request_json import request_of_json, to_json
from fusion.purchase.requests import (
    AdjustPurchase,
    CancelPurchase,
    CreatePurchase,
    Goods,
    RefundPurchase,
    Request,
    Share,
    names_card,
)
from fusion.purchase.standing import NEVER_NS, Event, Open, Purchase, purchase_of
from fusion.store import Store

SECOND = 10**9


def asked(commits: tuple[Commit, ...]) -> tuple[Request, ...]:
    transfers = tuple(one for commit in commits for one in commit.transfers)
    entries = tuple(one for commit in commits for one in commit.entries)
    return tuple(r for trip, one in by_trip(transfers, entries).items() for r in requests_of(trip, one, "till", "USD"))


@given(visits())
def test_what_is_asked_is_what_the_ledger_charges(visit: tuple[Store, tuple[Commit, ...]]) -> None:
    _, commits = visit
    requests = asked(commits)
    entries = tuple(one for commit in commits for one in commit.entries)
    assert asked_cents(requests) == charged_cents(entries, "t1")
    assert len({request.head.request_id for request in requests}) == len(requests)
    assert [type(request) for request in requests[:1]] == [CreatePurchase]
    assert all(request_of_json(to_json(request, authorisation="ab")) == request for request in requests)
    shares = [share for r in requests if isinstance(r, RefundPurchase) for share in r.shares]
    assert sum(share.amount_cents for share in shares) == sum(
        r.total_cents for r in requests if isinstance(r, RefundPurchase)
    )


@given(visits())
def test_later_records_add_requests_and_change_none(visit: tuple[Store, tuple[Commit, ...]]) -> None:
    _, commits = visit
    before: dict[bytes, Request] = {}
    for count in range(1, len(commits) + 1):
        now = {request.head.request_id: request for request in asked(commits[:count])}
        assert before.items() <= now.items()
        before = now


def test_a_settled_receipt_is_one_purchase_with_its_payers() -> None:
    store = shop("stamps, then a card")
    receipt = receipt_of(store, "t1", "settled")
    (request,) = asked((close(store, receipt),))
    assert isinstance(request, CreatePurchase) and not request.held
    assert request.bill.goods == (Goods("apple", 1, 1500.0), Goods("cheese", 3, None), Goods("cola", 2, None))
    assert request.bill.shares == (
        Share("card", "tok-1", receipt.total_cents - 900),
        Share("snap", "ebt-1", 900),
    )
    assert (request.bill.tax_cents, request.bill.total_cents) == (receipt.tax_cents, receipt.total_cents)


def test_nobody_asks_for_a_trip_without_an_account_or_without_goods() -> None:
    store = shop("one card")
    nobody: Receipt = receipt_of(store, "t1", "settled", account=None)
    nothing = replace(receipt_of(store, "t2", "settled"), lines=(), tax_cents=0, total_cents=0, payments=())
    assert asked((close(store, nobody), close(store, nothing))) == ()


def test_what_nobody_pays_yet_is_on_the_account() -> None:
    store = shop("a coupon and an empty gift card")
    (request,) = asked((close(store, receipt_of(store, "t1", "review")),))
    assert isinstance(request, CreatePurchase) and request.held
    assert [share.kind for share in request.bill.shares] == ["coupon", "account", "gift"]
    assert request.bill.shares[1].token == "ann"


@given(st.data())
def test_a_request_that_names_a_card_is_known(data: st.DataObject) -> None:
    store = shop("one card")
    text = data.draw(texts_around(data.draw(pans())))
    (request,) = asked((close(store, receipt_of(store, "t1", "settled")),))
    assert isinstance(request, CreatePurchase) and not names_card(request)
    bill = replace(request.bill, shares=(Share("card", text, request.bill.total_cents),))
    head = replace(request.head, account=text)
    assert names_card(replace(request, bill=bill)) and names_card(replace(request, head=head))
    assert names_card(CancelPurchase(request.head, text, "kim"))
    assert names_card(AdjustPurchase(request.head, request.bill, "adjust", text))


# Answers


def purchase(*outcomes: tuple[int, Outcome], status: str = "settled", refunded: bool = False) -> Purchase:
    """Return a purchase after outcomes of its requests, by their number."""
    requests = requests_for(status, refunded)
    events = [Event(requests[n].head.request_id, t, outcome) for t, (n, outcome) in enumerate(outcomes)]
    return purchase_of(requests, events)


def requests_for(status: str, refunded: bool) -> tuple[Request, ...]:
    store = shop("one card")
    (created,) = asked((close(store, receipt_of(store, "t1", status)),))
    assert isinstance(created, CreatePurchase)
    verdict = AdjustPurchase(replace(created.head, request_id=b"v" * 16), created.bill, "approve", "kim")
    head = replace(created.head, request_id=b"r" * 16)
    back = RefundPurchase(head, "cola", 1, 230, (Share("card", "tok-1", 230),), "returned", "kim")
    return (created, *((verdict,) if status == "review" else ()), *((back,) if refunded else ()))


def test_a_declined_charge_is_a_debt_until_it_is_paid_or_settled() -> None:
    bill = requests_for("settled", False)[0]
    assert isinstance(bill, CreatePurchase)
    total = bill.bill.total_cents
    owed = purchase((0, Outcome.DECLINED))
    assert (owed.status, owed.balance_cents, owed.open) == (Status.OWED, total, ())
    assert may_enter([owed]) == Refused(f"owes {total} cents for t1")
    settled = purchase((0, Outcome.DECLINED), (0, Outcome.SETTLED))
    paid = purchase((0, Outcome.DECLINED), (0, Outcome.RETRY), (0, Outcome.ACCEPTED))
    for one, status in ((settled, Status.SETTLED), (paid, Status.PAID)):
        assert (one.status, one.balance_cents, may_enter([one])) == (status, 0, Admitted())


def test_a_refund_of_what_was_never_paid_lowers_the_debt_and_is_asked_for_once_it_is() -> None:
    lowered = purchase((0, Outcome.DECLINED), (1, Outcome.OFFSET), refunded=True)
    total = purchase((0, Outcome.DECLINED)).balance_cents
    assert (lowered.balance_cents, lowered.open) == (total - 230, ())
    paid = purchase((0, Outcome.DECLINED), (1, Outcome.OFFSET), (0, Outcome.ACCEPTED), refunded=True)
    assert (paid.status, paid.balance_cents, [type(one.request) for one in paid.open]) == (
        Status.PAID,
        0,
        [RefundPurchase],
    )
    after = purchase((0, Outcome.DECLINED), (0, Outcome.SETTLED), (1, Outcome.OFFSET), refunded=True)
    assert (after.status, after.balance_cents) == (Status.SETTLED, -230)


def test_a_hold_is_no_debt_and_a_verdict_charges_it() -> None:
    unheld = purchase((0, Outcome.DECLINED), status="review")
    assert (unheld.status, unheld.balance_cents, may_enter([unheld])) == (Status.UNHELD, 0, Admitted())
    charged = purchase((0, Outcome.DECLINED), (1, Outcome.ACCEPTED), status="review")
    assert charged.status is Status.PAID
    declined = purchase((0, Outcome.ACCEPTED), (1, Outcome.DECLINED), status="review")
    assert declined.status is Status.OWED and declined.balance_cents > 0


@given(st.lists(st.sampled_from([Outcome.ACCEPTED, Outcome.DECLINED, Outcome.LATER, Outcome.DEAD]), min_size=1))
def test_answers_that_come_twice_or_out_of_order_never_undo_an_acceptance(outcomes: list[Outcome]) -> None:
    one = purchase(*((0, outcome) for outcome in outcomes))
    assert (one.status is Status.PAID) == (Outcome.ACCEPTED in outcomes)
    if Outcome.ACCEPTED in outcomes:
        assert one.open == () and one.balance_cents == 0


def test_every_state_that_can_be_asked_takes_every_answer() -> None:
    for status in Status:
        assert status is Status.SETTLED or {*NEXT[status]} >= {Happening.HOLD_ACCEPTED}, status


# Waiting

AN_HOUR = Patience(give_up_ns=3600 * SECOND)


@given(st.binary(min_size=16, max_size=16), st.integers(1, 200))
def test_waits_double_up_to_a_cap_and_differ(request_id: bytes, tries: int) -> None:
    patience = Patience()
    wait = wait_ns(request_id, tries, patience)
    whole = min(patience.cap_ns, patience.base_ns * 2 ** min(tries - 1, 62))
    assert whole // 2 <= wait <= whole
    assert wait == wait_ns(request_id, tries, patience)
    assert wait != wait_ns(bytes([request_id[0] ^ 1]) + request_id[1:], tries, patience)


def test_after_its_time_a_request_is_dead_but_never_without_a_try() -> None:
    request = requests_for("settled", False)[0]
    late = Open(request, 0, 0, 0)
    first = event_of(late, Later("no answer"), 10**18, AN_HOUR)
    assert first.outcome is Outcome.LATER and first.due_ns > 10**18
    again = replace(late, tries=1, first_ns=10**18)
    assert event_of(again, Later("no answer"), 10**18 + 3599 * SECOND, AN_HOUR).outcome is Outcome.LATER
    assert event_of(again, Later("no answer"), 10**18 + 3600 * SECOND, AN_HOUR).outcome is Outcome.DEAD
    assert event_of(again, Declined("no"), 10**18 + 3600 * SECOND, AN_HOUR).outcome is Outcome.DECLINED
    assert event_of(again, Accepted(), 10**18 + 3600 * SECOND, AN_HOUR).outcome is Outcome.ACCEPTED
    dead = purchase((0, Outcome.LATER), (0, Outcome.DEAD))
    assert [one.due_ns for one in dead.open] == [NEVER_NS]
    assert [(one.due_ns, one.tries) for one in purchase((0, Outcome.DEAD), (0, Outcome.RETRY)).open] == [(0, 0)]


def test_an_answer_may_ask_for_a_longer_wait_but_not_for_ever() -> None:
    one = Open(requests_for("settled", False)[0], 0, 0, 0)
    assert event_of(one, Later("busy", 60.0), 0, AN_HOUR).due_ns == 60 * SECOND
    assert event_of(one, Later("busy", 1e12), 0, AN_HOUR).due_ns == 3600 * SECOND


@pytest.mark.parametrize(
    ("said", "kept"),
    [("card expired", "card expired"), ("", "status 402"), (None, "status 402"), ("a\n\x00b  c", "a b c"),
     ({"pan": 4111111111111111}, "a card number, not shown"), ("x" * 500, "x" * 200)],
)  # fmt: skip
def test_a_reason_is_one_short_line_without_a_card_number(said: object, kept: str) -> None:
    assert reason_of(said, "status 402") == kept
