"""What may have been put back on a shelf: by a shopper what they carry, by staff anything."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from fusion.attribution.explanations import PUT, Explanation, Goods, Mover, Part, ranked
from fusion.attribution.normal import normal_nats
from fusion.attribution.picking import single
from fusion.attribution.priors import Moved
from fusion.attribution.why import COUNT, HELD, MASS, PLANOGRAM
from fusion.config import AttributionConfig
from fusion.frozen import replace
from fusion.store import Store

NO_LOTS: Mapping[int, tuple[float, ...]] = MappingProxyType({})


def puts(
    moved: Moved,
    mover: Mover,
    carried: Goods,
    store: Store,
    config: AttributionConfig,
    lots: Mapping[int, tuple[float, ...]] = NO_LOTS,
    *,
    most: int | None = None,
) -> tuple[Explanation, ...]:
    """Return the put-back readings of one mover, best first: what is carried; for staff anything planned here.

    Of staff at most so many, by default explanations_max.

    lots gives, of goods sold by weight, the grams of pieces that were taken singly: a piece that comes back takes out
    of the account what it came in with, not what another plate makes of it.
    """
    if mover.is_staff:
        free = replace(moved, count=np.zeros_like(moved.count))
        return tuple(single(free, (mover,), config.explanations_max if most is None else most))
    change, out = moved.change, []
    total, var = change.total_g, change.total_var
    # Another hand on the plate, or a share on a plate that moved unnoticed: then the catalogue knows better.
    misweighed = np.log(config.misweighed_p) + moved.mass
    for product, pieces, grams in carried:
        home = max(0.35 * float(moved.prior[product] - np.log(config.planogram_p)), -3.0)
        nats_of_person = mover.nats + mover.before.of(product) + home
        for n in range(1, min(pieces, config.qty_max) + 1):
            # The piece was weighed when it was taken: what it weighs is known better than the catalogue.
            sd2 = var + n * (2.0**2 + (0.004 * grams) ** 2 + 0.5 * var)
            weighed = np.log1p(-config.misweighed_p) + normal_nats(total, n * grams, sd2)
            many = 0.7 * (n - 1)
            nats = float(np.logaddexp(weighed, misweighed[product, n - 1])) - many
            moved_g = abs(total)
            if n == 1 and store.products.by_weight[product] and lots.get(product):
                moved_g = min(lots[product], key=lambda lot: abs(lot - total))
                nats = max(nats, normal_nats(total, moved_g, sd2 + 2 * (config.gain_sd * moved_g) ** 2))
            # Hands that show it afterwards still hold it, if it was the last of its kind.
            kept = config.held_kept * mover.after.kept(product) if n == pieces else 0.0
            part = Part(mover.trip, PUT, product, n, moved_g)
            own = ((MASS, nats + many), (COUNT, -many), (PLANOGRAM, home), (HELD, -kept))
            why = (*own, *mover.whole_why(PUT, product))
            out.append(Explanation((part,), float(nats + nats_of_person - kept), mover.claims, why))
    return tuple(ranked(out))
