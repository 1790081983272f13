"""What a cart's basket weighs before and after a move: who put what into it, or took it out, in grams."""

from collections.abc import Iterable, Mapping

import numpy as np

from fusion.attribution.normal import log_normal
from fusion.config import SECOND_NS, CartConfig
from fusion.frozen import record
from fusion.store import Store


@record()
class Weighing:
    """A basket's weight in one report."""

    t_ns: int
    cart: str
    grams: float


Weight = tuple[float, float]  # g by which a basket changed, and the variance of that, g2


def basket_change(
    weighings: Iterable[Weighing], cart: str, t_ns: int, others_ns: Iterable[int], config: CartConfig
) -> Weight | None:
    """Return by how much a basket's weight changed about a move; None where no reports tell.

    others_ns are the times of the cart's moves: what was weighed beyond the one before or after tells of both.
    """
    return change_between(weighings, cart, (t_ns, t_ns), others_ns, config)


def change_between(
    weighings: Iterable[Weighing], cart: str, span_ns: tuple[int, int], others_ns: Iterable[int], config: CartConfig
) -> Weight | None:
    """Return the same of all moves from the first to the last of a span, which may be one; others_ns are not of it."""
    around_ns, busy_ns = int(config.basket_window_s * SECOND_NS), int(config.basket_busy_s * SECOND_NS)
    first_ns, last_ns = span_ns
    others_ns = tuple(others_ns)
    since = max([first_ns - around_ns, *(t + busy_ns for t in others_ns if t < first_ns)])
    until = min([last_ns + around_ns, *(t - busy_ns for t in others_ns if t > last_ns)])
    mine = [w for w in weighings if w.cart == cart and since <= w.t_ns <= until]
    before = [w.grams for w in mine if w.t_ns <= first_ns - busy_ns]
    after = [w.grams for w in mine if w.t_ns >= last_ns + busy_ns]
    if not before or not after:
        return None
    grams = float(np.mean(after) - np.mean(before))
    var = config.basket_sd_g**2 * (1 / len(before) + 1 / len(after)) + (config.basket_gain_sd * grams) ** 2
    return grams, var


def basket_nats(change: Weight | None, direction: int, store: Store, config: CartConfig) -> Mapping[int, float]:
    """Return the weight of evidence, in nats, for one piece of each product against anything else; {} where none."""
    if change is None:
        return {}
    grams, var = change
    mass, sd = store.products.mass_g, store.products.mass_sd_g
    spread = var + sd**2 + (config.basket_bias_sd * mass) ** 2
    density = log_normal(direction * grams - mass, spread)
    nats = np.clip(density + np.log(config.basket_span_g), -config.basket_nats_max, config.basket_nats_max)
    return dict(enumerate(nats.tolist()))
