"""Goods in carts go where the cart goes.

What a cart camera saw go into a basket stays there when somebody else pushes the cart away, and stays in the store when
its shopper leaves without it. Both are readings beside "they kept their goods", as sure as the cart's owner is clear.
What it saw come out again may have been set down anywhere; possession.py and the shelves know more of that.
"""

from collections.abc import Mapping

import numpy as np

from fusion.attribution.explanations import PICK, PUT, Explanation, Goods, Part
from fusion.config import AttributionConfig
from fusion.frozen import record, replace


@record()
class Placed:
    """One move of goods into a basket, or out of it, while the cart was clearly somebody's."""

    direction: int  # +1 in, -1 out
    nats: tuple[tuple[int, float], ...]  # product, weight of evidence that it was one of these
    of: frozenset[str] = frozenset()  # trips whose goods it may have been, none of them where that is not known


@record()
class CartNow:
    """A cart at this moment."""

    owner: str  # trip, "" while that is not clear
    t_ns: int
    xy: tuple[float, float]


@record()
class Basket:
    """What went into a cart, and whose the cart was last."""

    owner: str
    placed: tuple[Placed, ...] = ()
    t_ns: int = 0
    xy: tuple[float, float] = (0.0, 0.0)
    lost: bool = False  # somebody whom nobody saw may have had it, when it changed hands


Baskets = Mapping[str, Basket]


def filled(baskets: Baskets, cart: str, placed: Placed, owner: str) -> dict[str, Basket]:
    """Take note of a move into a basket or out of it, and of whose the cart was by that; "" where it does not tell."""
    old = baskets.get(cart, Basket(""))
    return {**baskets, cart: replace(old, placed=(*old.placed, placed), owner=owner or old.owner)}


def owner_by_goods(pairing: Mapping[str, float], put: Mapping[str, float], config: AttributionConfig) -> str:
    """Return whose a cart clearly was as goods went in, "" where that stays open.

    pairing gives how likely it was each trip's by who moved with it, put the nats of what went in having been a trip's.
    People mostly fill their own.
    """
    likely = np.exp(np.array(list(put.values())))
    others = np.exp(config.cart_pass_nats) * (likely.sum() - likely)
    by = {t: pairing.get(t, 0.0) * one for t, one in zip(put, (likely + others).tolist(), strict=True)}
    best = max(by, key=lambda t: by[t], default="")
    return best if best and by[best] >= config.cart_owner_p * sum(by.values()) > 0.0 else ""


def pushed(
    baskets: Baskets, carts: Mapping[str, CartNow]
) -> tuple[dict[str, Basket], tuple[tuple[str, str, str], ...]]:
    """Follow where carts are and whose; return also which full ones have changed hands: (cart, from, to)."""
    out, changed = dict(baskets), []
    for cart, now in sorted(carts.items()):
        old = out.get(cart, Basket(""))
        placed = old.placed
        if now.owner and old.owner and now.owner != old.owner and placed:
            changed.append((cart, old.owner, now.owner))
            placed = tuple(replace(p, of=p.of | {now.owner}) if old.owner in p.of else p for p in placed)
        out[cart] = replace(old, owner=now.owner or old.owner, placed=placed, t_ns=now.t_ns, xy=now.xy)
    return out, tuple(changed)


def in_basket(placed: tuple[Placed, ...], trip: str, goods: Goods) -> tuple[tuple[int, int, float], ...]:
    """Return which goods of a trip are in a basket by the moves in and out: (product, pieces, grams a piece)."""
    left = {product: pieces for product, pieces, _ in goods}
    inside: dict[int, int] = {}
    for one in placed:
        if one.of and trip not in one.of:
            continue
        source, target = (left, inside) if one.direction > 0 else (inside, left)
        able = [(nats, product) for product, nats in one.nats if source.get(product, 0) > 0]
        if able:
            _, product = max(able)
            source[product] -= 1
            target[product] = target.get(product, 0) + 1
    return tuple((product, inside[product], grams) for product, _, grams in goods if inside.get(product, 0) > 0)


def out_of_baskets(baskets: Baskets, trip: str, goods: Goods) -> frozenset[int]:
    """Return the products of somebody that were seen to come out of their carts and not to go back in."""
    out: set[int] = set()
    for basket in (one for _, one in sorted(baskets.items()) if one.owner == trip):
        inside: dict[int, int] = {}
        for count in range(1, len(basket.placed) + 1):
            now = {product: pieces for product, pieces, _ in in_basket(basket.placed[:count], trip, goods)}
            out |= {product for product, pieces in inside.items() if now.get(product, 0) < pieces}
            out -= {product for product, pieces in now.items() if inside.get(product, 0) < pieces}
            inside = now
    return frozenset(out)


def kept_in_baskets(baskets: Baskets, trip: str, goods: Goods) -> frozenset[int]:
    """Return the products of somebody whose every piece was seen to go into their carts, and not out again."""
    inside: dict[int, int] = {}
    for basket in (one for _, one in sorted(baskets.items()) if one.owner == trip):
        for product, pieces, _ in in_basket(basket.placed, trip, goods):
            inside[product] = inside.get(product, 0) + pieces
    return frozenset(product for product, pieces, _ in goods if inside.get(product, 0) >= pieces)


def taken_over(
    basket: Basket, source: str, target: str, goods: Mapping[str, Goods], config: AttributionConfig
) -> tuple[Explanation, ...]:
    """Return what may have passed when a cart changed hands, best first; no parts is "nothing".

    Of somebody whom nobody sees it may have been all along: then it went to whoever happened to be near.
    """
    parts: list[Part] = []
    for product, pieces, grams in in_basket(basket.placed, source, goods.get(source, ())):
        parts += [
            Part(source, PUT, product, pieces, pieces * grams),
            Part(target, PICK, product, pieces, pieces * grams),
        ]
    nothing = Explanation((), 0.0)
    nats = config.cart_lost_nats if basket.lost else config.cart_goes_nats
    return (Explanation(tuple(parts), nats), nothing) if parts else (nothing,)


def left_behind(
    baskets: Baskets, trip: str, left_ns: int, gates: np.ndarray, config: AttributionConfig
) -> tuple[tuple[str, Basket], ...]:
    """Return the full carts of a trip that were still far from every gate (lines, (g, 2, 2) m) after it had left."""
    out = []
    for cart, basket in sorted(baskets.items()):
        if basket.owner != trip or not basket.placed or basket.t_ns <= left_ns:
            continue
        far = np.linalg.norm(gates.mean(axis=1) - np.array(basket.xy), axis=1)
        if far.min(initial=np.inf) > config.cart_gone_m:
            out.append((cart, basket))
    return tuple(out)


def stayed(basket: Basket, trip: str, goods: Goods, config: AttributionConfig) -> tuple[Explanation, ...]:
    """Return what may have stayed in a cart whose shopper left without it, best first."""
    parts = tuple(
        Part(trip, PUT, k, pieces, pieces * grams) for k, pieces, grams in in_basket(basket.placed, trip, goods)
    )
    nothing = Explanation((), 0.0)
    return (Explanation(parts, config.cart_goes_nats), nothing) if parts else (nothing,)
