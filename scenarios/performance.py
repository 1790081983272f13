"""What came of a script: where everybody stood, what hands reached for, which goods moved. Times: seconds."""

from dataclasses import dataclass

from fusion.arrays import Bools, Floats


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

    t_s: float
    start_s: float  # of the reach
    end_s: float
    kind: str  # "pick", "put" or "cart"
    person: int
    hand: int
    product: int
    items: tuple[int, ...]  # rows of Goods
    mass_g: float
    facing: int  # -1 for a cart
    loads: tuple[tuple[int, float], ...]  # (plate, grams), what changed on each plate
    cart: int = -1


@dataclass(frozen=True, slots=True)
class Press:
    """A hand that leaned on a plate."""

    person: int
    plate: int
    t0_s: float
    t1_s: float
    peak_g: float


@dataclass(frozen=True, slots=True)
class Visit:
    """One person's stay: when she crossed the gate line, what she carried out, in which cart."""

    person: int
    entered_s: float
    left_s: float
    items: tuple[int, ...]  # rows of Goods
    cart: int  # -1 for none
    cart_from_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """Everything that was done, n people over k samples."""

    present: Bools  # (n, k)
    foot: Floats  # (n, k, 2) m
    facing: Floats  # (n, k, 2) unit, where the body turns to
    reaches: tuple[Reach, ...]
    grips: tuple[Grip, ...]
    moves: tuple[Move, ...]
    presses: tuple[Press, ...]
    visits: tuple[Visit, ...]
