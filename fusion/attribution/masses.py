"""What a piece of each product weighs here: the catalogue, and what this store's own plates have taught.

Packages of one batch are off the catalogue together, by up to some percent. Every pick that left no doubt measures that
bias; a scalar Kalman filter per product keeps it, with a little noise between picks because batches change.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from fusion.arrays import Floats
from fusion.attribution.explanations import PICK
from fusion.attribution.settled import Settled
from fusion.config import AttributionConfig
from fusion.frozen import record
from fusion.store import Store

Biases = Mapping[int, tuple[float, float]]  # product -> relative bias, and its variance
OUTLIER_SDS = 4.0  # a piece further off than this is another product, or more than was seen to move


@record(eq=False)
class Masses:
    """Mass of one piece of every product as believed here."""

    mean_g: Floats  # (k,)
    sd_g: Floats  # (k,) from piece to piece
    bias_sd_g: Floats  # (k,) of all pieces of a product together

    def of(self, product: int) -> "Masses":
        """Return that of one product alone."""
        row = slice(product, product + 1)
        return Masses(self.mean_g[row], self.sd_g[row], self.bias_sd_g[row])


def masses_of(biases: Biases, store: Store, config: AttributionConfig) -> Masses:
    """Return the catalogue, corrected by what has been learned."""
    bias, sd = np.zeros(len(store.products.sku)), np.full(len(store.products.sku), config.mass_bias_sd)
    for product, (mean, var) in biases.items():
        bias[product], sd[product] = mean, np.sqrt(var)
    mean_g = store.products.mass_g * (1.0 + bias)
    return Masses(mean_g, store.products.mass_sd_g, sd * store.products.mass_g)


def learned(
    biases: Biases, settled: Iterable[Settled], store: Store, config: AttributionConfig
) -> dict[int, tuple[float, float]]:
    """Return the biases after some settled changes; those that leave a doubt teach nothing.

    Goods sold by weight have no piece to be off.
    """
    out = dict(biases)
    for one in settled:
        part = one.reading.parts[0] if len(one.reading.parts) == 1 else None
        sure = part is not None and part.kind == PICK and one.p >= config.mass_learn_p and not one.change.hidden
        if part is None or not sure or not one.change.plates or store.products.by_weight[part.product]:
            continue
        mass_g, sd_g = float(store.products.mass_g[part.product]), float(store.products.mass_sd_g[part.product])
        mean, var = out.get(part.product, (0.0, config.mass_bias_sd**2))
        off = -one.change.total_g / (part.qty * mass_g) - 1.0
        noise = (sd_g**2 / part.qty + one.change.total_var / part.qty**2) / mass_g**2
        if (off - mean) ** 2 > OUTLIER_SDS**2 * (var + noise):
            continue
        var = min(var + config.mass_drift_sd**2, config.mass_bias_sd**2)
        gain = var / (var + noise)
        out[part.product] = mean + gain * (off - mean), (1.0 - gain) * var
    return out
