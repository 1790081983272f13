"""What pieces weigh in this store: learned from picks that left no doubt, and from those alone."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_store

from fusion.attribution.explanations import PICK, PUT, Explanation, Part
from fusion.attribution.masses import learned, masses_of
from fusion.attribution.priors import mass_nats
from fusion.attribution.settled import Settled
from fusion.config import AttributionConfig
from fusion.shelf import ShelfChange

CONFIG, STORE = AttributionConfig(), tiny_store()
EACH = [k for k, by_weight in enumerate(STORE.products.by_weight.tolist()) if not by_weight]
products = st.sampled_from(EACH)


def pick(product: int, qty: int, grams: float, *, p: float = 1.0, kind: str = PICK) -> Settled:
    sign = -1.0 if kind == PICK else 1.0
    change = ShelfChange(0, 1, 0, (0,), (sign * grams,), (1.0,))
    return Settled("ev", change, Explanation((Part("a", kind, product, qty, grams),), 0.0), p, ())


@given(products, st.floats(-0.05, 0.05), st.integers(0, 2**32 - 1))
def test_a_batch_off_the_catalogue_is_learned_and_never_claimed_too_exactly(
    product: int, bias: float, seed: int
) -> None:
    rng, biases = np.random.default_rng(seed), {}
    mass_g, sd_g = float(STORE.products.mass_g[product]), float(STORE.products.mass_sd_g[product])
    for _ in range(40):
        biases = learned(biases, [pick(product, 1, mass_g * (1 + bias) + sd_g * rng.normal())], STORE, CONFIG)
    mean, var = biases[product]
    assert abs(mean - bias) < 5.0 * np.sqrt(var) and var < CONFIG.mass_bias_sd**2
    before, after = masses_of({}, STORE, CONFIG), masses_of(biases, STORE, CONFIG)
    others = np.arange(len(STORE.products.sku)) != product
    assert np.array_equal(before.mean_g[others], after.mean_g[others]) and np.array_equal(before.sd_g, after.sd_g)
    three = -3 * mass_g * (1 + bias)
    known, catalogue = (mass_nats(three, 1.0, m, CONFIG)[product, 2] for m in (after, before))
    assert known > catalogue - 0.5, "what was learned explains the next picks no worse"


@given(products, st.floats(0.0, 0.97), st.floats(0.95, 1.05))
def test_doubt_put_backs_outliers_and_hidden_shares_teach_nothing(product: int, p: float, factor: float) -> None:
    grams = float(STORE.products.mass_g[product]) * factor
    doubtful, back = pick(product, 1, grams, p=p), pick(product, 1, grams, kind=PUT)
    strange = pick(product, 1, 2.5 * grams)
    sure = pick(product, 1, grams)
    partly = replace(sure, change=replace(sure.change, hidden=((1, -3.0, 9.0),)))
    assert learned({}, [doubtful, back, strange, partly], STORE, CONFIG) == {}
    assert set(learned({}, [sure], STORE, CONFIG)) == {product}
