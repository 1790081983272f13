"""What hands do: reach for a shelf or a cart, take, put back, press, and stow goods in the bag."""

from typing import Final

import numpy as np

from fusion.arrays import Floats, Ints
from scenarios.catalogue import ARTICLES, row_named
from scenarios.goods import carriers, extent, spot
from scenarios.layout import axes
from scenarios.motion import trail
from scenarios.performance import INTO_CART, Grip, Move, Press, Reach
from scenarios.stage import Actor, Doing, Stage, room_before, stand, walk
from sensors.world import RATE_HZ

STAND_M: Final = 0.42  # from a shelf's front edge to the middle of the body
GRIP_ABOVE_M: Final = 0.05  # from a plate's top to the middle of the hand
BASKET_M: Final = 0.75  # height of a cart's basket
STOW_S: Final = 0.9
TOUCH_G: Final = (30.0, 200.0)
TOUCH_S: Final = (0.3, 1.0)


def walk_to(stage: Stage, actor: Actor, product: str) -> Doing:
    """Walk to the nearest facing of a product."""
    facing = _facing_of(stage, actor, row_named(product))
    low, high = extent(stage.store, facing)
    yield from _approach(stage, actor, facing, (low + high) / 2)


def touch(stage: Stage, actor: Actor, product: str) -> Doing:
    """Walk to a product and press it without taking it."""
    facing = _facing_of(stage, actor, row_named(product))
    low, high = extent(stage.store, facing)
    along = float(stage.rng.uniform(low, high))
    yield from _approach(stage, actor, facing, along)
    stow(stage, actor)
    reach = _reach(stage, actor, _shelf_point(stage, facing, along), float(stage.rng.uniform(*TOUCH_S)))
    plate = carriers(stage.store, facing, along, 0.08)[0][0]
    peak = float(stage.rng.uniform(*TOUCH_G))
    stage.presses.append(Press(actor.row, plate, reach.there_s, reach.leave_s, peak))


def pick(stage: Stage, actor: Actor, product: str, qty: int) -> Doing:
    """Walk to a product and take packages in one grab; raises ValueError where too few are left."""
    row = row_named(product)
    facing, items = _choose(stage, actor, row, qty)
    stage.goods.on_shelf[items] = False
    yield from _approach(stage, actor, facing, float(stage.goods.along_m[items[0]]))
    stow(stage, actor)
    wait_s = float(stage.goods.free_s[items].max()) - actor.now_s
    if wait_s > 0.0:
        stand(stage, actor, wait_s)
    along = float(stage.goods.along_m[items[0]])
    reach = _reach(stage, actor, _shelf_point(stage, facing, along), float(stage.rng.uniform(0.35, 0.7)))
    t_s = reach.there_s + 0.6 * (reach.leave_s - reach.there_s)
    _record(stage, actor, reach, t_s, "pick", items, facing)
    _lean(stage, actor, reach, t_s, stage.moves[-1].loads)
    actor.bag += [int(item) for item in items]
    actor.in_hand = (reach.hand, row, t_s)


def put_back(stage: Stage, actor: Actor, product: str, beside: str | None) -> Doing:
    """Put one package back where it stood, or in front of another product."""
    row = row_named(product)
    item = next(one for one in reversed(actor.bag) if stage.goods.product[one] == row)
    along = float(stage.goods.along_m[item] + stage.rng.normal(0.0, 0.01))
    facing = int(stage.goods.facing[item])
    if beside is not None:
        facing = _facing_of(stage, actor, row_named(beside))
        low, high = extent(stage.store, facing)
        along = float(stage.rng.uniform(0.6 * low + 0.4 * high, 0.4 * low + 0.6 * high))
    yield from _approach(stage, actor, facing, along)
    _bring_out(stage, actor, row)
    reach = _reach(stage, actor, _shelf_point(stage, facing, along), float(stage.rng.uniform(0.35, 0.7)))
    t_s = reach.there_s + 0.4 * (reach.leave_s - reach.there_s)
    stage.goods.facing[item], stage.goods.along_m[item] = facing, along
    _record(stage, actor, reach, t_s, "put", np.array([item]), facing)
    actor.bag.remove(item)
    _let_go(stage, actor, t_s)
    stage.goods.on_shelf[item], stage.goods.free_s[item] = True, reach.back_s


def into_cart(stage: Stage, actor: Actor, product: str, bay: Floats) -> None:
    """Lay all carried packages of a product into the actor's cart."""
    row = row_named(product)
    items = np.array([item for item in actor.bag if stage.goods.product[item] == row], dtype=np.int64)
    since = round(actor.cart_from_s * RATE_HZ)
    cart_xy = trail(stage.foot[actor.row, since : actor.tick], bay[actor.cart])[-1]
    actor.facing = (cart_xy - actor.xy) / np.linalg.norm(cart_xy - actor.xy)
    stand(stage, actor, 0.3)
    _bring_out(stage, actor, row)
    reach = _reach(stage, actor, np.array([*cart_xy, BASKET_M]), 0.4)
    _record(stage, actor, reach, reach.there_s + 0.2, INTO_CART, items, -1)
    actor.bag = [item for item in actor.bag if stage.goods.product[item] != row]
    _let_go(stage, actor, reach.there_s + 0.2)


def stow(stage: Stage, actor: Actor) -> None:
    """Put what the actor holds in the open into her bag."""
    if actor.in_hand is not None:
        stand(stage, actor, STOW_S)
        _let_go(stage, actor, actor.now_s - STOW_S / 2)


def _bring_out(stage: Stage, actor: Actor, product: int) -> None:
    """Have a product in the hand, out of the bag if it is there."""
    if actor.in_hand is not None and actor.in_hand[1] == product:
        return
    stow(stage, actor)
    stand(stage, actor, STOW_S)
    actor.in_hand = (int(stage.rng.integers(2)), product, actor.now_s - STOW_S / 2)


def _let_go(stage: Stage, actor: Actor, t_s: float) -> None:
    assert actor.in_hand is not None
    hand, product, since_s = actor.in_hand
    stage.grips.append(Grip(actor.row, hand, product, since_s, t_s))
    actor.in_hand = None


def _choose(stage: Stage, actor: Actor, product: int, qty: int) -> tuple[int, Ints]:
    """Return the nearest place where enough packages lie, and the packages that stand together there."""
    goods = stage.goods
    lying = np.flatnonzero(goods.on_shelf & (goods.product == product))
    places = [facing for facing in np.unique(goods.facing[lying]) if (goods.facing[lying] == facing).sum() >= qty]
    if not places:
        raise ValueError(f"{ARTICLES[product].name}: expected {qty} on one shelf, found fewer")
    facing = int(min(places, key=lambda one: (_distance(stage, actor, int(one)), one)))
    here = lying[goods.facing[lying] == facing]
    first = here[int(stage.rng.integers(here.size))]
    near = np.argsort(np.abs(goods.along_m[here] - goods.along_m[first]), kind="stable")
    return facing, here[near[:qty]]


def _facing_of(stage: Stage, actor: Actor, product: int) -> int:
    facings = np.flatnonzero(stage.store.facings.product == product)
    return int(min(facings, key=lambda one: (_distance(stage, actor, int(one)), one)))


def _distance(stage: Stage, actor: Actor, facing: int) -> float:
    low, high = extent(stage.store, facing)
    return float(np.linalg.norm(spot(stage.store, facing, (low + high) / 2, 0.0)[:2] - actor.xy))


def _approach(stage: Stage, actor: Actor, facing: int, along_m: float) -> Doing:
    """Walk to where a point of a shelf is within reach, and face the shelf."""
    plate = stage.store.facings.plates[facing][0]
    width, depth = axes(float(stage.store.plates.yaw_deg[plate]))
    point = spot(stage.store, facing, along_m, STAND_M + float(stage.store.plates.size[plate, 1]) / 2)
    yield from walk(stage, actor, room_before(stage, actor, point[:2], width), depth)


def _shelf_point(stage: Stage, facing: int, along_m: float) -> Floats:
    """Return where the hand goes for a package: above its plate, a little before the middle."""
    point = spot(stage.store, facing, along_m, float(stage.rng.uniform(0.02, 0.1)))
    raised: Floats = point + np.array([0.0, 0.0, GRIP_ABOVE_M])
    return raised


def _reach(stage: Stage, actor: Actor, goal: Floats, dwell_s: float) -> Reach:
    """Stretch out the holding hand, or the one on the side of the goal, and take it back."""
    left = np.array([-actor.facing[1], actor.facing[0]])
    side = 0 if float((goal[:2] - actor.xy) @ left) > 0.0 else 1
    hand = side if actor.in_hand is None else actor.in_hand[0]
    start_s = actor.now_s
    there_s = start_s + float(stage.rng.uniform(0.6, 1.2))
    leave_s = there_s + dwell_s
    reach = Reach(actor.row, hand, start_s, there_s, leave_s, leave_s + float(stage.rng.uniform(0.6, 1.0)), goal)
    stage.reaches.append(reach)
    stand(stage, actor, reach.back_s - start_s)
    return reach


def _record(stage: Stage, actor: Actor, reach: Reach, t_s: float, kind: str, items: Ints, facing: int) -> None:
    """Write down that packages moved, and by how much each plate changed."""
    loads: dict[int, float] = {}
    product = int(stage.goods.product[items[0]])
    sign = -1.0 if kind == "pick" else 1.0
    for item in items if facing >= 0 else []:
        width_m = ARTICLES[product].width_m
        for plate, share in carriers(stage.store, facing, float(stage.goods.along_m[item]), width_m):
            loads[plate] = loads.get(plate, 0.0) + sign * share * float(stage.goods.mass_g[item])
    stage.moves.append(
        Move(
            t_s=t_s,
            start_s=reach.start_s,
            end_s=reach.back_s,
            kind=kind,
            person=actor.row,
            hand=reach.hand,
            product=product,
            items=tuple(int(item) for item in items),
            mass_g=float(stage.goods.mass_g[items].sum()),
            facing=facing,
            loads=tuple(sorted(loads.items())),
            cart=actor.cart if kind == INTO_CART else -1,
        )
    )


def _lean(stage: Stage, actor: Actor, reach: Reach, t_s: float, loads: tuple[tuple[int, float], ...]) -> None:
    """Let the hand weigh a little on the plates while it takes hold."""
    for plate, grams in loads:
        peak = 0.3 * abs(grams) * float(stage.rng.uniform(-0.3, 1.0))
        stage.presses.append(Press(actor.row, plate, reach.there_s, t_s + 0.1, peak))
