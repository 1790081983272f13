"""Goods that somebody lays into another's cart: what its camera saw, and what its basket gained."""

from collections.abc import Mapping

import numpy as np

from fusion.attribution.cart_evidence import camera_nats
from fusion.attribution.carted import Placed, in_basket
from fusion.attribution.explanations import Explanation, Goods, handed
from fusion.attribution.why import CART, PRIOR, add
from fusion.config import SECOND_NS, AttributionConfig
from fusion.frozen import record
from fusion.store import Store
from fusion.tracking.carts import SeenMove


@record()
class CartPass:
    """Goods went into a cart; others than its owner may have put them there, or have had them in their own cart."""

    move: SeenMove
    owner: str  # trip
    others: tuple[str, ...]
    nats: tuple[tuple[int, float], ...]  # (product, nats) by the cart camera

    @property
    def t_ns(self) -> int:
        """When it happened."""
        return self.move.move.t_ns


def cart_passes(
    moves: tuple[SeenMove, ...],
    before: tuple[SeenMove, ...],
    staff: frozenset[str],
    store: Store,
    config: AttributionConfig,
) -> tuple[CartPass, ...]:
    """Return the moves into carts of a clear owner of goods that may be somebody else's.

    Those who stood near may have put them there; and whoever's cart they came out of shortly before (the moves of the
    last seconds), while the owner of this one stood at it.
    """
    out = []
    for one in moves:
        owner, p = one.owner()
        near = {t for t, far in one.near.items() if far < config.cart_reach_m}
        others = tuple(sorted((near | _robbed(one, owner, before, config)) - {owner}))
        if one.move.direction > 0 and others and p >= config.cart_owner_p and not staff & {owner, *others}:
            out.append(CartPass(one, owner, others, tuple(camera_nats(one, store).items())))
    return tuple(out)


def _robbed(one: SeenMove, owner: str, before: tuple[SeenMove, ...], config: AttributionConfig) -> set[str]:
    """Return whose carts something came out of, within reach of the owner of the cart that something went into then."""
    return {
        trip
        for old in before
        for trip, p in (old.owner(),)
        if old.cart != one.cart
        and old.move.direction < 0
        and 0 <= one.move.t_ns - old.move.t_ns <= config.cart_carried_s * SECOND_NS
        and old.near.get(owner, np.inf) < config.cart_reach_m
        and p >= config.cart_owner_p
    }


def cart_pass_readings(
    one: CartPass,
    weighed: Mapping[int, float],
    placed: tuple[Placed, ...],
    goods: Mapping[str, Goods],
    config: AttributionConfig,
) -> tuple[Explanation, ...]:
    """Return who put what into the cart, best first: its owner goods of their own, or somebody else theirs.

    weighed gives what the basket's weight says of each product, in nats; {} where it says nothing. placed is what went
    into the cart before: what is in it does not go in again.
    """
    camera = dict(one.nats)

    def cart(product: int) -> float:
        return camera.get(product, 0.0) + weighed.get(product, 0.0)

    mine = goods.get(one.owner, ())
    inside = {product: pieces for product, pieces, _ in in_basket(placed, one.owner, mine)}
    own = max((cart(product) for product, pieces, _ in mine if pieces > inside.get(product, 0)), default=0.0)
    out = [Explanation((), max(own, 0.0), why=add(((CART, max(own, 0.0)),)))]
    for other in one.others:
        for product, _, grams in goods.get(other, ()):
            if cart(product) > 0.0:
                parts = handed(other, one.owner, product, grams)
                why = add(((PRIOR, config.cart_pass_nats), (CART, cart(product))))
                out.append(Explanation(parts, config.cart_pass_nats + cart(product), why=why))
    return tuple(sorted(out, key=lambda e: -e.nats))
