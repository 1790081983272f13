"""Evidence of carts for what moved: what their cameras saw go in or out, and what their baskets weigh. All in nats."""

from collections.abc import Mapping

import numpy as np

from fusion.attribution.basket import basket_change, basket_nats
from fusion.attribution.witnesses import Witnesses
from fusion.config import SECOND_NS, CartConfig
from fusion.shelf import ShelfChange
from fusion.store import Store, product_rows
from fusion.tracking.carts import SeenMove


def cart_nats(
    trip: str, direction: int, change: ShelfChange, seen: Witnesses, store: Store, config: CartConfig
) -> dict[int, float]:
    """Return what carts say of each product having gone between this shelf and the trip's cart.

    After a pick goods go into the cart (direction 1), before a put-back they come out of it (-1).
    """
    best: dict[int, float] = {}
    for one in seen.moves:
        late_s = direction * (one.move.t_ns - change.step_ns) / SECOND_NS
        owned = one.pairing.get(trip, 0.0)
        if one.move.direction != direction or not -0.5 <= late_s <= config.move_window_s or owned <= 0.0:
            continue
        for product, nats in move_nats(one, seen, store, config).items():
            best[product] = max(best.get(product, 0.0), owned * nats)
    return best


def move_nats(one: SeenMove, seen: Witnesses, store: Store, config: CartConfig) -> dict[int, float]:
    """Return the weight of a cart's camera and scale for each product having been what moved, in nats; none below 0."""
    camera = {k: min(nats, config.move_nats_max) for k, nats in camera_nats(one, store).items()}
    weighed = moved_in_basket(one, seen, store, config)
    nats = {k: camera.get(k, 0.0) + weighed.get(k, 0.0) for k in sorted({*camera, *weighed})}
    return {k: one_nats for k, one_nats in nats.items() if one_nats > 0.0}


def camera_nats(one: SeenMove, store: Store) -> dict[int, float]:
    """Return what a cart's camera says of each product it named, in nats; what the store does not sell is left out."""
    row_of = product_rows(store.products)
    return {row_of[k]: float(np.log1p(30.0 * p * one.move.score)) for k, p in one.move.beliefs if k in row_of}


def moved_in_basket(one: SeenMove, seen: Witnesses, store: Store, config: CartConfig) -> Mapping[int, float]:
    """Return what a basket's weight says of each product having been what moved, in nats."""
    others = (other.move.t_ns for other in seen.moves if other.cart == one.cart)
    change = basket_change(seen.weighings, one.cart, one.move.t_ns, others, config)
    return basket_nats(change, one.move.direction, store, config)


def has_scale(seen: Witnesses, cart: str) -> bool:
    """Tell whether a cart weighs its basket: it finds the moves that its camera misses."""
    return any(one.cart == cart for one in seen.weighings)
