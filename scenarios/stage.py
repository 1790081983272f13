"""The floor while a script is acted: who stands where, who gives way, where there is room at a shelf.

What takes time and may meet others is a generator: it yields where everybody else has to catch up first.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from fusion.arrays import Floats
from fusion.store import Store
from scenarios.goods import Goods
from scenarios.paths import Post, Ways, is_free, pace, route
from scenarios.performance import Bump, CartUse, Grip, Lift, Move, Press, Reach, Undressing, Visit
from scenarios.plan import Place
from scenarios.script import Shopper
from sensors.world import RATE_HZ

SECONDS_MAX: Final = 3_600
ROOM_S: Final = 120  # how much time is made room for at once
ACCEL_MPS2: Final = 1.6
APART_M: Final = 0.5  # people keep their middles this far apart, where they can
BRUSH_M: Final = 0.38  # and this far, where they would wait for ever else
TURN_S: Final = 0.25
YIELD_S: Final = 0.4  # how long one waits before looking again
YIELDS_MAX: Final = 40
PATIENT: Final = 12
DODGES_MAX: Final = 2  # looks for a clear way before brushing past is good enough
PASSES_S: Final = 2.0  # who arrives must not stand in the way of who passes so soon after
RESTS_S: Final = 6.0  # somebody who has not moved on yet is taken to stay this long
POST_M: Final = 0.5  # ways lead round people who stand, this far from their middle
WAIT_S: Final = 0.1
SIDESTEPS_M: Final = (0.0, 0.15, -0.15, 0.3, -0.3, 0.45, -0.45, 0.6, -0.6, 0.75, -0.75)
BEHIND_M: Final = (0.0, 0.15)
QUEUE_MAX: Final = 40  # looks for a free place before sharing one
DOOR_M: Final = 1.3  # nobody waits so near a gate
OFF_DOOR_M: Final = (1.5, 1.9, 2.4)
RING: Final = 16  # places looked at round a person or a thing

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


def is_alone(stage: Stage, actor: Actor, xy: Floats, apart_m: float = APART_M) -> bool:
    """Tell whether nobody else is or will soon be near a point."""
    near = [
        np.linalg.norm(_ahead(stage, actor, other, round(RESTS_S * RATE_HZ)) - xy, axis=1)
        for other in stage.actors
        if other is not actor
    ]
    return not any((gap < apart_m).any() for gap in near)


def _others(stage: Stage, actor: Actor) -> list[Actor]:
    """Return who else is on the floor."""
    return [other for other in stage.actors if other is not actor and not np.isnan(other.xy).any()]


def _ahead(stage: Stage, actor: Actor, other: Actor, ticks: int) -> Floats:
    """Return where another will be in the actor's next samples, (ticks, 2); NaN once nobody knows."""
    theirs = np.full((ticks, 2), np.nan)
    decided = stage.foot[other.row, actor.tick : actor.tick + ticks]
    theirs[: len(decided)] = decided
    known = max(other.tick - actor.tick, 0)
    theirs[known : known + round(RESTS_S * RATE_HZ)] = other.xy
    return theirs


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
    for other in stage.actors:
        if other is actor:
            continue
        theirs = _ahead(stage, actor, other, len(steps))
        gap = np.linalg.norm(theirs - steps, axis=1)
        known = np.flatnonzero(~np.isnan(gap))
        # One who stands close already may always walk away.
        if known.size and gap[known].min() < min(apart_m, 0.9 * float(gap[known[0]])):
            return np.asarray(theirs[known[np.argmin(gap[known])]])
    return None


def _standing(stage: Stage, actor: Actor) -> list[Post]:
    """Return posts in place of the people who will stand still for a while."""
    posts = []
    for other in _others(stage, actor):
        soon = _ahead(stage, actor, other, round(RESTS_S * RATE_HZ))
        if not np.isnan(soon).any() and np.ptp(soon, axis=0).max() <= 0.05:
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


def towards(here: Floats, there: Floats) -> Floats:
    """Return the unit vector, (2,), from one point to another."""
    way = there - here
    length = float(np.linalg.norm(way))
    return way / length if length > 1e-6 else np.array([1.0, 0.0])
