"""Hands at goods of other changes: what they next hold is from there, and what their bearers bend for is known."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from fusion.arrays import Floats
from fusion.attribution.bodies import Bodies, rows_of
from fusion.attribution.moments import nearest, within
from fusion.attribution.standing import beyond_m, goods_place
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange
from fusion.store import Store
from fusion.tracking.hands import nats_at

BEYOND_M = 0.01  # more than rounding may do to a place


def next_picks(
    t_ns: int,
    apart_s: float,
    tracks: Collection[int],
    changes: Iterable[ShelfChange],
    bodies: Sequence[Bodies],
    alias: Mapping[int, int],
    store: Store,
    config: AttributionConfig,
) -> dict[int, int]:
    """Return when, ns, some tracks may next have had something, of those that may.

    They may where a hand of theirs was at goods that went, and have it a moment before the plate says so. What went
    within apart_s of t_ns was not for the same hand.
    """
    out: dict[int, int] = {}
    lead_ns, first_ns = int(config.next_pick_s * SECOND_NS), t_ns + int(apart_s * SECOND_NS)
    last_ns = t_ns + int((config.held_window_s + config.next_pick_s) * SECOND_NS)
    for change in changes:
        if not first_ns < change.step_ns <= last_ns or not change.plates or change.total_g >= 0.0 or not bodies:
            continue  # the moment first: of a large store's changes few are of it
        for track_id in _at_goods(change, nearest(bodies, change.step_ns), store, config.next_pick_m):
            own = alias.get(track_id, track_id)
            if own in tracks:
                out[own] = min(out.get(own, last_ns), change.step_ns - lead_ns)
    return out


def at_others(
    t_ns: int,
    tracks: Collection[int],
    others: Iterable[ShelfChange],
    bodies: Sequence[Bodies],
    store: Store,
    config: AttributionConfig,
) -> dict[int, tuple[Floats, float]]:
    """Return at which goods of another change, (3,) m, some may have had a hand about t_ns, and how likely they had.

    Who is within reach of them may have, as far as is known of their hands: one that nobody sees may be there. Of
    several the likeliest counts, then the nearest in time.
    """
    near_ns, out = int(config.hurry_s[1] * SECOND_NS), dict[int, tuple[Floats, float]]()
    about = [one for one in others if abs(one.step_ns - t_ns) < near_ns and one.plates] if bodies else []
    near = _within_reach(about, tracks, bodies, store, config)
    for one in sorted(near, key=lambda one: (abs(one.step_ns - t_ns), one.plates)):
        goods, _ = goods_place(one, store)
        for track_id, p in _may_reach(one, nearest(bodies, one.step_ns), store, config):
            if track_id in tracks and p > out.get(track_id, (goods, 0.0))[1]:
                out[track_id] = goods, p
    return out


def _within_reach(
    changes: list[ShelfChange],
    tracks: Collection[int],
    bodies: Sequence[Bodies],
    store: Store,
    config: AttributionConfig,
) -> list[ShelfChange]:
    """Return the changes whose goods any of some tracks could reach from where they were at any of their moments."""
    if not changes:
        return []
    first, last = (nearest(bodies, pick(one.step_ns for one in changes)).t_ns for pick in (min, max))
    heads = [
        one.head[row] for one in within(bodies, first, last) for k in tracks if (row := rows_of(one).get(k)) is not None
    ]
    if not heads:
        return []
    reach_m = BEYOND_M + config.standing.arm_m + config.standing.bent_m_max
    (x0, y0), (x1, y1) = np.min(heads, axis=0)[:2] - reach_m, np.max(heads, axis=0)[:2] + reach_m
    places = ((one, goods_place(one, store)[0]) for one in changes)
    return [one for one, (x, y, _) in places if x0 <= x <= x1 and y0 <= y <= y1]


@lru_cache(maxsize=128)
def _may_reach(
    change: ShelfChange, now: Bodies, store: Store, config: AttributionConfig
) -> tuple[tuple[int, float], ...]:
    """Return who may have a hand at the goods of a change and how likely: all changes about the same time ask."""
    goods, _ = goods_place(change, store)
    able = np.flatnonzero(beyond_m(now.head, goods, config.standing) <= config.standing.bent_m_max)
    if not len(able):
        return ()
    head, hands, cov = now.head[able], now.hands[able], now.hands_cov[able]
    nats = nats_at(goods[None], head, hands, cov, config.hand_sd_m, config.hands).max(axis=1)
    odds = np.exp(nats) * config.standing.elsewhere_p / (1.0 - config.standing.elsewhere_p)
    return tuple(zip(now.track_id[able].tolist(), (odds / (1.0 + odds)).tolist(), strict=True))


@lru_cache(maxsize=128)
def _at_goods(change: ShelfChange, now: Bodies, store: Store, near_m: float) -> tuple[int, ...]:
    """Return the tracks with a hand at the goods of a change as they moved."""
    goods, _ = goods_place(change, store)
    gap = np.linalg.norm(now.head[:, None] + now.hands - goods, axis=2).min(axis=1)
    return tuple(now.track_id[gap < near_m].tolist())
