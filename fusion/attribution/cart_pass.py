"""Goods that somebody lays into another's cart: what its camera saw, and what its basket gained."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fusion.attribution.explanations import Explanation, Goods, handed
from fusion.attribution.why import CART, PRIOR, add
from fusion.config import AttributionConfig
from fusion.store import Store, product_rows
from fusion.tracking.carts import SeenMove


@dataclass(frozen=True, slots=True)
class CartPass:
    """Goods went into a cart; beside its owner others stood near enough to have put them there."""

    move: SeenMove
    owner: str  # trip
    others: tuple[str, ...]
    nats: tuple[tuple[int, float], ...]  # (product, nats) by the cart camera

    @property
    def t_ns(self) -> int:
        """When it happened."""
        return self.move.move.t_ns


def cart_passes(
    moves: tuple[SeenMove, ...], staff: frozenset[str], store: Store, config: AttributionConfig
) -> tuple[CartPass, ...]:
    """Return the moves into carts of a clear owner that somebody else may have made."""
    row_of = product_rows(store.products)
    out = []
    for one in moves:
        owner = max(one.pairing, key=lambda t: (one.pairing[t], t), default="")
        others = tuple(t for t, far in sorted(one.near.items()) if far < config.cart_reach_m and t != owner)
        if one.move.direction < 0 or not others or one.pairing[owner] < config.cart_owner_p:
            continue
        seen = tuple(
            (row_of[k], float(np.log1p(30.0 * p * one.move.score))) for k, p in one.move.beliefs if k in row_of
        )
        if not staff & {owner, *others}:
            out.append(CartPass(one, owner, others, seen))
    return tuple(out)


def cart_pass_readings(
    one: CartPass, weighed: Mapping[int, float], goods: Mapping[str, Goods], config: AttributionConfig
) -> tuple[Explanation, ...]:
    """Return who put what into the cart, best first: its owner goods of their own, or somebody else theirs.

    weighed gives what the basket's weight says of each product, in nats; {} where it says nothing.
    """
    camera = dict(one.nats)

    def cart(product: int) -> float:
        return camera.get(product, 0.0) + weighed.get(product, 0.0)

    own = max((cart(product) for product, _, _ in goods.get(one.owner, ())), default=0.0)
    out = [Explanation((), max(own, 0.0), why=add(((CART, max(own, 0.0)),)))]
    for other in one.others:
        for product, _, grams in goods.get(other, ()):
            if cart(product) > 0.0:
                parts = handed(other, one.owner, product, grams)
                why = add(((PRIOR, config.cart_pass_nats), (CART, cart(product))))
                out.append(Explanation(parts, config.cart_pass_nats + cart(product), why=why))
    return tuple(sorted(out, key=lambda e: -e.nats))
