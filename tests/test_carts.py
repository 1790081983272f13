"""Whose cart it is: who moves along with it, and how it changes hands."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_tracking import depth_frame
from tiny import tiny_store

from fusion.config import CartConfig, TrackingConfig
from fusion.messages import Cart, CartMove
from fusion.tracking.carts import Carts, observe_cart
from fusion.tracking.floor import Floor, empty_floor
from fusion.tracking.following import observe
from fusion.tracking.tracks import Status

CONFIG, S = CartConfig(), 1_000_000_000
NOTHING = np.zeros((0, 2))
seeds = st.integers(0, 2**32 - 1)


def report(t_s: float, xy: np.ndarray | None, moves: tuple[CartMove, ...] = ()) -> Cart:
    place = None if xy is None else (float(xy[0]), float(xy[1]))
    return Cart("cart-1", int(t_s * 2), round(t_s * S), place, 0.1, moves, None)


def people(t_s: float, xy: np.ndarray, v: np.ndarray) -> Floor:
    """Return a floor on which everybody is known well."""
    store = tiny_store()
    store = replace(store, outline=np.array([[-99.0, -99.0], [99.0, -99.0], [99.0, 99.0], [-99.0, 99.0]]))
    floor, _ = observe(empty_floor(store), depth_frame(round(t_s * S), xy), store, TrackingConfig())
    tracks = floor.tracks
    assert len(tracks) == len(xy)
    mean = tracks.mean.copy()
    mean[:, 2:4] = v
    cov = np.tile(np.diag([0.01, 0.01, 0.02, 0.02, 0.01]), (len(xy), 1, 1))
    return replace(floor, tracks=replace(tracks, mean=mean, cov=cov, status=np.full(len(xy), int(Status.CONFIRMED))))


def walk(parts: list[tuple[float, np.ndarray, np.ndarray]], names: dict[int, str], begin_s: float = 1.0) -> Carts:
    """Let time pass in parts of (seconds, cart velocity, people's velocities); the first of all pushes at first."""
    carts: Carts = {}
    cart, xy = np.zeros(2), np.array([[-0.6, 0.0], [0.0, 1.6]])
    t_s = begin_s
    for seconds, v_cart, v in parts:
        for _ in range(int(seconds * 2)):
            carts, _ = observe_cart(carts, report(t_s, cart), people(t_s, xy, v), names, CONFIG)
            cart, xy, t_s = cart + 0.5 * v_cart, xy + 0.5 * v, t_s + 0.5
    return carts


AHEAD, STILL = np.array([0.8, 0.0]), np.zeros(2)
NAMES = {1: "a", 2: "b"}


def test_who_rolls_along_has_the_cart_whoever_stands_near() -> None:
    owner = walk([(5.0, AHEAD, np.stack([AHEAD, STILL]))], NAMES)["cart-1"].owner
    assert owner["a"] > 0.95


def test_a_cart_that_another_pushes_away_has_changed_hands_within_seconds() -> None:
    carts = walk([(8.0, AHEAD, np.stack([AHEAD, AHEAD])), (5.0, AHEAD, np.stack([-AHEAD, AHEAD]))], NAMES)
    assert carts["cart-1"].owner["b"] > 0.9 > 0.1 > carts["cart-1"].owner.get("a", 0.0)


def test_an_owner_who_looks_at_a_shelf_near_by_keeps_the_cart() -> None:
    aside = np.array([0.0, -0.4])
    parts = [
        (6.0, AHEAD, np.stack([AHEAD, -AHEAD])),
        (3.0, STILL, np.stack([aside, STILL])),
        (6.0, STILL, np.stack([STILL, STILL])),
    ]
    assert walk(parts, NAMES)["cart-1"].owner["a"] > 0.8


def test_a_stranger_beside_a_standing_cart_does_not_get_it_while_its_owner_is_at_a_shelf() -> None:
    """The owner is three metres away for ten seconds; a standing scene tells nothing new each second."""
    aside = np.array([0.0, -1.0])
    parts = [
        (6.0, AHEAD, np.stack([AHEAD, AHEAD * 0.95])),
        (3.0, STILL, np.stack([aside, STILL])),
        (10.0, STILL, np.stack([STILL, STILL])),
    ]
    owner = walk(parts, NAMES)["cart-1"].owner
    alone = walk(parts, {1: "a"})["cart-1"].owner
    assert owner["a"] > owner.get("b", 0.0) and alone["a"] > 0.6


def test_a_cart_left_behind_is_nobodys_in_the_end() -> None:
    parts = [(6.0, AHEAD, np.stack([AHEAD, -AHEAD])), (60.0, STILL, np.stack([-AHEAD, -AHEAD]))]
    assert sum(walk(parts, NAMES)["cart-1"].owner.values()) < 0.5


@given(seeds, st.floats(-np.pi, np.pi))
def test_owners_are_probabilities_and_only_what_moves_how_counts(seed: int, turn: float) -> None:
    rng = np.random.default_rng(seed)
    A = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    one: Carts = {}
    other: Carts = {}
    names, renamed = {1: "a", 2: "b", 3: "a"}, {1: "x", 2: "y", 3: "x"}
    for k in range(8):
        cart, xy, v = rng.normal(0, 1, 2), rng.normal(0, 4, (3, 2)), rng.normal(0, 0.7, (3, 2))
        xy = xy + np.array([[0, 0], [20, 0], [0, 20]])  # far enough apart to begin as three
        t_s = 1 + k * float(rng.uniform(0.1, 2))
        place = None if rng.random() < 0.2 else cart
        floor, turned = people(t_s, xy, v), people(t_s, xy @ A.T, v @ A.T)
        one, _ = observe_cart(one, report(t_s, place), floor, names, CONFIG)
        other, _ = observe_cart(other, report(t_s, None if place is None else A @ cart), turned, renamed, CONFIG)
        if not one:
            continue
        owner, same = one["cart-1"].owner, other["cart-1"].owner
        assert min(owner.values(), default=0.0) >= 0.0 and sum(owner.values()) <= 1.0 + 1e-9
        for trip, alias in (("a", "x"), ("b", "y")):
            assert owner.get(trip, 0.0) == pytest.approx(same.get(alias, 0.0), abs=1e-6)


def test_a_report_without_place_or_that_comes_late_teaches_nothing() -> None:
    carts = walk([(4.0, AHEAD, np.stack([AHEAD, STILL]))], NAMES)
    before = carts["cart-1"]
    elsewhere = people(6.0, np.array([[30.0, 30.0], [3.2, 0.5]]), np.zeros((2, 2)))
    for message in (report(6.0, None), report(2.0, np.array([3.0, 0.0]))):
        after, _ = observe_cart(carts, message, elsewhere, NAMES, CONFIG)
        assert after["cart-1"] == before or (
            after["cart-1"].t_ns == before.t_ns and after["cart-1"].owner == before.owner
        )


def test_moves_carry_the_owner_and_who_was_near() -> None:
    carts = walk([(4.0, AHEAD, np.stack([AHEAD, STILL]))], NAMES)
    move = CartMove(5 * S, 1, (("sku", 0.9),), 0.8)
    floor = people(5.0, np.array([[2.6, 0.0], [0.0, 1.6]]), np.stack([AHEAD, STILL]))
    _, seen = observe_cart(carts, report(5.0, np.array([3.2, 0.0]), (move,)), floor, NAMES, CONFIG)
    assert seen[0].move == move and seen[0].pairing["a"] > 0.9
    assert seen[0].near["a"] == pytest.approx(0.6, abs=0.2)
