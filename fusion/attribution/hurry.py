"""One person at two places within a second: no hand gets from one to the other, and both are there at once seldom.

A reach, the grip and the way to the next place take well over a second. Where two people stand side by side and both
could have made either of two changes, this says that each made one.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from fusion.attribution.beam import Hypothesis
from fusion.attribution.explanations import Explanation, Mover, ranked
from fusion.attribution.why import PRIOR
from fusion.config import SECOND_NS, AttributionConfig
from fusion.frozen import replace
from fusion.shelf import ShelfChange
from fusion.store import Store

Doers = Mapping[str, int]  # trip -> the track of the person of it who would have moved the goods
Hurry = tuple[frozenset[str], float]  # trips, and what it costs in nats that one person of them was at both places


def hurried(
    change: ShelfChange,
    who: Iterable[Mover],
    open_: Mapping[str, ShelfChange],
    doers: Mapping[str, Doers],
    store: Store,
    config: AttributionConfig,
) -> dict[str, Hurry]:
    """Return, by other open change, the trips whose person would have had to hurry from there to this one or back.

    Or to be at both at one moment, with a hand at each.
    """
    mine = {m.trip: m.track_id for m in who if m.trip and not m.is_staff}
    if not mine:
        return {}
    plates, place, out = set(change.plates), _middle(change, store), {}
    step_ns, (moment_s, most_s) = change.step_ns, config.hurry_s
    for event in doers:
        other = open_[event]
        apart_s = abs(step_ns - other.step_ns) / SECOND_NS
        if apart_s >= most_s or plates & set(other.plates):
            continue
        same = frozenset(trip for trip, track in mine.items() if doers[event].get(trip) == track)
        if same and np.linalg.norm(place - _middle(other, store)) > config.hurry_m:
            out[event] = same, config.hurry_nats if apart_s > moment_s else config.both_hands_nats
    return out


def _middle(change: ShelfChange, store: Store) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(store.plates.centre[list(change.plates)].mean(axis=0))


def busy_in(hypothesis: Hypothesis, hurry: Mapping[str, Hurry]) -> dict[str, float]:
    """Return the trips that would need to hurry in this hypothesis, and what it costs them, in nats."""
    busy: dict[str, float] = {}
    for event, (trips, nats) in hurry.items():
        if event in hypothesis.choice:
            for part in hypothesis.choice[event].parts:
                if part.trip in trips:
                    busy[part.trip] = min(busy.get(part.trip, 0.0), nats)
    return busy


def unhurried(found: list[Explanation], busy: Mapping[str, float]) -> list[Explanation]:
    """Return readings, best first, with what a hurry costs those that would need one."""
    if not busy:
        return found
    return ranked(_dearer(one, min(busy.get(p.trip, 0.0) for p in one.parts)) if one.parts else one for one in found)


def _dearer(one: Explanation, nats: float) -> Explanation:
    return replace(one, nats=one.nats + nats, why=(*one.why, (PRIOR, nats))) if nats else one
