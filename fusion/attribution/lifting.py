"""A slow lift, told in two: what goes slowly from a shaking shelf may pass for two changes, one after the other.

The first looks like too little of the goods, the second like goods that nobody has. Together they weigh what one lift
does, so that the second may be the rest of the first: no more goods, and the first fits after all.
"""

from collections.abc import Mapping

from fusion.attribution.explanations import PICK, Explanation
from fusion.attribution.hypotheses import Hypothesis
from fusion.attribution.masses import Masses
from fusion.attribution.priors import mass_nats
from fusion.attribution.why import MASS, PRIOR
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange
from fusion.store import Store

First = tuple[str, ShelfChange]  # event id


def begun(change: ShelfChange, open_: Mapping[str, ShelfChange], config: AttributionConfig) -> First | None:
    """Return the last open change of the same plates that one may be the rest of, if there is one so shortly before."""
    found = [
        (before.step_ns, event)
        for event, before in open_.items()
        if 0 < change.step_ns - before.step_ns <= config.lift_s * SECOND_NS
        and not set(change.plates).isdisjoint(before.plates)
        and before.total_g * change.total_g > 0.0
    ]
    event = max(found)[1] if found else None
    return (event, open_[event]) if event is not None else None


def rest_of(
    first: First, hypothesis: Hypothesis, change: ShelfChange, masses: Masses, store: Store, config: AttributionConfig
) -> Explanation | None:
    """Return the reading that a change is the rest of the one before, where that was pieces of one product.

    Its nats are what both together fit better than the first did alone. Goods sold by weight fit any grams.
    """
    event, before = first
    reading = hypothesis.choice.get(event)
    part = reading.parts[0] if reading is not None and len(reading.parts) == 1 else None
    if part is None or store.products.by_weight[part.product] or part.qty > config.qty_max:
        return None
    sign = 1.0 if part.kind == PICK else -1.0
    both_g, both_var = before.total_g + change.total_g, before.total_var + change.total_var
    both, alone = (
        float(mass_nats(sign * grams, var, masses, config)[part.product, part.qty - 1])
        for grams, var in ((both_g, both_var), (before.total_g, before.total_var))
    )
    why = ((MASS, both - alone), (PRIOR, config.lift_nats))
    return Explanation((), both - alone + config.lift_nats, why=why)
