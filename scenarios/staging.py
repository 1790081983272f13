"""A named scenario on the stage: a store, its goods, a script acted in it, the world that sensors look at."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.arrays import Floats
from fusion.store import Store
from scenarios.acting import act
from scenarios.goods import Goods, opening_loads, stock_up
from scenarios.layout import CORNER, build_store
from scenarios.library import script_named
from scenarios.motion import holding, pose, trail
from scenarios.performance import INTO_CART, Performance
from scenarios.script import Script
from sensors.world import (
    RATE_HZ,
    BasketMove,
    Bodies,
    Bumps,
    Carts,
    Crossing,
    LoadSteps,
    Presses,
    TagPassing,
    World,
    generator,
)

LOOK_D: Final = 16
CART_GAP_M: Final = 0.7
STREAM: Final = 0  # first key of the random streams of scenarios; 1 belongs to the sensors
SERIAL_DIGITS: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Staging:
    """A scenario as it truly happened, with all that its truth is told from."""

    script: Script
    world: World
    performance: Performance
    goods: Goods  # as they were left


def stage(name: str, seed: int) -> Staging:
    """Return a named scenario for a seed; raises ValueError for an unknown name."""
    script = script_named(name)
    store = build_store(CORNER, generator(seed, STREAM, 0))
    goods = stock_up(store, generator(seed, STREAM, 1))
    opening = opening_loads(store, goods)
    bay = np.array(CORNER.cart_bay) + np.arange(len(store.carts))[:, None] * [CART_GAP_M, 0.0]
    performance = act(script, store, goods, bay, generator(seed, STREAM, 2))
    bodies = _bodies(script, performance, generator(seed, STREAM, 3))
    world = World(
        store=store,
        seconds=performance.foot.shape[1] / RATE_HZ,
        bodies=bodies,
        opening_g=opening,
        steps=_steps(performance, generator(seed, STREAM, 4)),
        presses=_presses(performance),
        bumps=Bumps(np.zeros(0), (), np.zeros(0)),
        carts=_carts(store, performance, bodies.foot, bay),
        crossings=_crossings(store, performance, bodies),
        tags=_tags(store, performance, goods),
    )
    return Staging(script, world, performance, goods)


def _bodies(script: Script, performance: Performance, rng: np.random.Generator) -> Bodies:
    people = len(script.shoppers)
    height = np.clip(rng.normal(1.69, 0.09, people), 1.5, 1.95)
    look = rng.normal(0.0, 1.0, (people, LOOK_D))
    held = holding(performance.grips, people, performance.foot.shape[1])
    foot, head, hands = pose(performance, height, held, rng)
    numbers = rng.choice(900_000, people, replace=False) + 100_000
    return Bodies(
        person=tuple(f"p{row + 1:02d}" for row in range(people)),
        account=tuple(f"acct-{number}" for number in numbers),
        role=tuple(shopper.role for shopper in script.shoppers),
        height_m=height,
        looks=look / np.linalg.norm(look, axis=1, keepdims=True),
        outfit=np.repeat(np.arange(people)[:, None], performance.foot.shape[1], axis=1),
        present=performance.present,
        foot=foot,
        head=head,
        hands=hands,
        held=held,
    )


def _steps(performance: Performance, rng: np.random.Generator) -> LoadSteps:
    rows = [
        (move.t_s, plate, grams, float(rng.uniform(0.08, 0.25)))
        for move in performance.moves
        for plate, grams in move.loads
    ]
    columns = np.array(rows).reshape(-1, 4).T
    return LoadSteps(columns[0], columns[1].astype(np.int64), columns[2], columns[3])


def _presses(performance: Performance) -> Presses:
    rows = [(press.t0_s, press.t1_s, press.plate, press.peak_g) for press in performance.presses]
    columns = np.array(rows).reshape(-1, 4).T
    return Presses(columns[0], columns[1], columns[2].astype(np.int64), columns[3])


def _carts(store: Store, performance: Performance, foot: Floats, bay: Floats) -> Carts:
    ticks = foot.shape[1]
    xy = np.repeat(bay[:, None, :], ticks, axis=1)
    gone = np.full(len(store.carts), np.inf)
    for use in performance.cart_uses:
        since = round(use.from_s * RATE_HZ)
        xy[use.cart, since:] = trail(foot[use.person, since:], bay[use.cart])
        gone[use.cart] = use.to_s
    moves = tuple(
        BasketMove(move.t_s + 0.05 * at, move.cart, 1, move.product, move.mass_g / len(move.items))
        for move in performance.moves
        if move.kind == INTO_CART
        for at in range(len(move.items))
    )
    return Carts(xy, gone, np.ones(len(store.carts), dtype=bool), moves)


def _crossings(store: Store, performance: Performance, bodies: Bodies) -> tuple[Crossing, ...]:
    gate = store.gates.gate_id[0]
    crossings = [
        Crossing(t_s, gate, event, bodies.account[visit.person], 1, bodies.role[visit.person])
        for visit in performance.visits
        for t_s, event in ((visit.entered_s, "enter"), (visit.left_s, "exit"))
    ]
    return tuple(sorted(crossings, key=lambda crossing: crossing.t_s))


def _tags(store: Store, performance: Performance, goods: Goods) -> tuple[TagPassing, ...]:
    prefixes, gate = store.products.epc_prefix, store.gates.gate_id[0]
    return tuple(
        TagPassing(visit.left_s, gate, f"{prefixes[int(goods.product[item])]}{item:0{SERIAL_DIGITS}X}")
        for visit in performance.visits
        for item in visit.items
        if prefixes[int(goods.product[item])]
    )
