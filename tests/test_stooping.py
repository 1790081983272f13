"""Who stoops where no plate tells of goods may have set down any of theirs that was in no hand since."""

from collections.abc import Collection, Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from remembered import bodies_at, past_of
from tiny import tiny_store

from fusion.attribution.beam import Hypothesis
from fusion.attribution.bodies import Bodies
from fusion.attribution.explanations import PICK, Explanation, Part
from fusion.attribution.lasting import over_by
from fusion.attribution.passing import read_stoop
from fusion.attribution.possession import Run
from fusion.attribution.state import Attribution, People
from fusion.attribution.stooping import Stoop, is_answered, stoop_readings, stoops_now
from fusion.attribution.witnesses import Witnesses
from fusion.config import SECOND_NS, AttributionConfig, CartConfig
from fusion.frozen import replace
from fusion.shelf import ShelfChange

STORE, CONFIG = tiny_store(), AttributionConfig()
STOOP = CONFIG.stoop
T0 = 1_000 * SECOND_NS
PLATES = np.zeros((2, 3))
AT_REST, DISTURBED = np.zeros(2, np.bool_), np.ones(2, np.bool_)
LOW = Stoop(1, T0, T0 + SECOND_NS // 2)


def somebody(head_m: float, below_m: float, sd_m: float = 0.1, unseen_s: float = 0.0, t_ns: int = T0) -> Bodies:
    """Body 1, one hand so far below the head, the other hanging at its side."""
    hands = np.array([[[0.3, 0.0, -below_m], [0.0, 0.2, -0.55]]])
    cov = np.tile(np.eye(3) * sd_m**2, (1, 2, 1, 1))
    return bodies_at(t_ns, np.array([1]), np.array([[1.0, 1.0, head_m]]), hands, cov, np.full(1, unseen_s))


@given(st.floats(0.6, 1.9), st.floats(0.2, 1.2), st.floats(0.05, 0.4), st.sampled_from([0.0, 0.5]))
def test_only_who_is_seen_low_with_a_hand_that_is_known_to_be_low_stoops(
    head_m: float, below_m: float, sd_m: float, unseen_s: float
) -> None:
    found = stoops_now((), somebody(head_m, below_m, sd_m, unseen_s), PLATES, AT_REST, STOOP)
    is_low = head_m < STOOP.head_m and head_m - max(below_m, 0.55) < STOOP.hand_m
    assert bool(found) == (is_low and sd_m <= STOOP.hand_sd_max_m and unseen_s == 0.0)


@given(st.lists(st.floats(0.05, 3.0), min_size=1, max_size=12))
def test_stoops_apart_in_time_are_several(gaps_s: list[float]) -> None:
    going_on: tuple[Stoop, ...] = ()
    t_ns, over = T0, 0
    for gap_s in gaps_s:
        t_ns += int(gap_s * SECOND_NS)
        done, going_on = over_by(going_on, t_ns, STOOP.break_s, 0.0)
        over += len(done)
        going_on = stoops_now(going_on, somebody(0.9, 0.7, t_ns=t_ns), PLATES, AT_REST, STOOP)
    assert over == sum(gap_s > STOOP.break_s + 1e-6 for gap_s in gaps_s[1:])


def change(step_ns: int, plate: int = 0) -> ShelfChange:
    return ShelfChange(step_ns, step_ns, step_ns, (plate,), (-100.0,), (1.0,))


@given(st.floats(-4.0, 4.0), st.integers(0, len(STORE.plates.plate_id) - 1))
def test_goods_that_moved_near_and_about_then_answer_a_stoop(after_s: float, plate: int) -> None:
    x, y = STORE.plates.centre[plate, :2]
    here = Stoop(1, T0, T0 + SECOND_NS // 2, (float(x), float(y)))
    moved = change(T0 + int(after_s * SECOND_NS), plate)
    assert is_answered(here, [moved], STORE, STOOP) == (-STOOP.break_s <= after_s <= 0.5 + STOOP.break_s)
    assert not is_answered(Stoop(1, T0, T0, (float(x) + 5.0, float(y))), [moved], STORE, STOOP)


@given(st.floats(0.0, 1.5), st.integers(1, 3))
def test_who_stoops_at_plates_that_are_disturbed_is_at_those(apart_m: float, slices: int) -> None:
    low, going_on = somebody(0.9, 0.7), ()
    plates = np.array([[1.3, 1.0 + apart_m, 0.2], [1.3, 6.0, 0.2]])
    for step in range(slices + 2):  # in one slice of several
        disturbed = DISTURBED if step == 1 else AT_REST
        going_on = stoops_now(going_on, replace(low, t_ns=T0 + step), plates, disturbed, STOOP)
    assert is_answered(going_on[0], [], STORE, STOOP) == (apart_m < STOOP.touch_m)


def said(
    picks: Mapping[int, int], runs: Mapping[int, Run] | None = None, kept: Collection[int] = ()
) -> dict[int, float]:
    """Return what may have been set down by who took a piece of each product at an instant, in nats."""
    open_ = {f"ev-{k}": change(t_ns) for k, t_ns in picks.items()}
    choice = {f"ev-{k}": Explanation((Part("ann", PICK, k, 1, 100.0),), 0.0) for k in picks}
    has = Hypothesis(0.0, {"ann": tuple((k, 1, 100.0) for k in sorted(picks))}, choice)
    best, *down = sorted(
        stoop_readings(LOW, "ann", has, open_, runs or {}, kept, CONFIG), key=lambda one: len(one.parts)
    )
    assert best == Explanation((), 0.0)
    return {one.parts[0].product: one.nats for one in down}


@given(st.sets(st.integers(0, 5), min_size=1))
def test_one_thing_was_set_down_whatever_else_they_carry(products: set[int]) -> None:
    nats = said(dict.fromkeys(products, T0 - SECOND_NS))
    assert set(nats) == products
    once = STOOP.set_down_nats + CONFIG.tags.left_nats
    assert np.exp(list(nats.values())).sum() == pytest.approx(np.exp(once))


def test_goods_taken_later_or_seen_in_a_hand_since_or_in_a_cart_were_not_set_down() -> None:
    earlier, later = T0 - 5 * SECOND_NS, T0 + 5 * SECOND_NS
    assert set(said({1: earlier, 2: later})) == {1}
    assert set(said({1: earlier, 2: earlier}, {2: Run(earlier, later)})) == {1}
    assert set(said({1: earlier, 2: earlier}, {2: Run(earlier, T0)})) == {1, 2}
    assert set(said({1: earlier, 2: earlier}, kept={2})) == {1}
    assert said({1: earlier, 2: earlier}, {2: Run(earlier, T0, floor_nats=6.4)}) == {}, "that one was set down"


@pytest.mark.parametrize(("track_id", "is_theirs"), [(1, True), (2, True), (3, False)])
def test_a_stoop_is_of_who_was_there_though_found_as_somebody_new(track_id: int, is_theirs: bool) -> None:
    past = past_of([somebody(1.5, 0.5), somebody(0.9, 0.7, t_ns=T0 + SECOND_NS)])
    far = (4.0, 2.0) if track_id == 3 else (1.2, 1.0)
    people = People(lambda: {1: "ann"}, lambda _track, _t_ns: {}, {}, frozenset(), CartConfig())
    state = Attribution(seen=Witnesses(bodies=past))
    state = read_stoop(state, Stoop(track_id, T0, T0, far, head_m=0.9), people, STORE, CONFIG)
    assert set(state.stooped) == ({"ann"} if is_theirs else set())
    assert read_stoop(state, Stoop(4, T0, T0, far, head_m=0.9), people, STORE, CONFIG) is state, "seen as two tracks"


def test_a_child_does_not_stoop_all_day() -> None:
    past = past_of([somebody(0.75 + 0.05 * step, 0.55, t_ns=T0 + step * SECOND_NS // 5) for step in range(5)])
    people = People(lambda: {1: "ann"}, lambda _track, _t_ns: {}, {}, frozenset(), CartConfig())
    state = Attribution(seen=Witnesses(bodies=past))
    assert read_stoop(state, Stoop(1, T0, T0, (1.0, 1.0), head_m=0.75), people, STORE, CONFIG) is state
