"""Goods that somebody took whom nobody knows, while people were inside: one of them is not who they are believed to be.

Whoever comes in without a scan has a trip without an account. A change that none of all these trips explains was made
by a person whose track was lost or given to another. Those who are inside and nowhere in sight are likely the one, and
so is somebody of whom nobody knows at all; of those who are followed each may be: what they are charged may then be
another's, and theirs is missing. One change alone is sooner one that was misread.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache
from math import prod

from fusion.attribution.beam import Group
from fusion.attribution.bodies import bodies_in
from fusion.attribution.explanations import PICK, Part
from fusion.attribution.hypotheses import weights
from fusion.attribution.settled import Settled
from fusion.attribution.state import Attribution, People, Stranger
from fusion.config import AttributionConfig
from fusion.frozen import replace

KEPT = 256  # of the latest: those of hours ago concern nobody who still is inside
P_MIN = 0.05


def missed(state: Attribution, t_ns: int, people: People, config: AttributionConfig) -> frozenset[str]:
    """Return the trips inside of which nobody was in sight at a moment."""
    past = state.seen.bodies
    bodies = bodies_in(past, past.nearest(t_ns)) if len(past) else None
    seen = bodies.track_id[bodies.unseen_s < config.unwatched.unseen_s].tolist() if bodies is not None else []
    in_sight = {people.trip_of.get(people.alias.get(k, k), "") for k in seen}
    gone = {one.trip for one in state.exits if one.t_ns < t_ns}
    return frozenset().union(*(group.trips for group in state.groups)) - in_sight - gone


def with_strangers(state: Attribution, settled: Iterable[Settled]) -> Attribution:
    """Remember the picks among settled changes that nobody known made, while somebody is inside."""
    inside, settled = _inside(state), tuple(settled)
    new = []
    for one in settled if inside else ():
        readings = ((one.reading, one.p), *one.others)
        p = sum(p for reading, p in readings if _is_strange(reading.parts))
        if p > P_MIN:
            new.append(Stranger(one.change.step_ns, p, inside, state.missed.get(one.event, frozenset())))
    done = state.missed.keys() & {one.event for one in settled}
    state = replace(state, missed={e: t for e, t in state.missed.items() if e not in done}) if done else state
    if not new and (inside or not state.strangers):
        return state
    return replace(state, strangers=(*state.strangers, *new)[-KEPT:] if inside else ())


def own_p(state: Attribution, trip: str, entered_ns: int, left_ns: int | None, config: AttributionConfig) -> float:
    """Return how likely the person of a trip is nobody of those who took something unknown while they were inside.

    left_ns is None for who is inside still.
    """
    inside = _inside(state)

    def share(p: float, inside: int, missed: Collection[str]) -> float:
        # One of whom nobody knows at all may be inside as well.
        among = 1.0 + len(missed) + config.followed_share * max(0, inside - len(missed))
        return p * (1.0 if trip in missed else config.followed_share) / among

    def meanwhile(t_ns: int) -> bool:
        return entered_ns <= t_ns and (left_ns is None or t_ns <= left_ns)

    shares = [share(one.p, one.inside, one.missed) for one in state.strangers if meanwhile(one.t_ns)]
    for group in state.groups:
        for event, p in _strange(group):
            change = state.open.get(event)
            if change is not None and change.plates and meanwhile(change.step_ns):
                shares.append(share(p, inside, state.missed.get(event, ())))
    return prod(1.0 - share for share in sorted(shares)[:-1])


@lru_cache(maxsize=KEPT)
def _strange(group: Group) -> tuple[tuple[str, float], ...]:
    """Return the events in which somebody unknown may have taken something, with how likely: all who leave ask."""
    weighed, out = weights(group), list[tuple[str, float]]()
    for event, k in group.choice.column.items():
        if any(_is_strange(reading.parts) for reading in group.choice.values[k]):
            strange = group.choice.where(event, lambda reading: _is_strange(reading.parts))
            if strange.any():
                out.append((event, float(weighed @ strange)))
    return tuple(out)


def _inside(state: Attribution) -> int:
    return sum(len(group.trips) for group in state.groups)


def _is_strange(parts: Iterable[Part]) -> bool:
    return any(part.trip == "" and part.kind == PICK for part in parts)
