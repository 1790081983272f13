"""Walking: round fixtures, out of each other's way, to a place that nobody else has.

What takes time and may meet others is a generator: it yields where everybody else has to catch up first. A way is
decided whole, from standing to standing; whoever would meet somebody on it goes round her or waits a moment.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from fusion.arrays import Floats
from scenarios.paths import Post, is_free, pace, route
from scenarios.stage import Actor, Doing, Stage, make_room, stand, towards
from sensors.world import RATE_HZ

ACCEL_MPS2: Final = 1.6
APART_M: Final = 0.5  # people keep their middles this far apart, where they can
BRUSH_M: Final = 0.38  # and this far, where they would wait for ever else
TURN_S: Final = 0.25
YIELD_S: Final = 0.4  # how long one waits before looking again
YIELDS_MAX: Final = 40
PATIENT: Final = 12
DODGES_MAX: Final = 2  # looks for a clear way before brushing past is good enough
PASSES_S: Final = 8.0  # who arrives must not stand in the way of who passes so soon after
RESTS_S: Final = 6.0  # somebody who has not moved on yet is taken to stay this long
STILL_M: Final = 0.05  # who moves no further than this stands
POST_M: Final = 0.5  # ways lead round people who stand, this far from their middle
SIDESTEPS_M: Final = (0.0, 0.15, -0.15, 0.3, -0.3, 0.45, -0.45, 0.6, -0.6, 0.75, -0.75)
BEHIND_M: Final = (0.0, 0.15)
QUEUE_MAX: Final = 40  # looks for a free place before sharing one
WAIT_S: Final = 0.1
DOOR_M: Final = 1.3  # nobody waits so near a gate
OFF_DOOR_M: Final = (1.5, 1.9, 2.4)
RING: Final = 16  # places looked at round a person or a thing


def wait_until(stage: Stage, actor: Actor, ready: Callable[[], bool], what: str) -> Doing:
    """Let an actor stand until something has come about, but not in the door."""
    if not ready():
        yield from clear_the_door(stage, actor)
    actor.waits_for = what
    while not ready():
        stand(stage, actor, WAIT_S)
        yield
    actor.waits_for = ""


def clear_the_door(stage: Stage, actor: Actor) -> Doing:
    """Let an actor who stands near a gate walk on into the store."""
    gates = stage.store.gates.line.mean(axis=1)
    nearest = gates[int(np.argmin(np.linalg.norm(gates - actor.xy, axis=1)))]
    if float(np.linalg.norm(nearest - actor.xy)) > DOOR_M:
        return
    turn = np.arange(RING) * (2.0 * np.pi / RING)
    rim = np.column_stack([np.cos(turn), np.sin(turn)])
    places = (nearest + np.array(OFF_DOOR_M)[:, None, None] * rim).reshape(-1, 2)
    yield from take_place(stage, actor, places)
    yield from walk(stage, actor, actor.goal, towards(actor.goal, nearest))


def walk(stage: Stage, actor: Actor, goal: Floats, facing: Floats) -> Doing:
    """Let an actor walk round fixtures and standing people to a point, and turn there."""
    yield
    actor.goal = goal.copy()
    if float(np.linalg.norm(goal - actor.xy)) > 0.02:
        yield from follow(stage, actor, lambda dodged: _way(stage, actor, goal, dodged))
    actor.facing = facing
    stand(stage, actor, TURN_S)


def _way(stage: Stage, actor: Actor, goal: Floats, dodged: list[Post]) -> Floats:
    return route(stage.setting.ways, actor.xy, goal, [*_standing(stage, actor), *dodged])


def follow(stage: Stage, actor: Actor, find_way: Callable[[list[Post]], Floats]) -> Doing:
    """Let an actor walk as soon as a way is clear of others; it is looked for again while she waits.

    `find_way` is told of places to keep off, where she would meet somebody.
    """
    yield
    for attempt in range(YIELDS_MAX):
        steps, met = _dodge(stage, actor, find_way, APART_M if attempt < PATIENT else BRUSH_M)
        if met is None:
            break
        stand(stage, actor, YIELD_S * float(stage.rng.uniform(0.6, 1.4)))
        yield
    until = actor.tick + len(steps)
    make_room(stage, until)
    ahead = np.diff(steps, axis=0, prepend=actor.xy[None])
    length = np.linalg.norm(ahead, axis=1, keepdims=True)
    turned = np.where(length > 1e-6, ahead / np.maximum(length, 1e-6), actor.facing)
    stage.foot[actor.row, actor.tick : until] = steps
    stage.facing[actor.row, actor.tick : until] = turned
    actor.tick, actor.xy, actor.facing = until, steps[-1], turned[-1]


def _dodge(
    stage: Stage, actor: Actor, find_way: Callable[[list[Post]], Floats], apart_m: float
) -> tuple[Floats, Floats | None]:
    """Return a way as steps, (k, 2), and where somebody is met on it all the same, (2,) or None."""
    dodged: list[Post] = []
    while True:
        steps = pace(find_way(dodged), speed_mps=actor.speed_mps, accel_mps2=ACCEL_MPS2, rate_hz=RATE_HZ)
        met = _first_met(stage, actor, steps, apart_m)
        if met is None or len(dodged) == DODGES_MAX:
            return steps, met
        dodged.append((met, POST_M))


def _first_met(stage: Stage, actor: Actor, steps: Floats, apart_m: float) -> Floats | None:
    """Return where somebody is, (2,), who comes closer on the way than allowed and than at its start.

    The way ends with standing for a moment: others may have set out to pass there.
    """
    steps = np.concatenate([steps, np.repeat(steps[-1:], round(PASSES_S * RATE_HZ), axis=0)])
    for other in _around(stage, actor, steps, apart_m):
        theirs = _ahead(stage, actor, other, len(steps))
        gap = np.linalg.norm(theirs - steps, axis=1)
        known = np.flatnonzero(~np.isnan(gap))
        # One who stands close already may always walk away.
        if known.size and gap[known].min() < min(apart_m, 0.9 * float(gap[known[0]])):
            return np.asarray(theirs[known[np.argmin(gap[known])]])
    return None


def is_alone(stage: Stage, actor: Actor, xy: Floats, between_s: tuple[float, float]) -> bool:
    """Tell whether nobody else will be near a point between two times from now."""
    first, last = (round(soon_s * RATE_HZ) for soon_s in between_s)
    ahead = (_ahead(stage, actor, other, last)[first:] for other in _around(stage, actor, xy[None], APART_M))
    return not any((np.linalg.norm(theirs - xy, axis=1) < APART_M).any() for theirs in ahead)


def _around(stage: Stage, actor: Actor, steps: Floats, apart_m: float) -> list[Actor]:
    """Return who else could come so near to any of some points, (k, 2), as far as their ways are decided."""
    tick = np.array([other.tick for other in stage.actors])
    last = stage.foot[np.arange(len(tick)), np.clip(tick - 1, 0, stage.foot.shape[1] - 1)]  # NaN before she comes
    off = np.maximum(np.maximum(steps.min(axis=0) - last, last - steps.max(axis=0)), 0.0)
    walks_s = np.maximum(tick - actor.tick, 0) / RATE_HZ
    # A person is no further from the end of her way than she can still walk.
    fastest = max(other.speed_mps for other in stage.actors)
    near = np.linalg.norm(off, axis=1) <= apart_m + 1.01 * fastest * walks_s
    return [stage.actors[row] for row in np.flatnonzero(near).tolist() if row != actor.row]


def _others(stage: Stage, actor: Actor) -> list[Actor]:
    """Return who else is on the floor."""
    absent = np.isnan([other.xy[0] for other in stage.actors]).tolist()
    return [other for other, away in zip(stage.actors, absent, strict=True) if not away and other is not actor]


def _ahead(stage: Stage, actor: Actor, other: Actor, ticks: int) -> Floats:
    """Return where another will be in the actor's next samples, (ticks, 2); NaN once nobody knows."""
    theirs = np.full((ticks, 2), np.nan)
    decided = stage.foot[other.row, actor.tick : actor.tick + ticks]
    theirs[: len(decided)] = decided
    known = max(other.tick - actor.tick, 0)
    theirs[known : known + round(RESTS_S * RATE_HZ)] = other.xy
    return theirs


def _standing(stage: Stage, actor: Actor) -> list[Post]:
    """Return posts in place of the people who will stand still for a while."""
    posts = []
    for other in _others(stage, actor):
        if other.tick <= actor.tick:
            posts.append((other.xy, POST_M))
            continue
        # Most others are on their way: where they are now is not where they will rest.
        if np.abs(stage.foot[other.row, actor.tick] - other.xy).max() > STILL_M:
            continue
        soon = _ahead(stage, actor, other, round(RESTS_S * RATE_HZ))
        if not np.isnan(soon).any() and np.ptp(soon, axis=0).max() <= STILL_M:
            posts.append((other.xy, POST_M))
    return posts


def room_before(stage: Stage, actor: Actor, point: Floats, width: Floats) -> Doing:
    """Set out for a place to stand that nobody else has or heads for: the point, or a step aside, or behind."""
    back = np.array([-width[1], width[0]])
    places = [point + aside * width - behind * back for behind in BEHIND_M for aside in SIDESTEPS_M]
    yield from take_place(stage, actor, np.array(places))


def room_beside(stage: Stage, actor: Actor, middle: Floats, away_m: float) -> Doing:
    """Set out for the nearest place to stand at a distance from a person or a thing."""
    turn = np.arange(RING) * (2.0 * np.pi / RING)
    places = middle + away_m * np.column_stack([np.cos(turn), np.sin(turn)])
    order = np.argsort(np.linalg.norm(places - actor.xy, axis=1), kind="stable")
    yield from take_place(stage, actor, places[order])


def take_place(stage: Stage, actor: Actor, places: Floats) -> Doing:
    """Make the first free place the actor's goal; where all are taken she waits for a while, then shares one."""
    places = places[is_free(places, stage.store.outline, stage.store.fixtures)]
    assert len(places), "somebody can stand wherever goods and people are"
    for _ in range(QUEUE_MAX):
        yield
        taken = [place for other in _others(stage, actor) for place in (other.xy, other.goal) if not np.isnan(place[0])]
        gap = np.linalg.norm(places[:, None] - np.array(taken).reshape(-1, 2), axis=-1)
        alone = np.flatnonzero((gap >= APART_M).all(axis=1))
        if alone.size:
            actor.goal = places[alone[0]]
            return
        stand(stage, actor, YIELD_S)
    actor.goal = places[int(np.argmax(gap.min(axis=1)))]
