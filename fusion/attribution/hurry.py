"""One person at two places within a second: both hands can be there at one moment, no hand gets from one to the other.

A reach, the grip and the way to the next place take well over a second. Where two people stand side by side and both
could have made either of two changes, this says that each made one.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from fusion.attribution.explanations import Explanation, Mover, rank
from fusion.attribution.hypotheses import Hypothesis
from fusion.attribution.why import PRIOR, add
from fusion.config import SECOND_NS, AttributionConfig
from fusion.frozen import replace
from fusion.shelf import ShelfChange
from fusion.store import Store

Doers = Mapping[str, int]  # trip -> the track of the person of it who would have moved the goods


def hurried(
    change: ShelfChange,
    who: Iterable[Mover],
    open_: Mapping[str, ShelfChange],
    doers: Mapping[str, Doers],
    store: Store,
    config: AttributionConfig,
) -> dict[str, frozenset[str]]:
    """Return, by other open change, the trips whose person would have had to hurry from there to this one or back."""
    mine = {m.trip: m.track_id for m in who if m.trip and not m.is_staff}
    if not mine:
        return {}
    plates, place, out = set(change.plates), _middle(change, store), {}
    step_ns, (least_s, most_s) = change.step_ns, config.hurry_s
    lately = [event for event in doers if least_s < abs(step_ns - open_[event].step_ns) / SECOND_NS < most_s]
    for event in lately:
        other = open_[event]
        if plates & set(other.plates):
            continue
        same = frozenset(trip for trip, track in mine.items() if doers[event].get(trip) == track)
        if same and np.linalg.norm(place - _middle(other, store)) > config.hurry_m:
            out[event] = same
    return out


def _middle(change: ShelfChange, store: Store) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(store.plates.centre[list(change.plates)].mean(axis=0))


def unhurried(
    found: list[Explanation], hypothesis: Hypothesis, hurry: Mapping[str, frozenset[str]], config: AttributionConfig
) -> list[Explanation]:
    """Return readings, best first, with what a hurry costs those that would need one in this hypothesis."""
    busy = {
        part.trip
        for event, trips in hurry.items()
        if event in hypothesis.choice
        for part in hypothesis.choice[event].parts
        if part.trip in trips
    }
    if not busy:
        return found
    out = [_dearer(one, config) if any(part.trip in busy for part in one.parts) else one for one in found]
    return sorted(out, key=rank)


def _dearer(one: Explanation, config: AttributionConfig) -> Explanation:
    return replace(one, nats=one.nats + config.hurry_nats, why=add(one.why, ((PRIOR, config.hurry_nats),)))
