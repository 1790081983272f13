"""Evidence for who moved the goods: hands, bodies, and what a classifier saw in the hand. All in nats.

cart_evidence.py has what carts say.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.attribution.basket import Weighing
from fusion.attribution.bodies import Bodies
from fusion.attribution.moments import nearest, within
from fusion.attribution.standing import goods_place, stance, standing_nats
from fusion.attribution.why import BODY, HANDS, Why
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange
from fusion.store import Store, product_rows
from fusion.tracking.carts import SeenMove
from fusion.tracking.floor import Match
from fusion.tracking.hands import nats_at

HAND_ABOVE_PLATE_M = 0.08


@dataclass(frozen=True, slots=True)
class Look:
    """What a classifier made of one hand in one frame."""

    t_ns: int
    owner: int  # track_id of whose wrist it was, -1 for nobody's
    beliefs: tuple[tuple[int, float], ...]  # product, p


@dataclass(frozen=True, slots=True, eq=False)
class Witnesses:
    """What the last seconds showed: looks at hands, places of bodies and cart moves, oldest first."""

    looks: tuple[Look, ...] = ()  # at hands, in the order of their frames
    bodies: tuple[Bodies, ...] = ()
    moves: tuple[SeenMove, ...] = ()
    weighings: tuple[Weighing, ...] = ()  # of baskets


@dataclass(frozen=True, slots=True)
class Looks:
    """What looks at somebody's hands say of each product having been in them, in nats against anybody else's hands."""

    nats: Mapping[int, float] = field(default_factory=dict)  # product -> nats, of those that were seen
    absent: float = 0.0  # of every other product: hands that show something else hold none of it

    def of(self, product: int) -> float:
        """Return the nats of one product."""
        return self.nats.get(product, self.absent)


NO_LOOKS = Looks(), Looks()  # before and after, of hands that nobody saw hold anything


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """Somebody who could have moved the goods."""

    track_id: int
    nats: float  # log-likelihood ratio of place and hands: moved the goods, against merely being there
    after: Looks  # what was in the hand once the goods were taken
    before: Looks  # and until they were put back
    why: Why = ()  # of nats


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


def looks_of(matches: tuple[Match, ...], store: Store) -> tuple[Look, ...]:
    """Return the looks at hands of some frames; products that the store does not know are left out."""
    row_of = product_rows(store.products)
    return tuple(
        Look(
            match.sightings.t_ns,
            int(match.wrist_id[held.row, held.hand]),
            tuple((row_of[sku], p) for sku, p in held.beliefs if sku in row_of),
        )
        for match in matches
        for held in match.sightings.held
    )


def candidates(
    change: ShelfChange, seen: Witnesses, alias: Mapping[int, int], store: Store, config: AttributionConfig
) -> tuple[Candidate, ...]:
    """Return everybody within reach of the change, sorted by track_id."""
    if not seen.bodies:
        return ()
    bodies = nearest(seen.bodies, change.step_ns)
    goods, _ = goods_place(change, store)
    far = np.linalg.norm(bodies.head[:, :2] - goods[:2], axis=1)
    strayed_m = config.stray_mps * np.minimum(bodies.unseen_s, config.stray_s_max)
    near = np.flatnonzero(far - strayed_m < config.reach_m_max)
    if not len(near):
        return ()  # most changes of a large store are of plates that only shook
    hands = _hand_evidence(change, seen, alias, store, config)
    looks = looks_at_hands(change.step_ns, seen, alias, config, set(bodies.track_id[near].tolist()))
    how = stance(change.step_ns, bodies, near, seen.bodies, config.standing)
    stands = standing_nats(change, how, store, config).tolist()
    out = []
    for row, body in zip(near.tolist(), stands, strict=True):
        track_id = int(bodies.track_id[row])
        hand = hands.get(track_id, 0.0)
        before, after = looks.get(track_id, NO_LOOKS)
        out.append(Candidate(track_id, body + hand, after, before, ((BODY, body), (HANDS, hand))))
    return tuple(sorted(out, key=lambda c: c.track_id))


def _hand_evidence(
    change: ShelfChange, seen: Witnesses, alias: Mapping[int, int], store: Store, config: AttributionConfig
) -> dict[int, float]:
    """Return per track what its hands say of having moved the goods, in nats.

    Who moves goods has one hand at them, either one: what is believed of that hand is weighed against what would be
    believed if nobody saw it. The moment of the step is known to a few tenths of a second, so moments are alternatives.
    """
    points = plate_points(change, store)
    wrong, cap = config.hand_wrong_p, config.hand_nats_max
    moments: dict[int, list[float]] = {}
    window_ns = int(config.hand_window_s * SECOND_NS)
    around = within(seen.bodies, change.step_ns - window_ns, change.step_ns + window_ns)
    near = near_in_plan([bodies.head for bodies in around], points[0, :2], 2 * config.reach_m_max)
    if not near:
        return {}
    head, hands, cov = (
        np.concatenate([getattr(around[k], name)[rows] for k, rows in near]) for name in ("head", "hands", "hands_cov")
    )
    at = nats_at(points, head, hands, cov, config.hand_sd_m, config.hands)
    ratio = wrong + (1.0 - wrong) * np.exp(np.minimum(at, 2 * cap)).mean(axis=1)
    tracks = (track_id for k, rows in near for track_id in around[k].track_id[rows].tolist())
    for track_id, one in zip(tracks, ratio.tolist(), strict=True):
        moments.setdefault(alias.get(track_id, track_id), []).append(one)
    return {k: float(np.clip(np.log(np.mean(v)), -cap, cap)) for k, v in sorted(moments.items())}


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


def looks_at_hands(
    t_ns: int,
    seen: Witnesses,
    alias: Mapping[int, int],
    config: AttributionConfig,
    tracks: Collection[int] | None = None,
) -> dict[int, tuple[Looks, Looks]]:
    """Return what the classifier says of each product having been in each track's hands, just before t_ns and after.

    Of some tracks where they are named, else of all.

    The mean belief over all looks, and one more that shows nothing, is weighed against how seldom a product is seen
    in hands that do not hold it. Hands in which cameras see something before or after would show it now as well.
    """
    total: dict[tuple[int, bool], dict[int, float]] = {}
    looks: dict[tuple[int, bool], int] = {}
    window_ns = int(config.held_window_s * SECOND_NS)
    first_ns, last_ns = t_ns - window_ns, t_ns + window_ns
    for look in seen.looks if tracks is None else _looks_at(tracks, seen, alias):
        if not first_ns <= look.t_ns <= last_ns:
            continue
        track = alias.get(look.owner, look.owner)
        key = track, look.t_ns >= t_ns
        looks[key] = looks.get(key, 0) + 1
        mine = total.setdefault(key, {})
        for row, p in look.beliefs:
            mine[row] = mine.get(row, 0.0) + p
    out = {}
    for track_id in sorted({track for track, _ in looks}):
        both = [(total.get((track_id, late), {}), looks.get((track_id, late), 0)) for late in (False, True)]
        around = both[0][1] + both[1][1]
        before, after = (_looks(belief, n, around, config) for belief, n in both)
        out[track_id] = before, after
    return out


def _looks_at(tracks: Collection[int], seen: Witnesses, alias: Mapping[int, int]) -> list[Look]:
    """Return the looks at the hands of some tracks, in their order."""
    by_owner = _looks_by_owner(seen)
    mine = [rows for owner, rows in by_owner.items() if alias.get(owner, owner) in tracks]
    rows = mine[0] if len(mine) == 1 else sorted(row for each in mine for row in each)
    return [seen.looks[row] for row in rows]


@lru_cache(maxsize=2)
def _looks_by_owner(seen: Witnesses) -> dict[int, list[int]]:
    """Return which looks are at whose hands: many changes of one slice ask the same."""
    rows: dict[int, list[int]] = {}
    for row, look in enumerate(seen.looks):
        rows.setdefault(look.owner, []).append(row)
    return rows


def _looks(belief: Mapping[int, float], looks: int, around: int, config: AttributionConfig) -> Looks:
    """Weigh the sum of belief in each product over some looks, of `around` looks before and after."""
    absent = config.held_unseen_p ** (min(around, config.held_looks_sure) / config.held_looks_sure)
    ratio = {k: absent + config.held_rare * p / (looks + 1) for k, p in sorted(belief.items())}
    return Looks({k: min(float(np.log(r)), config.held_nats_max) for k, r in ratio.items()}, float(np.log(absent)))
