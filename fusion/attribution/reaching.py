"""Hands at goods of other changes: what they next hold is from there, and what their bearers bend for is known."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from fusion.arrays import Floats
from fusion.attribution.bodies import Bodies
from fusion.attribution.moments import nearest
from fusion.attribution.standing import goods_place
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange
from fusion.store import Store


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
        if not change.plates or change.total_g >= 0.0 or not first_ns < change.step_ns <= last_ns or not bodies:
            continue
        for track_id in _at_goods(change, bodies, store, config):
            own = alias.get(track_id, track_id)
            if own in tracks:
                out[own] = min(out.get(own, last_ns), change.step_ns - lead_ns)
    return out


def at_others(
    t_ns: int, others: Iterable[ShelfChange], bodies: Sequence[Bodies], store: Store, config: AttributionConfig
) -> dict[int, Floats]:
    """Return where goods of another change lay, (3,) m, by track with a hand there about t_ns: the nearest in time."""
    near_ns, out = int(config.hurry_s[1] * SECOND_NS), dict[int, Floats]()
    near = [one for one in others if one.plates and abs(one.step_ns - t_ns) < near_ns] if bodies else []
    for one in sorted(near, key=lambda one: (-abs(one.step_ns - t_ns), one.plates)):
        out |= dict.fromkeys(_at_goods(one, bodies, store, config), goods_place(one, store)[0])
    return out


def _at_goods(change: ShelfChange, bodies: Sequence[Bodies], store: Store, config: AttributionConfig) -> list[int]:
    """Return the tracks with a hand at the goods of a change as they moved."""
    now, (goods, _) = nearest(bodies, change.step_ns), goods_place(change, store)
    gap = np.linalg.norm(now.head[:, None] + now.hands - goods, axis=2).min(axis=1)
    return [int(track_id) for track_id in now.track_id[gap < config.next_pick_m]]
