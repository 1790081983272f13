"""What goes into a basket and out of it, as its camera sees it and as its scale weighs it.

The camera misses moves, most of all when several goods go in together; it takes one article for another of its
category, seldom mistakes the way it went, and now and then sees what was only waved past. What is done behind its
back it never sees; the scale weighs that too.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.arrays import Floats
from sensors.classifier import classify
from sensors.world import RATE_HZ, BasketMove, World

MISS_P: Final = 0.04
TOGETHER_S: Final = 0.25  # goods that go in closer than this hide one another
TOGETHER_MISS_P: Final = 0.1
WRONG_WAY_P: Final = 0.01
RIGHT_P: Final = 0.8
SEEN_SD_S: Final = 0.08  # error of the time of a move
KNOWN_S: Final = 0.3  # from a move to its name, at least
KNOWN_MORE_S: Final = 0.1  # on top, mean
LATE_P: Final = 0.03
LATE_S: Final = (1.0, 5.0)
GHOST_PER_S: Final = 0.0004  # of nothing at all
WAVED_PER_S: Final = 0.03  # while goods are in a hand over the basket
WAVED_M: Final = 0.5  # from the middle of the cart
ZERO_SD_G: Final = 15.0
DRIFT_SD_G_PER_S: Final = 0.01
STILL_SD_G: Final = 4.0
ROLLING_SD_G: Final = 10.0
ROLLING_MPS: Final = 0.1
STEP_G: Final = 1.0  # of the converter


@dataclass(frozen=True, slots=True)
class SeenMove:
    """A move that the camera believes in; seconds since the scenario began."""

    t_s: float
    known_s: float  # when it can be reported
    direction: int
    beliefs: tuple[tuple[str, float], ...]
    score: float


def moves_seen(world: World, cart: int, rng: np.random.Generator) -> list[SeenMove]:
    """Return what a cart's camera made of the true moves."""
    own = [move for move in world.carts.moves if move.cart == cart and not move.hidden]
    t_s = np.array([move.t_s for move in own])
    close = np.diff(t_s, prepend=-np.inf) < TOGETHER_S
    close |= np.append(close[1:], False)
    p = np.where(close, TOGETHER_MISS_P, MISS_P)
    return [_see(world, own[row], rng) for row in np.flatnonzero(rng.random(p.size) >= p)]


def moves_waved_past(world: World, cart: int, t_s: Floats, rng: np.random.Generator) -> list[SeenMove]:
    """Return moves that never were: goods a hand carried past the basket, or nothing at all. `t_s` of reports."""
    period_s = np.diff(t_s, prepend=t_s[:1])
    seen = [
        _ghost(world, float(t_s[at]), int(rng.integers(len(world.store.products.sku))), rng)
        for at in np.flatnonzero(rng.random(t_s.size) < GHOST_PER_S * period_s)
    ]
    rows = world.rows_at(t_s)
    reach = world.bodies.hands[:, rows, :, :2] - world.carts.xy[cart, rows][None, :, None, :]
    over = (world.bodies.held[:, rows] >= 0) & (np.linalg.norm(reach, axis=-1) < WAVED_M)
    over &= world.bodies.present[:, rows, None]
    over &= rng.random(over.shape) < WAVED_PER_S * period_s[None, :, None]
    for person, at, hand in np.argwhere(over):
        product = int(world.bodies.held[person, rows[at], hand])
        seen.append(_ghost(world, float(t_s[at]), product, rng))
    return seen


def scale_g(world: World, cart: int, t_s: Floats, rng: np.random.Generator) -> Floats | None:
    """Return what a basket's scale shows at times (k,) s, in grams; None where the cart has no scale."""
    if not world.carts.has_scale[cart]:
        return None
    own = [move for move in world.carts.moves if move.cart == cart]
    load = np.cumsum([0.0, *(move.direction * move.mass_g for move in own)])
    rows = world.rows_at(t_s)
    before = np.maximum(rows - RATE_HZ // 2, 0)
    way_m = np.linalg.norm(world.carts.xy[cart, rows] - world.carts.xy[cart, before], axis=1)
    sd = np.where(way_m > 0.5 * ROLLING_MPS, ROLLING_SD_G, STILL_SD_G)
    g = load[np.searchsorted([move.t_s for move in own], t_s, side="right")]
    g = g + rng.normal(0.0, ZERO_SD_G) + rng.normal(0.0, DRIFT_SD_G_PER_S) * t_s + rng.normal(0.0, sd)
    rounded: Floats = np.round(g / STEP_G) * STEP_G
    return rounded


def _see(world: World, move: BasketMove, rng: np.random.Generator) -> SeenMove:
    beliefs = classify(move.product, world.store.products, RIGHT_P, rng)
    direction = -move.direction if rng.random() < WRONG_WAY_P else move.direction
    late_s = float(rng.uniform(*LATE_S)) if rng.random() < LATE_P else 0.0
    known_s = move.t_s + KNOWN_S + float(rng.exponential(KNOWN_MORE_S)) + late_s
    seen_s = move.t_s + float(rng.normal(0.0, SEEN_SD_S))
    return SeenMove(seen_s, known_s, direction, beliefs, round(float(rng.uniform(0.7, 0.99)), 3))


def _ghost(world: World, t_s: float, product: int, rng: np.random.Generator) -> SeenMove:
    direction = 1 if rng.random() < 0.7 else -1
    beliefs = classify(product, world.store.products, RIGHT_P, rng)
    return SeenMove(t_s, t_s + KNOWN_S, direction, beliefs, round(float(rng.uniform(0.3, 0.65)), 3))
