"""Where people stand who move goods, and how they bend: the mover is told from who merely is there."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from remembered import bodies_at, past_of
from tiny import tiny_store

from fusion.attribution.bodies import Bodies
from fusion.attribution.evidence import NOWHERE
from fusion.attribution.standing import goods_place, stance, standing_nats
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange
from fusion.store import Store

STORE, CONFIG = tiny_store(), AttributionConfig()
OWN, STEP_NS = CONFIG.standing, 100 * SECOND_NS
HAND, NOBODY = np.tile([0.0, 0.0, -0.55], (2, 1)), np.tile(np.eye(3), (2, 1, 1))


def change(plate: int) -> ShelfChange:
    return ShelfChange(STEP_NS, STEP_NS, STEP_NS, (plate,), (-200.0,), (1.0,))


def sights(paths: list[np.ndarray], unseen_s: float = 0.0) -> list[Bodies]:
    """Bodies 1, 2, ... by their heads (t, 3), ten times a second around the step."""
    out = []
    for k, heads in enumerate(np.stack(paths, axis=1)):
        t_ns, n = STEP_NS + (k - len(paths[0]) // 2) * SECOND_NS // 10, len(paths)
        hands = np.tile(HAND, (n, 1, 1)), np.tile(NOBODY, (n, 1, 1, 1))
        out.append(bodies_at(t_ns, np.arange(1, n + 1), heads, *hands, np.full(n, unseen_s)))
    return out


def head(x: float, y: float, height_m: float, bent_m: float = 0.0, low_s: float = 1.0, seed: int = 0) -> np.ndarray:
    """Return eight seconds of somebody who stands there and is bent about the step."""
    t_s = (np.arange(80) - 40) / 10
    bend = bent_m * np.clip((low_s - np.abs(t_s)) / 0.3, 0.0, 1.0)
    place = np.stack([np.full(80, x), np.full(80, y), height_m - bend], axis=1)
    return place + np.random.default_rng(seed).normal(0.0, 0.01, (80, 3))


def nats(
    who: list[np.ndarray],
    plate: int,
    store: Store = STORE,
    unseen_s: float = 0.0,
    other: np.ndarray = NOWHERE,
    other_p: float = 0.5,
) -> np.ndarray:
    bodies = sights(who, unseen_s)
    how = stance(STEP_NS, bodies[40], np.arange(len(who)), past_of(bodies), OWN, {})
    n = len(who)
    return standing_nats(change(plate), how, np.tile(other, (n, 1)), np.full(n, other_p), store, CONFIG)


@given(st.integers(0, 5), st.floats(0.5, 1.5), st.floats(-0.2, 0.2), st.integers(0, 99))
def test_who_stands_before_the_goods_moved_them_sooner_than_who_stands_aside(
    plate: int, further_m: float, off_m: float, seed: int
) -> None:
    x = float(STORE.plates.centre[plate, 0])
    before, aside = nats([head(x + off_m, 2.1, 1.7, seed=seed), head(x + off_m + further_m, 2.1, 1.7)], plate)
    assert before > aside


@given(st.integers(0, 5), st.floats(1.0, 1.8), st.integers(0, 99))
def test_who_walked_up_and_bent_at_once_stands_where_they_bent(plate: int, pace_mps: float, seed: int) -> None:
    """Found on a long tape: somebody up only on the way there and on the way back stood, it was said, at neither."""
    x, t_s = float(STORE.plates.centre[plate, 0]), (np.arange(80) - 40) / 10
    walker = head(x, 2.1, 1.7, bent_m=0.4, low_s=0.9, seed=seed)
    walker[:, 0] -= pace_mps * np.maximum(np.abs(t_s) - 0.9, 0.0)
    there = nats([head(x, 2.1, 1.7, bent_m=0.4, low_s=0.9, seed=seed)], plate)
    assert nats([walker], plate) > there - 1.0


@given(st.floats(0, 360), st.integers(0, 5), st.floats(-1, 1), st.floats(0.2, 1.2))
def test_it_does_not_matter_how_a_shelf_stands_in_the_store(
    turn_deg: float, plate: int, off_m: float, far_m: float
) -> None:
    angle = np.deg2rad(turn_deg)
    R = np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
    plates = replace(STORE.plates, centre=STORE.plates.centre @ R.T, yaw_deg=STORE.plates.yaw_deg + turn_deg)
    one = head(float(STORE.plates.centre[plate, 0]) + off_m, 2.7 - far_m, 1.7)
    turned = nats([one @ R.T], plate, replace(STORE, plates=plates))
    assert turned == pytest.approx(nats([one], plate), abs=1e-6)


@given(st.floats(1.5, 1.95), st.floats(0.1, 0.45), st.integers(0, 99))
def test_low_goods_were_moved_by_who_bent_for_them(height_m: float, shelf_m: float, seed: int) -> None:
    low = replace(STORE, plates=replace(STORE.plates, centre=STORE.plates.centre * [1, 1, 0] + [0, 0, shelf_m]))
    x, beyond_m = float(low.plates.centre[2, 0]), np.hypot(0.6, OWN.shoulder * height_m - shelf_m) - OWN.arm_m
    bent = OWN.drop * min(beyond_m, OWN.bent_m_max)
    mover, upright = nats([head(x, 2.1, height_m, bent, seed=seed), head(x, 2.1, height_m, seed=seed + 1)], 2, low)
    assert mover > upright + 2.0


@given(st.floats(1.5, 1.9), st.integers(0, 99))
def test_who_bends_for_other_goods_need_not_have_bent_for_these(height_m: float, seed: int) -> None:
    """Found where a camera was out: who had just taken a low can was charged one that somebody beside them took."""
    low = replace(STORE, plates=replace(STORE.plates, centre=STORE.plates.centre * [1, 1, 0] + [0, 0, 0.4]))
    beside = low.plates.centre[3]
    x, beyond_m = float(low.plates.centre[2, 0]), np.hypot(0.6, OWN.shoulder * height_m - 0.4) - OWN.arm_m
    who = [head(x, 2.1, height_m, OWN.drop * min(beyond_m, OWN.bent_m_max), seed=seed)]
    alone, as_low, as_high = (
        float(nats(who, 2, low, other=at)[0]) for at in (NOWHERE, beside, beside + np.array([0.0, 0.0, 1.0]))
    )
    assert as_low < alone - 1.0
    less, more = (float(nats(who, 2, low, other=beside, other_p=p)[0]) for p in (0.1, 0.4))
    assert as_low < more < less < alone, "the surer they were there, the less it tells"
    assert as_high == pytest.approx(alone, abs=0.1), "goods within reach nobody bends for"


def test_what_is_within_reach_tells_nothing_of_who_bends() -> None:
    high = replace(STORE, plates=replace(STORE.plates, centre=STORE.plates.centre * [1, 1, 0] + [0, 0, 1.4]))
    x = float(high.plates.centre[2, 0])
    bends, upright = nats([head(x, 2.2, 1.7, 0.3), head(x, 2.2, 1.7, seed=1)], 2, high)
    assert bends == pytest.approx(upright, abs=0.2)


def test_who_leans_aside_is_measured_from_where_they_stand() -> None:
    x = float(STORE.plates.centre[0, 0])
    leaning = head(x + 0.8, 2.1, 1.6, 0.25)
    leaning[30:50, 0] -= 0.25
    bodies = sights([leaning])
    how = stance(STEP_NS, bodies[40], np.arange(1), past_of(bodies), OWN, {})
    assert how.head[0] == pytest.approx([x + 0.8, 2.1, 1.6], abs=0.05)
    assert how.bent_m[0] == pytest.approx(0.25, abs=0.05)


def test_who_is_hardly_seen_may_stand_anywhere_by_now() -> None:
    x = float(STORE.plates.centre[0, 0])
    aside = [head(x + 1.0, 2.1, 1.7)]
    assert nats(aside, 0, unseen_s=3.0) > nats(aside, 0) + 1.0
    assert np.isnan(
        stance(STEP_NS, sights(aside, 3.0)[40], np.arange(1), past_of(sights(aside, 3.0)), OWN, {}).bent_m
    ).all()


def test_goods_on_two_plates_lie_between_them() -> None:
    both = ShelfChange(STEP_NS, STEP_NS, STEP_NS, (0, 1), (-30.0, -90.0), (1.0, 1.0))
    place, yaw = goods_place(both, STORE)
    assert place == pytest.approx(0.25 * STORE.plates.centre[0] + 0.75 * STORE.plates.centre[1]) and yaw == 0.0


def test_who_is_followed_by_another_track_while_bent_has_bent() -> None:
    """Found in b11, seed 12: the track that found somebody bent knew nothing of how tall they stand."""
    low = head(1.0, 2.1, 1.7, bent_m=0.5)
    bodies = [replace(one, track_id=np.array([2 if one.head[0, 2] < 1.5 else 1])) for one in sights([low])]
    alone, both = (stance(STEP_NS, bodies[40], np.arange(1), past_of(bodies), OWN, alias) for alias in ({}, {2: 1}))
    assert bodies[40].track_id == [2] and alone.bent_m[0] < 0.1 and both.bent_m[0] > 0.4
    assert both.head[0, 2] == pytest.approx(1.7, abs=0.05)
