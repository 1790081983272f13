"""A long hold is one change, not two.

Somebody lifts goods, keeps the hand over the shelf while making up their mind, and puts all or some of them back. The
plates show a pick and a put-back; what happened is the difference, at the moment the hand let go. A hand that stayed
tells it from a shopper who took something, walked about with it and brought it back.
"""

from collections.abc import Iterator
from statistics import median

from fusion.attribution.explanations import PICK, PUT, Explanation, Part
from fusion.attribution.record import Evidence
from fusion.attribution.settled import Settled
from fusion.config import SECOND_NS, AttributionConfig
from fusion.frozen import replace
from fusion.shelf import ShelfChange

STAYED_S = 0.9  # from so long after the lift, and until so long before the put-back, the hand was at the plates


def without_holds(settled: tuple[Settled, ...], config: AttributionConfig) -> tuple[Settled, ...]:
    """Return the settled changes with every long hold told as one; a hold that left nothing in the hand as none.

    The pieces are the same, so receipts and stock are too.
    """
    out = sorted(settled, key=lambda s: (s.change.step_ns, s.event))
    for back in [s for s in out if _moves(s, PUT)]:
        lift = next((s for s in reversed(out) if _is_hold(s, back, config)), None)
        if lift is not None and not any(_between(s, lift, back) for s in out):
            out = [s for s in out if s not in (lift, back)] + list(_net(lift, back))
    return tuple(sorted(out, key=lambda s: (s.change.step_ns, s.event)))


def _moves(settled: Settled, kind: str) -> bool:
    parts = settled.reading.parts
    return bool(settled.change.plates) and len(parts) == 1 and parts[0].kind == kind and parts[0].trip != ""


def _is_hold(lift: Settled, back: Settled, config: AttributionConfig) -> bool:
    """Tell whether a change is the lift that a put-back ends."""
    lasted_s = (back.change.step_ns - lift.change.step_ns) / SECOND_NS
    if not _moves(lift, PICK) or not config.hold_s_min <= lasted_s <= config.hold_s:
        return False
    took, gave = lift.reading.parts[0], back.reading.parts[0]
    alike = (took.trip, took.product) == (gave.trip, gave.product) and took.qty >= gave.qty
    same_place = bool(set(lift.change.plates) & set(back.change.plates))
    stayed = _near(lift.evidence, took.trip, True, config) and _near(back.evidence, took.trip, False, config)
    return alike and same_place and stayed


def _near(evidence: Evidence | None, trip: str, after: bool, config: AttributionConfig) -> bool:
    """Tell whether a hand of the trip was seen at the plates, after a change or before it, but for single frames."""
    if evidence is None:
        return False
    for person in evidence.near:
        hand, way = person.hand, 1.0 if after else -1.0
        rows = [row for row, t_s in enumerate(hand.t_s) if way * t_s >= STAYED_S]
        if person.trip != trip or not rows:
            continue
        if max(median(column[row] for row in rows) for column in (hand.far_m, hand.sd_m)) <= config.hold_m:
            return True
    return False


def _between(settled: Settled, lift: Settled, back: Settled) -> bool:
    """Tell whether the same person moved something else meanwhile: the hand did not stay."""
    trip = lift.reading.parts[0].trip
    inside = lift.change.step_ns < settled.change.step_ns < back.change.step_ns
    return inside and any(part.trip == trip for part in settled.reading.parts)


def _net(lift: Settled, back: Settled) -> Iterator[Settled]:
    took, gave = lift.reading.parts[0], back.reading.parts[0]
    left = took.qty - gave.qty
    if left:
        part = Part(took.trip, PICK, took.product, left, max(took.grams - gave.grams, 0.0))
        reading = Explanation((part,), lift.reading.nats + back.reading.nats)
        yield replace(
            back, change=_sum(lift.change, back.change), reading=reading, p=min(lift.p, back.p), others=lift.others
        )


def _sum(lift: ShelfChange, back: ShelfChange) -> ShelfChange:
    """Return what both changes left behind: it lasted from the lift to the moment the hand let go."""
    total: dict[int, tuple[float, float]] = {}
    for change in (lift, back):
        for plate, grams, var in zip(change.plates, change.delta_g, change.var, strict=True):
            before, spread = total.get(plate, (0.0, 0.0))
            total[plate] = before + grams, spread + var
    plates = tuple(sorted(total))
    delta, spreads = tuple(total[p][0] for p in plates), tuple(total[p][1] for p in plates)
    return ShelfChange(lift.t0_ns, back.t1_ns, back.step_ns, plates, delta, spreads)
