"""What hands do at a shelf: take, put back, swap."""

from typing import Final

import numpy as np

from fusion.arrays import Floats, Ints
from scenarios.catalogue import ARTICLES, row_named
from scenarios.goods import extent, spot
from scenarios.layout import axes
from scenarios.performance import PICK, PUT, Press, Reach
from scenarios.reaching import (
    DWELL_S,
    RAMP_S,
    bring_out,
    carried,
    draw,
    free_hand,
    lean,
    let_go,
    reach,
    record,
    stow,
    take_up,
)
from scenarios.script import Pick, PutBack, Swap
from scenarios.stage import Actor, Doing, Stage, stand
from scenarios.walking import room_before, walk

STAND_M: Final = 0.42  # from a shelf's front edge to the middle of the body
TALL_M: Final = 1.7  # of whom STAND_M holds; who is smaller stands nearer
GRIP_ABOVE_M: Final = 0.05  # from a plate's top to the middle of the hand
BOTH_P: Final = 0.3  # how often what is in one hand stays there while the other takes the next
FIDGET_S: Final = (1.5, 4.0)  # how long a hand that rests on a package weighs the same
FIDGET_SHARE: Final = (-0.25, 0.35)  # of the package


def pick(stage: Stage, actor: Actor, does: Pick) -> Doing:
    """Walk to a product and take packages in one grab; raises ValueError where too few are left."""
    grabs = [choose(stage, actor, row_named(name), qty) for name, qty in ((does.product, does.qty), *does.also)]
    for _, items in grabs:
        stage.goods.on_shelf[items] = False
    middles = [float(stage.goods.along_m[items[0]]) for _, items in grabs]
    yield from approach(stage, actor, grabs[0][0], _between(stage, grabs, middles))
    make_hands_free(stage, actor, 1 if len(grabs) == 1 else 2)
    wait_s = max(float(stage.goods.free_s[items].max()) for _, items in grabs) - actor.now_s
    if wait_s > 0.0:
        stand(stage, actor, wait_s)
    goals = [shelf_point(stage, facing, middle) for (facing, _), middle in zip(grabs, middles, strict=True)]
    first = free_hand(actor, goals[0])
    ramp_s = draw(stage, RAMP_S[does.pace])
    dwell_s = max(draw(stage, DWELL_S[does.pace]), 1.3 * ramp_s)
    hands = [(first if at % 2 == 0 else 1 - first, goal) for at, goal in enumerate(goals[:2])]
    reaches = reach(stage, actor, hands, does.hold_s + dwell_s, does.pace)
    t_s = reaches[0].leave_s - 0.4 * dwell_s
    for at, (facing, items) in enumerate(grabs):
        done = reaches[at % len(reaches)]
        move = record(stage, actor, done, t_s, PICK, items, facing=facing, ramp_s=ramp_s)
        _rest(stage, actor, done, does.hold_s, move.loads)
        lean(stage, actor, done.there_s + does.hold_s, t_s + 0.1, move.loads)
        actor.bag += items.tolist()
    for done, (_, items) in zip(reaches, grabs, strict=False):
        take_up(actor, done.hand, int(stage.goods.product[items[0]]), t_s)


def put_back(stage: Stage, actor: Actor, does: PutBack) -> Doing:
    """Put packages back where they stood, or in front of another product."""
    row = row_named(does.product)
    items = carried(stage, actor, row, does.qty)
    facing, along = _where(stage, actor, items, does.beside)
    yield from approach(stage, actor, facing, float(along[0]))
    hand = bring_out(stage, actor, row)
    ramp_s = draw(stage, RAMP_S[does.pace])
    dwell_s = max(draw(stage, DWELL_S[does.pace]), 1.3 * ramp_s)
    (done,) = reach(stage, actor, [(hand, shelf_point(stage, facing, float(along[0])))], dwell_s, does.pace)
    set_down(stage, actor, done, done.there_s + 0.4 * dwell_s, items, facing, along, ramp_s)
    if not any(stage.goods.product[item] == row for item in actor.bag) or does.qty > 1:
        let_go(stage, actor, hand, stage.moves[-1].t_s)


def swap(stage: Stage, actor: Actor, does: Swap) -> Doing:
    """Put one package in the place of another and take that one, with both hands at once."""
    row, other = row_named(does.product), row_named(does.into)
    items = carried(stage, actor, row)
    facing, wanted = choose(stage, actor, other, 1)
    stage.goods.on_shelf[wanted] = False
    along = stage.goods.along_m[wanted].copy()
    yield from approach(stage, actor, facing, float(along[0]))
    hand = bring_out(stage, actor, row)
    if actor.hands[1 - hand] is not None:
        stow(stage, actor)
        hand = bring_out(stage, actor, row)
    goal = shelf_point(stage, facing, float(along[0]))
    putting, taking = reach(stage, actor, [(hand, goal), (1 - hand, goal)], draw(stage, (0.7, 1.1)))
    take_s = taking.there_s + 0.25
    put_s = take_s + draw(stage, (0.05, 0.35))
    record(stage, actor, taking, take_s, PICK, wanted, facing=facing)
    actor.bag += wanted.tolist()
    set_down(stage, actor, putting, put_s, items, facing, along, 0.15)
    let_go(stage, actor, hand, put_s)
    take_up(actor, 1 - hand, other, take_s)


def set_down(
    stage: Stage, actor: Actor, done: Reach, t_s: float, items: Ints, facing: int, along: Floats, ramp_s: float
) -> None:
    """Let packages stand on a shelf from now on."""
    stage.goods.facing[items], stage.goods.along_m[items] = facing, along
    record(stage, actor, done, t_s, PUT, items, facing=facing, ramp_s=ramp_s)
    for item in items.tolist():
        actor.bag.remove(item)
    stage.goods.on_shelf[items], stage.goods.free_s[items] = True, done.back_s


def _where(stage: Stage, actor: Actor, items: Ints, beside: str | None) -> tuple[int, Floats]:
    """Return the facing that packages go to, and their middles along it."""
    if beside is None:
        facing = int(stage.goods.facing[items[0]])
        near = stage.goods.along_m[items] + stage.rng.normal(0.0, 0.01, items.size)
        low, high = extent(stage.store, facing)
        return facing, np.clip(near, low, high)
    facing = facing_of(stage, actor, row_named(beside))
    low, high = extent(stage.store, facing)
    along = float(stage.rng.uniform(0.6 * low + 0.4 * high, 0.4 * low + 0.6 * high))
    return facing, np.full(items.size, along)


def _between(stage: Stage, grabs: list[tuple[int, Ints]], middles: list[float]) -> float:
    """Return where to stand for a grab: between what both hands take, if it stands in one row."""
    yaw = [stage.store.plates.yaw_deg[stage.store.facings.plates[facing][0]] for facing, _ in grabs[:2]]
    return float(np.mean(middles[:2])) if len(set(yaw)) == 1 else middles[0]


def make_hands_free(stage: Stage, actor: Actor, needed: int) -> None:
    """Stow what is in the hands, but let one thing now and then stay in the hand that is not needed."""
    empty = actor.hands.count(None)
    if empty < needed or (empty == 1 and stage.rng.random() >= BOTH_P):
        stow(stage, actor)


def _rest(stage: Stage, actor: Actor, done: Reach, hold_s: float, loads: tuple[tuple[int, float], ...]) -> None:
    """Let a hand rest on a package before it is taken: weight comes and goes, and stays on the shelf."""
    t_s = done.there_s
    while t_s < done.there_s + hold_s - 0.5:
        until_s = min(t_s + draw(stage, FIDGET_S), done.there_s + hold_s)
        share = draw(stage, FIDGET_SHARE)
        stage.presses += [Press(actor.row, plate, t_s, until_s, share * abs(grams)) for plate, grams in loads]
        t_s = until_s


def choose(stage: Stage, actor: Actor, product: int, qty: int) -> tuple[int, Ints]:
    """Return the nearest place where enough packages lie, and the packages that stand together there."""
    goods = stage.goods
    lying = np.flatnonzero(goods.on_shelf & (goods.product == product))
    places = [facing for facing in np.unique(goods.facing[lying]) if (goods.facing[lying] == facing).sum() >= qty]
    if not places:
        who, name = actor.shopper.name, ARTICLES[product].name
        raise ValueError(f"{who}: expected {qty} of {name} on one shelf, found fewer")
    facing = int(min(places, key=lambda one: (_distance(stage, actor, int(one)), one)))
    here = lying[goods.facing[lying] == facing]
    first = here[int(stage.rng.integers(here.size))]
    near = np.argsort(np.abs(goods.along_m[here] - goods.along_m[first]), kind="stable")
    return facing, here[near[:qty]]


def facing_of(stage: Stage, actor: Actor, product: int) -> int:
    """Return the nearest facing that the planogram gives a product; raises ValueError for a product without one."""
    facings = np.flatnonzero(stage.store.facings.product == product)
    if not facings.size:
        raise ValueError(f"{actor.shopper.name}: expected a product of this store, received {ARTICLES[product].name!r}")
    return int(min(facings, key=lambda one: (_distance(stage, actor, int(one)), one)))


def _distance(stage: Stage, actor: Actor, facing: int) -> float:
    low, high = extent(stage.store, facing)
    return float(np.linalg.norm(spot(stage.store, facing, (low + high) / 2, 0.0)[:2] - actor.xy))


def approach(stage: Stage, actor: Actor, facing: int, along_m: float) -> Doing:
    """Walk to where a point of a shelf is within reach, and face the shelf."""
    plate = stage.store.facings.plates[facing][0]
    width, depth = axes(float(stage.store.plates.yaw_deg[plate]))
    before_m = max(STAND_M * min(1.0, actor.height_m / TALL_M), 0.3) + float(stage.store.plates.size[plate, 1]) / 2
    point = spot(stage.store, facing, along_m, before_m)
    yield from room_before(stage, actor, point[:2], width)
    yield from walk(stage, actor, actor.goal, depth)


def shelf_point(stage: Stage, facing: int, along_m: float) -> Floats:
    """Return where the hand goes for a package: above its plate, a little before the middle."""
    point = spot(stage.store, facing, along_m, float(stage.rng.uniform(0.02, 0.1)))
    raised: Floats = point + np.array([0.0, 0.0, GRIP_ABOVE_M])
    return raised
