"""What is known before anybody is looked at: which product stands here, how many are taken at once, what they weigh."""

from collections.abc import Mapping

import numpy as np

from fusion.arrays import Floats
from fusion.config import AttributionConfig
from fusion.shelf import ShelfChange
from fusion.store import Store


def product_prior(
    change: ShelfChange, misplaced: Mapping[int, float], store: Store, config: AttributionConfig
) -> Floats:
    """Return log prior (k,) of each product having stood on these plates: planogram, misplaced goods, anything else.

    Goods stand on the plates of their facing: the more of a change lies elsewhere, the less it is theirs alone.
    """
    k = len(store.products.sku)
    share = np.zeros(k)
    total = sum(abs(d) for d in change.delta_g)
    weight = dict(zip(change.plates, (abs(d) / max(total, 1e-9) for d in change.delta_g), strict=True))
    for row, plates in enumerate(store.facings.plates):
        covered = sum(weight.get(p, 0.0) for p in plates)
        product = int(store.facings.product[row])
        share[product] = max(share[product], covered**config.facing_power)
    for product, count in sorted(misplaced.items()):
        share[product] += config.stock_weight * count
    planned = share / max(share.sum(), 1.0) * config.planogram_p
    return np.asarray(np.log(planned + (1.0 - config.planogram_p) / k), dtype=np.float64)


def count_nats(store: Store, config: AttributionConfig) -> Floats:
    """Return log prior (k, qty_max) of taking n pieces at once, geometric: loose goods are taken by the handful."""
    decay = np.where(store.products.by_weight, config.loose_decay, config.qty_decay)[:, None]
    return np.asarray(np.log(decay) * np.arange(config.qty_max)[None, :])


def normal_nats(x: float, mean: float, var: float) -> float:
    """Return the log density of a normal distribution."""
    return float(-0.5 * (x - mean) ** 2 / var - 0.5 * np.log(2 * np.pi * var))


def mass_nats(total_g: float, var: float, store: Store, config: AttributionConfig) -> Floats:
    """Return log density (k, qty_max) of losing -total_g if n pieces of each product went."""
    n = np.arange(1, config.qty_max + 1)[None, :]
    mass, sd = store.products.mass_g[:, None], store.products.mass_sd_g[:, None]
    # The packages of one batch are off the catalogue together: the bias does not average out over pieces.
    spread = var + n * sd**2 + (config.mass_bias_sd * mass * n) ** 2
    return np.asarray(-0.5 * (-total_g - n * mass) ** 2 / spread - 0.5 * np.log(2 * np.pi * spread))
