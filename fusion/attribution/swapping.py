"""One thing taken and another set down in its place at one moment: the plates show only the difference."""

import numpy as np

from fusion.attribution.explanations import PICK, PUT, Explanation, Goods, Mover, Part, ranked
from fusion.attribution.normal import normal_nats
from fusion.attribution.priors import Moved, either_nats
from fusion.attribution.why import COUNT, HELD, MASS, PLANOGRAM, PRIOR
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
    after = {taken: mover.after.of(taken) for taken in here}
    for back, pieces, back_g in carried:
        # Hands that show it afterwards still hold it, if it was the last of its kind.
        kept = config.held_kept * max(mover.after.of(back), 0.0) if pieces == 1 else 0.0
        carries, before = mover.carries_nats(back, config), mover.before.of(back)
        for taken in here:
            for n in COUNTS if taken != back else ():
                mass, taken_g = _taken(moved, back_g, taken, n, config)
                own = (
                    (MASS, mass),
                    (PLANOGRAM, float(moved.prior[taken])),
                    (COUNT, float(moved.count[taken, n - 1])),
                    (PRIOR, rare),
                    (HELD, carries - kept),
                )
                nats = sum(x for _, x in own) + mover.nats + after[taken] + before
                parts = Part(mover.trip, PUT, back, 1, back_g), Part(mover.trip, PICK, taken, n, taken_g)
                out.append(Explanation(parts, nats, mover.claims, own))
    best = [one for one in ranked(out) if one.parts[1].grams > 0.0]
    return tuple(_told(one, mover) for one in best[: config.explanations_max])


def _taken(moved: Moved, back_g: float, taken: int, n: int, config: AttributionConfig) -> tuple[float, float]:
    """Return how well the difference fits n pieces taken for one of back_g, in nats, and what those then weigh, g.

    A share of what was taken may lie on plates that do not show it clearly.
    """
    change, masses = moved.change, moved.masses
    whole_g = n * float(masses.mean_g[taken])
    spread = n * float(masses.sd_g[taken]) ** 2 + (n * float(masses.bias_sd_g[taken])) ** 2
    var = change.total_var + spread + (0.004 * back_g) ** 2 + 2.0**2
    taken_g = back_g - change.total_g
    shown = normal_nats(taken_g, whole_g, var)
    if taken not in moved.hidden:
        return shown, taken_g
    hidden_g, hidden_var = moved.hidden[taken]
    both = normal_nats(taken_g - hidden_g, whole_g, var + hidden_var)
    return float(either_nats(shown, both, config)), taken_g if shown > both else taken_g - hidden_g


def _told(swap: Explanation, mover: Mover) -> Explanation:
    """Add what speaks for the mover of a swap, which is asked of the best only."""
    back, taken = (part.product for part in swap.parts)
    return replace(swap, why=(*swap.why, *mover.whole_why(PICK, taken), *mover.before.why(back)))
