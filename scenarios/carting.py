"""Carts: fetched, left, and filled and emptied by whoever stands beside them."""

from typing import Final

import numpy as np

from fusion.arrays import Floats
from scenarios.catalogue import ARTICLES, row_named
from scenarios.motion import trail
from scenarios.performance import INTO_CART, OUT_OF_CART, CartUse
from scenarios.reaching import bring_out, free_hand, let_go, reach, record, stow, take_up
from scenarios.script import IntoCart, OutOfCart, TakeCart
from scenarios.stage import Actor, Doing, Stage, stand, towards
from scenarios.walking import room_beside, wait_until, walk
from sensors.world import RATE_HZ

BASKET_M: Final = 0.75  # height of a cart's basket
BESIDE_M: Final = 0.6  # from a cart to whoever takes it or reaches into it
REACH_M: Final = 0.95
CATCH_MAX: Final = 12  # tries to come beside a cart that somebody moves on
DWELL_S: Final = 0.4


def take_cart(stage: Stage, actor: Actor, does: TakeCart) -> Doing:
    """Fetch a cart from where it stands, once nobody has it."""
    cart = stage.store.carts.index(does.cart)
    state = stage.carts[cart]
    yield from wait_until(stage, actor, lambda: state.user < 0, f"{does.cart} to be free")
    state.user = actor.row
    yield from room_beside(stage, actor, state.xy, BESIDE_M)
    yield from walk(stage, actor, actor.goal, towards(actor.goal, state.xy))
    actor.cart, actor.cart_from_s = cart, actor.now_s
    stand(stage, actor, 0.8)


def leave_cart(stage: Stage, actor: Actor) -> None:
    """Let go of the cart and leave it with what is in it."""
    stand(stage, actor, 0.5)
    state = stage.carts[actor.cart]
    state.xy = cart_place(stage, actor.cart, actor.tick)
    state.user = -1
    stage.cart_uses.append(CartUse(actor.cart, actor.row, actor.cart_from_s, actor.now_s, False))
    actor.cart = -1


def into_cart(stage: Stage, actor: Actor, does: IntoCart) -> Doing:
    """Lay all carried packages of a product into a cart."""
    row = row_named(does.product)
    items = np.array([item for item in actor.bag if stage.goods.product[item] == row], dtype=np.int64)
    if not items.size:
        raise ValueError(f"{actor.shopper.name}: expected {does.product} carried, received none")
    cart = cart_meant(stage, actor, does.cart)
    yield from _come_beside(stage, actor, cart)
    hand = bring_out(stage, actor, row)
    (done,) = reach(stage, actor, [(hand, _basket(stage, actor, cart))], DWELL_S)
    t_s = done.there_s + DWELL_S / 2
    record(stage, actor, done, t_s, INTO_CART, items, cart=cart, hidden=does.hidden)
    actor.bag = [item for item in actor.bag if stage.goods.product[item] != row]
    stage.carts[cart].content += items.tolist()
    let_go(stage, actor, hand, t_s)


def out_of_cart(stage: Stage, actor: Actor, does: OutOfCart) -> Doing:
    """Take one package of a product out of a cart; raises ValueError where there is none."""
    row = row_named(does.product)
    cart = cart_meant(stage, actor, does.cart)
    state = stage.carts[cart]
    yield from wait_until(
        stage,
        actor,
        lambda: any(stage.goods.product[item] == row for item in state.content),
        f"{ARTICLES[row].name} in {stage.store.carts[cart]}",
    )
    yield from _come_beside(stage, actor, cart)
    stow(stage, actor)
    basket = _basket(stage, actor, cart)
    (done,) = reach(stage, actor, [(free_hand(actor, basket), basket)], DWELL_S)
    item = next(one for one in reversed(state.content) if stage.goods.product[one] == row)
    state.content.remove(item)
    t_s = done.there_s + DWELL_S / 2
    record(stage, actor, done, t_s, OUT_OF_CART, np.array([item]), cart=cart, hidden=does.hidden)
    actor.bag.append(item)
    take_up(actor, done.hand, row, t_s)


def cart_meant(stage: Stage, actor: Actor, name: str | None) -> int:
    """Return the cart that is meant: the named one, or one's own."""
    cart = actor.cart if name is None else stage.store.carts.index(name)
    if cart < 0:
        raise ValueError(f"{actor.shopper.name}: expected to have a cart, has none")
    return cart


def cart_place(stage: Stage, cart: int, tick: int) -> Floats:
    """Return where a cart is at a moment up to which its user has acted, (2,)."""
    state = stage.carts[cart]
    user = next((actor for actor in stage.actors if actor.cart == cart), None)
    if user is None:
        return state.xy
    since = round(user.cart_from_s * RATE_HZ)
    feet = stage.foot[user.row, since : max(min(tick, user.tick), since + 1)]
    return np.asarray(trail(feet, state.xy)[-1])


def _come_beside(stage: Stage, actor: Actor, cart: int) -> Doing:
    """Walk to a cart until it is within reach, and turn to it."""
    for _ in range(CATCH_MAX):
        yield
        place = cart_place(stage, cart, actor.tick)
        if float(np.linalg.norm(place - actor.xy)) < REACH_M:
            break
        yield from room_beside(stage, actor, place, BESIDE_M)
        yield from walk(stage, actor, actor.goal, towards(actor.goal, place))
    actor.facing = towards(actor.xy, cart_place(stage, cart, actor.tick))
    stand(stage, actor, 0.3)


def _basket(stage: Stage, actor: Actor, cart: int) -> Floats:
    return np.array([*cart_place(stage, cart, actor.tick), BASKET_M])
