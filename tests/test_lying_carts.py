"""Carts that see moves which never were are found by their basket's weight, also where moves follow each other fast."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tiny import MASSES, tiny_store

from fusion.attribution.basket import Weighing
from fusion.attribution.state import Attribution
from fusion.attribution.witnesses import Witnesses
from fusion.config import CartConfig
from fusion.health.baskets import move_nats, together
from fusion.health.doubts import CONTRADICTS, Doubt, Sayings, check_moves
from fusion.health.settings import HealthConfig
from fusion.messages import CartMove
from fusion.tracking.carts import SeenMove

STORE, CART, CONFIG = tiny_store(), CartConfig(), HealthConfig()
S = 10**9

gaps = st.lists(st.tuples(st.floats(0.2, 4.0), st.integers(0, 5), st.sampled_from([1, -1])), min_size=1, max_size=8)
seeds = st.integers(0, 2**32 - 1)


def moves_of(steps: list[tuple[float, int, int]], near: dict[str, float]) -> list[SeenMove]:
    """Return moves, each a while after the one before: s, product, direction."""
    times = 5.0 + np.cumsum([gap for gap, _, _ in steps])
    return [
        SeenMove("cart-1", CartMove(int(t * S), way, ((STORE.products.sku[product], 0.8),), 0.9), {}, near)
        for t, (_, product, way) in zip(times, steps, strict=True)
    ]


def weights_of(moves: list[SeenMove], real: bool, seed: int, every_s: float) -> tuple[Weighing, ...]:
    """Return what the basket's scale shows, twice as well as it may, until 10 s after the last move."""
    rng, out = np.random.default_rng(seed), []
    mass = dict(zip(STORE.products.sku, MASSES, strict=True))
    for t_s in np.arange(0.0, moves[-1].move.t_ns / S + 10.0, every_s):
        inside = sum(m.move.direction * mass[m.move.beliefs[0][0]] for m in moves if real and m.move.t_ns <= t_s * S)
        noise = float(rng.normal(0.0, CART.basket_sd_g / 2))
        out.append(Weighing(int(t_s * S), "cart-1", 2000.0 + inside + noise))
    return tuple(out)


def heard(moves: list[SeenMove], weighings: tuple[Weighing, ...]) -> Doubt:
    """Return what is thought of the cart once all has been checked, looking once a second."""
    sayings = Sayings()
    for now_s in range(1, int(moves[-1].move.t_ns / S) + 14):
        told = [m for m in moves if now_s - 1 < m.move.t_ns / S <= now_s]
        seen = [m for m in moves if now_s - 12 < m.move.t_ns / S <= now_s]
        weighed = tuple(w for w in weighings if now_s - 12 < w.t_ns / S <= now_s)
        attribution = Attribution(seen=Witnesses(moves=tuple(seen), weighings=weighed))
        sayings = check_moves(sayings, tuple(told), attribution, now_s * S, STORE, CART, CONFIG)
    assert sayings.moves == ()
    return sayings.of.get("cart-1", Doubt())


@given(gaps, seeds, st.sampled_from([0.5, 2.0]))
@example([(1.25, 5, 1), (1.0, 5, -1)], 0, 0.5)  # the same goods in and out again, before they were weighed
def test_moves_that_were_are_never_contradicted_and_moves_that_were_not_never_borne_out(
    steps: list[tuple[float, int, int]], seed: int, every_s: float
) -> None:
    moves = moves_of(steps, {})
    for real in (True, False):
        weighings = weights_of(moves, real, seed, every_s)
        for one in moves:
            nats = move_nats(one, together(one, moves, weighings, CART), weighings, STORE, CART)
            assert nats is None or (nats > CONTRADICTS if real else nats < 1.0)


@given(gaps, seeds)
def test_moves_weighed_together_are_parted_by_weights_and_by_nothing_else(
    steps: list[tuple[float, int, int]], seed: int
) -> None:
    moves = moves_of(steps, {})
    weighings = weights_of(moves, True, seed, 0.5)
    some = [together(one, moves, weighings, CART) for one in moves]
    for one, its in zip(moves, some, strict=True):
        assert one in its.moves and len(its.moves) + len(its.others_ns) == len(moves)
        assert all(together(other, moves, weighings, CART).moves == its.moves for other in its.moves)
    assert all(together(one, moves, (), CART).moves == (one,) for one in moves), "a cart without a scale weighs none"


@pytest.mark.parametrize("apart_s", [0.8, 2.0, 5.0])
@pytest.mark.parametrize("every_s", [0.5, 2.0])
def test_a_cart_that_lies_is_found_however_fast_it_does(apart_s: float, every_s: float) -> None:
    steps = [(apart_s if k % 3 else 6.0, k % 5, 1) for k in range(9)]
    moves = moves_of(steps, {"ann": 0.5})
    assert heard(moves, weights_of(moves, False, 1, every_s)).on
    well = heard(moves, weights_of(moves, True, 1, every_s))
    assert not well.on and well.wrong == 0


def test_a_cart_that_nobody_is_near_is_found_sooner() -> None:
    steps = [(6.0, k % 5, 1) for k in range(3)]
    alone, beside = (
        heard(moves, weights_of(moves, False, 1, 0.5))
        for moves in (moves_of(steps, {"ann": 3.5}), moves_of(steps, {"ann": 3.5, "bob": 0.5}))
    )
    assert alone.on and not beside.on and beside.nats < alone.nats
