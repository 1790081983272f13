"""What is seen in people's hands all along, not only at the shelves.

Every few seconds the looks at one person's hands are put together: the mean belief of the classifier over products. A
reading in which the person has one of those products explains them, any other pays. That is how goods that passed from
hand to hand are noticed wherever cameras see hands, and how a piece that was carried in the hand and then is no more
raises the doubt whether it is still there.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.attribution.beam import Group
from fusion.attribution.bodies import Rows, is_among, names_of, place_among, rows_in
from fusion.attribution.explanations import PICK, PUT, Explanation, Goods, Part, handed
from fusion.attribution.look import LookRows, looks_in, named_by
from fusion.attribution.past import Past
from fusion.attribution.why import HELD, PRIOR, Why, add
from fusion.config import SECOND_NS, PossessionConfig
from fusion.frozen import record, replace
from fusion.shelf import ShelfChange
from fusion.store import Facings, Store

NOTHING = -1.0  # explains what was seen in hands worse than anything else would


@record()
class Content:
    """What one person's hands held over a moment, as far as cameras saw them."""

    t0_ns: int
    t_ns: int  # end
    track_id: int
    looks: float  # one that may be at somebody else's hand counts as far as it is theirs
    p: tuple[tuple[int, float], ...]  # product, mean belief over the looks
    seen_ns: tuple[tuple[int, int], ...]  # the first and the last look at each of them


@record()
class Run:
    """How long a product has been seen in the hands of a trip without a break."""

    first_ns: int
    last_ns: int
    set_down_nats: float = 0.0  # what the way it was last seen says of its having been set down then
    floor_nats: float = 0.0  # and what a hand does that reached to the floor,
    out_nats: float = 0.0  # or out to nothing
    beside: tuple[tuple[str, float], ...] = ()  # trips whose hands may have met that one then, with nats of it
    since_ns: int = 0  # the first sight of all, with breaks; 0 where that is first_ns
    track_id: int = -1  # whose hands they were last
    cart_nats: float = 0.0  # more for its having been set down, of what they would not have put into a cart there

    @property
    def reached_nats(self) -> float:
        """What a hand that reached anywhere says of their having been set down; 0 where none did."""
        return max(self.floor_nats, self.out_nats)

    @property
    def alone(self) -> "Run":
        """The same run as if no hand had reached anywhere."""
        return replace(self, floor_nats=0.0, out_nats=0.0)


class LastSeen(NamedTuple):
    """What the way goods were last seen in hands says of their having been let go of then."""

    set_down_nats: float
    cart_nats: float
    floor_nats: float
    out_nats: float
    beside: tuple[tuple[str, float], ...]


@record()
class Laid:
    """A piece that somebody who is gone set down somewhere, and was not charged for."""

    nats: float  # how much likelier that is than that they have it
    grams: float


def contents(
    looks: Past, alias: Mapping[int, int], since_ns: int, until_ns: int, config: PossessionConfig
) -> tuple[Content, ...]:
    """Put together the looks at everybody's hands from since_ns to before until_ns, sorted by track."""
    rows = looks_in(looks)
    here = looks.begin + np.flatnonzero((looks.t_ns >= since_ns) & (looks.t_ns < until_ns))
    here = here[rows.owner[here] >= 0]
    owners, at = np.unique(rows.owner[here], return_inverse=True)
    persons = np.array([alias.get(k, k) for k in owners.tolist()], np.int64)
    tracks = np.unique(persons)
    product, shares, total, seen = _put_together(rows, here, np.searchsorted(tracks, persons)[at], len(tracks))
    enough = (shares >= config.looks_min) & (total.sum(axis=1) >= config.seen_p_min * shares)
    out = []
    for row in np.flatnonzero(enough).tolist():
        shown = np.flatnonzero(seen[row, :, 1] >= 0)
        means = (total[row, shown] / shares[row]).tolist()
        p = tuple(zip(product[shown].tolist(), means, strict=True))
        span_ns = tuple((first_ns, last_ns) for first_ns, last_ns in seen[row, shown].tolist())
        out.append(Content(since_ns, until_ns, int(tracks[row]), float(shares[row]), p, span_ns))
    return tuple(out)


@njit(cache=True, error_model="numpy")
def _put_together(rows: LookRows, looks: Ints, whose: Ints, n: int) -> tuple[Ints, Floats, Floats, Ints]:
    """Return what some looks (l,) at hands of n people show, whose (l,) says of which of them.

    That is the products (k,), sorted; the looks of each person, (n,), as far as they are theirs; their belief in each
    product, (n, k); and when the first and the last of them was that speaks of it, (n, k, 2) ns, -1 for none.
    """
    product, column = named_by(rows, looks)
    shares, total, seen = np.zeros(n), np.zeros((n, len(product))), np.full((n, len(product), 2), -1)
    for k in range(len(looks)):
        look, person = looks[k], whose[k]
        share, t_ns = 1.0 - rows.rival_p[look], rows.t_ns[look]
        shares[person] += share
        for row in range(rows.first[look], rows.first[look + 1]):
            at = column[rows.product[row]]
            total[person, at] += share * rows.p[row]
            span = seen[person, at]
            span[0], span[1] = min(span[0], t_ns) if span[1] >= 0 else t_ns, max(span[1], t_ns)
    return product, shares, total, seen


def explaining(content: Content, trip: str, group: Group, open_: Mapping[str, ShelfChange]) -> list[float]:
    """Return how well what a trip had in the moment, by each hypothesis of its group (n,), explains what was seen.

    That is how likely a product it had was seen, against the likeliest of all: a classifier spreads its belief over
    what looks alike, and the second best may well be the one. NOTHING where the trip had nothing at all.
    """
    p_of = dict(content.p)
    most = max(p_of.values())
    recent = [event for event, one in open_.items() if one.step_ns >= content.t0_ns and group.reads(event)]

    def likeliest(products: Iterable[int]) -> float:
        return max([p_of.get(product, 0.0) for product in products], default=NOTHING)

    def of_goods(goods: Goods) -> float:
        return likeliest(product for product, _, _ in goods)

    def of_reading(reading: Explanation) -> float:
        return likeliest(part.product for part in reading.parts if part.trip == trip)

    best = group.goods.told(trip, of_goods) if trip in group.goods.column else [NOTHING] * len(group)
    for event in recent:
        by_value = [of_reading(reading) for reading in group.choice.values[group.choice.column[event]]]
        if max(by_value) > NOTHING:  # most changes are others'
            best = [max(one, by_value[k]) for one, k in zip(best, group.choice.numbers(event), strict=True)]
    return [one / most if one >= 0.0 else NOTHING for one in best]


def content_nats(ratio: float, content: Content, config: PossessionConfig) -> float:
    """Return the weight of a reading, in nats, that explains what was seen so well; 0 where nothing explains it better.

    Looks at one hand are not independent: a classifier that takes one thing for another stays with it, and a moment
    counts as a few looks at most. In a hand that holds nothing it sees something now and then, but not again and again.
    """
    if ratio == NOTHING:
        again = (content.looks - config.looks_min) / config.empty_looks
        return config.trust * max(float(np.log(config.empty_p)) - again, -config.empty_nats_max)
    strength = config.trust * min(content.looks, config.looks_sure) / config.looks_sure
    return strength * float(np.log(config.wrong_p + (1.0 - config.wrong_p) * ratio))


def is_shown_beside(
    content: Content,
    trip: str,
    looks: Past,
    alias: Mapping[int, int],
    trip_of: Mapping[int, str],
    config: PossessionConfig,
) -> bool:
    """Tell whether another trip's hands show what a moment shows in somebody's, again and again while it does.

    Who stands beside holds it then, and some of the looks were at their hand. What has passed shows in one hand after
    the other.
    """
    wanted = sought(content, config)
    for (product, _), (first_ns, last_ns) in zip(content.p, content.seen_ns, strict=True):
        if product in wanted:
            shown = _showing(product, looks, (first_ns, last_ns), alias, trip_of, config)
            others = Counter(other for _, other in shown if other not in ("", trip))
            if max(others.values(), default=0) >= config.looks_min:
                return True
    return False


def _showing(
    product: int,
    looks: Past,
    span_ns: tuple[int, int],
    alias: Mapping[int, int],
    trip_of: Mapping[int, str],
    config: PossessionConfig,
) -> list[tuple[int, str]]:
    """Return when, ns, looks of a span of time showed a product, and in whose hands: the trip, "" for nobody's."""
    rows = looks_in(looks)
    shown = _showing_looks(rows, *looks.within(*span_ns), product, config.share_min)
    owners = (trip_of.get(alias.get(owner, owner), "") for owner in rows.owner[shown].tolist())
    return list(zip(rows.t_ns[shown].tolist(), owners, strict=True))


@njit(cache=True, error_model="numpy")
def _showing_looks(rows: LookRows, begin: int, end: int, product: int, share_min: float) -> Ints:
    """Return the looks (n,), of some, that believe in a product at least so much."""
    out, n = np.empty(end - begin, np.int64), 0
    for look in range(begin, end):
        for row in range(rows.first[look], rows.first[look + 1]):
            if rows.product[row] == product and rows.p[row] >= share_min:
                out[n], n = look, n + 1
                break
    return out[:n]


def has_passed(
    product: int,
    giver: str,
    first_ns: int,
    until_ns: int,
    looks: Past,
    alias: Mapping[int, int],
    trip_of: Mapping[int, str],
    config: PossessionConfig,
) -> bool:
    """Tell whether a product was last seen in somebody's hands just before it was first seen in another's.

    A classifier that takes one thing for another does not do so the moment the other thing goes out of sight beside it.
    """
    span_ns = first_ns - int(config.passed_s * SECOND_NS), until_ns
    shown_ns = [t_ns for t_ns, trip in _showing(product, looks, span_ns, alias, trip_of, config) if trip == giver]
    is_there_still = any(t_ns >= first_ns for t_ns in shown_ns)
    return not is_there_still and len(shown_ns) >= config.passed_looks


def is_of_shelf(content: Content, past: Past, alias: Mapping[int, int], store: Store, config: PossessionConfig) -> bool:
    """Tell whether what hands show most stands where a hand was nearly all the while: it may still be on the shelf."""
    product, _ = max(content.p, key=lambda one: (one[1], -one[0]))
    first_ns, last_ns = dict(zip((k for k, _ in content.p), content.seen_ns, strict=True))[product]
    far_m = shelf_m(product, content.track_id, past, (first_ns, last_ns), alias, store)
    return len(far_m) > 0 and float(np.count_nonzero(far_m < config.shelf_m)) / len(far_m) > config.shelf_share


def shelf_m(
    product: int, track_id: int, past: Past, span_ns: tuple[int, int], alias: Mapping[int, int], store: Store
) -> Floats:
    """Return how far the nearer hand of somebody was from where a product stands, m, at each moment they were there.

    Empty where it stands nowhere.
    """
    plates, room = store.plates.centre[_plates_of(store.facings)[product]], past.room
    return np.asarray(_hand_m(rows_in(past), room.first, *past.within(*span_ns), names_of(track_id, alias), plates))


@lru_cache(maxsize=8)
def _plates_of(facings: Facings) -> Mapping[int, list[int]]:
    """Return the plates that each product stands on, sorted."""
    out: defaultdict[int, set[int]] = defaultdict(set)
    for product, plates in zip(facings.product.tolist(), facings.plates, strict=True):
        out[product].update(plates)
    return defaultdict(list, {product: sorted(plates) for product, plates in out.items()})


@njit(cache=True, error_model="numpy")
def _hand_m(rows: Rows, first: Ints, begin: int, end: int, mine: Ints, plates: Floats) -> Floats:
    """Return how far the nearest of somebody's hands was from the nearest of plates (k, 3), m, while they were there.

    A person who was found twice is where they are nearest: rows of one moment count as one.
    """
    out, n = np.empty(end - begin), 0
    for moment in range(begin, end if len(plates) else begin):
        least = np.inf
        for row in range(first[moment], first[moment + 1]):
            if not is_among(rows.track_id[row], mine):
                continue
            for hand in range(2):
                for k in range(len(plates)):
                    squared = 0.0
                    for axis in range(3):
                        squared += (rows.head[row, axis] + rows.hands[row, hand, axis] - plates[k, axis]) ** 2
                    least = min(least, squared)
        if least < np.inf:
            out[n], n = np.sqrt(least), n + 1
    return out[:n]


def near_of(content: Content, past: Past, config: PossessionConfig) -> frozenset[int]:
    """Return the tracks that came within an arm's reach of a person, in the moment or shortly before."""
    moments = past.within(content.t0_ns - int(config.before_s * SECOND_NS), content.t_ns)
    near = _came_near(rows_in(past), past.room.first, *moments, content.track_id, config.reach_m)
    return frozenset(near.tolist()) - {content.track_id}


@njit(cache=True, error_model="numpy")
def _came_near(rows: Rows, first: Ints, begin: int, end: int, track_id: int, reach_m: float) -> Ints:
    """Return the tracks (n,) that some moments show within reach of one, each as often as they do."""
    out, n = np.empty(first[end] - first[begin], np.int64), 0
    for moment in range(begin, end):
        me = first[moment] + place_among(track_id, rows.track_id[first[moment] : first[moment + 1]])
        for row in range(first[moment], first[moment + 1] if me >= first[moment] else 0):
            x, y = rows.head[row, 0] - rows.head[me, 0], rows.head[row, 1] - rows.head[me, 1]
            if np.sqrt(x * x + y * y) < reach_m:
                out[n], n = rows.track_id[row], n + 1
    return out[:n]


def sought(content: Content, config: PossessionConfig) -> dict[int, float]:
    """Return the share of belief of every product worth asking about."""
    total = sum(p for _, p in content.p)
    return {product: p / total for product, p in content.p if p / total >= config.share_min}


class Source(NamedTuple):
    """How likely goods came from somewhere, and why."""

    nats: float
    why: Why

    def or_else(self, other: "Source") -> "Source":
        """Return how likely they came from there in one way or another; the likelier says why."""
        nats, likelier = float(np.logaddexp(self.nats, other.nats)), max(self, other)
        return Source(nats, add(likelier.why, ((PRIOR, nats - likelier.nats),)))


def source(prior_nats: float, held_nats: float) -> Source:
    """Return a source that is believed in beforehand so much, and by what was seen in hands."""
    return Source(prior_nats + held_nats, add(((PRIOR, prior_nats), (HELD, held_nats))))


def given_readings(
    content: Content,
    taker: str,
    givers: Mapping[tuple[str, int], Source],
    unseen: Mapping[int, tuple[Source, float]],
    swapped: Mapping[int, tuple[float, float]],
    goods: Mapping[str, Goods],
    config: PossessionConfig,
) -> tuple[Explanation, ...]:
    """Return how goods seen in a person's hands may have come there; no parts is "they did not".

    givers tells of each (trip, product) whether it was handed over, or set down where it was found; unseen of a piece
    of a product whether it was taken where no plate noticed, and what it weighs in grams; swapped what one
    weighs that may have been taken in exchange for a piece of the same weight, and how far it may be off, both in g.
    """
    out = [Explanation((), 0.0)]
    own = {product for product, _, _ in goods.get(taker, ())}
    new = [product for product in sought(content, config) if product not in own]
    for (giver, product), (nats, why) in givers.items():
        grams = next((g for k, _, g in goods.get(giver, ()) if k == product), None)
        if product in new and grams is not None:
            parts = handed(giver, taker, product, grams)
            out.append(Explanation(parts, nats, why=why))
    for product in new:
        if product in unseen:
            (nats, why), grams = unseen[product]
            out.append(Explanation((Part(taker, PICK, product, 1, grams),), nats, why=why))
        grams, off_g = swapped.get(product, (0.0, 0.0))
        for other, _, own_g in goods.get(taker, ()):
            if abs(own_g - grams) < off_g:
                parts = Part(taker, PUT, other, 1, own_g), Part(taker, PICK, product, 1, grams)
                out.append(Explanation(parts, config.swapped_nats))
    return tuple(out)


def lengthened(
    runs: Mapping[tuple[str, int], Run],
    trip: str,
    content: Content,
    nats_at: Callable[[int], LastSeen],
    config: PossessionConfig,
) -> dict[tuple[str, int], Run]:
    """Return the runs of a trip's products after a moment in which some of them were seen in its hands.

    nats_at tells what it says of goods having been let go of that they were last seen at an instant, in ns.
    """
    total, out = sum(p for _, p in content.p), dict(runs)
    known = dict[int, LastSeen]()
    for (product, p), (first_ns, last_ns) in zip(content.p, content.seen_ns, strict=True):
        if p / total < config.share_min:
            continue
        old = out.get((trip, product))
        goes_on = old is not None and first_ns - old.last_ns <= config.break_s * SECOND_NS
        since_ns = (old.since_ns or old.first_ns) if old is not None else first_ns
        first_ns = old.first_ns if old is not None and goes_on else first_ns
        if last_ns not in known:  # one look speaks of several products
            known[last_ns] = nats_at(last_ns)
        how = known[last_ns]
        out[trip, product] = Run(
            first_ns,
            last_ns,
            how.set_down_nats,
            how.floor_nats,
            how.out_nats,
            how.beside,
            since_ns,
            content.track_id,
            how.cart_nats,
        )
    return out


def carried_on(runs: Mapping[tuple[str, int], Run], trip: str, longer_s: float) -> frozenset[int]:
    """Return the products that a trip's hands were seen with for longer than goods take to where they are put."""
    return frozenset(
        product
        for (of, product), run in runs.items()
        if of == trip and run.last_ns - (run.since_ns or run.first_ns) > longer_s * SECOND_NS
    )


def reached_once(runs: Mapping[int, Run], config: PossessionConfig) -> dict[int, Run]:
    """Return a trip's runs by product with each reach counted once: it sets down what the hands were last seen with.

    What was seen in them before, and went out of sight shortly before, was bagged to free them.
    """
    out, span_ns = dict(runs), round((config.out_span_s[1] - config.out_span_s[0]) * SECOND_NS)
    for product, run in runs.items():
        later = (
            other.reached_nats > 0.0 and other.track_id == run.track_id and 0 < other.last_ns - run.last_ns <= span_ns
            for other in runs.values()
        )
        if run.reached_nats > 0.0 and any(later):
            out[product] = run.alone
    return out


def left_nats(run: Run | None, left_ns: int, gone_s: float, config: PossessionConfig) -> float:
    """Return how much likelier it is that a piece was set down if it was in the hand for long and then no more.

    Most of what people bag they bag at once; what is in the hand for long stays there until the exit. How it was last
    seen counts only then: what was bagged at once was bagged anywhere, but not on the floor. Less than gone_s before
    left_ns it may still be there.
    """
    if run is None or left_ns - run.last_ns < gone_s * SECOND_NS:
        return 0.0
    # Who stands where people set things down, and had it in the hand long before, has not bagged it in between.
    since_ns = run.since_ns if run.set_down_nats > 0.0 and run.since_ns else run.first_ns
    carried_s = (run.last_ns - since_ns) / SECOND_NS - config.bagged_s
    nats = float(np.clip(config.gone_nats_per_s * carried_s, 0.0, config.gone_nats_max))
    if nats <= 0.0:  # into a bag, too, people reach, if not to the floor
        bagged = config.bagged_nats if run.set_down_nats < 0.0 and run.reached_nats <= 0.0 else 0.0
        return bagged + max(run.floor_nats, run.out_nats + config.out_soon_nats * (run.out_nats > 0.0))
    # Whose hand is out where nothing is stands wherever that may be, and the arm is bent as long as it is out.
    place = max(run.set_down_nats, config.out_place_nats) if run.out_nats > run.floor_nats else run.set_down_nats
    return nats + place + run.reached_nats
