"""What the sensors of a store can notice of a performance: loads, presses, carts, crossings, tags."""

from itertools import chain
from math import inf, isfinite
from typing import Final

import numpy as np

from fusion.store import Store
from scenarios.bills import Trip
from scenarios.goods import Goods
from scenarios.motion import cart_paths
from scenarios.performance import INTO_CART, OUT_OF_CART, Performance
from scenarios.stage import Setting
from sensors.world import BasketMove, Bumps, Carts, Crossing, LoadSteps, Presses, TagPassing, TestTold

LIFT_RAMP_S: Final = 0.2
SCALE_SHARE: Final = 0.7  # of carts that have a scale under the basket
TOGETHER_S: Final = 0.05  # between packages that go into a basket in one hand
SERIAL_DIGITS: Final = 8
STRANGER_SERIAL: Final = 0xE000_0000  # serials of goods from elsewhere


def load_steps(performance: Performance) -> LoadSteps:
    """Return every change of load: goods that were taken or put, goods up in the air for a while, test weights."""
    moved = ((move.t_s, plate, grams, move.ramp_s) for move in performance.moves for plate, grams in move.loads)
    lifted = (
        (t_s, plate, sign * grams, LIFT_RAMP_S)
        for lift in performance.lifts
        for plate, grams in lift.loads
        for t_s, sign in ((lift.t0_s, 1.0), (lift.t1_s, -1.0))
    )
    tested = (
        (t_s, one.plate, sign * one.grams, LIFT_RAMP_S)
        for one in performance.weighings
        for t_s, sign in ((one.came_s, 1.0), (one.went_s, -1.0))
    )
    columns = np.array(sorted(chain(moved, lifted, tested))).reshape(-1, 4).T
    return LoadSteps(columns[0], columns[1].astype(np.int64), columns[2], columns[3])


def tests_told(performance: Performance) -> tuple[TestTold, ...]:
    """Return what the device of staff was told of test weights."""
    return tuple(TestTold(one.told_s, one.plate, one.grams) for one in performance.weighings)


def presses(performance: Performance) -> Presses:
    """Return the presses as columns."""
    rows = [(press.t0_s, press.t1_s, press.plate, press.peak_g) for press in performance.presses]
    columns = np.array(rows).reshape(-1, 4).T
    return Presses(columns[0], columns[1], columns[2].astype(np.int64), columns[3])


def bumps(performance: Performance) -> Bumps:
    """Return the shoves as columns."""
    rows = sorted(performance.bumps, key=lambda bump: (bump.t_s, bump.gondola))
    return Bumps(
        np.array([bump.t_s for bump in rows]),
        tuple(bump.gondola for bump in rows),
        np.array([bump.peak_g for bump in rows]),
    )


def carts(setting: Setting, performance: Performance, goods: Goods, rng: np.random.Generator) -> Carts:
    """Return where the carts are and what went in and out of them."""
    gone = np.full(len(setting.store.carts), inf)
    for use in performance.cart_uses:
        gone[use.cart] = use.to_s if use.leaves else inf
    directions = {INTO_CART: 1, OUT_OF_CART: -1}
    moves = [
        BasketMove(
            move.t_s + TOGETHER_S * at,
            move.cart,
            directions[move.kind],
            move.product,
            float(goods.mass_g[item]),
            move.hidden,
        )
        for move in performance.moves
        if move.kind in directions
        for at, item in enumerate(move.items)
    ]
    has_scale = rng.random(gone.size) < SCALE_SHARE
    return Carts(cart_paths(performance, setting.bays), gone, has_scale, tuple(sorted(moves, key=lambda m: m.t_s)))


def crossings(trips: tuple[Trip, ...], performance: Performance) -> tuple[Crossing, ...]:
    """Return who went through which gate: one scan lets a whole party in, everybody goes out alone."""
    visits = {visit.person: visit for visit in performance.visits}
    found = []
    for trip in trips:
        first = visits[trip.people[0]]
        found.append(Crossing(first.entered_s, first.entry, "enter", trip.account, len(trip.people), trip.role))
        found += [
            Crossing(visit.left_s, visit.exit, "exit", trip.account, 1, trip.role)
            for visit in (visits[person] for person in trip.people)
            if isfinite(visit.left_s)
        ]
    return tuple(sorted(found, key=lambda crossing: crossing.t_s))


def tags(
    store: Store, performance: Performance, goods: Goods, strangers: int, rng: np.random.Generator
) -> tuple[TagPassing, ...]:
    """Return the tagged goods that went out through a gate, and strangers' goods in the lane beside a portal."""
    prefixes = store.products.epc_prefix
    own = [
        TagPassing(visit.left_s, visit.exit, f"{prefixes[int(goods.product[item])]}{item:0{SERIAL_DIGITS}X}")
        for visit in performance.visits
        if isfinite(visit.left_s)
        for item in visit.items
        if prefixes[int(goods.product[item])]
    ]
    leaving_s = [visit.left_s for visit in performance.visits if isfinite(visit.left_s)]
    tagged = [prefix for prefix in prefixes if prefix]
    gates = [gate for _, gate in store.portals]
    if not (leaving_s and tagged and gates):
        return tuple(own)
    passing = [
        TagPassing(
            # People leave at the next door when ours leave: that is when a misread does harm.
            float(rng.choice(leaving_s) + rng.normal(0.0, 1.0)),
            str(rng.choice(gates)),
            f"{rng.choice(tagged)}{STRANGER_SERIAL + serial:0{SERIAL_DIGITS}X}",
            next_lane=True,
        )
        for serial in range(strangers)
    ]
    return tuple(sorted(own + passing, key=lambda tag: (tag.t_s, tag.epc)))
