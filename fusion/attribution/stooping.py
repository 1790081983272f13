"""Who stoops with a hand near the floor where no plate tells of goods: something may have been set down there.

At the lowest shelves people stoop as well, and then those tell what was taken or put back. Where they tell nothing, a
hand was at the floor, or only touched what stands low. What of one's goods was set down nobody saw: it may be any that
was in no hand since, one by one less likely the more there are.
"""

from collections.abc import Iterable, Mapping
from math import inf, log

import numpy as np

from fusion.arrays import Ints
from fusion.attribution.bodies import Bodies, rows_in
from fusion.attribution.explanations import PICK
from fusion.attribution.hypotheses import Group, weights
from fusion.attribution.lasting import broken_off
from fusion.attribution.past import Past
from fusion.attribution.possession import Run
from fusion.config import SECOND_NS, PossessionConfig, StoopConfig
from fusion.frozen import record
from fusion.shelf import ShelfChange
from fusion.store import Store


@record()
class Stoop:
    """Somebody's head was low, and a hand near the floor."""

    track_id: int
    since_ns: int
    t_ns: int  # until
    xy: tuple[float, float] = (0.0, 0.0)  # of the head, m
    head_m: float = 0.0  # how high it was at its lowest


def stoops_now(going_on: tuple[Stoop, ...], bodies: Bodies, config: StoopConfig) -> tuple[Stoop, ...]:
    """Return the stoops after one more slice; who is out of sight stoops no more than was seen."""
    hands_z = bodies.head[:, None, 2] + bodies.hands[:, :, 2]
    is_known = bodies.hands_cov[:, :, 2, 2] <= config.hand_sd_max_m**2
    is_low = (bodies.head[:, 2] < config.head_m) & (bodies.unseen_s <= 0.0)
    rows = np.flatnonzero(is_low & (is_known & (hands_z < config.hand_m)).any(axis=1)).tolist()
    if not rows:
        return going_on
    past, still = broken_off(going_on, bodies.t_ns, config.break_s)
    known = {one.track_id: one for one in still}
    for row in rows:
        track_id, (x, y, z) = int(bodies.track_id[row]), bodies.head[row].tolist()
        before = known.get(track_id)
        since_ns, least = (before.since_ns, min(before.head_m, z)) if before else (bodies.t_ns, z)
        known[track_id] = Stoop(track_id, since_ns, bodies.t_ns, (x, y), least)
    return (*past, *(known[track_id] for track_id in sorted(known)))


def is_answered(stoop: Stoop, changes: Iterable[ShelfChange], store: Store, config: StoopConfig) -> bool:
    """Tell whether plates within reach of a stoop tell of goods that moved about then: that is what it was for."""
    slack = int(config.break_s * SECOND_NS)
    return any(
        change.plates
        and stoop.since_ns - slack <= change.step_ns <= stoop.t_ns + slack
        and np.linalg.norm(store.plates.centre[list(change.plates), :2] - stoop.xy, axis=1).min() < config.reach_m
        for change in changes
    )


def is_bent(stoop: Stoop, tracks: Ints, past: Past, config: StoopConfig) -> bool:
    """Tell whether somebody, by all their tracks (k,), stood much higher before or after: a child does not."""
    around = past.rows_of(past.begin, past.end)
    rows = rows_in(past)
    own = np.isin(rows.track_id[around], tracks)
    return stoop.head_m < config.bent_share * float(rows.head[around][own, 2].max(initial=0.0))


def stooped_nats(
    stoops: Iterable[Stoop],
    trip: str,
    group: Group,
    open_: Mapping[str, ShelfChange],
    runs: Mapping[int, Run],
    config: StoopConfig,
    own: PossessionConfig,
) -> dict[int, float]:
    """Return what a trip's stoops say of products it may carry having been set down, in nats; of others nothing.

    runs are how those were seen in its hands. A reach that was seen to set something down is that one's.
    """
    out: dict[int, float] = {}
    taken = _taken_ns(trip, group, open_) if stoops else {}
    slack, span_ns = round(own.around_s * SECOND_NS), round((own.out_span_s[1] - own.out_span_s[0]) * SECOND_NS)
    for stoop in stoops:
        if any(run.reached_nats > 0.0 and abs(run.last_ns - stoop.t_ns) <= span_ns for run in runs.values()):
            continue
        may = {
            product: p
            for product, (first_ns, p) in taken.items()
            if first_ns < stoop.since_ns and not (product in runs and runs[product].last_ns > stoop.t_ns + slack)
        }
        share = log(max(1.0, sum(may.values())))
        out |= {product: max(out.get(product, -inf), config.set_down_nats - share) for product in may}
    return out


def _taken_ns(trip: str, group: Group, open_: Mapping[str, ShelfChange]) -> dict[int, tuple[int, float]]:
    """Return when a trip took each product it may carry, the first of them, and how likely it carries any."""
    out: dict[int, tuple[int, float]] = {}
    for hypothesis, weight in zip(group.beam, weights(group).tolist(), strict=True):
        carried = {product for product, _, _ in hypothesis.goods[trip]}
        first_ns: dict[int, int] = {}
        for event, reading in hypothesis.choice.items():
            for part in reading.parts if event in open_ else ():
                if part.trip == trip and part.kind == PICK and part.product in carried:
                    step_ns = open_[event].step_ns
                    first_ns[part.product] = min(first_ns.get(part.product, step_ns), step_ns)
        for product, step_ns in first_ns.items():
            before_ns, p = out.get(product, (step_ns, 0.0))
            out[product] = min(before_ns, step_ns), p + weight
    return out
