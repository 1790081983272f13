"""Explanations of a change: who moved which goods, how many, on or off; each with its weight in nats.

An explanation is a tuple of parts. Its weight adds the likelihood of the measured mass, the prior of the product on
these plates, the count, the evidence for the person (place, hands) and for the product in that hand. The weight is
relative to "somebody unseen moved something", which every change admits. picking.py enumerates what may have been
taken, returning.py what may have been put back, swapping.py both at once, unexplained.py what is left.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from itertools import pairwise
from math import log

from fusion.attribution.evidence import Candidate
from fusion.attribution.looks import Looks
from fusion.attribution.why import CART, HELD, PRIOR, Why, add, explained
from fusion.config import AttributionConfig
from fusion.frozen import record, replace

PICK, PUT = "pick", "put"
STRANGER_NATS = -2.0  # people without a trip are rare


@record()
class Part:
    """Some pieces of one product moved by one trip."""

    trip: str  # "" for somebody without a trip
    kind: str  # PICK or PUT
    product: int
    qty: int
    grams: float  # of all pieces, as measured


def handed(source: str, target: str, product: int, grams: float) -> tuple[Part, Part]:
    """Return the parts of one piece that went from one trip to another."""
    return Part(source, PUT, product, 1, grams), Part(target, PICK, product, 1, grams)


@record()
class Claim:
    """That a stretch of a track was a trip's person: a reading that rests on it pays its nats once."""

    stretch: tuple[int, int]  # track_id and when it begins, ns
    t_ns: int
    trip: str
    nats: float


@record()
class Explanation:
    """One reading of a change; no parts: no goods moved; parts of trip "" were moved by nobody known."""

    parts: tuple[Part, ...]
    nats: float
    claims: tuple[Claim, ...] = ()  # whose tracks the movers' are, where that is in doubt
    why: Why = field(default=(), compare=False)  # makes up nats; a reading is the same whoever speaks for it


@record()
class Seen:
    """What was seen of each product on one side of a change, in nats: in hands, and by a cart's camera."""

    held: Looks = field(default_factory=Looks)
    cart: Mapping[int, float] = field(default_factory=dict)

    def of(self, product: int) -> float:
        """Return both together."""
        return self.held.of(product) + self.cart.get(product, 0.0)

    def kept(self, product: int) -> float:
        """Return what speaks for its having been there well apart from the change, on this side too, 0 or more."""
        return max(self.held.kept(product) + self.cart.get(product, 0.0), 0.0)

    def why(self, product: int) -> Why:
        """Return what is behind of()."""
        return (HELD, self.held.of(product)), (CART, self.cart.get(product, 0.0))


@record()
class Mover:
    """A trip that could have moved the goods, with the best witness among its people."""

    trip: str
    is_staff: bool
    nats: float
    after: Seen = field(default_factory=Seen)  # in hands once the goods were taken, and into the cart
    before: Seen = field(default_factory=Seen)  # in hands until they were put back, and out of the cart
    claims: tuple[Claim, ...] = ()
    why: Why = ()  # of nats
    track_id: int = -1  # of the witness
    witness: Candidate | None = None

    def beside(self, other: "Mover") -> "Mover":
        """Return what is known of them where the other moved goods as well: no hand was both people's."""
        if self.witness is None or (alone := self.witness.without(other.track_id)) is self.witness:
            return self
        after, before = replace(self.after, held=alone.after), replace(self.before, held=alone.before)
        why = add(explained(alone.why, alone.nats), ((PRIOR, self.nats - self.witness.nats),))
        nats = self.nats - self.witness.nats + alone.nats
        return replace(self, nats=nats, after=after, before=before, why=why, witness=alone)

    def seen(self, kind: str) -> Seen:
        """Return what was seen that speaks for a pick, or for a put-back."""
        return self.after if kind == PICK else self.before

    def carries_nats(self, product: int, config: AttributionConfig) -> float:
        """Return what is too much in having seen goods in the hand until they were put back, in nats, 0 or less.

        That they were seen there tells them from what others carry. But who carries something and takes another thing
        had it in the hand as well, if not in the bag: it hardly tells that it was put back.
        """
        return min(0.0, -log(config.in_hand_p) - self.before.held.of(product))

    def whole_why(self, kind: str, product: int) -> Why:
        """Return what speaks for this mover of a product: place, hands, and what was seen in them and in the cart."""
        return (*explained(self.why, self.nats), *self.seen(kind).why(product))


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
                after, before = Seen(person.after), Seen(person.before)
                nats = person.nats + rare
                mover = Mover(trip, trip in staff, nats, after, before, claims, why, person.track_id, person)
                best[trip] = person.nats + doubt, mover
    top = max((rank for rank, _ in best.values()), default=0.0)
    return tuple(m for _, (rank, m) in sorted(best.items()) if rank > top - config.hand_nats_max - 3.0)


def ranked(found: Iterable[Explanation]) -> list[Explanation]:
    """Return explanations with the likeliest first, and equal ones always in the same order."""
    out = sorted(found, key=lambda one: -one.nats)
    # What they say is asked only where some are equally likely, which few are.
    return sorted(out, key=_rank) if any(a.nats == b.nats for a, b in pairwise(out)) else out


def _rank(explanation: Explanation) -> tuple[float, tuple[tuple[str, str, int, int], ...]]:
    return -explanation.nats, tuple((p.trip, p.kind, p.product, p.qty) for p in explanation.parts)
