"""When people may next have had something from a shelf: what is seen in their hands from then on is from there."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

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
        now, (goods, _) = nearest(bodies, change.step_ns), goods_place(change, store)
        gap = np.linalg.norm(now.head[:, None] + now.hands - goods, axis=2).min(axis=1)
        for track_id in now.track_id[gap < config.next_pick_m].tolist():
            own = alias.get(track_id, track_id)
            if own in tracks:
                out[own] = min(out.get(own, last_ns), change.step_ns - lead_ns)
    return out
