"""How goods were last seen in a hand: what is set down is set down standing, away from goods, and the arm falls."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from remembered import bodies_at, past_of

from fusion.arrays import Floats
from fusion.attribution.bodies import Bodies
from fusion.attribution.last_seen import Posture, floor_nats, out_nats, posture, set_down_nats
from fusion.config import SECOND_NS, PossessionConfig

CONFIG = PossessionConfig()
NOTHING_MOVED = np.zeros((0, 3)), np.zeros(0)
T0 = 1_000 * SECOND_NS
GOODS = np.array([[0.0, 0.0]])
BENT_M, HANGING_M = 0.52, 0.80  # of a hand below the head

metres = st.floats(-3.0, 3.0)


def walked(
    x_m: float, speed_mps: float, after_m: float, sd_m: float = 0.08, before_m: float = BENT_M, track_id: int = 7
) -> list[Bodies]:
    """Return somebody at x_m when the goods were last seen, with a hand that is after_m below the head from then on."""
    out = []
    for step in range(-40, 41):
        after_s = step * 0.05
        x = x_m + speed_mps * after_s
        below = before_m if after_s < 0.5 else after_m
        hands = np.array([[[0.2, 0.0, -below], [0.2, 0.1, -HANGING_M]]])
        cov = np.broadcast_to(np.eye(3) * sd_m**2, (1, 2, 3, 3)).copy()
        at = np.array([[x, 0.0, 1.6]])
        out.append(bodies_at(T0 + int(after_s * SECOND_NS), np.array([track_id]), at, hands, cov, np.zeros(1)))
    return out


def nats(bodies: list[Bodies], goods: Floats = GOODS) -> float:
    return set_down_nats(posture(7, T0, past_of(bodies), {}, np.array([7]), CONFIG), goods, CONFIG)


@given(st.floats(1.3, 5.0), st.floats(0.6, 1.5))
def test_standing_away_from_goods_speaks_for_setting_down_and_walking_against(far_m: float, mps: float) -> None:
    still, on = nats(walked(far_m, 0.0, HANGING_M)), nats(walked(far_m, mps, HANGING_M))
    assert on < 0.0 < still
    assert nats(walked(0.5, 0.0, HANGING_M)) < 0.0, "a shelf would have weighed it"
    beside_a_cart = np.array([[0.0, 0.0], [far_m + 0.5, 0.0]])
    assert nats(walked(far_m, 0.0, HANGING_M), beside_a_cart) < 0.0, "it is in the cart"


@given(st.floats(0.0, 5.0), st.floats(0.0, 1.5))
def test_an_arm_that_stays_bent_speaks_against_it_anywhere(far_m: float, mps: float) -> None:
    assert nats(walked(far_m, mps, BENT_M)) < nats(walked(far_m, mps, HANGING_M))


@given(st.floats(0.0, 5.0), st.floats(0.17, 0.5))
def test_hands_that_nobody_saw_say_nothing(far_m: float, sd_m: float) -> None:
    unseen = nats(walked(far_m, 0.0, BENT_M, sd_m))
    assert unseen == nats(walked(far_m, 0.0, HANGING_M, sd_m))
    assert unseen == pytest.approx(CONFIG.away_nats if far_m > CONFIG.goods_m else CONFIG.at_goods_nats)


def test_who_was_out_of_sight_set_nothing_down_that_anybody_knows_of() -> None:
    assert nats([]) == 0.0
    assert nats(walked(3.0, 0.0, HANGING_M, track_id=8)) == 0.0
    joined = posture(7, T0, past_of(walked(3.0, 0.0, HANGING_M, track_id=8)), {8: 7}, np.array([7]), CONFIG)
    assert set_down_nats(joined, GOODS, CONFIG) > 0.0, "a track that was joined to theirs is theirs"


@given(metres, metres, st.floats(0.0, 1.2))
def test_moving_store_and_people_changes_nothing(dx_m: float, dy_m: float, mps: float) -> None:
    assume(abs(mps - CONFIG.still_mps) > 1e-6)
    here = posture(7, T0, past_of(walked(1.5, mps, HANGING_M)), {}, np.array([7]), CONFIG)
    by_m = np.array([dx_m, dy_m])
    by = np.append(by_m, 0.0)
    moved = replace(here, head=here.head + by, hands=here.hands + by)
    assert set_down_nats(moved, GOODS + by_m, CONFIG) == set_down_nats(here, GOODS, CONFIG)


@given(st.floats(-0.2, 1.2))
def test_only_a_hand_on_the_floor_sets_something_down_there(hand_m: float) -> None:
    seen = posture(7, T0, past_of(walked(0.4, 0.0, 1.6 - hand_m)), {}, np.array([7]), CONFIG)
    assume(abs(hand_m - CONFIG.floor_m) > 1e-6)
    assert floor_nats(seen, *NOTHING_MOVED, CONFIG) == (CONFIG.floor_nats if hand_m < CONFIG.floor_m else 0.0)
    unseen = posture(7, T0, past_of(walked(0.4, 0.0, 1.6 - hand_m, sd_m=0.3)), {}, np.array([7]), CONFIG)
    assert floor_nats(unseen, *NOTHING_MOVED, CONFIG) == 0.0


@given(st.floats(0.0, 1.0), st.one_of(st.floats(0.3, 0.7), st.floats(3.0, 9.0)))
def test_a_low_hand_where_goods_move_then_is_at_the_lowest_shelf(far_m: float, late_s: float) -> None:
    """Found in crowd, seed 32: cookies were believed on the floor, for a hand then went to the bottom shelf."""
    seen = posture(7, T0, past_of(walked(0.4, 0.0, 1.55)), {}, np.array([7]), CONFIG)
    assume(abs(far_m - CONFIG.floor_goods_m) > 1e-6)
    at_goods = far_m < CONFIG.floor_goods_m and late_s < 1.0
    low = seen.hands[-1, seen.hands[-1, :, 2].argmin()]
    found = floor_nats(seen, low[None] + [0.0, far_m, 0.0], np.array([late_s]), CONFIG)
    assert found == (0.0 if at_goods else CONFIG.floor_nats)


def reaching(
    out_m: float, sights: int, mps: float = 0.0, x_m: float = 3.0, ahead_m: float = 9.0, sd_m: float = 0.08
) -> Posture:
    """Return somebody who reaches out along the floor, from a second after the goods were last seen."""
    moments = []
    for step in range(-40, 81):
        after_s = step * 0.05
        at = np.array([[x_m + mps * after_s, 0.0, 1.6], [x_m + ahead_m, 0.0, 1.6]])
        far_m = out_m if 20 <= step < 20 + sights else 0.25
        hands = np.array([[[far_m, 0.0, -0.6], [0.2, 0.1, -HANGING_M]], [[0.2, 0.0, -HANGING_M]] * 2])
        cov = np.broadcast_to(np.eye(3) * sd_m**2, (2, 2, 3, 3)).copy()
        moments.append(bodies_at(T0 + int(after_s * SECOND_NS), np.array([7, 8]), at, hands, cov, np.zeros(2)))
    return posture(7, T0, past_of(moments), {}, np.array([7, 8]), CONFIG)


PLATES = np.array([[0.0, 0.0, 1.0], [9.0, 9.0, 1.0]])
NO_PLACES = np.zeros((0, 2))


@given(st.floats(0.3, 0.9), st.integers(1, 20))
def test_a_hand_that_reaches_out_where_nothing_is_sets_something_down(out_m: float, sights: int) -> None:
    """Found in left-elsewhere and out-of-cart: what was left on the counter was charged all the same."""
    assume(abs(out_m - CONFIG.out_m) > 1e-6)
    found = out_nats(reaching(out_m, sights), PLATES, NO_PLACES, CONFIG)
    assert found == (CONFIG.out_nats if out_m > CONFIG.out_m and sights >= CONFIG.out_sights else 0.0)


@given(st.floats(0.6, 0.9))
def test_a_hand_at_goods_a_cart_a_gate_or_somebody_else_sets_nothing_down_there(out_m: float) -> None:
    seen = reaching(out_m, 12)
    assert out_nats(seen, PLATES, NO_PLACES, CONFIG) > 0.0
    hand = np.array([3.0 + out_m, 0.0, 1.0])
    assert out_nats(seen, hand[None] + [0.2, 0.3, 0.0], NO_PLACES, CONFIG) == 0.0, "a shelf would have weighed it"
    assert out_nats(seen, PLATES, hand[None, :2] + [0.2, 0.3], CONFIG) == 0.0
    assert out_nats(reaching(out_m, 12, ahead_m=1.2), PLATES, NO_PLACES, CONFIG) == 0.0, "it may be handed over"
    assert out_nats(reaching(out_m, 12, mps=0.8), PLATES, NO_PLACES, CONFIG) == 0.0, "arms swing"
    assert out_nats(reaching(out_m, 12, sd_m=0.3), PLATES, NO_PLACES, CONFIG) == 0.0, "nobody saw that hand"


def test_who_bends_down_and_is_found_as_somebody_new_is_still_who_stands_there() -> None:
    upright, bent = walked(0.4, 0.0, HANGING_M), walked(0.45, 0.0, 1.55, track_id=9)
    both = [
        bodies_at(a.t_ns, *(np.concatenate(pair) for pair in zip(_columns(a), _columns(b), strict=True)))
        for a, b in zip(upright, bent, strict=True)
    ]
    assert floor_nats(posture(7, T0, past_of(both), {}, np.array([7]), CONFIG), *NOTHING_MOVED, CONFIG) > 0.0
    assert floor_nats(posture(7, T0, past_of(both), {}, np.array([7, 9]), CONFIG), *NOTHING_MOVED, CONFIG) == 0.0, (
        "another shopper's hand is theirs"
    )


def _columns(bodies: Bodies) -> tuple[np.ndarray, ...]:
    return bodies.track_id, bodies.head, bodies.hands, bodies.hands_cov, bodies.unseen_s
