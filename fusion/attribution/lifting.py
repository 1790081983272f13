"""A slow lift, told in two: what goes slowly from a shaking shelf may pass for two changes, one after the other.

The first looks like too little of the goods, the second like goods that nobody has. Together they weigh what one lift
does, so that the second may be the rest of the first: no more goods, and the first fits after all.
"""

from collections.abc import Mapping

from fusion.arrays import Floats
from fusion.attribution.beam import Hypothesis
from fusion.attribution.explanations import Explanation
from fusion.attribution.masses import Masses
from fusion.attribution.pressing import follows
from fusion.attribution.priors import moved_nats
from fusion.attribution.why import MASS, PRIOR, add
from fusion.config import AttributionConfig
from fusion.frozen import record, replace
from fusion.shelf import ShelfChange
from fusion.store import Store


@record(eq=False)
class Begun:
    """A change that another may be the rest of."""

    event: str
    together: Floats  # (k, qty_max) nats of both having been one move of n pieces of each product


def begun(
    change: ShelfChange, open_: Mapping[str, ShelfChange], masses: Masses, config: AttributionConfig
) -> Begun | None:
    """Return the last open change of the same plates that one may be the rest of, if there is one so shortly before."""
    found = [
        (before.step_ns, event)
        for event, before in open_.items()
        if follows(change, before, config.lift_s) and before.total_g * change.total_g > 0.0
    ]
    if not found:
        return None
    _, event = max(found)
    before = open_[event]
    whole_g, whole_var = before.total_g + change.total_g, before.total_var + change.total_var
    whole = replace(change, plates=change.plates[:1], delta_g=(whole_g,), var=(whole_var,), hidden=())
    return Begun(event, moved_nats(whole, {}, masses, config))


def rest_of(first: Begun, hypothesis: Hypothesis, store: Store, config: AttributionConfig) -> Explanation | None:
    """Return the reading that a change is the rest of the one before, where that was pieces of one product.

    Its nats are by how much both together fit better than the first did alone. Goods sold by weight fit any grams.
    """
    reading = hypothesis.choice.get(first.event)
    part = reading.parts[0] if reading is not None and len(reading.parts) == 1 else None
    if reading is None or part is None or store.products.by_weight[part.product] or part.qty > config.qty_max:
        return None
    nats = float(first.together[part.product, part.qty - 1]) - dict(add(reading.why)).get(MASS, 0.0)
    return Explanation((), nats + config.lift_nats, why=((MASS, nats), (PRIOR, config.lift_nats)))
