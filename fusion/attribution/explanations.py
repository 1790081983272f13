"""Explanations of one shelf change: who moved which goods, how many, on or off; each with its weight in nats.

An explanation is a tuple of parts. Its weight adds the likelihood of the measured mass, the prior of the product on
these plates, the count, the evidence for the person (place, hands) and for the product in that hand. The weight is
relative to "somebody unseen moved something", which every change admits.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, permutations
from types import MappingProxyType

import numpy as np

from fusion.arrays import Floats
from fusion.attribution.evidence import Candidate
from fusion.attribution.priors import count_nats, mass_nats, normal_nats, product_prior
from fusion.attribution.why import CART, COUNT, HELD, MASS, PLANOGRAM, PRIOR, Why, add, explained
from fusion.config import AttributionConfig
from fusion.shelf import ShelfChange
from fusion.store import Store

PICK, PUT = "pick", "put"
NOBODY_READINGS = 3
STRANGER_NATS = -2.0  # people without a trip are rare
NO_LOTS: Mapping[int, tuple[float, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Part:
    """Some pieces of one product moved by one trip."""

    trip: str  # "" for somebody without a trip
    kind: str  # PICK or PUT
    product: int
    qty: int
    grams: float  # of all pieces, as measured


@dataclass(frozen=True, slots=True)
class Claim:
    """That a stretch of a track was a trip's person: a reading that rests on it pays its nats once."""

    stretch: tuple[int, int]  # track_id and when it begins, ns
    t_ns: int
    trip: str
    nats: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """One reading of a change; no parts: no goods moved; parts of trip "" were moved by nobody known."""

    parts: tuple[Part, ...]
    nats: float
    claims: tuple[Claim, ...] = ()  # whose tracks the movers' are, where that is in doubt
    why: Why = field(default=(), compare=False)  # adds up to nats; a reading is the same whoever speaks for it


@dataclass(frozen=True, slots=True)
class Mover:
    """A trip that could have moved the goods, with the best witness among its people."""

    trip: str
    is_staff: bool
    nats: float
    held: Mapping[int, float]
    claims: tuple[Claim, ...] = ()
    cart: Mapping[int, float] = field(default_factory=dict)  # the part of held that a cart's camera says
    why: Why = ()  # of nats


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """What speaks for n pieces of each product having moved, whoever moved them; in nats."""

    mass: Floats  # (k, qty_max)
    prior: Floats  # (k,)
    count: Floats  # (k, qty_max)

    def nats(self) -> Floats:
        """Return all of it together, (k, qty_max)."""
        return self.mass + self.prior[:, None] + self.count

    def why(self, product: int, n: int) -> Why:
        """Return what is behind one cell of nats()."""
        mass, count = float(self.mass[product, n]), float(self.count[product, n])
        return (MASS, mass), (PLANOGRAM, float(self.prior[product])), (COUNT, count)


WhoAt = Callable[[int, int], tuple[tuple[str, float, tuple[Claim, ...]], ...]]  # (track_id, t_ns) -> trip, nats, claims
Goods = tuple[tuple[int, int, float], ...]  # (product, pieces, grams a piece) a trip carries


def movers(
    people: tuple[Candidate, ...], t_ns: int, who: WhoAt, staff: frozenset[str], config: AttributionConfig
) -> tuple[Mover, ...]:
    """Gather candidates by the trips they may be of; those too unlikely beside the best are left out.

    What a trip's claim to a track costs is paid by the hypothesis, once for all changes that rest on it.
    """
    best: dict[str, tuple[float, Mover]] = {}
    for person in people:
        for trip, doubt, claims in who(person.track_id, t_ns):
            rare = STRANGER_NATS if trip == "" else 0.0
            if trip not in best or person.nats + doubt > best[trip][0]:
                why = add(explained(person.why, person.nats), ((PRIOR, rare),))
                mover = Mover(trip, trip in staff, person.nats + rare, person.held, claims, why=why)
                best[trip] = person.nats + doubt, mover
    top = max((rank for rank, _ in best.values()), default=0.0)
    return tuple(m for _, (rank, m) in sorted(best.items()) if rank > top - config.hand_nats_max - 3.0)


def nobody(
    change: ShelfChange, misplaced: Mapping[int, float], store: Store, config: AttributionConfig
) -> tuple[Explanation, ...]:
    """Return the readings that are always there: somebody without a trip moved the likeliest goods.

    Their weights add up to nobody_nats at most, whatever the mass: a change that fits no product stays possible.
    """
    stranger = Mover("", True, 0.0, {})
    if change.total_g < 0:
        found = picks(change, (stranger,), misplaced, store, config)[:NOBODY_READINGS]
    else:
        found = puts(change, stranger, (), store, config)[:NOBODY_READINGS]
    nats = np.array([e.nats for e in found])
    share = nats - nats.max() - np.log(np.exp(nats - nats.max()).sum())
    weights = (config.nobody_nats + float(s) for s in share)
    return tuple(Explanation(e.parts, w, why=((PRIOR, w),)) for e, w in zip(found, weights, strict=True))


def settling(change: ShelfChange, config: AttributionConfig) -> Explanation:
    """Return the reading that no goods moved: levels shift a little by creep, cross-talk and packages that settle.

    The shift is Laplace distributed: mostly small, now and then not.
    """
    scale = config.settling_g + float(np.sqrt(change.total_var))
    nats = float(-np.log(2 * scale) - abs(change.total_g) / scale)
    return Explanation((), nats, why=((MASS, nats),))


def picks(
    change: ShelfChange,
    who: tuple[Mover, ...],
    misplaced: Mapping[int, float],
    store: Store,
    config: AttributionConfig,
) -> tuple[Explanation, ...]:
    """Enumerate pick readings, best first; misplaced gives products believed on these plates off the planogram."""
    total, var = change.total_g, change.total_var
    prior = product_prior(change, misplaced, store, config)
    goods = Pieces(mass_nats(total, var, store, config), prior, count_nats(store, config))
    out = [*_single(goods, total, who, config), *_shared(goods, total, who, config)]
    out += _several(change, prior, who, store, config)
    return tuple(sorted(out, key=_rank))


def puts(
    change: ShelfChange,
    mover: Mover,
    carried: Goods,
    store: Store,
    config: AttributionConfig,
    lots: Mapping[int, tuple[float, ...]] = NO_LOTS,
) -> tuple[Explanation, ...]:
    """Enumerate put-back readings for one mover: what is carried; for staff anything planned here.

    lots gives, of goods sold by weight, the grams of pieces that were taken singly: a piece that comes back takes out
    of the account what it came in with, not what another plate makes of it.
    """
    total, var = change.total_g, change.total_var
    prior = product_prior(change, {}, store, config) if mover.is_staff or carried else np.zeros(0)
    if mover.is_staff:
        mass = mass_nats(-total, var, store, config)
        goods = Pieces(mass, prior, np.zeros_like(mass))
        return tuple(_single(goods, total, (mover,), config))
    out = []
    # Another hand on the plate, or a share on a plate that moved unnoticed: then the catalogue knows better.
    misweighed = np.log(config.misweighed_p) + mass_nats(-total, var, store, config) if carried else np.zeros((0, 0))
    for product, pieces, grams in carried:
        home = max(0.15 * float(prior[product] - np.log(config.planogram_p)), -1.5)
        nats_of_person = mover.nats + mover.held.get(product, 0.0) + home
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
            part = Part(mover.trip, PUT, product, n, moved_g)
            why = add(((MASS, nats + many), (COUNT, -many), (PLANOGRAM, home)), _person_why(mover, product))
            out.append(Explanation((part,), float(nats + nats_of_person), mover.claims, why))
    return tuple(sorted(out, key=_rank))


def _person_why(mover: Mover, product: int) -> Why:
    """Return what speaks for a mover of a product: place and hands, and what was seen in them and in the cart."""
    held, cart = mover.held.get(product, 0.0), mover.cart.get(product, 0.0)
    return (*explained(mover.why, mover.nats), (HELD, held - cart), (CART, cart))


def _single(goods: Pieces, total_g: float, who: tuple[Mover, ...], config: AttributionConfig) -> list[Explanation]:
    """One person, one product."""
    kind = PICK if total_g < 0 else PUT
    everybody, out = goods.nats(), []
    for mover in who:
        nats = everybody.copy()
        for product, extra in mover.held.items():
            nats[product] += extra
        for flat in np.argsort(-nats, axis=None, kind="stable")[: config.explanations_max]:
            product, n = divmod(int(flat), nats.shape[1])
            part = Part(mover.trip, kind, product, n + 1, abs(total_g))
            why = add(goods.why(product, n), _person_why(mover, product))
            out.append(Explanation((part,), float(nats[product, n]) + mover.nats, mover.claims, why))
    return out


def _shared(goods: Pieces, total_g: float, who: tuple[Mover, ...], config: AttributionConfig) -> list[Explanation]:
    """Two people take the same product from one place at once."""
    likely = [m for m in who if m.nats > 0.0]
    together, counts, rare, out = goods.nats(), goods.count, float(np.log(config.shared_p)), []
    best = np.argsort(-together, axis=None, kind="stable")[:3]
    for a, b in _two_people(combinations(likely, 2)):
        for flat in best:
            product, n = divmod(int(flat), together.shape[1])
            for mine in range(1, n + 1):
                yours = n + 1 - mine
                each = float(counts[product, mine - 1] + counts[product, yours - 1])
                nats = float(together[product, n] - counts[product, n]) + a.nats + b.nats
                nats += each
                nats += a.held.get(product, 0.0) + b.held.get(product, 0.0)
                grams = abs(total_g) / (n + 1)
                parts = (
                    Part(a.trip, PICK, product, mine, grams * mine),
                    Part(b.trip, PICK, product, yours, grams * yours),
                )
                nats += rare
                own = ((COUNT, each - float(counts[product, n])), (PRIOR, rare))
                why = add(goods.why(product, n), own, _person_why(a, product), _person_why(b, product))
                out.append(Explanation(parts, nats, (*a.claims, *b.claims), why))
    return out


def _several(
    change: ShelfChange, prior: Floats, who: tuple[Mover, ...], store: Store, config: AttributionConfig
) -> list[Explanation]:
    """Different products on neighbouring plates moved at once, by one person or two."""
    split = _by_facing(change, store)
    if len(split) < 2:
        return []
    pieces = []
    for product, grams, var in split:
        n = max(1, round(-grams / max(float(store.products.mass_g[product]), 1.0)))
        nats = mass_nats(grams, var, store, config)[product, min(n, config.qty_max) - 1]
        pieces.append(
            (product, min(n, config.qty_max), -grams, float(nats) + (n - 1) * float(np.log(config.qty_decay)))
        )
    if any(grams <= 0 for _, _, grams, _ in pieces):
        return []
    rare = float(np.log(config.combine_p)) * (len(pieces) - 1)
    base = sum(nats for *_, nats in pieces) + rare
    count = sum(n - 1 for _, n, _, _ in pieces) * float(np.log(config.qty_decay))
    why = ((MASS, base - rare - count), (COUNT, count), (PRIOR, rare))
    out = []
    for mover in who:
        parts = tuple(Part(mover.trip, PICK, k, n, grams) for k, n, grams, _ in pieces)
        out.append(Explanation(parts, base + mover.nats, mover.claims, add(why, explained(mover.why, mover.nats))))
    if len(pieces) == 2:
        for a, b in _two_people(permutations(who, 2)):
            ends = zip((a, b), pieces, strict=True)
            parts = tuple(Part(m.trip, PICK, k, n, grams) for m, (k, n, grams, _) in ends)
            # In a crowd two reach at one moment more often than one person takes two things at once.
            likelier = float(np.log(config.shared_p / config.combine_p))
            nats = base + a.nats + b.nats + likelier
            people = add(why, ((PRIOR, likelier),), explained(a.why, a.nats), explained(b.why, b.nats))
            out.append(Explanation(parts, nats, (*a.claims, *b.claims), people))
    return out


def _two_people(pairs: Iterable[tuple[Mover, Mover]]) -> Iterator[tuple[Mover, Mover]]:
    """Leave out pairs that rest on one stretch of one track: whoever that was, it was not two people."""
    for a, b in pairs:
        if not {c.stretch for c in a.claims} & {c.stretch for c in b.claims}:
            yield a, b


def _by_facing(change: ShelfChange, store: Store) -> list[tuple[int, float, float]]:
    """Split a change by the planogram: (product, grams, variance) per facing that took a real share."""
    sums: dict[int, tuple[float, float]] = {}
    for plate, delta, var in zip(change.plates, change.delta_g, change.var, strict=True):
        product = next((int(store.facings.product[i]) for i, p in enumerate(store.facings.plates) if plate in p), -1)
        grams, spread = sums.get(product, (0.0, 0.0))
        sums[product] = (grams + delta, spread + var)
    return [(k, g, v) for k, (g, v) in sorted(sums.items()) if k >= 0 and abs(g) > 4.0 * np.sqrt(v)]


def _rank(explanation: Explanation) -> tuple[float, tuple[tuple[str, str, int, int], ...]]:
    return -explanation.nats, tuple((p.trip, p.kind, p.product, p.qty) for p in explanation.parts)
