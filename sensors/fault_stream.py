"""Fault plans played onto frames, whether a simulation sends them or a recording holds them.

Theory of operation: every fault is one generator from frames in order of time to frames in order of time, and a
plan is a chain of them, those inside the sensor before those of the network. A fault keeps its state and its
random stream for each source apart, so one source on its own goes through exactly what it goes through among all
others. Nothing comes earlier than it did, so what is late waits in a heap and no recording is held in memory.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, TypeAlias

from fusion.messages import Frame
from fusion.store import Problem, Store
from sensors.fault_chance import Chance, Timed
from sensors.fault_plates import cells_at_fault
from sensors.fault_sense import cross_reading, lying, miscounting, rotated
from sensors.fault_sensor import frozen, restarted, silenced
from sensors.fault_wire import corrupted, delayed, doubled, dropped, overtaken
from sensors.faults import PLATE_FAULTS, STORE_FAULTS, Fault, FaultPlan, PlanError, matching

Play: TypeAlias = Callable[[Iterable[Timed], Chance], Iterator[Timed]]

PLAY: Final[dict[str, Play]] = {
    "freeze": frozen,
    "restart": restarted,
    "outage": silenced,
    "drop": dropped,
    "corrupt": corrupted,
    "duplicate": doubled,
    "reorder": overtaken,
    "delay": delayed,
}
SENSE: Final = {"rotated": rotated, "lying": lying, "cross-reading": cross_reading, "miscounting": miscounting}
ORDER: Final = (*STORE_FAULTS, *PLAY)  # from the cell to the listener


def disturb(plan: FaultPlan, src: str, timed: Iterable[Timed], *, store: Store | None, seed: int) -> list[Timed]:
    """Return the frames of one source, (seconds since the beginning, frame), after a plan has been played on them.

    `store` may be None where no fault needs one (STORE_FAULTS); raises PlanError otherwise.
    """
    numbered = [(number, fault) for number, fault in enumerate(plan) if matching(fault.src, [src])]
    in_order = sorted(timed, key=lambda one: one[0])
    return list(_chain(numbered, in_order, store, seed)) if numbered else in_order


def disturb_all(plan: FaultPlan, timed: Iterable[Timed], *, store: Store | None, seed: int) -> Iterator[Timed]:
    """Yield the frames of any number of sources, in order of time, after a plan has been played on them."""
    return _chain(list(enumerate(plan)), timed, store, seed)


def since_first(frames: Iterable[Frame]) -> Iterator[Timed]:
    """Yield the frames of a recording with their arrival in seconds after the first one's; it never steps back."""
    first_ns: int | None = None
    t_s = 0.0
    for frame in frames:
        first_ns = frame.arrival_ns if first_ns is None else first_ns
        t_s = max(t_s, (frame.arrival_ns - first_ns) * 1e-9)
        yield t_s, frame


def _chain(
    numbered: list[tuple[int, Fault]], timed: Iterable[Timed], store: Store | None, seed: int
) -> Iterator[Timed]:
    chain = iter(timed)
    for number, fault in sorted(numbered, key=lambda one: (ORDER.index(one[1].kind), one[0])):
        chain = _play_of(number, fault, store)(chain, Chance(fault, number, seed))
    return chain


def _play_of(number: int, fault: Fault, store: Store | None) -> Play:
    if fault.kind not in STORE_FAULTS:
        return PLAY[fault.kind]
    if store is None:
        text = "a store, which tells the plates of each controller, where cameras hang and what there is to sell"
        raise PlanError([Problem("fault plan", f"fault {number + 1}, kind {fault.kind}", text, "none")])
    return partial(cells_at_fault if fault.kind in PLATE_FAULTS else SENSE[fault.kind], store=store)
