"""The sensor on a cart: where it believes the cart is, what it saw going in and out, what its scale weighs.

It travels with the cart and knows nothing of owners: whoever pushes, shares or borrows the cart, the reports are
the same. A cart in use reports twice a second, an idle empty one every two seconds.
"""

from typing import Final

import numpy as np

from fusion.arrays import Floats
from fusion.messages import Cart, CartMove
from sensors.cart_basket import SeenMove, moves_seen, moves_waved_past, scale_g
from sensors.cart_place import localise
from sensors.clocks import Clock
from sensors.sending import Sent
from sensors.world import World

PERIOD_S: Final = 0.5
IDLE_EVERY: Final = 4  # periods between the reports of an idle cart
STANDS_M: Final = 0.02  # moved less than this in a period: it stands
IDLE_AFTER_S: Final = 5.0  # of standing still with nothing in the basket
LINGER_S: Final = 1.5  # reports go on so long after the cart has left the store


def cart_messages(world: World, cart: str, clock: Clock, epoch_ns: int, rng: np.random.Generator) -> list[Sent]:
    """Return what one cart's camera and basket scale report over the whole scenario."""
    row = world.store.carts.index(cart)
    t_s = _report_times(world, row, rng)
    place = localise(world.carts.xy[row], t_s, rng)
    g = scale_g(world, row, t_s, rng)
    seen = moves_seen(world, row, rng) + moves_waved_past(world, row, t_s, rng)
    moves = _by_report(seen, t_s, clock, epoch_ns)
    sent_s = t_s + rng.uniform(0.005, 0.02, t_s.size)
    return [
        (
            float(sent_s[at]),
            Cart(
                cart,
                0,
                clock.read_ns(float(t_s[at]), epoch_ns),
                place.position(at),
                round(float(place.sd_m[at]), 3),
                moves.get(at, ()),
                None if g is None else round(float(g[at]), 1),
            ),
        )
        for at in range(t_s.size)
    ]


def _report_times(world: World, row: int, rng: np.random.Generator) -> Floats:
    """Return when a cart reports, s: always while it moved of late or holds goods, now and then otherwise."""
    end_s = min(world.seconds - 0.5, float(world.carts.gone_s[row]) + LINGER_S)
    t_s = np.arange(rng.uniform(0.0, PERIOD_S), max(end_s, PERIOD_S), PERIOD_S)
    xy = world.carts.xy[row, world.rows_at(t_s)]
    moved = np.append(False, np.abs(np.diff(xy, axis=0)).max(axis=1) > STANDS_M)
    last_moved_s = np.maximum.accumulate(np.where(moved, t_s, -np.inf))
    own = [move for move in world.carts.moves if move.cart == row]
    held = np.cumsum([0, *(move.direction for move in own)])
    holds = held[np.searchsorted([move.t_s for move in own], t_s, side="right")] > 0
    busy = holds | (t_s - last_moved_s <= IDLE_AFTER_S)
    times: Floats = t_s[busy | (np.arange(t_s.size) % IDLE_EVERY == 0)]
    return times


def _by_report(seen: list[SeenMove], t_s: Floats, clock: Clock, epoch_ns: int) -> dict[int, tuple[CartMove, ...]]:
    """Return the moves of each report, by its row: the first one sent once they are known; some never make it."""
    rows = np.searchsorted(t_s, [move.known_s for move in seen])
    reports: dict[int, tuple[CartMove, ...]] = {}
    for row, move in sorted(zip(rows.tolist(), seen, strict=True), key=lambda pair: (pair[0], pair[1].t_s)):
        told = CartMove(clock.read_ns(max(move.t_s, 0.0), epoch_ns), move.direction, move.beliefs, move.score)
        if row < t_s.size:
            reports[row] = (*reports.get(row, ()), told)
    return reports
