"""What a basket weighs: a move is as heavy as its step, whatever moved before and after it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_store

from fusion.attribution.basket import Weighing, basket_change, basket_nats
from fusion.config import SECOND_NS, CartConfig

CONFIG, STORE = CartConfig(), tiny_store()
seeds = st.integers(0, 2**32 - 1)


def reports(moves: list[tuple[float, float]], seed: int, every_s: float = 0.4) -> tuple[Weighing, ...]:
    """Report a basket's weight over 20 s; moves are (s, g)."""
    rng, out = np.random.default_rng(seed), []
    for t_s in np.arange(0.0, 20.0, every_s):
        grams = 300.0 + sum(g for at, g in moves if at <= t_s) + float(rng.normal(0.0, CONFIG.basket_sd_g / 2))
        out.append(Weighing(int(t_s * SECOND_NS), "cart-1", grams))
    return tuple(out)


@given(seeds, st.floats(-900.0, 900.0), st.floats(-900.0, 900.0), st.floats(2.0, 9.0))
def test_a_move_weighs_what_the_basket_gained(seed: int, first_g: float, second_g: float, apart_s: float) -> None:
    moves = [(5.0, first_g), (5.0 + apart_s, second_g)]
    times = [int(t * SECOND_NS) for t, _ in moves]
    for t_ns, (_, true_g) in zip(times, moves, strict=True):
        change = basket_change(reports(moves, seed), "cart-1", t_ns, times, CONFIG)
        assert change is not None
        assert abs(change[0] - true_g) < 5.0 * np.sqrt(change[1])
    assert basket_change(reports(moves, seed), "cart-2", times[0], times, CONFIG) is None


@given(seeds, st.floats(-900.0, 900.0))
def test_two_moves_in_one_moment_say_nothing_of_either(seed: int, grams: float) -> None:
    t_ns = 5 * SECOND_NS
    other = t_ns + SECOND_NS // 10
    assert basket_change(reports([(5.0, grams), (5.1, 200.0)], seed), "cart-1", t_ns, (t_ns, other), CONFIG) is None


@given(st.integers(0, 5), st.sampled_from([1, -1]), st.floats(-0.02, 0.02))
def test_the_product_that_weighs_as_much_is_the_likeliest(product: int, direction: int, bias: float) -> None:
    grams = direction * float(STORE.products.mass_g[product]) * (1 + bias)
    nats = basket_nats((grams, 30.0), direction, STORE, CONFIG)
    assert max(nats, key=lambda k: nats[k]) == product
    assert max(abs(n) for n in nats.values()) <= CONFIG.basket_nats_max
    assert basket_nats(None, direction, STORE, CONFIG) == {}
