"""What may have been taken from a shelf: by one person or two, of one product or several."""

from collections.abc import Iterable, Iterator
from itertools import combinations, permutations
from math import lgamma, log

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.attribution.explanations import PICK, PUT, Explanation, Mover, Part, ranked
from fusion.attribution.normal import normal_nats
from fusion.attribution.priors import Moved, mass_nats, pieces_nats
from fusion.attribution.why import COUNT, MASS, PRIOR, Why
from fusion.config import AttributionConfig
from fusion.frozen import record
from fusion.shelf import ShelfChange
from fusion.store import Store, facings_of_plate

AWAY_NATS = -0.5  # a hand less likely at the plates than this was not there, whatever it holds
MIXED_NATS = 6.0  # two products for one are not asked about where they explain the mass so much worse


def picks(
    moved: Moved, who: tuple[Mover, ...], store: Store, config: AttributionConfig, *, most: int | None = None
) -> tuple[Explanation, ...]:
    """Return the pick readings of a change, best first.

    Of one product at most so many a mover, by default explanations_max.
    """
    out = [
        *single(moved, who, config.explanations_max if most is None else most),
        *_shared(moved, who, config),
    ]
    out += _several(moved, who, store, config)
    out += _mixed(moved, who, config)
    return _best_of_each(out)


def single(moved: Moved, who: tuple[Mover, ...], most: int) -> list[Explanation]:
    """Return readings of one person and one product, the likeliest cells of each mover, at most so many."""
    kind = PICK if moved.change.total_g < 0 else PUT
    everybody, out = moved.nats(), []
    for mover in who:
        nats = everybody.copy()
        seen = mover.seen(kind)
        nats += seen.held.absent
        for product in {*seen.held.nats, *seen.cart}:
            nats[product] += seen.of(product) - seen.held.absent
        for flat in highest(nats, most).tolist():
            product, n = divmod(flat, nats.shape[1])
            part = Part(mover.trip, kind, product, n + 1, moved.grams(product, n + 1))
            why = (*moved.why(product, n), *mover.whole_why(kind, product))
            out.append(Explanation((part,), float(nats[product, n]) + mover.nats, mover.claims, why))
    return out


def highest(nats: Floats, most: int) -> Ints:
    """Return where the highest cells are, at most so many, counted row by row: highest first, equal ones in order."""
    flat = -nats.ravel()
    if most < len(flat):
        among = np.flatnonzero(flat <= np.partition(flat, most - 1)[most - 1])
        return among[np.argsort(flat[among], kind="stable")[:most]]
    return np.argsort(flat, kind="stable")


def _shared(moved: Moved, who: tuple[Mover, ...], config: AttributionConfig) -> list[Explanation]:
    """Two people take the same product from one place at once."""
    if len(who) < 2:
        return []
    together, counts, rare, out = moved.nats(), moved.count, float(np.log(config.shared_p)), []
    for flat in highest(together, 3).tolist():
        product, n = divmod(flat, together.shape[1])
        # A hand that is not seen at the plates may be seen to hold what stood there.
        likely = [m for m in who if m.nats > 0.0 or (m.nats > AWAY_NATS and m.nats + m.after.of(product) > 0.0)]
        for a, b in two_people(combinations(likely, 2)):
            for mine in range(1, n + 1):
                yours = n + 1 - mine
                each = float(counts[product, mine - 1] + counts[product, yours - 1])
                nats = float(together[product, n] - counts[product, n]) + a.nats + b.nats
                nats += each
                nats += a.after.of(product) + b.after.of(product)
                grams = moved.grams(product, n + 1) / (n + 1)
                parts = (
                    Part(a.trip, PICK, product, mine, grams * mine),
                    Part(b.trip, PICK, product, yours, grams * yours),
                )
                nats += rare
                own = ((COUNT, each - float(counts[product, n])), (PRIOR, rare))
                why = (*moved.why(product, n), *own, *a.whole_why(PICK, product), *b.whole_why(PICK, product))
                out.append(Explanation(parts, nats, (*a.claims, *b.claims), why))
    return out


def _several(moved: Moved, who: tuple[Mover, ...], store: Store, config: AttributionConfig) -> list[Explanation]:
    """Return readings of different products on neighbouring plates, told apart by their facings."""
    change, mean_g = moved.change, moved.masses.mean_g
    if len(change.plates) < 2:
        return []
    split = _by_facing(change, store)
    if len(split) < 2:
        return []
    if any(grams >= 0 for _, _, grams, _ in split):
        return []
    # One lot may lie on its plates in any way; two that say how the grams are shared out say more.
    whole = spread_nats(-change.total_g, len(change.plates))
    lots = []
    for product, plates, grams, var in split:
        n = min(max(1, round(-grams / max(float(mean_g[product]), 1.0))), config.qty_max)
        mass = float(mass_nats(grams, var, moved.masses.of(product), config)[0, n - 1])
        lots.append(Lot(product, n, -grams, mass + spread_nats(-grams, plates) - whole / len(split)))
    return [*_lots_of_one(lots, who, config), *_lots_of_two(lots, who, config)]


def _mixed(moved: Moved, who: tuple[Mover, ...], config: AttributionConfig) -> list[Explanation]:
    """Return readings of two products that stand on the same plates: only together do they weigh what went."""
    change, masses = moved.change, moved.masses
    out: list[Explanation] = []
    for a, b in combinations(sorted(moved.here), 2):
        if not moved.here[a] & moved.here[b]:
            continue
        mass = masses.mean_g[[a, b]]
        sd2 = masses.sd_g[[a, b]] ** 2 + masses.bias_sd_g[[a, b]] ** 2
        for n in ((1, 1), (2, 1), (1, 2), (2, 2)):
            weighs = float(mass @ n)
            nats = normal_nats(-change.total_g, weighs, change.total_var + float(sd2 @ n))
            grams = [-change.total_g * float(m) * k / weighs for m, k in zip(mass, n, strict=True)]
            if nats < moved.mass.max() - MIXED_NATS:
                continue  # a plain pick explains the mass far better
            lots = [Lot(k, count, g, nats / 2) for k, count, g in zip((a, b), n, grams, strict=True)]
            out += [*_lots_of_one(lots, who, config), *_lots_of_two(lots, who, config)]
    return out


@record()
class Lot:
    """Some pieces of one product that went together."""

    product: int
    qty: int
    grams: float  # of all
    mass: float  # nats

    def part(self, trip: str) -> Part:
        """Return the lot as taken by a trip."""
        return Part(trip, PICK, self.product, self.qty, self.grams)


def _lots_of_one(lots: list[Lot], who: tuple[Mover, ...], config: AttributionConfig) -> list[Explanation]:
    rare = float(np.log(config.combine_p)) * (len(lots) - 1)
    why = _lots_why(lots, rare, config)
    out = []
    for mover in who:
        seen = sum(mover.after.of(lot.product) for lot in lots)
        nats = sum(n for _, n in why) + mover.nats + seen
        others = (pair for lot in lots[1:] for pair in mover.after.why(lot.product))
        whole = (*why, *mover.whole_why(PICK, lots[0].product), *others)
        out.append(Explanation(tuple(lot.part(mover.trip) for lot in lots), nats, mover.claims, whole))
    return out


def _lots_of_two(lots: list[Lot], who: tuple[Mover, ...], config: AttributionConfig) -> list[Explanation]:
    """In a crowd two reach at one moment more often than one person takes two things at once."""
    if len(lots) != 2:
        return []
    why = _lots_why(lots, float(np.log(config.shared_p)), config)
    out = []
    for pair in two_people(permutations(who, 2)):
        ends = tuple(zip(pair, lots, strict=True))
        nats = sum(n for _, n in why) + sum(m.nats + m.after.of(lot.product) for m, lot in ends)
        whole = (*why, *(pair for m, lot in ends for pair in m.whole_why(PICK, lot.product)))
        parts = tuple(lot.part(m.trip) for m, lot in ends)
        out.append(Explanation(parts, nats, (*pair[0].claims, *pair[1].claims), whole))
    return out


def _lots_why(lots: list[Lot], rare: float, config: AttributionConfig) -> Why:
    """Return what speaks for some lots having gone at once, whoever took them."""
    count = sum(pieces_nats(lot.qty, config) for lot in lots)
    return (MASS, sum(lot.mass for lot in lots)), (COUNT, count), (PRIOR, rare)


def _best_of_each(found: list[Explanation]) -> tuple[Explanation, ...]:
    """Return explanations best first, each set of parts once."""
    out: dict[tuple[tuple[str, str, int, int], ...], Explanation] = {}
    for one in ranked(found):
        out.setdefault(tuple(sorted((p.trip, p.kind, p.product, p.qty) for p in one.parts)), one)
    return tuple(out.values())


def two_people(pairs: Iterable[tuple[Mover, Mover]]) -> Iterator[tuple[Mover, Mover]]:
    """Leave out pairs that rest on one stretch of one track: whoever that was, it was not two people.

    Nor is a hand that may be either's both people's.
    """
    for a, b in pairs:
        if not {c.stretch for c in a.claims} & {c.stretch for c in b.claims}:
            yield a.beside(b), b.beside(a)


def spread_nats(grams: float, plates: int) -> float:
    """Return the log density, in nats, of some grams lying on so many plates in one way out of all, equally likely."""
    return lgamma(plates) - (plates - 1) * log(max(grams, 1.0))


def _by_facing(change: ShelfChange, store: Store) -> list[tuple[int, int, float, float]]:
    """Split a change by the planogram: (product, plates, grams, variance) per facing that took a real share."""
    sums: dict[int, tuple[int, float, float]] = {}
    rows = facings_of_plate(store.facings)
    for plate, delta, var in zip(change.plates, change.delta_g, change.var, strict=True):
        product = int(store.facings.product[rows[plate][0]]) if plate in rows else -1
        plates, grams, spread = sums.get(product, (0, 0.0, 0.0))
        sums[product] = (plates + 1, grams + delta, spread + var)
    return [(k, n, g, v) for k, (n, g, v) in sorted(sums.items()) if k >= 0 and abs(g) > 4.0 * np.sqrt(v)]
