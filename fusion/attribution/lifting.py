"""A slow lift, told in two: what goes slowly from a shaking shelf may pass for two changes, one after the other.

The first looks like too little of the goods, the second like goods that nobody has. Together they weigh what one lift
does, so that the second may be the rest of the first: no more goods, and the first fits after all. What stood on two
plates of a facing may come off one after the other. Or the first was so little that it looked like no goods, and the
second is a bit short of them: then both together are what was lifted.
"""

from collections.abc import Iterable, Mapping, Sequence

from fusion.arrays import Floats
from fusion.attribution.beam import Hypothesis
from fusion.attribution.explanations import Explanation, Mover, ranked
from fusion.attribution.masses import Masses
from fusion.attribution.picking import spread_nats
from fusion.attribution.pressing import is_soon_after
from fusion.attribution.priors import facing_rows, moved_nats
from fusion.attribution.why import MASS, PRIOR, add
from fusion.config import AttributionConfig
from fusion.frozen import record, replace
from fusion.shelf import ShelfChange
from fusion.store import Store


@record(eq=False)
class Begun:
    """A change that another may be the rest of."""

    event: str
    whole_g: float  # of both
    together: Floats  # (k, qty_max) nats of both having been one move of n pieces of each product


def begun(
    change: ShelfChange, open_: Mapping[str, ShelfChange], masses: Masses, store: Store, config: AttributionConfig
) -> Begun | None:
    """Return the last open change of the same facing that one may be the rest of, if there is one so shortly before."""
    found = [
        (before.step_ns, event)
        for event, before in open_.items()
        if is_soon_after(change, before, config.lift_s)
        and before.total_g * change.total_g > 0.0
        and not _facings(change, store).isdisjoint(_facings(before, store))
    ]
    if not found:
        return None
    _, event = max(found)
    before = open_[event]
    whole_g, whole_var = before.total_g + change.total_g, before.total_var + change.total_var
    whole = replace(change, plates=change.plates[:1], delta_g=(whole_g,), var=(whole_var,), hidden=())
    return Begun(event, whole_g, moved_nats(whole, {}, masses, config))


def _facings(change: ShelfChange, store: Store) -> set[int]:
    """Return the facings of a change's plates, by row; a plate of no facing stands for itself."""
    bare = {-1 - plate for plate in change.plates if not facing_rows((plate,), store)}
    return bare.union(facing_rows(change.plates, store))


def rest_of(
    first: Begun, hypothesis: Hypothesis, who: Iterable[Mover], store: Store, config: AttributionConfig
) -> Explanation | None:
    """Return the reading that a change is the rest of the one before, where that was pieces of one product.

    Its nats are by how much both together fit better than the first did alone, and by what shows that the same person,
    one of some movers, was still at it: as that speaks for a further piece. Goods sold by weight fit any grams.
    """
    reading = hypothesis.choice.get(first.event)
    part = reading.parts[0] if reading is not None and len(reading.parts) == 1 else None
    if reading is None or part is None or store.products.by_weight[part.product] or part.qty > config.qty_max:
        return None
    mass = float(first.together[part.product, part.qty - 1]) - dict(add(reading.why)).get(MASS, 0.0)
    own = max((mover for mover in who if mover.trip == part.trip), key=lambda mover: mover.nats, default=None)
    by_whom = own.whole_why(part.kind, part.product) if own is not None else ()
    why = add(((MASS, mass), (PRIOR, _told_in_two_nats(first, config)), *by_whom))
    return Explanation((), sum(nats for _, nats in why), why=why)


def _told_in_two_nats(first: Begun, config: AttributionConfig) -> float:
    """Return the log density of one lift having been told in these two parts: the first may be any share of it."""
    return min(config.lift_nats, spread_nats(abs(first.whole_g), 2))


def whole_of(
    first: Begun, hypothesis: Hypothesis, found: Sequence[Explanation], store: Store, config: AttributionConfig
) -> list[Explanation]:
    """Return readings of a change that counts the one before in, best first, where that was read as no goods.

    They are as likely as both together fit, for which the first has been paid already.
    """
    nothing = hypothesis.choice.get(first.event)
    if nothing is None or nothing.parts:
        return list(found)
    paid = dict(add(nothing.why)).get(MASS, 0.0)
    return ranked(_lifted(one, first, _told_in_two_nats(first, config) - paid, store) for one in found)


def _lifted(one: Explanation, first: Begun, rare_nats: float, store: Store) -> Explanation:
    part = one.parts[0] if len(one.parts) == 1 else None
    if part is None or store.products.by_weight[part.product] or part.qty > first.together.shape[1]:
        return one
    gain = float(first.together[part.product, part.qty - 1]) + rare_nats - dict(add(one.why)).get(MASS, 0.0)
    if gain <= 0.0:
        return one
    whole = replace(part, grams=abs(first.whole_g))
    return replace(one, parts=(whole,), nats=one.nats + gain, why=(*one.why, (MASS, gain)))
