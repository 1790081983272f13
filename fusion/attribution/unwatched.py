"""Two people out of everybody's sight together: what passed between them nobody saw.

Where cameras do not reach, two people who stand within an arm's reach of each other can exchange anything. Nothing
tells, but that they were there together, and for how long: so it stays a reading beside "nothing passed", and a receipt
that rests on nothing having passed is as doubtful as that. It is enough that one of them is out of sight and no camera
sees the hands of the other, who shows a head at the edge of the blind spot.
"""

from collections.abc import Mapping

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.attribution.bodies import Bodies
from fusion.attribution.explanations import Explanation, Goods, Part, handed
from fusion.attribution.handover import EXCHANGE_NATS
from fusion.attribution.lasting import broken_off
from fusion.attribution.why import PRIOR
from fusion.config import SECOND_NS, UnwatchedConfig
from fusion.frozen import record


@record()
class Unwatched:
    """Two trips were out of sight together."""

    trips: tuple[str, str]  # in order
    since_ns: int
    t_ns: int  # until


def unwatched_now(
    going_on: tuple[Unwatched, ...],
    bodies: Bodies,
    trip_of: Mapping[int, str],
    alone: frozenset[str],
    config: UnwatchedConfig,
) -> tuple[Unwatched, ...]:
    """Return who is or was out of sight together after one more slice; `alone` trips never count.

    A trip is out of sight when everybody is who may be it: who comes back into sight may be another track.
    """
    rules = config.unseen_s, config.reach_m, config.hands_sd_m
    near, hidden, hands_hidden = _near_pairs(bodies.head, bodies.hands_cov, bodies.unseen_s, *rules)
    if not np.count_nonzero(hidden) or len(hidden) < 2:
        return going_on
    past, still = broken_off(going_on, bodies.t_ns, config.break_s)
    known = {one.trips: one for one in still}
    if len(near):
        named = [trip_of.get(k, "") for k in bodies.track_id.tolist()]
        seen, shown = _trips_of(named, ~hidden), _trips_of(named, ~hands_hidden)
        for i, j in near.tolist():
            pair = min(named[i], named[j]), max(named[i], named[j])
            if not pair[0] or pair[0] == pair[1] or seen.issuperset(pair) or not (shown | alone).isdisjoint(pair):
                continue
            before = known.get(pair)
            known[pair] = Unwatched(pair, before.since_ns if before else bodies.t_ns, bodies.t_ns)
    return (*past, *(known[pair] for pair in sorted(known)))


def may_be_unwatched(bodies: Bodies, config: UnwatchedConfig) -> bool:
    """Tell whether two bodies are out of sight together, whoever they are."""
    rules = config.unseen_s, config.reach_m, config.hands_sd_m
    return bool(_is_any_pair(bodies.head, bodies.hands_cov, bodies.unseen_s, *rules))


def _trips_of(named: list[str], which: Bools) -> set[str]:
    """Return the trips of some bodies."""
    return {named[i] for i in np.flatnonzero(which)}


@njit(cache=True, error_model="numpy")
def _near_pairs(
    head: Floats, hands_cov: Floats, unseen_s: Floats, hidden_s: float, reach_m: float, hands_sd_m: float
) -> tuple[Ints, Bools, Bools]:
    """Return which two bodies are within reach and show no hands, one of them hidden, (p, 2).

    Hidden is who has not been seen for so long, (n,), and who shows no hands, (n,), is returned as well. A hand is
    shown that is known so well along an axis.
    """
    n, hidden = len(head), unseen_s >= hidden_s
    hands_hidden, pairs, found = hidden.copy(), np.empty((n * n, 2), np.int64), 0
    for i in range(n):
        sure = False
        for hand in range(2):
            cov = hands_cov[i, hand]
            sure |= np.sqrt((cov[0, 0] + cov[1, 1] + cov[2, 2]) / 3.0) <= hands_sd_m
        hands_hidden[i] |= not sure
    for i in range(n):
        for j in range(i + 1, n if hands_hidden[i] else i):
            is_near = np.hypot(head[i, 0] - head[j, 0], head[i, 1] - head[j, 1]) <= reach_m
            if is_near and hands_hidden[j] and (hidden[i] or hidden[j]):
                pairs[found, 0], pairs[found, 1], found = i, j, found + 1
    return pairs[:found], hidden, hands_hidden


@njit(cache=True, error_model="numpy")
def _is_any_pair(
    head: Floats, hands_cov: Floats, unseen_s: Floats, hidden_s: float, reach_m: float, hands_sd_m: float
) -> bool:
    """Tell whether there are two such bodies."""
    return len(_near_pairs(head, hands_cov, unseen_s, hidden_s, reach_m, hands_sd_m)[0]) > 0


def unwatched_readings(one: Unwatched, goods: Mapping[str, Goods], config: UnwatchedConfig) -> tuple[Explanation, ...]:
    """Return what may have passed, best first; no parts is "nothing". Any piece is as likely as any other."""
    together_s = (one.t_ns - one.since_ns) / SECOND_NS
    prior = float(np.log(min(config.passes_per_s * together_s, config.passes_p_max)))
    first, second = one.trips
    gave, got = _given(first, second, goods), _given(second, first, goods)
    out = [Explanation((), 0.0)]
    for ways in (gave, got):
        nats = prior - float(np.log(len(ways))) if ways else 0.0
        out += [Explanation(parts, nats, why=((PRIOR, nats),)) for parts in ways]
    both = prior + EXCHANGE_NATS - float(np.log(len(gave) * len(got))) if gave and got else 0.0
    out += [Explanation((*a, *b), both, why=((PRIOR, both),)) for a in gave for b in got]
    return tuple(sorted(out, key=lambda e: -e.nats))


def _given(source: str, target: str, goods: Mapping[str, Goods]) -> list[tuple[Part, ...]]:
    return [handed(source, target, product, grams) for product, _, grams in goods.get(source, ())]
