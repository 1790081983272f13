"""Goods in carts go where the cart goes.

What a cart camera saw go into a basket stays there when somebody else pushes the cart away, and stays in the store when
its shopper leaves without it. Both are readings beside "they kept their goods", as sure as the cart's owner is clear.
What it saw come out again may have been set down anywhere; possession.py and the shelves know more of that.

Cameras miss moves: other goods of who had the cart may be in it as well. Who has a cart puts a share of their goods
into it, drawn from a beta distribution (a, b), and its camera misses each with probability m. Where s products were
seen to go in and u were not, a set of j of these is in it with the beta-binomial weight B(a + s + j, b + u - j) m^j.
"""

from collections.abc import Collection, Mapping
from itertools import combinations
from math import comb, exp, lgamma, log

import numpy as np

from fusion.attribution.explanations import PICK, PUT, Explanation, Goods, Part
from fusion.config import AttributionConfig
from fusion.frozen import record, replace

SET_P_MIN = 0.01  # what is less likely to be in a cart unseen makes no reading


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
    p: float = 1.0  # that it is the owner's


@record()
class Basket:
    """What went into a cart, and whose the cart was last."""

    owner: str
    placed: tuple[Placed, ...] = ()
    t_ns: int = 0
    xy: tuple[float, float] = (0.0, 0.0)
    owner_p: float = 0.0  # how likely it was the owner's when that was clearest
    before_p: float = 1.0  # and so of the owner before, when it changed hands
    lost: bool = False  # somebody whom nobody saw may have had it then
    stands: tuple[float, float] = (0.0, 0.0)  # where it came to stand,
    stood_ns: int = 0  # and when; 0 before it was seen
    pushed_m: float = 0.0  # by its owner


Baskets = Mapping[str, Basket]


def filled(baskets: Baskets, cart: str, placed: Placed, owner: str, p: float) -> dict[str, Basket]:
    """Take note of a move into a basket or out of it, and of whose the cart was by that; "" where it does not tell."""
    old = baskets.get(cart, Basket(""))
    new = replace(old, placed=(*old.placed, placed))
    return {**baskets, cart: _owned(new, owner, p) if owner else new}


def _owned(basket: Basket, owner: str, p: float) -> Basket:
    if owner == basket.owner:
        return replace(basket, owner_p=max(p, basket.owner_p))
    return replace(basket, owner=owner, owner_p=p, pushed_m=0.0)


def _moved(basket: Basket, now: CartNow, config: AttributionConfig) -> Basket:
    """Follow a cart to where it is now, and from where it stood."""
    far = float(np.hypot(now.xy[0] - basket.stands[0], now.xy[1] - basket.stands[1])) if basket.stood_ns else np.inf
    if far <= config.cart_still_m:
        return replace(basket, t_ns=now.t_ns, xy=now.xy)
    pushed_m = basket.pushed_m + far if basket.stood_ns else 0.0
    return replace(basket, t_ns=now.t_ns, xy=now.xy, stands=now.xy, stood_ns=now.t_ns, pushed_m=pushed_m)


def owner_by_goods(
    pairing: Mapping[str, float], put: Mapping[str, float], config: AttributionConfig
) -> tuple[str, float]:
    """Return whose a cart clearly was as goods went in, "" where that stays open, and how likely.

    pairing gives how likely it was each trip's by who moved with it, put the nats of what went in having been a trip's.
    People mostly fill their own.
    """
    likely = np.exp(np.array(list(put.values())))
    others = np.exp(config.cart_pass_nats) * (likely.sum() - likely)
    by = {t: pairing.get(t, 0.0) * one for t, one in zip(put, (likely + others).tolist(), strict=True)}
    best = max(by, key=lambda t: by[t], default="")
    p = by[best] / max(sum(by.values()), 1e-300) if best else 0.0
    return (best, p) if p >= config.cart_owner_p else ("", 0.0)


def pushed(
    baskets: Baskets, carts: Mapping[str, CartNow], config: AttributionConfig
) -> tuple[dict[str, Basket], tuple[tuple[str, str, str], ...]]:
    """Follow where carts are and whose; return also which full ones have changed hands: (cart, from, to).

    One that nothing was seen to go into may be full where who had it went about with it.
    """
    out, changed = dict(baskets), []
    for cart, now in sorted(carts.items()):
        old = out.get(cart, Basket(""))
        new = _moved(old, now, config)
        if now.owner and old.owner and now.owner != old.owner and (old.placed or was_used(new, config)):
            changed.append((cart, old.owner, now.owner))
            placed = tuple(replace(p, of=p.of | {now.owner}) if old.owner in p.of else p for p in old.placed)
            new = replace(new, placed=placed, before_p=old.owner_p)
        out[cart] = _owned(new, now.owner, now.p) if now.owner else new
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


def was_used(basket: Basket, config: AttributionConfig) -> bool:
    """Tell whether somebody went about with a cart."""
    return basket.pushed_m >= config.cart_used_m


def unseen_in(seen: int, unseen: Collection[int], config: AttributionConfig) -> list[tuple[frozenset[int], float]]:
    """Return which of some products may be in a cart whose camera saw others go in, with nats; none of them first.

    seen counts those others. Sets that are hardly likely are left out, but for the first.
    """
    a, b = config.cart_filled
    each = [
        lgamma(a + seen + j) + lgamma(b + len(unseen) - j) + j * log(config.cart_misses_p)
        for j in range(len(unseen) + 1)
    ]
    total = log(sum(comb(len(unseen), j) * exp(nats - each[0]) for j, nats in enumerate(each)))
    nats = [one - each[0] - total for one in each]
    sizes = [j for j, one in enumerate(nats) if not j or one >= log(SET_P_MIN)]
    return [(frozenset(some), nats[j]) for j in sizes for some in combinations(sorted(unseen), j)]


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
    own = {cart: basket for cart, basket in baskets.items() if basket.owner == trip}
    return frozenset(product for product, _, _ in goods) - unseen_of(own, trip, goods)


def unseen_of(baskets: Baskets, trip: str, goods: Goods) -> frozenset[int]:
    """Return the products of somebody of which some piece was not seen to go into any cart."""
    inside: dict[int, int] = {}
    for _, basket in sorted(baskets.items()):
        for product, pieces, _ in in_basket(basket.placed, trip, goods):
            inside[product] = inside.get(product, 0) + pieces
    return frozenset(product for product, pieces, _ in goods if inside.get(product, 0) < pieces)


def taken_over(
    basket: Basket,
    source: str,
    target: str,
    goods: Mapping[str, Goods],
    config: AttributionConfig,
    unseen: Collection[int] = (),
) -> tuple[Explanation, ...]:
    """Return what may have passed when a cart changed hands, best first; no parts is "nothing".

    Of somebody whom nobody sees it may have been all along: then it went to whoever happened to be near. And who only
    stood near before may never have had it. unseen are products of the source that its camera may have missed.
    """
    had = float(np.log(max(basket.before_p, 1e-6) / max(1.0 - basket.before_p, 1e-6))) + config.cart_changes_nats
    nats = min(had, config.cart_lost_nats if basket.lost else config.cart_goes_nats)
    mine = goods.get(source, ())
    return _went(in_basket(basket.placed, source, mine), mine, (source, target), unseen, nats, config)


def _went(
    seen: Goods, mine: Goods, trips: tuple[str, ...], unseen: Collection[int], nats: float, config: AttributionConfig
) -> tuple[Explanation, ...]:
    """Return what may have gone with a cart, from the first of some trips to the second if there is one, best first.

    seen of mine are in it for all that is known; nats says that it took them along, against "nothing".
    """
    inside = {product: pieces for product, pieces, _ in seen}
    out, nothing = [], [0.0]
    for more, share in unseen_in(len(seen), unseen, config):
        gone = [
            (product, pieces if product in more else inside[product], grams)
            for product, pieces, grams in mine
            if product in more or product in inside
        ]
        if not gone:
            nothing.append(nats + share)
            continue
        parts = [
            Part(trip, kind, product, pieces, pieces * grams)
            for product, pieces, grams in gone
            for trip, kind in zip(trips, (PUT, PICK), strict=False)
        ]
        out.append(Explanation(tuple(parts), nats + share))
    out.append(Explanation((), float(np.logaddexp.reduce(nothing))))
    return tuple(sorted(out, key=lambda one: -one.nats))


def found_in(
    basket: Basket, source: str, target: str, laid: Mapping[int, tuple[float, float]], config: AttributionConfig
) -> tuple[Explanation, ...]:
    """Return what somebody who goes on with the cart of one who is gone may have of what that one left in it.

    laid gives, of products that may lie about in the store, the nats for it and the grams of a piece.
    """
    inside = in_basket(basket.placed, source, tuple((k, len(basket.placed), g) for k, (_, g) in sorted(laid.items())))
    parts = tuple(Part(target, PICK, product, pieces, pieces * grams) for product, pieces, grams in inside)
    nats = min((laid[product][0] for product, _, _ in inside), default=0.0)
    nothing = Explanation((), 0.0)
    found = Explanation(parts, min(nats, config.cart_goes_nats))
    return tuple(sorted((found, nothing), key=lambda one: -one.nats)) if parts else (nothing,)


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


def stayed(
    basket: Basket, trip: str, goods: Goods, config: AttributionConfig, unseen: Collection[int] = ()
) -> tuple[Explanation, ...]:
    """Return what may have stayed in a cart whose shopper left without it, best first.

    unseen are products of theirs that its camera may have missed.
    """
    return _went(in_basket(basket.placed, trip, goods), goods, (trip,), unseen, config.cart_goes_nats, config)
