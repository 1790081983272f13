"""The driver of a live fleet: an actor a store, started again wherever there is room when it or its machine dies.

Ray restarts what dies. The driver starts anew what failed, waiting longer each time, and passes on what the stores say.
It holds nothing: should it die, its actors end with it, and another one goes on.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fusion.fleet.hosting import ENDED, FAILED, LIVE, WAITING, Host, Told
from fusion.fleet.stores import FleetPlan, StorePlan

LOOK_S: Final = 0.5
AGAIN_S: Final = 2.0  # before a store that failed is started anew, doubled each time
AGAIN_S_MAX: Final = 60.0
FOREVER: Final = -1  # restarts of an actor
AWAY: Final = "away"  # its actor has died and is being started elsewhere

Say = Callable[[str, str], None]  # (store, line)


@dataclass(slots=True)
class _Kept:
    """A store and what is known of it."""

    plan: StorePlan
    actor: Any
    asked: Any = None  # a call under way
    state: str = WAITING
    process: str = ""
    text: str = ""
    next: int = 0
    failures: int = 0
    again_s: float = 0.0
    live_s: float = 0.0  # since when


def keep(ray: Any, plan: FleetPlan, stopping: Callable[[], bool], say: Say) -> dict[str, str]:
    """Keep the stores live until `stopping` says so; return the last state of each, by its id."""
    host = ray.remote(num_cpus=plan.cpus, max_restarts=FOREVER, max_task_retries=0)(Host)
    kept = [_Kept(one, host.remote(one, plan.lease, plan.chain)) for one in plan.stores]
    while not all(one.state == ENDED for one in kept):
        if stopping():
            for one in kept:
                one.actor.stop.remote()
        _look(ray, kept, say)
        for one in kept:
            if one.state == FAILED and not stopping():
                _again(ray, one, say)
        if stopping() and all(one.state in (ENDED, FAILED) for one in kept):
            break
    return {one.plan.store_id: one.state for one in kept}


def _look(ray: Any, kept: list[_Kept], say: Say) -> None:
    """Ask each store how it is, waiting for none of them longer than a moment."""
    begun_s = time.monotonic()
    for one in kept:
        one.asked = one.asked or one.actor.told.remote(one.next)
    ray.wait([one.asked for one in kept], num_returns=len(kept), timeout=LOOK_S)
    for one in kept:
        ready, _ = ray.wait([one.asked], timeout=0)
        if ready:
            one.asked = None
            try:
                _hear(one, ray.get(ready[0]), say)
            except ray.exceptions.RayActorError:
                _miss(one, say)
    time.sleep(max(0.0, LOOK_S - (time.monotonic() - begun_s)))


def _hear(one: _Kept, told: Told, say: Say) -> None:
    store_id = one.plan.store_id
    if (told.process, told.state, told.text) != (one.process, one.state, one.text):
        one.process, one.state, one.text = told.process, told.state, told.text
        one.live_s = time.monotonic()
        where = f", lease {told.epoch}" if told.epoch else ""
        why = f": {told.text}" if told.text else ""
        say(store_id, f"{told.state}, {told.process}{where}{why}")
    if one.state == LIVE and time.monotonic() - one.live_s > AGAIN_S_MAX:
        one.failures = 0  # what was wrong is over
    for line in told.lines:
        say(store_id, line)
    one.next = told.next


def _miss(one: _Kept, say: Say) -> None:
    one.next = 0
    if one.state != AWAY:
        one.state = AWAY
        say(one.plan.store_id, f"its process has died ({one.process}); it is started again")


def _again(ray: Any, one: _Kept, say: Say) -> None:
    """Start a store anew that failed, once its time has come."""
    now_s = time.monotonic()
    if one.again_s == 0.0:
        wait_s = min(AGAIN_S_MAX, AGAIN_S * 2**one.failures)
        one.again_s, one.failures = now_s + wait_s, one.failures + 1
        say(one.plan.store_id, f"it is started again in {wait_s:.0f} s")
    elif now_s >= one.again_s:
        one.again_s, one.state = 0.0, WAITING
        ray.kill(one.actor, no_restart=False)
