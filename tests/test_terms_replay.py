"""Terms of sale through the whole engine: from sensors to tenders in the ledger, and on to a review."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from tiny import Action, frames, run, tape, tiny_store

from fusion.checkout.decision import CheckoutConfig
from fusion.checkout.goods import balances
from fusion.checkout.receipts import Receipt, receipt_of_json
from fusion.checkout.review import Approve, queue, rule
from fusion.checkout.rulings import Ruling, recorded_of, waiting
from fusion.session import Session
from fusion.store import Store
from fusion.store_terms import ALWAYS, Deposit, Promotion, Tender, Terms

CARD = Tender("card", "tok-1", None)
FAMILY = Tender("gift", "family", 300)
ACTIONS = [Action(0, 0, -1), Action(0, 1, -1), Action(1, 2, -2)]  # ann: a and b; bob: two of c


def shop(*, aged: str = "") -> Store:
    """The tiny store with a gift card that ann and bob share, a promotion and a deposit."""
    store = tiny_store()
    terms = Terms(
        tenders={"ann": (FAMILY, CARD), "bob": (FAMILY, CARD)},
        promotions=(Promotion("pair", "multibuy", ("c",), 2, Fraction(500), "", "store", ALWAYS),),
        deposits={"a": Deposit(10, 5, "")},
    )
    ages = store.products.min_age.copy()
    ages[[sku == aged for sku in store.products.sku]] = 21
    return replace(store, terms=terms, products=replace(store.products, min_age=ages))


def by_account(receipts: list[Receipt]) -> dict[str | None, Receipt]:
    return {receipt.account: receipt for receipt in receipts}


def tenders(receipt: Receipt) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in receipt.payments:
        total[one.kind] = total.get(one.kind, 0) + one.amount_cents
    return total


def test_two_trips_share_a_balance_and_the_ledger_holds_both(tmp_path: Path) -> None:
    session = Session(shop(), tmp_path)
    for frame in frames(tape(ACTIONS)):
        session.feed(frame)
    session.finish()
    record = session.close()
    lines = (tmp_path / "receipts.jsonl").read_text().splitlines()
    of = by_account([receipt_of_json(line) for line in lines])
    ann, bob = of["ann"], of["bob"]
    # 100 and 200 with 8.25 percent, and the deposit; 600 less 100 with tax.
    assert (ann.total_cents, bob.total_cents) == (300 + 25 + 10, 500 + 41)
    assert (tenders(ann), tenders(bob)) == ({"gift": 300, "card": 35}, {"card": 541})
    assert json.loads(lines[0])["lines"][0]["deposit"] == 10
    assert record["ledger_faults"] == []


def test_a_held_receipt_is_decided_from_what_was_recorded() -> None:
    store, config = shop(aged="c"), CheckoutConfig()
    outputs = run(store, tape(ACTIONS))
    receipts = [receipt for out in outputs for receipt in out.receipts]
    transfers = [one for out in outputs for one in out.transfers]
    entries = [one for out in outputs for one in out.entries]
    bob = by_account(receipts)["bob"]
    known = recorded_of(bob.trip, transfers, entries)
    (case,) = queue(receipts, {bob.trip: known}, config)
    assert (bob.status, case.reasons, case.account) == ("review", ("age",), "bob")
    assert set(case.events) <= {event.event for out in outputs for event in out.events}
    assert balances(transfers)[f"suspense:{bob.trip}", "c"] == 2
    ruling = rule(bob, Approve(), known, store.store_id, author="kim", t_ns=case.opened_ns + 1)
    assert isinstance(ruling, Ruling)
    assert waiting((*entries, *ruling.entries)) == ()
    held = balances((*transfers, *ruling.transfers))
    assert held[f"sold:{bob.trip}", "c"] == 2 and (f"suspense:{bob.trip}", "c") not in held
