"""Who stoops with a hand near the floor where no plate tells of goods: something may have been set down there.

At the lowest shelves people stoop as well, and then plates tell what was taken or put back, or that a hand was there.
Where they tell nothing, a hand was at the floor. What of one's goods was set down nobody saw: any that was in no hand
since, one by one less likely the more there are.
"""

from collections.abc import Collection, Iterable, Mapping
from math import log

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.attribution.beam import Hypothesis
from fusion.attribution.bodies import Bodies, rows_in
from fusion.attribution.explanations import PICK, PUT, Explanation, Part
from fusion.attribution.lasting import broken_off
from fusion.attribution.past import Past
from fusion.attribution.possession import Run
from fusion.attribution.why import HANDS, PRIOR
from fusion.config import SECOND_NS, AttributionConfig, StoopConfig
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
    is_at_plates: bool = False  # some that were disturbed then


def stoops_now(
    going_on: tuple[Stoop, ...], bodies: Bodies, plates: Floats, disturbed: Bools, config: StoopConfig
) -> tuple[Stoop, ...]:
    """Return the stoops after one more slice; plates (p, 3) are their places, m, of which some (p,) are not at rest.

    Who is out of sight stoops no more than was seen.
    """
    rules = config.head_m, config.hand_m, config.hand_sd_max_m**2
    people = bodies.head, bodies.hands, bodies.hands_cov, bodies.unseen_s
    if not _is_any_low(*people, *rules):
        return going_on  # nearly always
    low, hands = _low_hands(*people, *rules), bodies.head[:, None] + bodies.hands
    unquiet = plates[disturbed]
    past, still = broken_off(going_on, bodies.t_ns, config.break_s)
    known = {one.track_id: one for one in still}
    for row in np.flatnonzero(low.any(axis=1)).tolist():
        track_id, (x, y, z) = int(bodies.track_id[row]), bodies.head[row].tolist()
        apart = np.linalg.norm(unquiet - hands[row][low[row], None], axis=2)
        before = known.get(track_id, Stoop(track_id, bodies.t_ns, bodies.t_ns, head_m=z))
        known[track_id] = Stoop(
            track_id,
            before.since_ns,
            bodies.t_ns,
            (x, y),
            min(before.head_m, z),
            before.is_at_plates or bool((apart < config.touch_m).any()),
        )
    return (*past, *(known[track_id] for track_id in sorted(known)))


@njit(cache=True, error_model="numpy")
def _low_hands(
    head: Floats, hands: Floats, hands_cov: Floats, unseen_s: Floats, head_m: float, hand_m: float, hand_var_max: float
) -> Bools:
    """Return which hands (n, 2) are near the floor, of whom the head is low too, in sight; hands known so well are."""
    low = np.zeros((len(head), 2), np.bool_)
    for row in range(len(head)):
        for hand in range(2 if head[row, 2] < head_m and unseen_s[row] <= 0.0 else 0):
            is_known = hands_cov[row, hand, 2, 2] <= hand_var_max
            low[row, hand] = is_known and head[row, 2] + hands[row, hand, 2] < hand_m
    return low


@njit(cache=True, error_model="numpy")
def _is_any_low(
    head: Floats, hands: Floats, hands_cov: Floats, unseen_s: Floats, head_m: float, hand_m: float, hand_var_max: float
) -> bool:
    """Tell whether there is such a hand."""
    return bool(_low_hands(head, hands, hands_cov, unseen_s, head_m, hand_m, hand_var_max).any())


def is_answered(stoop: Stoop, changes: Iterable[ShelfChange], store: Store, config: StoopConfig) -> bool:
    """Tell whether plates tell of a hand, or of goods that moved within reach about then: that is what it was for."""
    slack = int(config.break_s * SECOND_NS)
    return stoop.is_at_plates or any(
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


def stoop_readings(
    stoop: Stoop,
    trip: str,
    hypothesis: Hypothesis,
    open_: Mapping[str, ShelfChange],
    runs: Mapping[int, Run],
    kept: Collection[int],
    config: AttributionConfig,
) -> tuple[Explanation, ...]:
    """Return what a trip may have set down, best first: nothing (no parts), or a piece of what it had by then.

    runs are how its products were seen in its hands: one of which a reach was seen that set it down is what this was
    for, and one that was seen later it still has. kept are products that are known to be elsewhere, in a cart.
    """
    own, rules = config.possession, config.stoop
    slack, span_ns = round(own.around_s * SECOND_NS), round((own.out_span_s[1] - own.out_span_s[0]) * SECOND_NS)
    nothing = (Explanation((), 0.0),)
    if any(run.reached_nats > 0.0 and abs(run.last_ns - stoop.t_ns) <= span_ns for run in runs.values()):
        return nothing
    taken = _taken_before(stoop.since_ns, trip, hypothesis, open_)
    seen = {product for product, run in runs.items() if run.last_ns > stoop.t_ns + slack}
    may = [(k, grams) for k, _, grams in hypothesis.goods[trip] if k in taken and k not in seen and k not in kept]
    if not may:
        return nothing
    why = (PRIOR, config.tags.left_nats - log(len(may))), (HANDS, rules.set_down_nats)
    nats = sum(nats for _, nats in why)
    down = (Explanation((Part(trip, PUT, product, 1, grams),), nats, why=why) for product, grams in may)
    return tuple(sorted((*nothing, *down), key=lambda one: -one.nats))


def _taken_before(t_ns: int, trip: str, hypothesis: Hypothesis, open_: Mapping[str, ShelfChange]) -> set[int]:
    """Return the products of which a trip took a piece before an instant."""
    return {
        part.product
        for event, reading in hypothesis.choice.items()
        if event in open_ and open_[event].step_ns < t_ns
        for part in reading.parts
        if part.trip == trip and part.kind == PICK
    }
