"""What a ceiling camera notices: who is in view, what is hidden, who is who, what hands hold."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.messages import Held
from fusion.store import Products
from sensors.occlusion import behind_fixtures, behind_people
from sensors.optics import Eye, project
from sensors.world import BODY_RADIUS_M, HEAD_BELOW_TOP_M, World

SEEN_P: Final = 0.95
SEEN_P_PER_M: Final = 0.012  # lost with each metre beyond the first three
SEEN_P_HEAD_HIDDEN: Final = 0.12
HAND_SEEN_P: Final = 0.85
LOOK_NOISE: Final = 0.55  # length of the error beside a unit vector
ID_BREAK_P: Final = 0.004  # a frame
ID_SWAP_P: Final = 0.03  # a frame, while two people are close
ID_SWAP_M: Final = 0.5
ID_GAP_S: Final = 0.7
HELD_REPORT_P: Final = 0.4
HELD_RIGHT_P: Final = 0.75
HELD_GHOST_P: Final = 0.004


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What one camera could see: f frames, n people."""

    t_s: Floats  # (f,)
    rows: Ints  # (f,) samples of the world
    distance_m: Floats  # (f, n) camera to head
    seen: Bools  # (f, n) noticed in this frame
    foot_clear: Bools  # (f, n)
    hand_clear: Bools  # (f, n, 2)


def view(world: World, eye: Eye, t_s: Floats, rng: np.random.Generator) -> View:
    """Return what the camera could notice at each of its frame times."""
    rows = world.rows_at(t_s)
    bodies = world.bodies
    head, hands = bodies.head[:, rows].swapaxes(0, 1), bodies.hands[:, rows].swapaxes(0, 1)
    floor = bodies.foot[:, rows].swapaxes(0, 1)
    foot = np.concatenate([floor, np.zeros((*floor.shape[:2], 1))], axis=-1)
    present = bodies.present[:, rows].T
    distance = np.linalg.norm(head - eye.place, axis=-1)
    head_clear, inside = _clear(world, eye, head, present, floor)
    foot_clear, foot_inside = _clear(world, eye, foot, present, floor)
    hand_clear = _hands_clear(world, eye, hands, present, floor)
    p = np.clip(SEEN_P - SEEN_P_PER_M * np.maximum(distance - 3.0, 0.0), 0.0, 1.0)
    p *= np.where(head_clear, 1.0, SEEN_P_HEAD_HIDDEN) * np.where(foot_clear | ~foot_inside, 1.0, 0.97)
    seen = present & inside & (rng.random(p.shape) < p)
    hand_clear &= rng.random(hand_clear.shape) < HAND_SEEN_P
    return View(t_s, rows, distance, seen, foot_clear & foot_inside, hand_clear)


def _clear(world: World, eye: Eye, points: Floats, present: Bools, floor: Floats) -> tuple[Bools, Bools]:
    """Return which body points, (f, n, 3), nothing hides, and which fall inside the image."""
    hidden = behind_fixtures(eye.place, points, world.store.fixtures)
    top = world.bodies.height_m
    by_whom = behind_people(eye.place, points, floor[:, None, :, :], top, BODY_RADIUS_M)
    by_whom &= present[:, None, :] & ~np.eye(present.shape[1], dtype=bool)
    return ~hidden & ~by_whom.any(axis=-1), project(eye, points)[1]


def _hands_clear(world: World, eye: Eye, hands: Floats, present: Bools, floor: Floats) -> Bools:
    """Return which hands, (f, n, 2), are in view; a body also hides its own hands."""
    top = world.bodies.height_m - 2.5 * HEAD_BELOW_TOP_M
    out = np.zeros(hands.shape[:-1], dtype=bool)
    for side in range(2):
        points = hands[:, :, side]
        by_whom = behind_people(eye.place, points, floor[:, None, :, :], top, 0.8 * BODY_RADIUS_M)
        hidden = behind_fixtures(eye.place, points, world.store.fixtures)
        hidden |= (by_whom & present[:, None, :]).any(axis=-1)
        out[:, :, side] = project(eye, points)[1] & ~hidden
    return out


def device_ids(seen: Bools, t_s: Floats, spots: Floats, src: str, rng: np.random.Generator) -> list[list[str]]:
    """Return the camera's own name for each person, (f, n): it breaks, restarts after a gap and can swap."""
    frames, people = seen.shape
    current = list(range(people))
    last_s: Floats = np.full(people, -np.inf)
    count = people
    out: list[list[str]] = []
    breaks, swaps = rng.random((frames, people)), rng.random((frames,))
    for frame in range(frames):
        visible = np.flatnonzero(seen[frame])
        for row in visible:
            if breaks[frame, row] < ID_BREAK_P or t_s[frame] - last_s[row] > ID_GAP_S:
                current[row], count = count, count + 1
            last_s[row] = t_s[frame]
        pair = _closest(visible, spots[frame])
        if pair and swaps[frame] < ID_SWAP_P:
            current[pair[0]], current[pair[1]] = current[pair[1]], current[pair[0]]
        out.append([f"{src}-{name}" for name in current])
    return out


def _closest(visible: Ints, spots: Floats) -> tuple[int, int] | None:
    for at, row in enumerate(visible):
        for other in visible[at + 1 :]:
            if float(np.linalg.norm(spots[row] - spots[other])) < ID_SWAP_M:
                return int(row), int(other)
    return None


def looks(true_look: Floats, rng: np.random.Generator) -> Floats:
    """Return noisy unit appearance vectors of the shape of the true ones, (n, d)."""
    n, d = true_look.shape
    noisy = true_look + rng.normal(0.0, LOOK_NOISE / np.sqrt(d), (n, d))
    unit: Floats = noisy / np.linalg.norm(noisy, axis=1, keepdims=True)
    return unit


def read_hand(row: int, hand: int, product: int, products: Products, rng: np.random.Generator) -> Held | None:
    """Return what a classifier says of one visible hand that holds `product`, -1 for nothing."""
    if product < 0:
        if rng.random() >= HELD_GHOST_P:
            return None
        product = int(rng.integers(len(products.sku)))
    elif rng.random() >= HELD_REPORT_P:
        return None
    return Held(row, hand, classify(product, products, HELD_RIGHT_P, rng))


def classify(
    product: int, products: Products, right_p: float, rng: np.random.Generator
) -> tuple[tuple[str, float], ...]:
    """Return beliefs about a product seen by a camera: its own category is what it is confused with."""
    kin = [row for row, name in enumerate(products.category) if name == products.category[product]]
    others = [row for row in kin if row != product] or [(product + 1) % len(products.sku)]
    rival = int(rng.choice(others))
    first, second = (product, rival) if rng.random() < right_p else (rival, product)
    p = float(rng.beta(6.0, 3.0))
    rest = float(rng.uniform(0.0, 0.6)) * (1.0 - p)
    beliefs = [(products.sku[first], round(p, 3)), (products.sku[second], round(rest, 3))]
    return tuple(sorted(beliefs, key=lambda pair: -pair[1]))
