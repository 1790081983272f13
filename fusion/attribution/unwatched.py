"""Two people out of everybody's sight together: what passed between them nobody saw.

Where cameras do not reach, two people who stand within an arm's reach of each other can exchange anything. Nothing
tells, but that they were there together, and for how long: so it stays a reading beside "nothing passed", and a receipt
that rests on nothing having passed is as doubtful as that. It is enough that one of them is out of sight and no camera
sees the hands of the other, who shows a head at the edge of the blind spot.
"""

from collections.abc import Mapping

import numpy as np

from fusion.arrays import Bools, Floats
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
    hidden = bodies.unseen_s >= config.unseen_s
    past, still = broken_off(going_on, bodies.t_ns, config.break_s)
    known = {one.trips: one for one in still}
    if not hidden.any() or len(hidden) < 2:
        return going_on
    named = [trip_of.get(int(k), "") for k in bodies.track_id]
    hands_hidden = hidden | (_hands_sd_m(bodies) > config.hands_sd_m).all(axis=1)
    seen, shown = _trips_of(named, ~hidden), _trips_of(named, ~hands_hidden)
    rows = [i for i in np.flatnonzero(hands_hidden) if named[i] and named[i] not in shown | alone]
    for n, i in enumerate(rows):
        for j in rows[n + 1 :]:
            pair = min(named[i], named[j]), max(named[i], named[j])
            if pair[0] == pair[1] or seen.issuperset(pair):
                continue
            if np.hypot(*(bodies.head[i, :2] - bodies.head[j, :2])) > config.reach_m:
                continue
            before = known.get(pair)
            known[pair] = Unwatched(pair, before.since_ns if before else bodies.t_ns, bodies.t_ns)
    return (*past, *(known[pair] for pair in sorted(known)))


def _trips_of(named: list[str], which: Bools) -> set[str]:
    """Return the trips of some bodies."""
    return {named[i] for i in np.flatnonzero(which)}


def _hands_sd_m(bodies: Bodies) -> Floats:
    """Return how well both hands of everybody are known, (n, 2) m along an axis."""
    return np.asarray(np.sqrt(np.trace(bodies.hands_cov, axis1=2, axis2=3) / 3.0))


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
