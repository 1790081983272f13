"""The stage while a script is acted: who is where and has what, and all that has happened so far."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from fusion.arrays import Floats
from fusion.store import Store
from scenarios.goods import Goods
from scenarios.paths import Ways
from scenarios.performance import Bump, CartUse, Grip, Lift, Move, Press, Reach, Undressing, Visit, Weighing
from scenarios.plan import Place
from scenarios.script import Shopper
from sensors.world import RATE_HZ

SECONDS_MAX: Final = 3_600
ROOM_S: Final = 120  # how much time is made room for at once

Doing: TypeAlias = Iterator[None]


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """The store a script is acted in."""

    store: Store
    ways: Ways
    bays: Floats  # (c, 2) m, where carts stand at opening
    places: Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Holding:
    """A product in a hand, in the open."""

    product: int
    since_s: float


@dataclass(slots=True, eq=False)
class Actor:
    """One person in the middle of her script."""

    row: int
    shopper: Shopper
    height_m: float
    speed_mps: float
    tick: int  # up to here her place is decided
    xy: Floats  # (2,), NaN before she came and after she left
    goal: Floats  # (2,) where she set out to
    facing: Floats  # (2,)
    bag: list[int] = field(default_factory=list)  # rows of Goods, carried but not in the cart
    hands: list[Holding | None] = field(default_factory=lambda: [None, None])
    cart: int = -1
    cart_from_s: float = 0.0
    entry: str = ""
    entered_s: float = 0.0
    leaving: bool = False
    waits_for: str = ""  # what she waits for, as said when nobody can go on

    @property
    def now_s(self) -> float:
        """Return the time up to which she has acted."""
        return self.tick / RATE_HZ


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """Where a package lies away from the shelves."""

    top: Floats  # (3,) m, of the hand that laid it down
    place: Place | None  # None for the floor


@dataclass(slots=True, eq=False)
class CartState:
    """A cart in the middle of a scenario."""

    xy: Floats  # (2,) where it was when it was last let go
    user: int = -1  # row of who has it
    content: list[int] = field(default_factory=list)  # rows of Goods


@dataclass(slots=True, eq=False)
class Stage:
    """The store while a script is acted; edited in place, read once at the end."""

    setting: Setting
    goods: Goods
    rng: np.random.Generator
    actors: list[Actor]
    foot: Floats  # (n, k, 2), NaN where nobody is
    facing: Floats
    carts: list[CartState]
    laid: dict[int, Laid] = field(default_factory=dict)  # packages that lie away from the shelves
    marks: dict[object, set[int]] = field(default_factory=dict)  # who has come to which meeting
    met: set[object] = field(default_factory=set)  # meetings that are over
    reaches: list[Reach] = field(default_factory=list)
    grips: list[Grip] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    lifts: list[Lift] = field(default_factory=list)
    weighings: list[Weighing] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)
    bumps: list[Bump] = field(default_factory=list)
    cart_uses: list[CartUse] = field(default_factory=list)
    undressings: list[Undressing] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)

    @property
    def store(self) -> Store:
        """Return the store of the setting."""
        return self.setting.store

    def actor(self, name: str) -> Actor:
        """Return a person by name."""
        return next(actor for actor in self.actors if actor.shopper.name == name)


def stand(stage: Stage, actor: Actor, seconds: float) -> None:
    """Let an actor stay where she is."""
    until = actor.tick + max(1, round(seconds * RATE_HZ))
    make_room(stage, until)
    stage.foot[actor.row, actor.tick : until] = actor.xy
    stage.facing[actor.row, actor.tick : until] = actor.facing
    actor.tick = until


def make_room(stage: Stage, ticks: int) -> None:
    """Let the stage last so long; raises ValueError for a script that never ends."""
    if ticks > SECONDS_MAX * RATE_HZ:
        raise ValueError(f"script: expected to end within {SECONDS_MAX} s, went on")
    lacking = ticks - stage.foot.shape[1]
    if lacking > 0:
        more = np.full((len(stage.actors), max(lacking, ROOM_S * RATE_HZ), 2), np.nan)
        stage.foot = np.concatenate([stage.foot, more], axis=1)
        stage.facing = np.concatenate([stage.facing, more], axis=1)


def towards(here: Floats, there: Floats) -> Floats:
    """Return the unit vector, (2,), from one point to another."""
    way = there - here
    length = float(np.linalg.norm(way))
    return way / length if length > 1e-6 else np.array([1.0, 0.0])
