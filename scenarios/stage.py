"""The floor while a script is acted: who stands where, who gives way, where there is room at a shelf.

What takes time and may meet others is a generator: it yields where everybody else has to catch up first.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from fusion.arrays import Floats
from fusion.store import Store
from scenarios.goods import Goods
from scenarios.paths import Post, Ways, is_free, pace, route, survey
from scenarios.performance import CartUse, Grip, Move, Press, Reach, Visit
from scenarios.script import Shopper
from sensors.world import RATE_HZ

SECONDS_MAX: Final = 600
SPEED_MPS: Final = 1.1
ACCEL_MPS2: Final = 1.6
APART_M: Final = 0.5  # people keep their middles this far apart, where they can
TURN_S: Final = 0.25
YIELD_S: Final = 0.4  # how long one waits before looking again
YIELDS_MAX: Final = 12
RESTS_S: Final = 1.0  # somebody who has not moved on yet is taken to stay this long
POST_M: Final = 0.5  # ways lead round people who stand, this far from their middle
SIDESTEPS_M: Final = (0.0, 0.15, -0.15, 0.3, -0.3, 0.45, -0.45, 0.6, -0.6, 0.75, -0.75)

Doing: TypeAlias = Iterator[None]


@dataclass(slots=True, eq=False)
class Actor:
    """One shopper in the middle of her script."""

    row: int
    shopper: Shopper
    speed_mps: float
    tick: int  # up to here her place is decided
    xy: Floats  # (2,), NaN before she came and after she left
    goal: Floats  # (2,) where she set out to
    facing: Floats  # (2,)
    next_step: int = 0
    bag: list[int] = field(default_factory=list)  # rows of Goods, carried but not in the cart
    in_hand: tuple[int, int, float] | None = None  # hand, product, since
    cart: int = -1
    cart_from_s: float = 0.0
    entered_s: float = 0.0

    @property
    def now_s(self) -> float:
        """Return the time up to which she has acted."""
        return self.tick / RATE_HZ


@dataclass(slots=True, eq=False)
class Stage:
    """The store while a script is acted; edited in place, read once at the end."""

    store: Store
    goods: Goods
    rng: np.random.Generator
    foot: Floats  # (n, SECONDS_MAX * RATE_HZ, 2), NaN where nobody is
    facing: Floats
    actors: list[Actor]
    reaches: list[Reach] = field(default_factory=list)
    grips: list[Grip] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)
    cart_uses: list[CartUse] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    ways: Ways = field(init=False)

    def __post_init__(self) -> None:
        self.ways = survey(self.store.outline, self.store.fixtures)


def stand(stage: Stage, actor: Actor, seconds: float) -> None:
    """Let an actor stay where she is."""
    until = actor.tick + max(1, round(seconds * RATE_HZ))
    stage.foot[actor.row, actor.tick : until] = actor.xy
    stage.facing[actor.row, actor.tick : until] = actor.facing
    actor.tick = until


def walk(stage: Stage, actor: Actor, goal: Floats, facing: Floats) -> Doing:
    """Let an actor walk round fixtures and standing people to a point, and turn there."""
    yield
    actor.goal = goal
    if float(np.linalg.norm(goal - actor.xy)) > 0.02:
        yield from follow(stage, actor, lambda: _way(stage, actor, goal))
    actor.facing = facing
    stand(stage, actor, TURN_S)


def _way(stage: Stage, actor: Actor, goal: Floats) -> Floats:
    return route(stage.ways, actor.xy, goal, _standing(stage, actor))


def follow(stage: Stage, actor: Actor, find_way: Callable[[], Floats]) -> Doing:
    """Let an actor walk as soon as the way is clear of others; it is looked for again while she waits."""
    yield
    for _ in range(YIELDS_MAX):
        steps = pace(find_way(), speed_mps=actor.speed_mps, accel_mps2=ACCEL_MPS2, rate_hz=RATE_HZ)
        if _is_clear(stage, actor, steps):
            break
        stand(stage, actor, YIELD_S)
        yield
    until = actor.tick + len(steps)
    ahead = np.diff(steps, axis=0, prepend=actor.xy[None])
    length = np.linalg.norm(ahead, axis=1, keepdims=True)
    turned = np.where(length > 1e-6, ahead / np.maximum(length, 1e-6), actor.facing)
    stage.foot[actor.row, actor.tick : until] = steps
    stage.facing[actor.row, actor.tick : until] = turned
    actor.tick, actor.xy, actor.facing = until, steps[-1], turned[-1]


def _others(stage: Stage, actor: Actor) -> list[Actor]:
    """Return who else is on the floor."""
    return [other for other in stage.actors if other is not actor and not np.isnan(other.xy).any()]


def _ahead(stage: Stage, actor: Actor, other: Actor, ticks: int) -> Floats:
    """Return where another will be in the actor's next samples, (ticks, 2); NaN once nobody knows."""
    theirs = stage.foot[other.row, actor.tick : actor.tick + ticks].copy()
    known = max(other.tick - actor.tick, 0)
    theirs[known : known + round(RESTS_S * RATE_HZ)] = other.xy
    return theirs


def _is_clear(stage: Stage, actor: Actor, steps: Floats) -> bool:
    """Tell whether nobody comes closer on the way than at its start."""
    for other in stage.actors:
        if other is actor:
            continue
        gap = np.linalg.norm(_ahead(stage, actor, other, len(steps)) - steps, axis=1)
        gap = gap[~np.isnan(gap)]
        # One who stands close already may always walk away.
        if gap.size and gap.min() < min(APART_M, 0.9 * float(gap[0])):
            return False
    return True


def _standing(stage: Stage, actor: Actor) -> list[Post]:
    """Return posts in place of the people who will stand still for a while."""
    posts = []
    for other in _others(stage, actor):
        soon = _ahead(stage, actor, other, round(RESTS_S * RATE_HZ))
        if not np.isnan(soon).any() and np.ptp(soon, axis=0).max() <= 0.05:
            posts.append((other.xy, POST_M))
    return posts


def room_before(stage: Stage, actor: Actor, point: Floats, width: Floats) -> Floats:
    """Return a place to stand, (2,), that nobody else has or heads for: the point, or a step aside."""
    others = [place for other in _others(stage, actor) for place in (other.xy, other.goal)]
    for aside in SIDESTEPS_M:
        place = point + aside * width
        alone = not any(float(np.linalg.norm(place - xy)) < APART_M for xy in others)
        if alone and is_free(place[None], stage.store.outline, stage.store.fixtures)[0]:
            return place
    return point
