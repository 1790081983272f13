"""Evidence for who moved the goods: hands and bodies, in nats. looks.py has what hands held, cart_evidence.py carts."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.attribution.basket import Weighing
from fusion.attribution.bodies import Bodies
from fusion.attribution.looks import NO_LOOKS, Looks, lenders, looks_around, looks_at_hands, looks_of
from fusion.attribution.moments import nearest, within
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
from fusion.tracking.hands import Doubtful, nats_at

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
    gone = next((i for i, b in enumerate(seen.bodies) if b.t_ns >= since), len(seen.bodies))
    carts = tuple(m for m in (*seen.moves, *moves) if m.move.t_ns >= since)
    weights = tuple(w for w in (*seen.weighings, *weighings) if w.t_ns >= since)
    unseen = next((i for i, look in enumerate(seen.looks) if look.t_ns >= since), len(seen.looks))
    looks = (*seen.looks[unseen:], *looks_of(matches, store))
    return Witnesses(looks, (*seen.bodies[gone:], bodies), carts, weights)


def candidates(
    change: ShelfChange,
    seen: Witnesses,
    alias: Mapping[int, int],
    store: Store,
    config: AttributionConfig,
    others: Iterable[ShelfChange] = (),
) -> tuple[Candidate, ...]:
    """Return everybody within reach of the change, sorted by track_id; others are changes before it and after."""
    if not seen.bodies:
        return ()
    bodies = nearest(seen.bodies, change.step_ns)
    goods, _ = goods_place(change, store)
    far = np.linalg.norm(bodies.head[:, :2] - goods[:2], axis=1)
    strayed_m = config.stray_mps * np.minimum(bodies.unseen_s, config.stray_s_max)
    near = np.flatnonzero(far - strayed_m < config.reach_m_max)
    if not len(near):
        return ()  # most changes of a large store are of plates that only shook
    others = tuple(others)
    # Who was followed by two tracks, one after the other, is one person: what was seen of both is theirs.
    persons = [alias.get(track_id, track_id) for track_id in bodies.track_id[near].tolist()]
    tracks = set(persons)
    hands, own_hands, of_hands = _hand_evidence(change, tracks, seen, alias, store, config)
    until_ns = next_picks(change.step_ns, config.hurry_s[1], tracks, others, seen.bodies, alias, store, config)
    # Of all that cameras made of hands in a large store, few looks are at these.
    close = replace(seen, looks=looks_around(change.step_ns, tracks, seen, alias, config))
    looks = looks_at_hands(change.step_ns, close, alias, config, tracks, until_ns, lent=True)
    of_looks = lenders(change.step_ns, close, alias, config)
    borrows = tracks & {*of_hands, *of_looks}
    own_looks = looks_at_hands(change.step_ns, close, alias, config, borrows, until_ns) if borrows else {}
    how = stance(change.step_ns, bodies, near, seen.bodies, config.standing, alias)
    own = bodies.track_id[near].tolist()
    elsewhere = at_others(change.step_ns, own, others, seen.bodies, store, config)
    others_at = [elsewhere.get(track_id, (NOWHERE, 0.0)) for track_id in own]
    other_goods, other_p = np.array([goods for goods, _ in others_at]), np.array([p for _, p in others_at])
    stands = standing_nats(change, how, other_goods, other_p, store, config).tolist()
    out = []
    for track_id, person, body in zip(bodies.track_id[near].tolist(), persons, stands, strict=True):
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
    persons: Collection[int],
    seen: Witnesses,
    alias: Mapping[int, int],
    store: Store,
    config: AttributionConfig,
) -> tuple[dict[int, float], dict[int, float], dict[int, set[int]]]:
    """Return per track what its hands say of having moved the goods, in nats.

    Who moves goods has one hand at them, either one: what is believed of that hand is weighed against what would be
    believed if nobody saw it. The moment of the step is known to a few tenths of a second, so moments are alternatives.
    A hand that may be somebody else's counts for both, as far as it is theirs: also returned are the nats without what
    such hands of others say, and whose those are that may be of some persons.
    """
    points = plate_points(change, store)
    cap, window_ns = config.hand_nats_max, int(config.hand_window_s * SECOND_NS)
    around = within(seen.bodies, change.step_ns - window_ns, change.step_ns + window_ns)
    near = near_in_plan([bodies.head for bodies in around], points[0, :2], 2 * config.reach_m_max)
    if not near:
        return {}, {}, {}
    head, hands, cov = (
        np.concatenate([getattr(around[k], name)[rows] for k, rows in near]) for name in ("head", "hands", "hands_cov")
    )
    ratio = np.exp(np.minimum(nats_at(points, head, hands, cov, config.hand_sd_m, config.hands), 2 * cap))
    whose = [(k, int(track_id)) for k, rows in near for track_id in around[k].track_id[rows].tolist()]
    track = [alias.get(track_id, track_id) for _, track_id in whose]
    # Of all the store's hands that may be others', few may be of those near.
    here = {*persons, *(k for k, kept in alias.items() if kept in persons), *(track_id for _, track_id in whose)}
    lent = {k: [one for one in around[k].doubtful if one.rival_id in here] for k, _ in near}
    doubtful = {k: each for k, each in lent.items() if each}
    if not doubtful:
        nats = _over_moments(ratio, track, config)
        return nats, nats, {}
    shared, own = _shared(ratio, whose, doubtful)
    of: dict[int, set[int]] = {}
    for one in (one for each in doubtful.values() for one in each):
        person = alias.get(one.rival_id, one.rival_id)
        if person in persons:
            of.setdefault(person, set()).add(alias.get(one.track_id, one.track_id))
    return _over_moments(shared, track, config), _over_moments(own, track, config), of


def _over_moments(ratio: Floats, track: Sequence[int], config: AttributionConfig) -> dict[int, float]:
    """Return per track the nats of its hands' ratios (r, 2), a row a moment and track."""
    wrong, cap = config.hand_wrong_p, config.hand_nats_max
    moments: dict[int, list[float]] = {}
    for track_id, one in zip(track, (wrong + (1.0 - wrong) * ratio.mean(axis=1)).tolist(), strict=True):
        moments.setdefault(track_id, []).append(one)
    mean = [np.mean(moments[k]) for k in sorted(moments)]
    return dict(zip(sorted(moments), np.clip(np.log(mean), -cap, cap).tolist(), strict=True))


def _shared(
    ratio: Floats, whose: Sequence[tuple[int, int]], doubtful: Mapping[int, Sequence[Doubtful]]
) -> tuple[Floats, Floats]:
    """Return how much likelier each hand (r, 2) is at the goods than one nobody sees, with others' hands and without.

    whose says of which moment and track each row is; doubtful has by moment the hands that may be somebody else's. Who
    moves goods has a hand at them, whoever that is: a hand there tells of both, as far as it is theirs.
    """
    first, out, own = ratio.tolist(), ratio.tolist(), ratio.tolist()
    row_of = {one: row for row, one in enumerate(whose)}
    for k, each in doubtful.items():
        for one in each:
            mine, theirs = row_of.get((k, one.track_id)), row_of.get((k, one.rival_id))
            if mine is None or theirs is None:
                continue
            p, keep = one.p, 1.0 - one.p
            for each_of in (out, own):
                each_of[mine][one.hand] = keep * each_of[mine][one.hand] + p
            # One of theirs, and it matters not which.
            left, right = out[theirs]
            lent = p * 0.5 * (first[mine][one.hand] + (left + right) / 2)
            out[theirs] = [keep * left + lent, keep * right + lent]
    return np.array(out), np.array(own)


def near_in_plan(heads: Sequence[Floats], place: Floats, reach_m: float) -> list[tuple[int, Ints]]:
    """Return of several moments, heads (n, 3) each, which have anybody within reach of a place (2,), and which rows."""
    if not heads:
        return []
    near = np.linalg.norm(np.concatenate(heads)[:, :2] - place, axis=1) < reach_m
    first = np.zeros(len(heads) + 1, np.int64)
    np.cumsum([len(head) for head in heads], out=first[1:])
    at = np.flatnonzero(near)
    cuts = np.searchsorted(at, first).tolist()
    begin = first.tolist()
    return [(k, at[cuts[k] : cuts[k + 1]] - begin[k]) for k in range(len(heads)) if cuts[k] < cuts[k + 1]]


def plate_points(change: ShelfChange, store: Store) -> Floats:
    """Return where a hand may be when it moves goods on these plates, (k, 3): above centre and front edge."""
    goods, yaw = goods_place(change, store)
    plates, centre = np.array(change.plates), goods + np.array([0.0, 0.0, HAND_ABOVE_PLATE_M])
    front = np.array([np.sin(yaw), -np.cos(yaw), 0.0]) * float(store.plates.size[plates, 1].max()) / 2
    return np.stack([centre, centre + front / 2, centre + front])
