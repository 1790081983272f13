"""What cameras say of hands: an opinion that lasts for some frames, right or wrong, and goods that are not there."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from fusion.arrays import Bools, Floats, Ints
from fusion.store import Store
from sensors.classifier import Beliefs, classify
from sensors.habits import Habits
from sensors.world import World

REPORT_P: Final = ((1.5, 3.0, 5.0, 9.0), (0.6, 0.5, 0.3, 0.05))  # by distance (m) of a hand in the open
OPINION_S: Final = 0.4  # how long an opinion lasts
GHOST_P: Final = 0.012  # of opinions on an empty hand
OVER_SHELF_P: Final = 0.12  # of those on an empty hand over a shelf: what stands there is seen in it
OVER_SHELF_M: Final = 0.25
NOTHING: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Hands that a camera sees in the open, h of them by person, side and then frame."""

    row: Ints  # (h,) of the detection
    side: Ints  # (h,)
    owner: Ints  # (h,) person
    frame: Ints  # (h,)
    at: Ints  # (h,) sample of the world
    distance_m: Floats  # (h,)


Words = list[tuple[int, int, Beliefs]]  # row of the detection, side of the hand, beliefs


def words_about(world: World, shown: Shown, habits: Habits, rng: np.random.Generator) -> Words:
    """Return what the camera says of the hands it sees."""
    held = world.bodies.held[shown.owner, shown.at, shown.side]
    hand = world.bodies.hands[shown.owner, shown.at, shown.side]
    tempting = np.where(held == NOTHING, _stands_at(world.store, hand), NOTHING)
    opinion = np.cumsum(_anew(shown, held, tempting, habits, rng))
    _, first, which = np.unique(opinion, return_index=True, return_inverse=True)
    subject = _subjects(held[first], tempting[first], len(world.store.products.sku), rng)
    beliefs = [classify(int(k), world.store.products, habits.right_p, rng) if k >= 0 else () for k in subject]
    said = rng.random(len(which)) < np.interp(shown.distance_m, *REPORT_P)
    said &= subject[which] >= 0
    return [(int(shown.row[k]), int(shown.side[k]), beliefs[which[k]]) for k in np.flatnonzero(said)]


def _anew(shown: Shown, held: Ints, tempting: Ints, habits: Habits, rng: np.random.Generator) -> Bools:
    """Return where an opinion begins: another hand, other goods, or time for a new one."""
    begins = rng.random(len(held)) < habits.period_s / OPINION_S
    for column in (shown.owner, shown.side, held, tempting):
        begins[1:] |= np.diff(column) != 0
    begins[1:] |= np.diff(shown.frame) > OPINION_S / habits.period_s
    return begins


def _subjects(held: Ints, tempting: Ints, products: int, rng: np.random.Generator) -> Ints:
    """Return which product each opinion is about, NOTHING for most of empty hands."""
    luck = rng.random(len(held))
    ghost = np.where(luck < GHOST_P, rng.integers(products, size=len(held)), NOTHING)
    ghost = np.where((tempting != NOTHING) & (luck < OVER_SHELF_P), tempting, ghost)
    subjects: Ints = np.where(held == NOTHING, ghost, held)
    return subjects


def _stands_at(store: Store, hands: Floats) -> Ints:
    """Return the product meant to stand where each hand, (h, 3) m, is; NOTHING away from the shelves."""
    product = np.full(len(store.plates.plate_id) + 1, NOTHING)  # one more for the hands away from all
    for facing, plates in zip(store.facings.product, store.facings.plates, strict=True):
        product[list(plates)] = facing
    _, nearest = cKDTree(store.plates.centre).query(hands, distance_upper_bound=OVER_SHELF_M)
    found: Ints = product[nearest]
    return found
