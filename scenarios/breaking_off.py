"""Scenarios that are broken off at an instant: what would have happened later has not happened."""

from dataclasses import replace
from math import inf
from typing import Final

from scenarios.performance import Performance, Visit
from scenarios.reaching import let_go
from scenarios.stage import Stage

HANDS: Final = (0, 1)


def open_hands(stage: Stage) -> None:
    """Write down what hands hold when a scenario is broken off."""
    for actor in stage.actors:
        for hand in HANDS:
            if actor.hands[hand] is not None:
                let_go(stage, actor, hand, actor.now_s)


def broken_off(performance: Performance, seconds: float) -> Performance:
    """Return a performance in which nothing happens from so many seconds on; places are known for longer.

    Raises ValueError where somebody would only have come in later.
    """
    late = sum(not visit.entered_s < seconds for visit in performance.visits)
    if late:
        raise ValueError(f"script: lasts: expected everybody inside within {seconds:g} s, received {late} who are not")
    return replace(
        performance,
        moves=tuple(move for move in performance.moves if move.t_s < seconds),
        lifts=tuple(lift for lift in performance.lifts if lift.t0_s < seconds),
        weighings=tuple(one for one in performance.weighings if one.told_s < seconds),
        presses=tuple(press for press in performance.presses if press.t0_s < seconds),
        bumps=tuple(bump for bump in performance.bumps if bump.t_s < seconds),
        undressings=tuple(change for change in performance.undressings if change.t_s < seconds),
        visits=tuple(sorted((_stayed(visit, seconds) for visit in performance.visits), key=_order)),
    )


def _stayed(visit: Visit, seconds: float) -> Visit:
    return visit if visit.left_s < seconds else replace(visit, left_s=inf, exit="", items=())


def _order(visit: Visit) -> tuple[float, int]:
    return visit.left_s, visit.person
