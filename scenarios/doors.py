"""Coming in and going out: gates of any kind, in any wall."""

from math import inf
from typing import Final

import numpy as np

from fusion.arrays import Floats
from scenarios.paths import is_free
from scenarios.performance import CartUse, Visit
from scenarios.stage import Actor, Doing, Stage, make_room, stand
from scenarios.walking import YIELD_S, follow, is_alone, take_place, walk
from sensors.world import RATE_HZ

SEEN_GATES: Final = 8  # where there are more, whoever finds somebody in hers tries the next
OUTSIDE_M: Final = 0.8  # people come from and go to here, before the gate
INSIDE_M: Final = 0.6
ENTER_SIDE: Final = -0.3  # of the width of a gate that serves both ways, from its middle
LEAVE_SIDE: Final = 0.3
COMES_S: Final = (0.0, 0.4)  # one comes where nobody stands just now,
ARRIVES_S: Final = (1.4, 1.9)  # and goes in where nobody will stand then
ROW_M: Final = 0.6  # from one of a party to the next
ROWS_MAX: Final = 3
QUEUE_M: Final = (0.0, 0.55, 1.1)  # people who wait to go out stand so far behind the first
ASIDE_M: Final = (0.0, 0.5, -0.5)
JITTER: Final = 0.04  # of its width


def enter(stage: Stage, actor: Actor) -> Doing:
    """Come in by one of the gates that let people in."""
    gates = [row for row, kind in enumerate(stage.store.gates.kind) if kind != "exit"]
    gate = gates[int(stage.rng.integers(len(gates)))]
    outer, inner, inward = _way_in(stage, actor, gate)
    while not (is_alone(stage, actor, outer, COMES_S) and is_alone(stage, actor, inner, ARRIVES_S)):
        actor.tick += round(YIELD_S * RATE_HZ)  # somebody is in the door; she is not on the floor yet
        yield
        if len(gates) > SEEN_GATES:
            gate = gates[(gates.index(gate) + 1) % len(gates)]
            outer, inner, inward = _way_in(stage, actor, gate)
    actor.xy, actor.facing = outer, inward
    begin = actor.tick
    stand(stage, actor, 0.3)
    yield from follow(stage, actor, lambda _: np.array([actor.xy, inner]))
    actor.entry = stage.store.gates.gate_id[gate]
    actor.entered_s = _crossing(stage, actor, gate, begin)


def _way_in(stage: Stage, actor: Actor, gate: int) -> tuple[Floats, Floats, Floats]:
    """Return where somebody comes from and goes to through a gate, and the unit vector into the store, (2,) each."""
    middle, inward = _doorway(stage, gate, ENTER_SIDE)
    return middle - OUTSIDE_M * inward, middle + _depth_m(stage, actor, middle, inward) * inward, inward


def _depth_m(stage: Stage, actor: Actor, middle: Floats, inward: Floats) -> float:
    """Return how far somebody walks in before she turns to what she wants.

    Whoever leads a party makes room for it, and so does, without knowing, whoever is tailgated.
    """
    head = actor.shopper.party_of or actor.shopper.name
    party = [one.row for one in stage.actors if head in (one.shopper.name, one.shopper.party_of)]
    behind = len(party) - 1 - party.index(actor.row)
    if not actor.shopper.tailgates:
        behind += sum(one.shopper.tailgates for one in stage.actors)
    depths = INSIDE_M + ROW_M * np.arange(min(behind, ROWS_MAX), -1, -1)
    free = is_free(middle + depths[:, None] * inward, stage.store.outline, stage.store.fixtures)
    return float(depths[np.argmax(free)])


def leave(stage: Stage, actor: Actor) -> Doing:
    """Go out by the nearest gate that lets people out, with everything carried and the cart."""
    actor.leaving = True
    gates = [row for row, kind in enumerate(stage.store.gates.kind) if kind != "entry"]
    gate = min(gates, key=lambda row: (float(np.linalg.norm(stage.store.gates.line[row].mean(axis=0) - actor.xy)), row))
    middle, inward = _doorway(stage, gate, LEAVE_SIDE)
    inner = middle + INSIDE_M * inward
    aside = np.array([-inward[1], inward[0]])
    queue = [inner + back * inward + side * aside for back in QUEUE_M for side in ASIDE_M]
    yield from take_place(stage, actor, np.array(queue))
    yield from walk(stage, actor, actor.goal, -inward)
    begin = actor.tick
    yield from follow(stage, actor, lambda _: np.array([actor.xy, inner, middle - OUTSIDE_M * inward]))
    left_s = _crossing(stage, actor, gate, begin)
    items = list(actor.bag)
    if actor.cart >= 0:
        stage.cart_uses.append(CartUse(actor.cart, actor.row, actor.cart_from_s, left_s, True))
        items += stage.carts[actor.cart].content
    exit_id = stage.store.gates.gate_id[gate]
    stage.visits.append(Visit(actor.row, actor.entered_s, left_s, actor.entry, exit_id, tuple(items)))
    actor.xy = np.full(2, np.nan)


def stay(stage: Stage, until: int) -> None:
    """Let everybody who has not left stand where she is to the end."""
    make_room(stage, until)
    for actor in stage.actors:
        if not np.isnan(actor.xy).any():
            stage.foot[actor.row, actor.tick : until] = actor.xy
            stage.facing[actor.row, actor.tick : until] = actor.facing
            stage.visits.append(Visit(actor.row, actor.entered_s, inf, actor.entry, "", ()))
            if actor.cart >= 0:
                use = CartUse(actor.cart, actor.row, actor.cart_from_s, until / RATE_HZ, False)
                stage.cart_uses.append(use)


def _doorway(stage: Stage, gate: int, side: float) -> tuple[Floats, Floats]:
    """Return a point of a gate line and the unit vector into the store.

    At a gate for both ways people come in on one side and go out on the other.
    """
    line = stage.store.gates.line[gate]
    along = line[1] - line[0]
    inward = np.array([-along[1], along[0]]) / np.linalg.norm(along)
    if (stage.store.outline.mean(axis=0) - line.mean(axis=0)) @ inward < 0.0:
        inward = -inward
    side = side if stage.store.gates.kind[gate] == "both" else 0.0
    return line.mean(axis=0) + (side + stage.rng.uniform(-JITTER, JITTER)) * along, inward


def _crossing(stage: Stage, actor: Actor, gate: int, begin: int) -> float:
    """Return when the actor's foot passed the line of a gate since a sample."""
    line = stage.store.gates.line[gate]
    along = line[1] - line[0]
    normal = np.array([-along[1], along[0]])
    side = (stage.foot[actor.row, begin : actor.tick] - line[0]) @ normal > 0.0
    return (begin + int(np.flatnonzero(side != side[0])[0])) / RATE_HZ
