"""Act a script: intentions become ways walked, hands stretched out and goods moved.

Whoever is furthest behind in time acts next, so goods are taken in the order of the clock. A package is
spoken for as soon as a shopper sets out for it; one that was put back can be taken once it lies there.
"""

from typing import Final

import numpy as np

from fusion.arrays import Floats
from fusion.store import Store
from scenarios.goods import Goods
from scenarios.handling import into_cart, pick, put_back, stow, touch, walk_to
from scenarios.performance import INTO_CART, CartUse, Performance, Visit
from scenarios.script import (
    Hold,
    Intention,
    IntoCart,
    Leave,
    Look,
    Pick,
    PutBack,
    Script,
    TakeCart,
    Touch,
    Walk,
)
from scenarios.script_check import check_script
from scenarios.stage import SECONDS_MAX, SPEED_MPS, Actor, Doing, Stage, follow, stand, walk
from sensors.world import RATE_HZ

OUTSIDE_M: Final = 0.8  # people come from and go to here, before the gate
INSIDE_M: Final = 0.6
TAIL_S: Final = 10.0  # sensors go on after the last one left: so long takes a receipt
ENTER_SIDE: Final = -0.3  # of the width of the gate, from its middle
LEAVE_SIDE: Final = 0.3
BAY_STEP_M: Final = 0.6  # from a parked cart to where one stands to take it
DONE: Final = object()


def act(script: Script, store: Store, goods: Goods, bay: Floats, rng: np.random.Generator) -> Performance:
    """Return what comes of a script, `bay`, (c, 2) m, where carts are parked; edit the goods in place."""
    wrong = check_script(script)
    if wrong:
        raise ValueError("; ".join(wrong))
    shape = (len(script.shoppers), SECONDS_MAX * RATE_HZ, 2)
    actors = [
        Actor(
            row=row,
            shopper=shopper,
            speed_mps=SPEED_MPS * float(np.clip(rng.normal(1.0, 0.07), 0.8, 1.2)),
            tick=round(shopper.at_s * RATE_HZ),
            xy=np.full(2, np.nan),
            goal=np.full(2, np.nan),
            facing=np.array([1.0, 0.0]),
        )
        for row, shopper in enumerate(script.shoppers)
    ]
    stage = Stage(store, goods, rng, np.full(shape, np.nan), np.full(shape, np.nan), actors)
    doing = {actor.row: _visit(stage, actor, bay) for actor in actors}
    while doing:
        row = min(doing, key=lambda one: (actors[one].tick, one))
        if next(doing[row], DONE) is DONE:
            del doing[row]
    return _finish(stage)


def _visit(stage: Stage, actor: Actor, bay: Floats) -> Doing:
    """Do one shopper's whole script."""
    yield
    yield from _enter(stage, actor)
    for intention in actor.shopper.does:
        yield
        yield from _perform(stage, actor, intention, bay)


def _enter(stage: Stage, actor: Actor) -> Doing:
    middle = _doorway(stage, actor, ENTER_SIDE)
    actor.xy = middle - np.array([OUTSIDE_M, 0.0])
    inner = middle + np.array([INSIDE_M, 0.0])
    begin = actor.tick
    stand(stage, actor, 0.3)
    yield from follow(stage, actor, lambda: np.array([actor.xy, inner]))
    actor.entered_s = _crossing(stage, actor, begin)


def _leave(stage: Stage, actor: Actor) -> Doing:
    middle = _doorway(stage, actor, LEAVE_SIDE)
    yield from walk(stage, actor, middle + np.array([INSIDE_M, 0.0]), np.array([-1.0, 0.0]))
    outer = middle - np.array([OUTSIDE_M, 0.0])
    begin = actor.tick
    yield from follow(stage, actor, lambda: np.array([actor.xy, outer]))
    items = tuple(actor.bag) + tuple(
        item for move in stage.moves if move.kind == INTO_CART and move.cart == actor.cart for item in move.items
    )
    left_s = _crossing(stage, actor, begin)
    gate = stage.store.gates.gate_id[0]
    stage.visits.append(Visit(actor.row, actor.entered_s, left_s, gate, gate, items))
    if actor.cart >= 0:
        stage.cart_uses.append(CartUse(actor.cart, actor.row, actor.cart_from_s, left_s, True))
    actor.xy = np.full(2, np.nan)


def _doorway(stage: Stage, actor: Actor, side: float) -> Floats:
    """Return a point of the gate line: people come in on one side of it and go out on the other."""
    gate = stage.store.gates.line[0]
    point: Floats = gate.mean(axis=0) + (side + stage.rng.uniform(-0.04, 0.04)) * (gate[1] - gate[0])
    return point


def _crossing(stage: Stage, actor: Actor, begin: int) -> float:
    """Return when the actor's foot passed the line x = 0 since a sample."""
    inside = stage.foot[actor.row, begin : actor.tick, 0] > 0.0
    return (begin + int(np.flatnonzero(inside != inside[0])[0])) / RATE_HZ


def _perform(stage: Stage, actor: Actor, intention: Intention, bay: Floats) -> Doing:
    match intention:
        case Walk(product):
            yield from walk_to(stage, actor, product)
        case Look(seconds):
            stow(stage, actor)
            stand(stage, actor, seconds)
        case Hold(seconds):
            stand(stage, actor, seconds)
        case Touch(product):
            yield from touch(stage, actor, product)
        case Pick(product=product, qty=qty):
            yield from pick(stage, actor, product, qty)
        case PutBack(product=product, beside=beside):
            yield from put_back(stage, actor, product, beside)
        case TakeCart(cart):
            actor.cart = stage.store.carts.index(cart)
            parked = bay[actor.cart]
            yield from walk(stage, actor, parked + np.array([0.0, BAY_STEP_M]), np.array([0.0, -1.0]))
            actor.cart_from_s = actor.now_s
            stand(stage, actor, 0.8)
        case IntoCart(product=product):
            into_cart(stage, actor, product, bay)
        case Leave():
            stow(stage, actor)
            yield from _leave(stage, actor)


def _finish(stage: Stage) -> Performance:
    ticks = max(actor.tick for actor in stage.actors) + round(TAIL_S * RATE_HZ)
    foot, facing = stage.foot[:, :ticks], stage.facing[:, :ticks]
    present = ~np.isnan(foot[..., 0])
    return Performance(
        present=present,
        foot=_fill(foot),
        facing=_fill(facing),
        reaches=tuple(stage.reaches),
        grips=tuple(stage.grips),
        moves=tuple(sorted(stage.moves, key=lambda move: (move.t_s, move.person))),
        lifts=(),
        presses=tuple(stage.presses),
        bumps=(),
        cart_uses=tuple(sorted(stage.cart_uses, key=lambda use: (use.cart, use.from_s))),
        undressings=(),
        visits=tuple(sorted(stage.visits, key=lambda visit: (visit.left_s, visit.person))),
    )


def _fill(values: Floats) -> Floats:
    """Let absent people stand where they come in or went out, so that arrays hold no NaN."""
    out = values.copy()
    for row in out:
        known = np.flatnonzero(~np.isnan(row[:, 0]))
        row[: known[0]] = row[known[0]]
        row[known[-1] + 1 :] = row[known[-1]]
    return out
