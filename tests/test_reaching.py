"""What hands hold from the next shelf says nothing of the one before."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from remembered import bodies_at, past_of
from tiny import tiny_store

from fusion.attribution.bodies import Bodies, no_bodies
from fusion.attribution.reaching import at_others, next_picks
from fusion.attribution.standing import goods_place
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange
from fusion.tracking.hands import resting

CONFIG, STORE = AttributionConfig(), tiny_store()
PLATE = 2


def change(at_s: float, grams: float = -100.0) -> ShelfChange:
    at_ns = round(at_s * SECOND_NS)
    return ShelfChange(at_ns, at_ns, at_ns, (PLATE,), (grams,), (1.0,))


def standing(away_m: float) -> list[Bodies]:
    """Track 1 with a hand so far from the goods, track 2 with both three metres away, over ten seconds."""
    goods, _ = goods_place(change(0.0), STORE)
    head = goods + np.array([[0.0, 0.5, 0.8], [3.0, 0.0, 0.8]])
    hands = np.tile([0.0, 0.0, -0.6], (2, 2, 1)).astype(float)
    hands[0, 0] = goods + np.array([away_m, 0.0, 0.0]) - head[0]
    hands[0, 1, 2] = 5.0
    cov = np.tile(0.01 * np.eye(3), (2, 2, 1, 1))
    return [bodies_at(k * SECOND_NS // 10, np.array([1, 2]), head, hands, cov, np.zeros(2)) for k in range(100)]


@given(
    st.floats(0.1, 9.0),
    st.floats(0.0, 1.0),
    st.floats(-300.0, 300.0),
    st.integers(0, 3),
    st.sampled_from((0.0, CONFIG.hurry_s[1])),
)
@example(1.0, 0.1, -227.0, 1, 0.0)  # hands met, and a second later the one took what they were then seen to hold
@example(2.0, 0.0, -1e-300, 0, CONFIG.hurry_s[1])  # however little went, it lay on its plate, not at the store's corner
def test_who_has_a_hand_where_goods_go_next_has_something_new_a_moment_before(
    later_s: float, away_m: float, grams: float, alias: int, apart_s: float
) -> None:
    """Found on a long tape: of two pieces one was charged to somebody who took another of them two seconds later."""
    known_as = {1: 7} if alias == 0 else {}
    track_id = known_as.get(1, 1)
    later = [change(later_s, grams)]
    found = next_picks(0, apart_s, {track_id, 2}, later, past_of(standing(away_m)), known_as, STORE, CONFIG)
    soon = apart_s < later_s <= CONFIG.held_window_s + CONFIG.next_pick_s
    if grams < 0.0 and away_m < CONFIG.next_pick_m - 1e-9 and soon:
        want = round(later_s * SECOND_NS) - round(CONFIG.next_pick_s * SECOND_NS)
        assert found == {track_id: min(want, round((CONFIG.held_window_s + CONFIG.next_pick_s) * SECOND_NS))}
    elif grams >= 0.0 or away_m > CONFIG.next_pick_m + 1e-9 or abs(later_s - apart_s) > 1e-6:
        assert not found


def test_of_several_the_first_counts_and_others_tracks_are_not_asked_for() -> None:
    several = [change(3.5), change(2.0), change(4.0)]
    found = next_picks(0, CONFIG.hurry_s[1], {1, 2}, several, past_of(standing(0.1)), {}, STORE, CONFIG)
    assert found == {1: round((2.0 - CONFIG.next_pick_s) * SECOND_NS)}
    assert not next_picks(0, CONFIG.hurry_s[1], {2}, several, past_of(standing(0.1)), {}, STORE, CONFIG)
    assert not next_picks(0, CONFIG.hurry_s[1], {1, 2}, several, no_bodies(), {}, STORE, CONFIG)


@given(st.floats(-3.0, 3.0), st.floats(0.0, 1.0), st.sampled_from((-227.0, 227.0)))
@example(-0.4, 0.05, -107.0)  # who took a low can was bent for it still when somebody beside took another
def test_who_has_a_hand_at_goods_that_move_about_then_is_busy_with_them(
    later_s: float, away_m: float, grams: float
) -> None:
    found = at_others(5 * SECOND_NS, (1, 2), [change(5.0 + later_s, grams)], past_of(standing(away_m)), STORE, CONFIG)
    if abs(later_s) < CONFIG.hurry_s[1] - 1e-6:
        goods, p = found[1]
        assert (goods == STORE.plates.centre[PLATE]).all()
        assert p > 0.6 if away_m < 0.1 else p < 0.25 if away_m > 0.5 else 0.0 < p < 1.0
    elif abs(later_s) > CONFIG.hurry_s[1] + 1e-6:
        assert not found


def test_a_hand_that_nobody_sees_may_be_at_goods_within_reach_and_at_no_others() -> None:
    """Found in t18: who leaned far to a high shelf, hands unseen, was said to bend for what another took below it."""
    mean, var = resting(CONFIG.hands)
    nobody = np.tile(mean, (2, 2, 1)), np.tile(np.diag(var), (2, 2, 1, 1))
    unseen = [replace(one, hands=nobody[0], hands_cov=nobody[1]) for one in standing(0.0)]
    away = [replace(one, head=one.head + np.array([0.0, -3.0, 0.0])) for one in unseen]
    p = at_others(5 * SECOND_NS, (1, 2), [change(5.0)], past_of(unseen), STORE, CONFIG)[1][1]
    assert p == pytest.approx(CONFIG.standing.elsewhere_p, abs=1e-6)
    assert at_others(5 * SECOND_NS, (1, 2), [change(5.0)], past_of(away), STORE, CONFIG) == {}
