"""Bodies: from feet and reaches to heads and hands, smooth and within arm's length."""

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from fusion.arrays import Floats, Ints
from scenarios.performance import Grip, Performance, Reach
from sensors.world import HEAD_BELOW_TOP_M, RATE_HZ

ARM_M: Final = 0.68
TALL_M: Final = 1.7  # of whom ARM_M holds
TIPTOE_M: Final = 0.08
SHOULDER_M: Final = 0.19  # from the middle of the body
SHOULDER_SHARE: Final = 0.82  # of the height
REST_SHARE: Final = 0.47
CARRY_SHARE: Final = 0.62
CARRY_AHEAD_M: Final = 0.28
SWING_M: Final = 0.12
STEP_HZ: Final = 0.9  # swings of one arm a second
SMOOTH_S: Final = 0.1
SWAY_M: Final = 0.012
CART_BEHIND_M: Final = 0.65  # carts are drawn along the way their shopper went


def smooth(performance: Performance) -> tuple[Floats, Floats]:
    """Return foot, (n, k, 2), and unit facing, (n, k, 2), without the corners of a plan."""
    foot: Floats = gaussian_filter1d(performance.foot, SMOOTH_S * RATE_HZ, axis=1, mode="nearest")
    facing: Floats = gaussian_filter1d(performance.facing, 1.5 * SMOOTH_S * RATE_HZ, axis=1, mode="nearest")
    length = np.linalg.norm(facing, axis=-1, keepdims=True)
    return foot, np.where(length > 0.05, facing / np.maximum(length, 0.05), performance.facing)


def pose(
    performance: Performance, height_m: Floats, held: Ints, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Return foot (n, k, 2), head (n, k, 3) and hands (n, k, 2, 3) of everybody, m."""
    foot, facing = smooth(performance)
    ticks = foot.shape[1]
    head = np.empty((*foot.shape[:2], 3))
    hands = np.empty((*foot.shape[:2], 2, 3))
    for row, height in enumerate(height_m):
        sway = _sway(ticks, rng)
        head[row, :, :2] = foot[row] + 0.03 * facing[row] + sway
        head[row, :, 2] = height - HEAD_BELOW_TOP_M
        for hand in range(2):
            hands[row, :, hand] = _rest(foot[row], facing[row], float(height), hand, held[row, :, hand])
    lean = np.zeros_like(head)
    for reach in performance.reaches:
        _stretch(reach, foot, facing, height_m, lean, hands)
    return foot, head + lean, hands


def holding(grips: tuple[Grip, ...], people: int, ticks: int) -> Ints:
    """Return what each hand holds in the open, (n, k, 2): row in Products, or -1."""
    held = np.full((people, ticks, 2), -1, dtype=np.int64)
    for grip in grips:
        held[grip.person, round(grip.from_s * RATE_HZ) : round(grip.to_s * RATE_HZ), grip.hand] = grip.product
    return held


def cart_paths(performance: Performance, bays: Floats) -> Floats:
    """Return where the carts are, (c, k, 2) m: parked, drawn by one person after the other, and left again."""
    foot = smooth(performance)[0]
    ticks = foot.shape[1]
    paths = np.repeat(bays[:, None, :], ticks, axis=1)
    for use in performance.cart_uses:
        since, until = round(use.from_s * RATE_HZ), min(round(use.to_s * RATE_HZ), ticks)
        until = ticks if use.leaves else until
        paths[use.cart, since:until] = trail(foot[use.person, since:until], paths[use.cart, since - 1])
        paths[use.cart, until:] = paths[use.cart, until - 1]
    return paths


def trail(feet: Floats, parked: Floats) -> Floats:
    """Return where a cart is, (k, 2), that is drawn from its bay along the way its shopper goes."""
    way = np.vstack([parked, feet])
    at = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    # Standing still adds no way; interpolation needs one that grows.
    at += 1e-9 * np.arange(at.size)
    behind = np.maximum(at[1:] - CART_BEHIND_M, 0.0)
    return np.column_stack([np.interp(behind, at, way[:, axis]) for axis in range(2)])


def _rest(foot: Floats, facing: Floats, height_m: float, hand: int, held: Ints) -> Floats:
    """Return where a hand is that reaches for nothing, (k, 3): it swings, or carries."""
    ticks = foot.shape[0]
    left = np.column_stack([-facing[:, 1], facing[:, 0]])
    side = 1.0 if hand == 0 else -1.0
    speed = np.linalg.norm(np.gradient(foot, axis=0), axis=1) * RATE_HZ
    swing = SWING_M * np.minimum(speed, 1.0) * side * np.sin(2 * np.pi * STEP_HZ * np.arange(ticks) / RATE_HZ)
    carries: Floats = gaussian_filter1d((held >= 0).astype(np.float64), 0.15 * RATE_HZ, mode="nearest")
    ahead = 0.08 + swing * (1.0 - carries) + (CARRY_AHEAD_M - 0.08) * carries
    aside = side * (SHOULDER_M + 0.04 - 0.1 * carries)
    xy = foot + ahead[:, None] * facing + aside[:, None] * left
    return np.column_stack([xy, height_m * (REST_SHARE + (CARRY_SHARE - REST_SHARE) * carries)])


def _stretch(reach: Reach, foot: Floats, facing: Floats, height_m: Floats, lean: Floats, hands: Floats) -> None:
    """Lead a hand out and back; where the arm is too short the upper body follows it."""
    row, hand = reach.person, reach.hand
    first, last = round(reach.start_s * RATE_HZ), round(reach.back_s * RATE_HZ) + 1
    t = np.arange(first, last) / RATE_HZ
    out = _ease((t - reach.start_s) / (reach.there_s - reach.start_s))
    back = _ease((t - reach.leave_s) / (reach.back_s - reach.leave_s))
    weight = (out * (1.0 - back))[:, None]
    here = slice(first, first + len(t))
    side = 1.0 if hand == 0 else -1.0
    left = np.array([-facing[row, first, 1], facing[row, first, 0]])
    shoulder = np.array([*(foot[row, first] + side * SHOULDER_M * left), SHOULDER_SHARE * height_m[row]])
    aim = reach.goal - shoulder
    short_m = max(0.0, float(np.linalg.norm(aim)) - ARM_M * min(1.0, float(height_m[row]) / TALL_M))
    bend = aim / np.linalg.norm(aim) * short_m
    bend[2] = min(bend[2], TIPTOE_M)
    # Both hands may reach at once: the body bends for the one that asks for more.
    more = np.linalg.norm(weight * bend, axis=1) > np.linalg.norm(lean[row, here], axis=1)
    lean[row, here] = np.where(more[:, None], weight * bend, lean[row, here])
    hands[row, here, hand] += weight * (reach.goal - hands[row, here, hand])


def _ease(x: Floats) -> Floats:
    """Return the minimum-jerk way from 0 to 1."""
    x = np.clip(x, 0.0, 1.0)
    eased: Floats = x**3 * (10.0 - 15.0 * x + 6.0 * x * x)
    return eased


def _sway(ticks: int, rng: np.random.Generator) -> Floats:
    phase, rate = rng.uniform(0.0, 2.0 * np.pi, 2), rng.uniform(0.2, 0.5, 2)
    sway: Floats = SWAY_M * np.sin(2.0 * np.pi * rate * np.arange(ticks)[:, None] / RATE_HZ + phase)
    return sway
