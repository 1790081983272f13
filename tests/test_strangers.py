"""Goods that nobody known took make everybody inside a little less sure to be who they are believed to be."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_store

from fusion.attribution.beam import lone
from fusion.attribution.explanations import PICK, PUT, Explanation, Part
from fusion.attribution.hypotheses import extend
from fusion.attribution.settled import Settled
from fusion.attribution.state import Attribution
from fusion.attribution.strangers import KEPT, own_p, with_strangers
from fusion.checkout.charge import choose
from fusion.checkout.decision import CheckoutConfig
from fusion.checkout.receipts import REVIEW, SETTLED
from fusion.config import AttributionConfig
from fusion.shelf import ShelfChange

CONFIG = AttributionConfig()
times = st.lists(st.integers(0, 20), max_size=6)


def gone(t_ns: int) -> ShelfChange:
    return ShelfChange(t_ns, t_ns, t_ns, (2,), (-260.0,), (1.0,))


def unknown(t_ns: int, p: float, kind: str = PICK) -> Settled:
    """Return a change that nobody known made with p, and that was no goods otherwise."""
    reading = Explanation((Part("", kind, 2, 1, 260.0),), 0.0)
    return Settled("e", gone(t_ns), reading, p, ((Explanation((), 0.0), 1.0 - p),))


def inside(people: int) -> Attribution:
    return Attribution(groups=tuple(lone(f"t{k}") for k in range(people)))


@given(times, st.floats(0.2, 1.0), st.integers(1, 5), st.integers(0, 20), st.integers(0, 20))
def test_each_who_was_inside_may_be_the_one(taken: list[int], p: float, people: int, entered: int, stayed: int) -> None:
    state = with_strangers(inside(people), [unknown(t, p) for t in taken])
    share = CONFIG.followed_share / (people * CONFIG.followed_share + 1)
    during = sum(entered <= t <= entered + stayed for t in taken)
    own = own_p(state, "t0", entered, entered + stayed, CONFIG)
    assert own == pytest.approx((1.0 - p * share) ** max(0, during - 1))
    since = sum(entered <= t for t in taken)
    assert own_p(state, "t0", entered, None, CONFIG) == pytest.approx((1.0 - p * share) ** max(0, since - 1))


@given(st.floats(0.2, 0.99), st.integers(2, 5))
def test_who_is_nowhere_in_sight_is_likelier_the_one_than_who_is_followed(p: float, people: int) -> None:
    for is_settled in (True, False):
        state = replace(inside(people), missed={f"e{t}": frozenset(("t1",)) for t in (3, 4)})
        if is_settled:
            state = with_strangers(state, [replace(unknown(t, p), event=f"e{t}") for t in (3, 4)])
            assert not state.missed
        else:
            theirs, still = Explanation((Part("", PICK, 2, 1, 260.0),), np.log(p)), Explanation((), np.log1p(-p))
            group = lone("t0")
            for t in (3, 4):
                group = extend(group, f"e{t}", dict.fromkeys(range(len(group)), (theirs, still)), CONFIG)
            state = replace(state, groups=(group, *state.groups[1:]), open={f"e{t}": gone(t) for t in (3, 4)})
        total = 2.0 + (people - 1) * CONFIG.followed_share
        assert own_p(state, "t1", 0, 20, CONFIG) == pytest.approx(1.0 - p / total)
        assert own_p(state, "t0", 0, 20, CONFIG) == pytest.approx(1.0 - p * CONFIG.followed_share / total)


@given(times, st.floats(0.0, 1.0))
def test_what_comes_back_or_was_taken_with_nobody_inside_makes_nobody_doubtful(taken: list[int], p: float) -> None:
    puts = [unknown(t, p, PUT) for t in taken]
    assert own_p(with_strangers(inside(2), puts), "t0", 0, 20, CONFIG) == 1.0
    assert with_strangers(Attribution(), [unknown(t, p) for t in taken]).strangers == ()
    left = replace(with_strangers(inside(2), [unknown(t, 1.0) for t in taken]), groups=())
    assert with_strangers(left, []).strangers == (), "a day costs no more than an hour"


@given(st.floats(-6.0, 6.0), st.integers(1, 4))
def test_a_change_that_still_is_open_counts_as_far_as_nobody_known_made_it(nats: float, people: int) -> None:
    """Found under a turned camera: who was believed to be another paid for them, surely, while goods went to nobody."""
    mine = Explanation((Part("t0", PICK, 2, 1, 260.0),), 0.0)
    theirs = Explanation((Part("", PICK, 2, 1, 260.0),), nats)
    group = extend(lone("t0"), "e", {0: (mine, theirs)}, CONFIG)
    state = replace(inside(people), groups=(group, *inside(people).groups[1:]), open={"e": gone(7)})
    assert own_p(state, "t0", 0, 20, CONFIG) == 1.0
    state = with_strangers(state, [unknown(8, 1.0)])
    share = CONFIG.followed_share / (1.0 + np.exp(-nats)) / (people * CONFIG.followed_share + 1)
    assert own_p(state, "t0", 0, 20, CONFIG) == pytest.approx(1.0 - share)
    assert own_p(state, "t0", 8, 20, CONFIG) == 1.0


def test_the_latest_are_kept() -> None:
    state = with_strangers(inside(1), [unknown(t, 1.0) for t in range(KEPT + 5)])
    assert [one.t_ns for one in state.strangers] == list(range(5, KEPT + 5))


def test_a_receipt_is_no_surer_than_that_it_is_its_own() -> None:
    store, config = tiny_store(), CheckoutConfig()
    goods = ((0, 1, 100.0),)
    sure = choose(((goods, 1.0, True),), store, config)
    doubtful = choose(((goods, 1.0, True),), store, config, 0.4)
    assert (sure.status, sure.confidence) == (SETTLED, 1.0)
    assert (doubtful.status, doubtful.confidence) == (REVIEW, 0.4)
