"""The camera on a cart: where it believes the cart is, and what it saw going in and out."""

from typing import Final

import numpy as np

from fusion.messages import Cart, CartMove
from sensors.classifier import classify
from sensors.clocks import Clock
from sensors.sending import Sent
from sensors.world import BasketMove, World

PERIOD_S: Final = 0.5
IDLE_PERIOD_S: Final = 2.0
STANDS_M: Final = 0.02  # moved less than this in a period: it stands
SD_M: Final = 0.12
OUTAGE_P: Final = 0.05  # of reports without a position
SEES_S: Final = 0.3  # from a move to the report that holds it, at least
LINGER_S: Final = 1.5  # after the cart has left the store
MISS_P: Final = 0.04
GHOST_P: Final = 0.002  # a report
RIGHT_P: Final = 0.8
SCALE_SD_G: Final = 8.0
SCALE_ZERO_SD_G: Final = 15.0


def cart_messages(world: World, cart: str, clock: Clock, epoch_ns: int, rng: np.random.Generator) -> list[Sent]:
    """Return what one cart's camera and basket scale report over the whole scenario."""
    row = world.store.carts.index(cart)
    seen = [_see(world, move, rng) for move in world.carts.moves if move.cart == row and rng.random() >= MISS_P]
    zero_g = float(rng.normal(0.0, SCALE_ZERO_SD_G))
    end_s = min(world.seconds - 0.5, float(world.carts.gone_s[row]) + LINGER_S)
    reports: list[tuple[float, Cart]] = []
    before_s, t = -1.0, float(rng.uniform(0.0, PERIOD_S))
    while t < end_s:
        moves = [move for report_s, move in seen if before_s < report_s <= t]
        report = _report(world, row, t, tuple(moves), zero_g, clock, epoch_ns, rng)
        reports.append((t + float(rng.uniform(0.005, 0.02)), report))
        before_s = t
        t += PERIOD_S if _in_use(world, row, t) else IDLE_PERIOD_S
    return [(at, _on_clock(message, clock, epoch_ns)) for at, message in reports]


def _see(world: World, move: BasketMove, rng: np.random.Generator) -> tuple[float, CartMove]:
    """Return when a move is reported, and the report with its time in true nanoseconds of the scenario."""
    beliefs = classify(move.product, world.store.products, RIGHT_P, rng)
    seen_s = move.t_s + float(rng.normal(0.0, 0.08))
    score = round(float(rng.uniform(0.7, 0.99)), 3)
    return move.t_s + SEES_S, CartMove(round(seen_s * 1e9), move.direction, beliefs, score)


def _report(
    world: World,
    row: int,
    t: float,
    moves: tuple[CartMove, ...],
    zero_g: float,
    clock: Clock,
    epoch_ns: int,
    rng: np.random.Generator,
) -> Cart:
    xy = world.carts.xy[row, int(world.rows_at(np.array(t)))] + rng.normal(0.0, SD_M, 2)
    if rng.random() < GHOST_P:
        product = int(rng.integers(len(world.store.products.sku)))
        beliefs = classify(product, world.store.products, RIGHT_P, rng)
        moves = (*moves, CartMove(round(t * 1e9), 1, beliefs, round(float(rng.uniform(0.3, 0.6)), 3)))
    pos = None if rng.random() < OUTAGE_P else (float(np.float32(xy[0])), float(np.float32(xy[1])))
    load_g = sum(m.direction * m.mass_g for m in world.carts.moves if m.cart == row and m.t_s <= t)
    g = zero_g + load_g + float(rng.normal(0.0, SCALE_SD_G))
    src = world.store.carts[row]
    return Cart(src, 0, clock.read_ns(t, epoch_ns), pos, SD_M, moves, round(g, 1))


def _on_clock(message: Cart, clock: Clock, epoch_ns: int) -> Cart:
    """Turn the times of the moves into what the cart's own clock showed."""
    moves = tuple(
        CartMove(clock.read_ns(move.t_ns * 1e-9, epoch_ns), move.direction, move.beliefs, move.score)
        for move in message.moves
    )
    return Cart(message.src, message.seq, message.t_ns, message.pos, message.sd, moves, message.g)


def _in_use(world: World, row: int, t: float) -> bool:
    """Return whether the cart moved in the last five seconds or holds goods."""
    now, then = world.rows_at(np.array([t, t - 5.0]))
    moved = np.ptp(world.carts.xy[row, then : now + 1], axis=0).max() > STANDS_M
    return bool(moved) or any(move.cart == row and move.t_s <= t for move in world.carts.moves)
