"""What a classifier says of a product in a hand: right or taken for another one like it."""

from typing import Final, TypeAlias

import numpy as np

from fusion.arrays import Floats
from fusion.store import Products

Beliefs: TypeAlias = tuple[tuple[str, float], ...]

OUTSIDE: Final = 0.15  # chance of a product of another category beside one of the same
SIZE_NATS: Final = 0.5  # how far apart the logarithms of two masses may be for products to look of one size


def classify(product: int, products: Products, right_p: float, rng: np.random.Generator) -> Beliefs:
    """Return beliefs about a product: it is confused within its category, and rather with what is of its size."""
    rival = int(rng.choice(len(products.sku), p=_rivals(product, products)))
    first, second = (product, rival) if rng.random() < right_p else (rival, product)
    p = float(rng.beta(6.0, 3.0))
    rest = float(rng.uniform(0.0, 0.6)) * (1.0 - p)
    beliefs = [(products.sku[first], round(p, 3)), (products.sku[second], round(rest, 3))]
    return tuple(sorted(beliefs, key=lambda pair: -pair[1]))


def _rivals(product: int, products: Products) -> Floats:
    """Return with what chance each product, (k,), is the one that this one is confused with."""
    category = np.array(products.category)
    mass = np.maximum(products.mass_g, 1.0)
    weight = np.exp(-np.abs(np.log(mass / mass[product])) / SIZE_NATS) + 1e-9
    kin = category == category[product]
    kin[product] = False
    weight[product] = 0.0
    if not kin.any():
        return _shares(weight)
    if kin.sum() + 1 == len(category):
        return _shares(weight * kin)
    return (1.0 - OUTSIDE) * _shares(weight * kin) + OUTSIDE * _shares(weight * ~kin)


def _shares(weight: Floats) -> Floats:
    total = float(weight.sum())
    if total <= 0.0:  # a catalogue of one product: it can only be taken for itself
        return np.full(len(weight), 1.0 / len(weight))
    shares: Floats = weight / total
    return shares
