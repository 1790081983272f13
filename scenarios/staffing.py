"""What staff do at the shelves: bring new goods, pull old ones to the front, weigh a plate with a test weight."""

from typing import Final

import numpy as np

from scenarios.catalogue import ARTICLES, row_named
from scenarios.goods import extent
from scenarios.handling import approach, facing_of, set_down, shelf_point
from scenarios.layout import axes
from scenarios.performance import Lift, Weighing
from scenarios.reaching import draw, free_hand, let_go, loads_of, reach, stow, take_up
from scenarios.script import Face, Restock, Weigh
from scenarios.stage import Actor, Doing, Stage, stand

ARMFUL: Final = 3  # packages put down at once
FACE_S: Final = (0.8, 1.5)
TELL_S: Final = (2.0, 4.0)  # to type in the plate and the grams
LET_GO_S: Final = (0.4, 0.7)
RESTS_S: Final = (3.5, 6.0)  # a weight that lies for less tells nothing


def restock(stage: Stage, actor: Actor, does: Restock) -> Doing:
    """Put packages from the stockroom where their product stands."""
    row = row_named(does.product)
    waiting = np.flatnonzero(stage.goods.in_stockroom & (stage.goods.product == row))[: does.qty]
    assert waiting.size == does.qty, "the stockroom holds what the script asks for"
    stage.goods.in_stockroom[waiting] = False
    actor.bag += waiting.tolist()
    facing = facing_of(stage, actor, row)
    low, high = extent(stage.store, facing)
    for at in range(0, does.qty, ARMFUL):
        items = waiting[at : at + ARMFUL]
        along = float(stage.rng.uniform(0.8 * low + 0.2 * high, 0.2 * low + 0.8 * high))
        yield from approach(stage, actor, facing, along)
        stow(stage, actor)
        goal = shelf_point(stage, facing, along)
        hand = free_hand(actor, goal)
        take_up(actor, hand, row, actor.now_s)
        (done,) = reach(stage, actor, [(hand, goal)], 0.8)
        spread = np.clip(along + stage.rng.normal(0.0, 0.01, items.size), low, high)
        set_down(stage, actor, done, done.there_s + 0.4, items, facing, spread, 0.2)
        let_go(stage, actor, hand, done.there_s + 0.4)
        yield


def face(stage: Stage, actor: Actor, does: Face) -> Doing:
    """Pull packages to the front: each is raised a little and set down, nearer but on the same plates."""
    row = row_named(does.product)
    facing = facing_of(stage, actor, row)
    lying = np.flatnonzero(stage.goods.on_shelf & (stage.goods.facing == facing))[: does.qty]
    if not lying.size:
        raise ValueError(f"{actor.shopper.name}: expected {ARTICLES[row].name} on its shelf, found none")
    for item in lying.tolist():
        along = float(stage.goods.along_m[item])
        yield from approach(stage, actor, facing, along)
        if not stage.goods.on_shelf[item]:
            continue  # somebody took it meanwhile
        stow(stage, actor)
        stage.goods.on_shelf[item] = False
        goal = shelf_point(stage, facing, along)
        (done,) = reach(stage, actor, [(free_hand(actor, goal), goal)], draw(stage, FACE_S))
        loads = loads_of(stage, np.array([item]), facing, -1.0)
        product = int(stage.goods.product[item])
        stage.lifts.append(Lift(actor.row, done.hand, product, done.there_s + 0.2, done.leave_s - 0.2, loads))
        stage.goods.on_shelf[item], stage.goods.free_s[item] = True, done.back_s


def weigh(stage: Stage, actor: Actor, does: Weigh) -> Doing:
    """Say what comes, lay a test weight on the middle of a plate, and take it off again; ValueError for no plate."""
    facing, plate = _plate_named(stage, actor, does.plate)
    width, _ = axes(float(stage.store.plates.yaw_deg[plate]))
    along = float(stage.store.plates.centre[plate, :2] @ width)
    yield from approach(stage, actor, facing, along)
    stow(stage, actor)
    told_s = actor.now_s
    stand(stage, actor, draw(stage, TELL_S))
    goal = shelf_point(stage, facing, along)
    (laid,) = reach(stage, actor, [(free_hand(actor, goal), goal)], draw(stage, LET_GO_S))
    stand(stage, actor, draw(stage, RESTS_S))
    (taken,) = reach(stage, actor, [(laid.hand, goal)], draw(stage, LET_GO_S))
    came_s, went_s = laid.there_s + 0.2, taken.leave_s - 0.1
    stage.weighings.append(Weighing(actor.row, plate, does.grams, told_s, came_s, went_s))


def _plate_named(stage: Stage, actor: Actor, name: str) -> tuple[int, int]:
    """Return a facing that stands on a plate, and the plate's row."""
    names, on = stage.store.plates.plate_id, stage.store.facings.plates
    plate = names.index(name) if name in names else -1
    facing = next((row for row, plates in enumerate(on) if plate in plates), -1)
    if facing < 0:
        raise ValueError(f"{actor.shopper.name}: expected a plate of this store with goods on it, received {name!r}")
    return facing, plate
