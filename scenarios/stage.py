"""The floor while a script is acted: who stands where, who gives way, where there is room in front of a shelf."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from fusion.arrays import Floats
from fusion.store import Store
from scenarios.goods import Goods
from scenarios.paths import is_free, pace, route
from scenarios.performance import Grip, Move, Press, Reach, Visit
from scenarios.script import Shopper
from sensors.world import RATE_HZ

SECONDS_MAX: Final = 600
SPEED_MPS: Final = 1.1
ACCEL_MPS2: Final = 1.6
APART_M: Final = 0.5  # people keep their middles this far apart, where they can
YIELD_S: Final = 0.4  # how long one waits before looking again
YIELDS_MAX: Final = 20
SIDESTEPS_M: Final = (0.0, 0.15, -0.15, 0.3, -0.3, 0.45, -0.45, 0.6, -0.6, 0.75, -0.75)


@dataclass(slots=True, eq=False)
class Actor:
    """One shopper in the middle of her script."""

    row: int
    shopper: Shopper
    speed_mps: float
    tick: int  # up to here her place is decided
    xy: Floats  # (2,)
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
    visits: list[Visit] = field(default_factory=list)


def stand(stage: Stage, actor: Actor, seconds: float) -> None:
    """Let an actor stay where she is."""
    until = actor.tick + max(1, round(seconds * RATE_HZ))
    stage.foot[actor.row, actor.tick : until] = actor.xy
    stage.facing[actor.row, actor.tick : until] = actor.facing
    actor.tick = until


def walk(stage: Stage, actor: Actor, goal: Floats, facing: Floats) -> None:
    """Let an actor walk round the fixtures to a point and turn there; she waits for others first."""
    if float(np.linalg.norm(goal - actor.xy)) > 0.02:
        follow(stage, actor, route(actor.xy, goal, stage.store.outline, stage.store.fixtures))
    actor.facing = facing
    stand(stage, actor, 0.25)


def follow(stage: Stage, actor: Actor, way: Floats) -> None:
    """Let an actor walk along a way as soon as it is clear of others."""
    steps = pace(way, speed_mps=actor.speed_mps, accel_mps2=ACCEL_MPS2, rate_hz=RATE_HZ)
    for _ in range(YIELDS_MAX):
        if _is_clear(stage, actor, steps):
            break
        stand(stage, actor, YIELD_S)
    until = actor.tick + len(steps)
    ahead = np.diff(steps, axis=0, prepend=actor.xy[None])
    length = np.linalg.norm(ahead, axis=1, keepdims=True)
    turned = np.where(length > 1e-6, ahead / np.maximum(length, 1e-6), actor.facing)
    stage.foot[actor.row, actor.tick : until] = steps
    stage.facing[actor.row, actor.tick : until] = turned
    actor.tick, actor.xy, actor.facing = until, steps[-1], turned[-1]


def _is_clear(stage: Stage, actor: Actor, steps: Floats) -> bool:
    """Tell whether nobody who is already closer than she will be comes in the way; who is done stays put."""
    for other in stage.actors:
        if other is actor or other.tick == 0 or np.isnan(other.xy).any():
            continue
        theirs = stage.foot[other.row, actor.tick : actor.tick + len(steps)].copy()
        theirs[np.arange(actor.tick, actor.tick + len(steps)) >= other.tick] = other.xy
        gap = np.linalg.norm(theirs - steps, axis=1)
        # One who stands close already may always walk away.
        if np.nanmin(gap, initial=np.inf) < min(APART_M, 0.9 * float(np.nan_to_num(gap[0], nan=np.inf))):
            return False
    return True


def room_before(stage: Stage, actor: Actor, point: Floats, width: Floats) -> Floats:
    """Return a free place to stand, (2,), at the point or a step aside along the shelf."""
    others = [other.xy for other in stage.actors if other is not actor and not np.isnan(other.xy).any()]
    for aside in SIDESTEPS_M:
        place = point + aside * width
        alone = all(float(np.linalg.norm(place - xy)) >= APART_M for xy in others)
        if alone and is_free(place[None], stage.store.outline, stage.store.fixtures)[0]:
            return place
    return point
