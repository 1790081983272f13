"""Goods that pass from hand to hand.

A depth frame in which hands of two people are close, away from all shelves, is a touch, but for hands that both hang:
people who stand side by side pass nothing. Touches of a pair, close in time, are a meeting; it is read like a shelf
change once the hands have been watched for a moment: nothing passed, or one piece of something one of them carries did.
What a classifier saw in the hands after, the taker's and the giver's, decides. Image cameras see rays, and two rays
that meet prove nothing; they are not asked.
"""

from collections.abc import Mapping

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.attribution.explanations import Explanation, Goods, handed
from fusion.attribution.looks import NO_LOOKS, looks_at_hands
from fusion.attribution.why import HANDS, HELD, PRIOR, add
from fusion.attribution.witnesses import Witnesses
from fusion.config import SECOND_NS, AttributionConfig
from fusion.frozen import record
from fusion.shelf import ShelfChange
from fusion.store import Store
from fusion.tracking.floor import Match


@record()
class Touch:
    """Hands of two people near each other in one frame."""

    t_ns: int
    a: int  # track_id, the smaller
    b: int
    camera: int


@record()
class Meeting:
    """Hands of two people met at about t_ns."""

    t_ns: int
    a: int
    b: int
    touches: int


def touches(
    matches: tuple[Match, ...], alias: Mapping[int, int], store: Store, config: AttributionConfig
) -> tuple[Touch, ...]:
    """Return the pairs whose hands are within touching distance, frame by frame."""
    out = []
    for match in matches:
        frame = match.sightings
        if not match.may_touch or not frame.is_depth or len(frame.sd) < 2:
            continue
        for i, j in touching(frame.head, frame.hands, store, config):
            a, b = int(match.track_id[i]), int(match.track_id[j])
            pair = sorted((alias.get(a, a), alias.get(b, b)))
            if pair[0] >= 0 and pair[0] != pair[1]:
                out.append(Touch(frame.t_ns, pair[0], pair[1], frame.camera))
    return tuple(out)


def touching(head: Floats, hands: Floats, store: Store, config: AttributionConfig) -> list[tuple[int, int]]:
    """Return the pairs of rows of head (n, 3) and hands (n, 2, 3) that touch off all shelves and do not both hang."""
    rules = config.possession.hangs_m, config.touch_m, config.shelf_side_m
    found = _touching(np.asarray(head, np.float64), np.asarray(hands, np.float64), store.plates.centre, *rules)
    return [(i, j) for i, j in found.tolist()] if len(found) else []


@njit(cache=True, error_model="numpy")
def _touching(head: Floats, hands: Floats, plates: Floats, hangs_m: float, touch_m: float, shelf_side_m: float) -> Ints:
    """Return those pairs, (p, 2). Arms that reach side by side meet at a shelf; NaN is a hand or head nobody saw."""
    n = len(head)
    out, found = np.empty((n * n, 2), np.int64), 0
    for i in range(n):
        for j in range(i + 1, n):
            for which in range(4):
                one, other = hands[i, which // 2], hands[j, which % 2]
                both_hang = head[i, 2] - one[2] > hangs_m and head[j, 2] - other[2] > hangs_m
                if both_hang or not _apart_m(one, other) <= touch_m:
                    continue
                if min(_from_plates_m(one, plates), _from_plates_m(other, plates)) > shelf_side_m:
                    out[found, 0], out[found, 1], found = i, j, found + 1
                    break
    return out[:found]


@njit(cache=True, error_model="numpy")
def _from_plates_m(hand: Floats, plates: Floats) -> float:
    """Return how far a hand is from the nearest of plates (k, 3), m."""
    least = np.inf
    for k in range(len(plates)):
        least = min(least, _apart_m(hand, plates[k]))
    return least


@njit(cache=True, error_model="numpy")
def _apart_m(one: Floats, other: Floats) -> float:
    """Return how far two places (3,) are apart, m."""
    x, y, z = one[0] - other[0], one[1] - other[1], one[2] - other[2]
    return float(np.sqrt(x * x + y * y + z * z))


def meetings(
    pending: tuple[Touch, ...], until_ns: int, config: AttributionConfig
) -> tuple[list[Meeting], tuple[Touch, ...]]:
    """Return the meetings whose last touch lies before until_ns, and the touches that still wait.

    A single touch is no meeting: hands are measured with errors, and a frame can put one on the wrong person.
    """
    if all(touch.t_ns > until_ns for touch in pending):
        return [], pending
    pairs: dict[tuple[int, int], list[Touch]] = {}
    for touch in pending:
        pairs.setdefault((touch.a, touch.b), []).append(touch)
    found: list[Meeting] = []
    waiting: list[Touch] = []
    for (a, b), group in sorted(pairs.items()):
        for cluster in _clusters(group, int(config.meeting_gap_s * SECOND_NS)):
            if cluster[-1].t_ns > until_ns:
                waiting += cluster
            elif len(cluster) >= config.meeting_touches:
                found.append(Meeting(int(np.median([t.t_ns for t in cluster])), a, b, len(cluster)))
    found.sort(key=lambda m: (m.t_ns, m.a, m.b))
    return found, tuple(sorted(waiting, key=lambda t: (t.t_ns, t.a, t.b, t.camera)))


def _clusters(group: list[Touch], gap_ns: int) -> list[list[Touch]]:
    """Split touches of one pair, sorted by time, where nothing happened for gap_ns."""
    group = sorted(group, key=lambda t: (t.t_ns, t.camera))
    out = [[group[0]]]
    for touch in group[1:]:
        if touch.t_ns - out[-1][-1].t_ns > gap_ns:
            out.append([])
        out[-1].append(touch)
    return out


HAD_NATS = 1.0  # what is passed was in the hand just before; much of what is kept was as well
EXCHANGE_NATS = -2.0  # of those who pass something, that they pass something back
# From trip, to trip, nats of each product having passed, and the part of them that any product would have.
Way = tuple[str, str, Mapping[int, float], float]


def ways(
    meeting: Meeting,
    trips: tuple[str, str],
    seen: Witnesses,
    alias: Mapping[int, int],
    store: Store,
    config: AttributionConfig,
    until_ns: Mapping[int, int] | None = None,
) -> tuple[Way, Way]:
    """Return what the hands say of goods having passed, either way, before it is asked who carries what.

    Hands that stay together pass something; hands that brush past each other do not. until_ns says when a track's
    hands have something new (reaching.py).
    """
    longer = min(meeting.touches, config.touches_max) - config.meeting_touches
    prior = config.handover_nats + config.touch_nats * longer
    looks = looks_at_hands(meeting.t_ns, seen.looks, alias, config, (meeting.a, meeting.b), until_ns)

    def nats(giver: int, taker: int) -> dict[int, float]:
        (had, keeps), (owned, has) = looks.get(giver, NO_LOOKS), looks.get(taker, NO_LOOKS)
        return {
            k: prior + min(had.of(k), HAD_NATS) + has.of(k) - max(keeps.kept(k), 0.0) - max(owned.kept(k), 0.0)
            for k in range(len(store.products.sku))
        }

    first, second = trips
    return (first, second, nats(meeting.a, meeting.b), prior), (second, first, nats(meeting.b, meeting.a), prior)


def handover_readings(both: tuple[Way, Way], goods: Mapping[str, Goods]) -> tuple[Explanation, ...]:
    """Return what may have passed between two trips given what they carry, best first; no parts is "nothing".

    Two people who meet may also exchange: one piece goes either way, at the price of one meeting.
    """
    each = [_given(way, goods) for way in both]
    prior = both[0][3]
    exchanged = [
        Explanation(
            (*one.parts, *other.parts),
            one.nats + other.nats - prior + EXCHANGE_NATS,
            why=add((*one.why, *other.why, (HANDS, -prior), (PRIOR, EXCHANGE_NATS))),
        )
        for one in each[0]
        for other in each[1]
    ]
    return tuple(sorted([Explanation((), 0.0), *each[0], *each[1], *exchanged], key=lambda e: -e.nats))


def _given(way: Way, goods: Mapping[str, Goods]) -> list[Explanation]:
    """Return each piece that may have passed one way."""
    source, target, nats, prior = way
    carried = goods.get(source, ())
    any_of = float(np.log(len(carried))) if carried else 0.0
    out = []
    for product, _, grams in carried:
        parts = handed(source, target, product, grams)
        why = add(((HANDS, prior), (HELD, nats[product] - prior), (PRIOR, -any_of)))
        out.append(Explanation(parts, nats[product] - any_of, why=why))
    return out


def at_moment(t_ns: int) -> ShelfChange:
    """Return a passing in the shape of a change: no plates, no grams."""
    return ShelfChange(t_ns, t_ns, t_ns, (), (), ())
