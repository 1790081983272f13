"""What a basket's weight says of the moves that its cart saw: that they were, or never were.

A move with weights of its own before and after is weighed alone: goods like those it named, against anything that is
sold. Moves that follow each other faster than the cart weighs are weighed together: each of them was, or was not, and
all sums that the goods of some of them make are compared with what the basket gained.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from typing import Final

import numpy as np

from fusion.attribution.basket import Weighing, basket_nats, change_between
from fusion.attribution.normal import log_normal
from fusion.config import SECOND_NS, CartConfig
from fusion.frozen import record
from fusion.store import Store, product_rows
from fusion.tracking.carts import SeenMove

TOGETHER_MAX: Final = 6  # more moves at once than this are not told apart: 64 sums
Beliefs = list[tuple[int, float]]  # product and p, of those the store sells


@record()
class Together:
    """Moves of one cart that no weight parts, in order, and the moves before and after them."""

    moves: tuple[SeenMove, ...]
    others_ns: tuple[int, ...]

    def span_ns(self) -> tuple[int, int]:
        """Return the times of the first and the last."""
        return self.moves[0].move.t_ns, self.moves[-1].move.t_ns


def beliefs_of(one: SeenMove, store: Store) -> Beliefs:
    """Return what a cart took goods for; goods that the store does not sell are left out."""
    rows = product_rows(store.products)
    return [(rows[sku], p) for sku, p in one.move.beliefs if sku in rows]


def together(one: SeenMove, moves: Sequence[SeenMove], weighings: Sequence[Weighing], config: CartConfig) -> Together:
    """Return the moves that are to be weighed with one of them."""
    own = {(m.move.t_ns, m.move.direction, m.move.beliefs): m for m in (*moves, one) if m.cart == one.cart}
    ranked = sorted(own.values(), key=lambda m: (m.move.t_ns, m.move.direction, m.move.beliefs))
    times = [w.t_ns for w in weighings if w.cart == one.cart]
    around_ns, busy_ns = int(config.basket_window_s * SECOND_NS), int(config.basket_busy_s * SECOND_NS)
    groups = [[ranked[0]]]
    for a, b in pairwise(ranked):
        near = times and b.move.t_ns - a.move.t_ns <= around_ns  # a cart without a scale weighs none of them
        parted = any(a.move.t_ns + busy_ns <= t_ns <= b.move.t_ns - busy_ns for t_ns in times)
        if near and not parted:
            groups[-1].append(b)
        else:
            groups.append([b])
    mine = next(group for group in groups if any(m.move.t_ns == one.move.t_ns for m in group))
    return Together(tuple(mine), tuple(m.move.t_ns for m in ranked if m not in mine))


def move_nats(
    one: SeenMove, some: Together, weighings: Sequence[Weighing], store: Store, config: CartConfig
) -> float | None:
    """Return the nats of a basket's weight for a move of goods believed in; None where it says nothing."""
    believed = beliefs_of(one, store)
    change = change_between(weighings, one.cart, some.span_ns(), some.others_ns, config)
    if change is None or not believed:
        return None
    if len(some.moves) == 1:
        nats = basket_nats(change, one.move.direction, store, config)
        return float(np.log(sum(p * np.exp(nats[k]) for k, p in believed)))
    if len(some.moves) > TOGETHER_MAX:
        return None
    return _among(one, some.moves, change, store, config)


def _among(
    one: SeenMove, moves: tuple[SeenMove, ...], change: tuple[float, float], store: Store, config: CartConfig
) -> float:
    """Return the nats for a move's having been among others that may have been, by what the basket gained in all."""
    total, var = change
    goods = [_likeliest(other, store) for other in moves]
    rows = []
    for were in product((False, True), repeat=len(moves)):
        net: dict[int, int] = {}
        for other, kind, happened in zip(moves, goods, were, strict=True):
            net[kind] = net.get(kind, 0) + other.move.direction * happened
        unknown = sum(happened and kind < 0 for kind, happened in zip(goods, were, strict=True))
        grams, spread = _weight(net, store, config)
        rows.append((grams, spread + unknown * config.basket_span_g**2, were[moves.index(one)]))
    g, v, was = (np.array(column) for column in zip(*rows, strict=True))
    density = np.exp(log_normal(total - g, var + v))
    least = 1.0 / config.basket_span_g  # of a change that none of the sums explains
    nats = np.log(density[was].mean() + least) - np.log(density[~was].mean() + least)
    return float(np.clip(nats, -config.basket_nats_max, config.basket_nats_max))


def _likeliest(one: SeenMove, store: Store) -> int:
    """Return the likeliest goods of a move; -1 for none."""
    return max(beliefs_of(one, store), key=lambda b: (b[1], -b[0]), default=(-1, 0.0))[0]


def _weight(net: Mapping[int, int], store: Store, config: CartConfig) -> tuple[float, float]:
    """Return what so many pieces more of each product weigh, g, and the variance of that.

    Pieces of one product are off the catalogue together: one that goes in and comes out again weighs nothing.
    """
    known = [k for k in net if k >= 0]
    n, mass_g = np.array([net[k] for k in known]), store.products.mass_g[known]
    var = np.abs(n) * store.products.mass_sd_g[known] ** 2 + (n * config.basket_bias_sd * mass_g) ** 2
    return float((n * mass_g).sum()), float(var.sum())
