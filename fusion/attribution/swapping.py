"""One thing taken and another set down in its place at one moment: the plates show only the difference."""

from typing import NamedTuple

import numpy as np

from fusion.attribution.explanations import PICK, PUT, Explanation, Goods, Mover, Part, ranked
from fusion.attribution.normal import normal_nats
from fusion.attribution.priors import Moved, either_nats
from fusion.attribution.why import COUNT, HELD, MASS, PLANOGRAM, PRIOR, Why
from fusion.config import AttributionConfig
from fusion.frozen import replace
from fusion.store import Store

COUNTS = (1, 2)  # pieces taken; nobody takes more with one hand while the other sets something down


def swaps(
    moved: Moved, mover: Mover, carried: Goods, store: Store, config: AttributionConfig
) -> tuple[Explanation, ...]:
    """Return the readings in which a mover sets down a piece they carry and takes what stands here, best first."""
    here = sorted(moved.here)
    if not carried or not here:
        return ()
    rare = float(np.log(config.swap_p) - np.log(len(carried)))
    out: list[Explanation] = []
    lots = [(_lot(moved, product, n), mover.after.of(product)) for product in here for n in COUNTS]
    for back, pieces, back_g in carried:
        # Hands that show it afterwards still hold it, if it was the last of its kind.
        kept = config.held_kept * mover.after.kept(back) if pieces == 1 else 0.0
        carries, before = mover.carries_nats(back, config), mover.before.of(back)
        for lot, after in lots:
            if lot.product != back:
                mass, taken_g = _taken(moved, back_g, lot, config)
                own = (MASS, mass), *lot.why, (PRIOR, rare), (HELD, carries - kept)
                nats = sum([x for _, x in own]) + mover.nats + after + before
                parts = Part(mover.trip, PUT, back, 1, back_g), Part(mover.trip, PICK, lot.product, lot.qty, taken_g)
                out.append(Explanation(parts, nats, mover.claims, own))
    best = [one for one in ranked(out) if one.parts[1].grams > 0.0]
    return tuple(_told(one, mover) for one in best[: config.explanations_max])


class _Lot(NamedTuple):
    """Some pieces of a product that stands here, whatever they may have been taken for."""

    product: int
    qty: int
    grams: float  # as believed
    var: float  # g2 of the plates and the pieces
    why: Why  # they rather than others


def _lot(moved: Moved, product: int, n: int) -> _Lot:
    masses = moved.masses
    spread = n * float(masses.sd_g[product]) ** 2 + (n * float(masses.bias_sd_g[product])) ** 2
    why = (PLANOGRAM, float(moved.prior[product])), (COUNT, float(moved.count[product, n - 1]))
    return _Lot(product, n, n * float(masses.mean_g[product]), moved.change.total_var + spread, why)


def _taken(moved: Moved, back_g: float, lot: _Lot, config: AttributionConfig) -> tuple[float, float]:
    """Return how well the difference fits a lot taken for one piece of back_g, in nats, and what it then weighs, g.

    A share of what was taken may lie on plates that do not show it clearly.
    """
    taken_g, var = back_g - moved.change.total_g, lot.var + (0.004 * back_g) ** 2 + 2.0**2
    shown = normal_nats(taken_g, lot.grams, var)
    if lot.product not in moved.hidden:
        return shown, taken_g
    hidden_g, hidden_var = moved.hidden[lot.product]
    both = normal_nats(taken_g - hidden_g, lot.grams, var + hidden_var)
    return float(either_nats(shown, both, config)), taken_g if shown > both else taken_g - hidden_g


def _told(swap: Explanation, mover: Mover) -> Explanation:
    """Add what speaks for the mover of a swap, which is asked of the best only."""
    back, taken = (part.product for part in swap.parts)
    return replace(swap, why=(*swap.why, *mover.whole_why(PICK, taken), *mover.before.why(back)))
