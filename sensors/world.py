"""What truly happens in a store, as arrays: all that a simulated sensor may look at.

Bodies are sampled on a grid of `RATE_HZ`; loads and moves of goods are lists of instants, so a shop of
thousands of plates costs no more than what is touched in it. Times are seconds since the scenario began.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.store import Store

RATE_HZ: Final = 60
HEAD_BELOW_TOP_M: Final = 0.11  # contract section 3: `head` is the centre of the head
BODY_RADIUS_M: Final = 0.22


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """People, n of them, over k samples."""

    person: tuple[str, ...]
    account: tuple[str | None, ...]
    role: tuple[str, ...]  # "shopper" or "staff"
    height_m: Floats  # (n,)
    looks: Floats  # (o, d) unit vectors, one an outfit
    outfit: Ints  # (n, k) row in looks: two people may wear alike, and a jacket can come off
    present: Bools  # (n, k)
    foot: Floats  # (n, k, 2) m
    head: Floats  # (n, k, 3) m, centre of the head
    hands: Floats  # (n, k, 2, 3) m, left and right
    held: Ints  # (n, k, 2) row in Products, -1 for an empty hand


@dataclass(frozen=True, slots=True, eq=False)
class LoadSteps:
    """Weight that came to a plate or left it, and stayed so."""

    t_s: Floats  # (s,) middle of the change
    plate: Ints  # (s,) row in Plates
    delta_g: Floats  # (s,)
    ramp_s: Floats  # (s,) how long the change takes


@dataclass(frozen=True, slots=True, eq=False)
class Presses:
    """Weight of a hand that leans on a plate and goes away again."""

    t0_s: Floats  # (s,)
    t1_s: Floats  # (s,)
    plate: Ints  # (s,)
    peak_g: Floats  # (s,) negative where a package is lifted a little


@dataclass(frozen=True, slots=True, eq=False)
class Bumps:
    """Shoves that let a whole gondola swing; nothing stays of them."""

    t_s: Floats  # (s,)
    gondola: tuple[str, ...]  # (s,)
    peak_g: Floats  # (s,) on the plate that swings most


@dataclass(frozen=True, slots=True)
class BasketMove:
    """Goods that went into a cart (+1) or out of it (-1)."""

    t_s: float
    cart: int
    direction: int
    product: int  # row in Products
    mass_g: float
    hidden: bool = False  # done so that the cart's camera cannot see it; a scale still weighs it


@dataclass(frozen=True, slots=True, eq=False)
class Carts:
    """Carts, c of them, over k samples."""

    xy: Floats  # (c, k, 2) m
    gone_s: Floats  # (c,) when the cart left the store, inf if it did not
    has_scale: Bools  # (c,)
    moves: tuple[BasketMove, ...]  # in order of time


@dataclass(frozen=True, slots=True)
class Crossing:
    """Somebody went through a gate."""

    t_s: float
    gate: str
    event: str  # "enter" or "exit"
    account: str | None  # None: only the beam was broken, by a tailgater say
    party: int  # people let in on this account
    role: str


@dataclass(frozen=True, slots=True)
class TagPassing:
    """A tagged item that was carried through a gate, or past it in the next lane."""

    t_s: float
    gate: str
    epc: str
    next_lane: bool = False


@dataclass(frozen=True, slots=True)
class TestTold:
    """The device in somebody's hand was told of a test weight that comes to a plate next."""

    t_s: float
    plate: int
    grams: float


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One scenario, as it truly happened."""

    store: Store
    seconds: float
    bodies: Bodies
    opening_g: Floats  # (p,) load of each plate at the start
    steps: LoadSteps
    presses: Presses
    bumps: Bumps
    carts: Carts
    crossings: tuple[Crossing, ...]
    tags: tuple[TagPassing, ...]
    tests: tuple[TestTold, ...] = ()

    def rows_at(self, t_s: Floats) -> Ints:
        """Return the sample nearest to each time, kept inside the scenario."""
        last = self.bodies.foot.shape[1] - 1
        return np.clip(np.rint(np.asarray(t_s) * RATE_HZ), 0, last).astype(np.int64)


def generator(seed: int, *key: int) -> np.random.Generator:
    """Return the random stream of one part of the simulation; a key gives the same one in any process."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
