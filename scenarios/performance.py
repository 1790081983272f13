"""What came of a script: where everybody stood, what hands reached for, which goods moved. Times: seconds."""

from dataclasses import dataclass
from typing import Final

from fusion.arrays import Bools, Floats

# What can happen to goods. From a shelf and to it:
PICK: Final = "pick"
PUT: Final = "put"
# Between hands, carts and floor; no plate feels these:
GIVE: Final = "give"  # from the hand of `person` into the hand of `other`
INTO_CART: Final = "into cart"
OUT_OF_CART: Final = "out of cart"
DROP: Final = "drop"  # on the floor, or on a surface without plates
PICK_UP: Final = "pick up"  # from there
EAT: Final = "eat"


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """A hand on its way out, at its goal and back."""

    person: int
    hand: int  # 0 left, 1 right
    start_s: float
    there_s: float
    leave_s: float
    back_s: float
    goal: Floats  # (3,) m


@dataclass(frozen=True, slots=True)
class Grip:
    """A product in a hand, in the open."""

    person: int
    hand: int
    product: int
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Move:
    """Packages of one product that changed their place together."""

    t_s: float  # middle of the change
    start_s: float  # of the reach
    end_s: float
    kind: str  # one of the words above
    person: int
    hand: int
    product: int
    items: tuple[int, ...]  # rows of Goods
    mass_g: float
    facing: int  # -1 away from the shelves
    loads: tuple[tuple[int, float], ...]  # (plate, grams), what changed on each plate
    ramp_s: float = 0.15  # how long the plates take to feel it: a slow lift takes seconds
    cart: int = -1
    other: int = -1  # whose hand took it, for GIVE
    hidden: bool = False  # from the cart's camera


@dataclass(frozen=True, slots=True)
class Lift:
    """Packages raised off their plates, held there and set down again: nothing was taken."""

    person: int
    hand: int
    product: int
    t0_s: float
    t1_s: float
    loads: tuple[tuple[int, float], ...]  # (plate, grams) while up; negative


@dataclass(frozen=True, slots=True)
class Weighing:
    """A test weight that lay on a plate for a while, after its controller had been told."""

    person: int
    plate: int
    grams: float
    told_s: float
    came_s: float
    went_s: float


@dataclass(frozen=True, slots=True)
class Press:
    """A hand that leaned on a plate, or raised a package a little where the peak is negative."""

    person: int
    plate: int
    t0_s: float
    t1_s: float
    peak_g: float


@dataclass(frozen=True, slots=True)
class Bump:
    """A shove that lets a whole gondola swing."""

    t_s: float
    person: int
    gondola: str
    peak_g: float


@dataclass(frozen=True, slots=True)
class CartUse:
    """A person pushing a cart for a while; after it the cart stands where it was left."""

    cart: int
    person: int
    from_s: float
    to_s: float  # when she left it, or left the store with it
    leaves: bool  # the store


@dataclass(frozen=True, slots=True)
class Undressing:
    """A jacket that came off or went on: from now on a person looks different."""

    person: int
    t_s: float


@dataclass(frozen=True, slots=True)
class Visit:
    """One person's stay: when she crossed the gate lines, what she carried out, by hand or in her cart."""

    person: int
    entered_s: float
    left_s: float  # inf for somebody who stays
    entry: str  # the gate she came in by
    exit: str  # the gate she left by
    items: tuple[int, ...]  # rows of Goods


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """Everything that was done, n people over k samples."""

    present: Bools  # (n, k)
    foot: Floats  # (n, k, 2) m
    facing: Floats  # (n, k, 2) unit, where the body turns to
    reaches: tuple[Reach, ...]
    grips: tuple[Grip, ...]
    moves: tuple[Move, ...]  # by time
    lifts: tuple[Lift, ...]
    weighings: tuple[Weighing, ...]
    presses: tuple[Press, ...]
    bumps: tuple[Bump, ...]
    cart_uses: tuple[CartUse, ...]  # by cart, then time
    undressings: tuple[Undressing, ...]
    visits: tuple[Visit, ...]  # by the time of leaving
