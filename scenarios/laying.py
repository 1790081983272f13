"""Goods away from shelves and carts: laid down on the floor or a counter, picked up again, eaten; a jacket changed."""

from typing import Final

import numpy as np

from scenarios.catalogue import ARTICLES, row_named
from scenarios.performance import DROP, EAT, PICK_UP, Undressing
from scenarios.plan import Place
from scenarios.reaching import bring_out, carried, draw, free_hand, let_go, reach, record, stow, take_up
from scenarios.script import FLOOR, Eat, Go, LayDown, PickUp
from scenarios.stage import Actor, Doing, Laid, Stage, towards
from scenarios.walking import room_before, room_beside, wait_until, walk
from sensors.world import HEAD_BELOW_TOP_M

FLOOR_Z: Final = 0.07  # of a hand that lays something down
AHEAD_M: Final = 0.38
ABOVE_M: Final = 0.05
DWELL_S: Final = 0.6
BITE_S: Final = (2.5, 5.0)
JACKET_S: Final = 3.5


def go(stage: Stage, actor: Actor, does: Go) -> Doing:
    """Walk to a place that the store names."""
    yield from _walk_to_place(stage, actor, stage.setting.places[does.place])


def _walk_to_place(stage: Stage, actor: Actor, place: Place) -> Doing:
    yield from room_before(stage, actor, place.stand, np.array([1.0, 0.0]))
    yield from walk(stage, actor, actor.goal, towards(actor.goal, place.top[:2]))


def lay_down(stage: Stage, actor: Actor, does: LayDown) -> Doing:
    """Leave one package on the floor where the actor stands, or at a place."""
    row = row_named(does.product)
    items = carried(stage, actor, row)
    if does.place == FLOOR:
        top = np.array([*(actor.xy + AHEAD_M * actor.facing), 0.0])
    else:
        yield from go(stage, actor, Go(does.place))
        top = stage.setting.places[does.place].top
    hand = bring_out(stage, actor, row)
    goal = top + np.array([0.0, 0.0, FLOOR_Z if does.place == FLOOR else ABOVE_M])
    (done,) = reach(stage, actor, [(hand, goal)], DWELL_S)
    t_s = done.there_s + DWELL_S / 2
    record(stage, actor, done, t_s, DROP, items)
    actor.bag.remove(int(items[0]))
    stage.laid[int(items[0])] = Laid(goal, None if does.place == FLOOR else stage.setting.places[does.place])
    let_go(stage, actor, hand, t_s)


def pick_up(stage: Stage, actor: Actor, does: PickUp) -> Doing:
    """Take a package from where somebody laid it down, once it lies there."""
    row = row_named(does.product)
    name = ARTICLES[row].name
    yield from wait_until(stage, actor, lambda: bool(_lying(stage, row)), f"{name} to be laid down")
    item = min(_lying(stage, row), key=lambda one: (float(np.linalg.norm(stage.laid[one].top[:2] - actor.xy)), one))
    laid = stage.laid.pop(item)
    goal = laid.top
    if laid.place is None:
        yield from room_beside(stage, actor, goal[:2], AHEAD_M + 0.05)
        yield from walk(stage, actor, actor.goal, towards(actor.goal, goal[:2]))
    else:
        yield from _walk_to_place(stage, actor, laid.place)
    stow(stage, actor)
    (done,) = reach(stage, actor, [(free_hand(actor, goal), goal)], DWELL_S)
    t_s = done.there_s + DWELL_S / 2
    record(stage, actor, done, t_s, PICK_UP, np.array([item]))
    actor.bag.append(item)
    take_up(actor, done.hand, row, t_s)


def eat(stage: Stage, actor: Actor, does: Eat) -> None:
    """Eat a package up: hand to the mouth."""
    row = row_named(does.product)
    items = carried(stage, actor, row)
    hand = bring_out(stage, actor, row)
    mouth = np.array([*(actor.xy + 0.14 * actor.facing), actor.height_m - 1.6 * HEAD_BELOW_TOP_M])
    (done,) = reach(stage, actor, [(hand, mouth)], draw(stage, BITE_S))
    record(stage, actor, done, done.leave_s, EAT, items)
    actor.bag.remove(int(items[0]))
    let_go(stage, actor, hand, done.leave_s)


def change_jacket(stage: Stage, actor: Actor) -> None:
    """Take off or put on a jacket, with both hands at the shoulders."""
    stow(stage, actor)
    left = np.array([-actor.facing[1], actor.facing[0]])
    shoulders = [
        np.array([*(actor.xy + side * 0.2 * left + 0.1 * actor.facing), 0.8 * actor.height_m]) for side in (1.0, -1.0)
    ]
    done, _ = reach(stage, actor, list(enumerate(shoulders)), JACKET_S)
    stage.undressings.append(Undressing(actor.row, (done.there_s + done.leave_s) / 2))


def _lying(stage: Stage, product: int) -> list[int]:
    return [item for item in stage.laid if stage.goods.product[item] == product]
