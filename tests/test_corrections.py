"""Corrections: what is pending is resolved once, what is posted is undone once, and nothing is edited."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.checkout import goods
from fusion.checkout.postings import give_back, post, reverse, void
from fusion.checkout.records import Entry, Leg, derive_id

amounts = st.lists(st.integers(1, 10**9), min_size=1, max_size=6)


def sale(cents: list[int], state: str) -> Entry:
    legs = (Leg("receivable:acct", sum(cents)), *(Leg(f"sales:{n}", -c) for n, c in enumerate(cents)))
    return Entry(derive_id("entry", state), 10, "t1", "sale", state, legs)


def balances(*entries: Entry) -> dict[str, int]:
    """Return what the accounts hold for good: legs of posted entries."""
    total: Counter[str] = Counter()
    for entry in entries:
        if entry.state == "posted":
            total.update({leg.account: leg.amount_cents for leg in entry.legs})
    return {account: cents for account, cents in total.items() if cents}


@given(amounts, st.integers(11, 99))
def test_a_pending_entry_counts_once_it_is_posted_and_never_if_voided(cents: list[int], t_ns: int) -> None:
    held = sale(cents, "pending")
    charged, dropped = post(held, t_ns), void(held, t_ns)
    assert balances(held) == balances(held, dropped) == {}
    assert balances(held, charged) == balances(sale(cents, "posted"))
    for entry in (charged, dropped):
        assert (entry.resolves, entry.legs, entry.trip, entry.t_ns) == (held.entry_id, held.legs, held.trip, t_ns)
    assert charged.entry_id == dropped.entry_id != held.entry_id  # one of them, never both


@given(amounts, st.integers(11, 99))
def test_a_reversal_leaves_nothing_and_can_itself_be_undone(cents: list[int], t_ns: int) -> None:
    sold = sale(cents, "posted")
    undone = reverse(sold, t_ns, "refund")
    assert balances(sold, undone) == {}
    assert (undone.reverses, undone.memo, undone.state) == (sold.entry_id, "refund", "posted")
    assert balances(sold, undone, reverse(undone, t_ns, "mistake")) == balances(sold)
    assert balances(post(sale(cents, "pending"), 11), reverse(post(sale(cents, "pending"), 11), t_ns, "refund")) == {}


@given(amounts, st.integers(11, 99))
def test_a_part_that_is_given_back_may_wait(cents: list[int], t_ns: int) -> None:
    sold = sale(cents, "posted")
    legs = (Leg("receivable:acct", -1), Leg("sales:0", 1))
    part = give_back(sold, legs, evidence=("1",), t_ns=t_ns, memo="dispute", state="pending")
    granted, refused = post(part, t_ns, " grant kim"), void(part, t_ns, " refuse kim")
    assert part.reverses == sold.entry_id and (granted.resolves, granted.reverses) == (part.entry_id, b"")
    assert (granted.memo, refused.memo) == ("dispute grant kim", "dispute refuse kim")
    assert balances(sold, part) == balances(sold, part, refused) == balances(sold)
    assert balances(sold, part, granted).get("receivable:acct", 0) == sum(cents) - 1


@pytest.mark.parametrize(
    ("correct", "state"),
    [(post, "posted"), (void, "posted"), (lambda entry, t_ns: reverse(entry, t_ns, ""), "pending")],
)
def test_what_is_over_cannot_be_resolved_again(correct, state) -> None:
    with pytest.raises(AssertionError, match=f"is {state}: nothing to"):
        correct(sale([5], state), 11)


@pytest.mark.parametrize(
    ("state", "resolves", "reverses"),
    [
        ("voided", b"", b""),
        ("pending", b"r" * 16, b""),
        ("voided", b"r" * 16, b"r" * 16),
        ("posted", b"r" * 16, b"r" * 16),
        ("posted", b"r", b""),
        ("open", b"", b""),
    ],
)
def test_entries_that_follow_nothing_sensible_cannot_be_made(state: str, resolves: bytes, reverses: bytes) -> None:
    with pytest.raises(AssertionError):
        Entry(bytes(16), 1, "t", "sale", state, (Leg("a", 5), Leg("b", -5)), resolves, reverses)


def test_goods_taken_back_are_where_they_were() -> None:
    took = goods.move(
        "nano",
        evidence="e1",
        t_ns=1,
        sku="cola",
        quantity=2,
        grams=710.0,
        source=goods.plate("p1"),
        target=goods.hand("t1"),
    )
    back = goods.reverse(took, 5)
    assert goods.balances([took]) == {("plate:p1", "cola"): -2, ("hand:t1", "cola"): 2}
    assert goods.balances([took, back]) == {}
    assert (back.reverses, back.t_ns, back.transfer_id) != (took.reverses, took.t_ns, took.transfer_id)
    assert goods.reverse(took, 5) == back
