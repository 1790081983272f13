"""Goods that somebody took whom nobody knows, while people were inside: one of them is not who they are believed to be.

Whoever comes in without a scan has a trip without an account. A change that none of all these trips explains was made
by a person whose track was lost or given to another, so each who is inside may be the one: what they are charged may
then be another's, and theirs is missing. One change alone is sooner one that was misread.
"""

from collections.abc import Iterable
from math import prod

from fusion.attribution.explanations import PICK, Part
from fusion.attribution.hypotheses import weights
from fusion.attribution.settled import Settled
from fusion.attribution.state import Attribution, Stranger
from fusion.frozen import replace

KEPT = 256  # of the latest: those of hours ago concern nobody who still is inside
SHARE_MIN = 0.01


def with_strangers(state: Attribution, settled: Iterable[Settled]) -> Attribution:
    """Remember the picks among settled changes that nobody known made, shared out over who is inside."""
    inside = _inside(state)
    new = []
    for one in settled if inside else ():
        readings = ((one.reading, one.p), *one.others)
        share = sum(p for reading, p in readings if _is_strange(reading.parts)) / (inside + 1)
        if share > SHARE_MIN:
            new.append(Stranger(one.change.step_ns, share))
    if not new and (inside or not state.strangers):
        return state
    return replace(state, strangers=(*state.strangers, *new)[-KEPT:] if inside else ())


def own_p(state: Attribution, entered_ns: int, left_ns: int | None) -> float:
    """Return how likely a given person who was inside is nobody of those who took something unknown meanwhile.

    left_ns is None for who is inside still.
    """
    among = _inside(state) + 1  # one of whom nobody knows at all may be inside as well

    def meanwhile(t_ns: int) -> bool:
        return entered_ns <= t_ns and (left_ns is None or t_ns <= left_ns)

    shares = [one.share for one in state.strangers if meanwhile(one.t_ns)]
    for group in state.groups:
        weighed = weights(group)
        for event in group.beam[0].choice:
            change = state.open.get(event)
            if change is None or not change.plates or not meanwhile(change.step_ns):
                continue
            readings = [hypothesis.choice[event] for hypothesis in group.beam]
            is_strange = {id(one): _is_strange(one.parts) for one in {id(one): one for one in readings}.values()}
            strange = [is_strange[id(one)] for one in readings]  # many hypotheses share one
            if any(strange):
                shares.append(float(weighed @ strange) / among)
    return prod(1.0 - share for share in sorted(shares)[:-1])


def _inside(state: Attribution) -> int:
    return sum(len(group.trips) for group in state.groups)


def _is_strange(parts: Iterable[Part]) -> bool:
    return any(part.trip == "" and part.kind == PICK for part in parts)
