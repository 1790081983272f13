"""What people do at a shelf without taking anything: stand there, press, shove, lift and hold."""

from typing import Final

import numpy as np

from scenarios.catalogue import ARTICLES, row_named
from scenarios.goods import carriers, extent
from scenarios.handling import approach, choose, facing_of, make_hands_free, shelf_point
from scenarios.performance import PICK, Press
from scenarios.performance import Bump as Bumped
from scenarios.performance import Lift as Lifted
from scenarios.reaching import draw, free_hand, let_go, loads_of, reach, record, stow, take_up
from scenarios.script import Bump, Lift, Touch, Walk
from scenarios.stage import Actor, Doing, Stage, stand

LIFTED_M: Final = 0.08  # how high goods are held over their place
TOUCH_G: Final = (50.0, 300.0)
TOUCH_S: Final = (0.3, 1.5)
RAISE_SHARE: Final = (0.1, 0.5)  # of a package that a touch raises a little instead
RAISE_P: Final = 0.3
SHOVE_G: Final = (60.0, 250.0)


def walk_to(stage: Stage, actor: Actor, does: Walk) -> Doing:
    """Walk to the nearest facing of a product."""
    facing = facing_of(stage, actor, row_named(does.product))
    low, high = extent(stage.store, facing)
    yield from approach(stage, actor, facing, (low + high) / 2)


def touch(stage: Stage, actor: Actor, does: Touch) -> Doing:
    """Walk to a product and press it, or raise it a little, without taking it."""
    facing = facing_of(stage, actor, row_named(does.product))
    low, high = extent(stage.store, facing)
    along = float(stage.rng.uniform(low, high))
    yield from approach(stage, actor, facing, along)
    stow(stage, actor)
    goal = shelf_point(stage, facing, along)
    (done,) = reach(stage, actor, [(free_hand(actor, goal), goal)], draw(stage, TOUCH_S))
    peak = draw(stage, TOUCH_G)
    if stage.rng.random() < RAISE_P:
        peak = -draw(stage, RAISE_SHARE) * ARTICLES[row_named(does.product)].mass_g
    for plate, share in carriers(stage.store, facing, along, 0.1):
        stage.presses.append(Press(actor.row, plate, done.there_s, done.leave_s, share * peak))


def bump(stage: Stage, actor: Actor, does: Bump) -> Doing:
    """Walk to a product and run into its shelves."""
    facing = facing_of(stage, actor, row_named(does.product))
    low, high = extent(stage.store, facing)
    yield from approach(stage, actor, facing, (low + high) / 2)
    gondola = stage.store.plates.gondola[stage.store.facings.plates[facing][0]]
    stage.bumps.append(Bumped(actor.now_s, actor.row, gondola, draw(stage, SHOVE_G)))
    stand(stage, actor, 1.0)


def lift(stage: Stage, actor: Actor, does: Lift) -> Doing:
    """Raise packages, hold them over their place, set down all but those taken."""
    facing, items = choose(stage, actor, row_named(does.product), does.qty)
    taken, back = items[: does.taken], items[does.taken :]
    stage.goods.on_shelf[items] = False
    yield from approach(stage, actor, facing, float(stage.goods.along_m[items[0]]))
    make_hands_free(stage, actor, 1)
    goal = shelf_point(stage, facing, float(stage.goods.along_m[items[0]])) + np.array([0.0, 0.0, LIFTED_M])
    (done,) = reach(stage, actor, [(free_hand(actor, goal), goal)], does.seconds + 0.8)
    t0_s, t1_s = done.there_s + 0.4, done.leave_s - 0.4
    take_up(actor, done.hand, row_named(does.product), t0_s)
    if back.size:
        loads = loads_of(stage, back, facing, -1.0)
        stage.lifts.append(Lifted(actor.row, done.hand, row_named(does.product), t0_s, t1_s, loads))
        stage.goods.on_shelf[back], stage.goods.free_s[back] = True, done.back_s
    if taken.size:
        record(stage, actor, done, t0_s, PICK, taken, facing=facing)
        actor.bag += taken.tolist()
    else:
        let_go(stage, actor, done.hand, t1_s)
