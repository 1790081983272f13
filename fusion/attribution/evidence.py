"""Evidence for who moved the goods: hands and bodies, in nats. looks.py has what hands held, cart_evidence.py carts."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.attribution.basket import Weighing
from fusion.attribution.bodies import (
    Bodies,
    Joined,
    Rows,
    bodies_in,
    joined_into,
    person_of,
    place_among,
    rows_in,
    with_bodies,
)
from fusion.attribution.look import with_looks
from fusion.attribution.looks import NO_LOOKS, Looks, lenders, looks_at_hands, looks_of
from fusion.attribution.reaching import at_others, next_picks
from fusion.attribution.standing import goods_place, stance, standing_nats
from fusion.attribution.why import BODY, HANDS, Why
from fusion.attribution.witnesses import Witnesses
from fusion.config import SECOND_NS, AttributionConfig
from fusion.frozen import record, replace
from fusion.shelf import ShelfChange
from fusion.store import Store
from fusion.tracking.carts import SeenMove
from fusion.tracking.floor import Match
from fusion.tracking.hands import hand_rules, nats_of_hand

HAND_ABOVE_PLATE_M = 0.08
NOWHERE = np.full(3, np.nan)


@record(eq=False)
class Candidate:
    """Somebody who could have moved the goods."""

    track_id: int
    nats: float  # log-likelihood ratio of place and hands: moved the goods, against merely being there
    after: Looks  # what was in the hand once the goods were taken
    before: Looks  # and until they were put back
    why: Why = ()  # of nats
    lenders: frozenset[int] = frozenset()  # tracks whose hands may have been theirs
    alone: "Candidate | None" = None  # what is known of them without those, where there are any

    def without(self, track_id: int) -> "Candidate":
        """Return what is known of them where somebody's hands were that person's own: both moved goods."""
        return self.alone if self.alone is not None and track_id in self.lenders else self


def remember(
    seen: Witnesses,
    matches: tuple[Match, ...],
    bodies: Bodies,
    moves: tuple[SeenMove, ...],
    weighings: tuple[Weighing, ...],
    store: Store,
    config: AttributionConfig,
) -> Witnesses:
    """Add one slice and forget what is too old to matter."""
    since = bodies.t_ns - int(config.sightings_s * SECOND_NS)
    carts = tuple([m for m in (*seen.moves, *moves) if m.move.t_ns >= since])
    weights = tuple([w for w in (*seen.weighings, *weighings) if w.t_ns >= since])
    looks = with_looks(seen.looks, looks_of(matches, store), since)
    return Witnesses(looks, with_bodies(seen.bodies, bodies, since), carts, weights)


def candidates(
    change: ShelfChange,
    seen: Witnesses,
    alias: Mapping[int, int],
    store: Store,
    config: AttributionConfig,
    others: Iterable[ShelfChange] = (),
) -> tuple[Candidate, ...]:
    """Return everybody within reach of the change, sorted by track_id; others are changes before it and after."""
    past = seen.bodies
    if not len(past):
        return ()
    bodies = bodies_in(past, past.nearest(change.step_ns))
    goods, _ = goods_place(change, store)
    far = np.linalg.norm(bodies.head[:, :2] - goods[:2], axis=1)
    strayed_m = config.stray_mps * np.minimum(bodies.unseen_s, config.stray_s_max)
    near = np.flatnonzero(far - strayed_m < config.reach_m_max)
    if not len(near):
        return ()  # most changes of a large store are of plates that only shook
    others = tuple(others)
    # Who was followed by two tracks, one after the other, is one person: what was seen of both is theirs.
    own = bodies.track_id[near].tolist()
    persons = [alias.get(track_id, track_id) for track_id in own]
    tracks = set(persons)
    of_persons, joined = np.array(sorted(tracks), np.int64), joined_into(tracks, alias)
    hands, own_hands, of_hands = _hand_evidence(change, of_persons, joined, seen, alias, store, config)
    until_ns = next_picks(change.step_ns, config.hurry_s[1], tracks, others, past, alias, store, config)
    of_looks = lenders(change.step_ns, seen.looks, of_persons, joined, alias, config)
    looks = looks_at_hands(change.step_ns, seen.looks, alias, config, tracks, until_ns, lent=True)
    borrows = tracks & {*of_hands, *of_looks}
    own_looks = looks_at_hands(change.step_ns, seen.looks, alias, config, borrows, until_ns) if borrows else {}
    how = stance(change.step_ns, bodies, near, past, config.standing, alias)
    elsewhere = at_others(change.step_ns, own, others, past, store, config)
    others_at = [elsewhere.get(track_id, (NOWHERE, 0.0)) for track_id in own]
    other_goods, other_p = np.array([goods for goods, _ in others_at]), np.array([p for _, p in others_at])
    stands = standing_nats(change, how, other_goods, other_p, store, config).tolist()
    out = []
    for track_id, person, body in zip(own, persons, stands, strict=True):
        one = _candidate(track_id, person, body, hands, looks)
        if person in borrows:
            lent_by = frozenset({*of_hands.get(person, ()), *of_looks.get(person, ())})
            one = replace(one, lenders=lent_by, alone=_candidate(track_id, person, body, own_hands, own_looks))
        out.append(one)
    return tuple(sorted(out, key=lambda c: c.track_id))


def _candidate(
    track_id: int, person: int, body: float, hands: Mapping[int, float], looks: Mapping[int, tuple[Looks, Looks]]
) -> Candidate:
    hand, (before, after) = hands.get(person, 0.0), looks.get(person, NO_LOOKS)
    return Candidate(track_id, body + hand, after, before, ((BODY, body), (HANDS, hand)))


def _hand_evidence(
    change: ShelfChange,
    persons: Ints,
    joined: Joined,
    seen: Witnesses,
    alias: Mapping[int, int],
    store: Store,
    config: AttributionConfig,
) -> tuple[dict[int, float], dict[int, float], dict[int, set[int]]]:
    """Return per person (n,) what their hands say of having moved the goods, in nats.

    Who moves goods has one hand at them, either one: what is believed of that hand is weighed against what would be
    believed if nobody saw it. The moment of the step is known to a few tenths of a second, so moments are alternatives.
    A hand that may be somebody else's counts for both, as far as it is theirs: also returned are the nats without what
    such hands of others say, and whose those are that may be of some persons.
    """
    window_ns = int(config.hand_window_s * SECOND_NS)
    past = seen.bodies
    moments = past.within(change.step_ns - window_ns, change.step_ns + window_ns)
    rules = hand_rules(config.hands)
    noise = HandNoise(
        rules.rest, rules.spread, config.hand_sd_m**2, config.hand_wrong_p, config.hand_nats_max, 2 * config.reach_m_max
    )
    points = plate_points(change, store)
    nats, of, owner = _hands_at(rows_in(past), past.room.first, *moments, points, persons, joined, noise)
    names = persons.tolist()
    lent: dict[int, set[int]] = {}
    for person, track_id in zip(of.tolist(), owner.tolist(), strict=True):
        lent.setdefault(names[person], set()).add(alias.get(track_id, track_id))
    shared, own = nats.tolist()
    return dict(zip(names, shared, strict=True)), dict(zip(names, own, strict=True)), lent


class HandNoise(NamedTuple):
    """What is known of hands that move goods; see AttributionConfig."""

    rest: Floats  # (3,) m, where a hand nobody sees is relative to the head, and how far it strays from there
    spread: Floats  # (3, 3) m2
    near: float  # m2, of a wrist from the goods it moves
    wrong_p: float
    nats_max: float
    about_m: float  # whoever is further off is not asked


@njit(cache=True, error_model="numpy")
def _hands_at(
    rows: Rows, first: Ints, begin: int, end: int, points: Floats, persons: Ints, joined: Joined, noise: HandNoise
) -> tuple[Floats, Ints, Ints]:
    """Return what hands at some moments say of persons (n,) having moved goods, (2, n) nats: with others' and without.

    points (k, 3) are where a hand may be that moves them, the first in their middle. Also returned is of which of the
    persons, a row, hands may be that are believed to be somebody's, (l,), and whose, a track (l,).
    """
    total, count = np.zeros((2, len(persons))), np.zeros(len(persons))
    most = 2 * (first[end] - first[begin])
    of, owner, lent = np.empty(most, np.int64), np.empty(most, np.int64), 0
    for moment in range(begin, end):
        low, high = first[moment], first[moment + 1]
        ratio, near = _ratios(rows, low, high, points, noise)
        each = _shared(ratio, near, rows.track_id[low:high], rows.rival_id[low:high], rows.rival_p[low:high])
        for row in range(low, high):
            for hand in range(2):
                person = place_among(person_of(rows.rival_id[row, hand], joined), persons)
                if rows.rival_p[row, hand] > 0.0 and person >= 0:
                    of[lent], owner[lent], lent = person, rows.track_id[row], lent + 1
        for mine in range(high - low):
            person = place_among(person_of(rows.track_id[low + mine], joined), persons) if near[mine] else -1
            if person >= 0:
                count[person] += 1.0
                for k in range(2):
                    both = (each[k, mine, 0] + each[k, mine, 1]) / 2
                    total[k, person] += noise.wrong_p + (1.0 - noise.wrong_p) * both
    nats = np.zeros(total.shape)
    for k in range(2):
        for person in range(len(persons)):
            if count[person] > 0.0:
                one = np.log(total[k, person] / count[person])
                nats[k, person] = min(max(one, -noise.nats_max), noise.nats_max)
    return nats, of[:lent], owner[:lent]


@njit(cache=True, error_model="numpy")
def _ratios(rows: Rows, low: int, high: int, points: Floats, noise: HandNoise) -> tuple[Floats, Bools]:
    """Return how much likelier hands of some rows (r, 2) are at goods than unseen ones, and which rows are near."""
    ratio, near = np.ones((high - low, 2)), np.zeros(high - low, np.bool_)
    for k in range(high - low):
        row = low + k
        x, y = rows.head[row, 0] - points[0, 0], rows.head[row, 1] - points[0, 1]
        near[k] = np.sqrt(x * x + y * y) < noise.about_m
        for hand in range(2 if near[k] else 0):
            mean, cov = rows.hands[row, hand], rows.hands_cov[row, hand]
            nats = nats_of_hand(points, rows.head[row], mean, cov, noise.rest, noise.spread, noise.near)
            ratio[k, hand] = np.exp(min(nats, 2.0 * noise.nats_max))
    return ratio, near


@njit(cache=True, error_model="numpy")
def _shared(ratio: Floats, near: Bools, track_id: Ints, rival_id: Ints, rival_p: Floats) -> Floats:
    """Return how much likelier each hand (2, r, 2) is at the goods than an unseen one, with others' hands and without.

    ratio (r, 2) is that of each as if it were its track's (r,), near (r,) who is asked; a hand may be a rival's (r, 2).
    Who moves goods has a hand at them, whoever that is: a hand there tells of both, as far as it is theirs.
    """
    out = np.stack((ratio, ratio))
    for mine in range(len(ratio)):
        for hand in range(2):
            p = rival_p[mine, hand]
            theirs = place_among(rival_id[mine, hand], track_id) if p > 0.0 and near[mine] else -1
            if theirs < 0 or not near[theirs]:
                continue
            for k in range(2):
                out[k, mine, hand] = (1.0 - p) * out[k, mine, hand] + p
            # One of theirs, and it matters not which.
            either = p * 0.5 * (ratio[mine, hand] + (out[0, theirs, 0] + out[0, theirs, 1]) / 2)
            for one in range(2):
                out[0, theirs, one] = (1.0 - p) * out[0, theirs, one] + either
    return out


def plate_points(change: ShelfChange, store: Store) -> Floats:
    """Return where a hand may be when it moves goods on these plates, (k, 3): above centre and front edge."""
    goods, yaw = goods_place(change, store)
    plates, centre = np.array(change.plates), goods + np.array([0.0, 0.0, HAND_ABOVE_PLATE_M])
    front = np.array([np.sin(yaw), -np.cos(yaw), 0.0]) * float(store.plates.size[plates, 1].max()) / 2
    return np.stack([centre, centre + front / 2, centre + front])
