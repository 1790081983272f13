"""People and one another: waiting for somebody, keeping beside her, handing goods over."""

from typing import Final

import numpy as np

from fusion.arrays import Floats, Ints
from scenarios.catalogue import row_named
from scenarios.performance import GIVE, Reach
from scenarios.reaching import bring_out, carried, draw, free_hand, let_go, reach, record, stow, take_up
from scenarios.script import Exchange, Follow, Give, Receive, Together
from scenarios.stage import Actor, Doing, Stage, stand, towards
from scenarios.walking import TURN_S, clear_the_door, room_beside, wait_until, walk
from sensors.world import RATE_HZ

MEET_M: Final = 0.7  # between two who hand something over
NEAR_M: Final = 1.0  # whoever follows somebody lets her get no farther away
BESIDE_M: Final = 0.65
LOOK_S: Final = 0.3
HAND_Z: Final = 1.05  # where hands meet
ASIDE_M: Final = 0.12  # between the two hand-overs of an exchange
PASS_S: Final = (0.5, 0.9)


def together(stage: Stage, actor: Actor, does: Together) -> Doing:
    """Wait until everybody who has the mark in the script has come to it."""
    wanted = {one.row for one in stage.actors if does in one.shopper.does}
    come = stage.marks.setdefault(does, set())
    come.add(actor.row)
    yield from wait_until(stage, actor, lambda: come >= wanted, f"everybody at {does.mark!r}")


def follow_person(stage: Stage, actor: Actor, does: Follow) -> Doing:
    """Keep beside a person."""
    leader = stage.actor(does.person)
    until = float("inf") if does.seconds is None else actor.now_s + does.seconds
    if np.isnan(leader.xy).any():
        yield from clear_the_door(stage, actor)
    while actor.now_s < until and not leader.leaving:
        yield
        if np.isnan(leader.xy).any() or float(np.linalg.norm(leader.xy - actor.xy)) < NEAR_M:
            stand(stage, actor, LOOK_S)
            continue
        yield from room_beside(stage, actor, leader.xy, BESIDE_M)
        yield from walk(stage, actor, actor.goal, towards(actor.goal, leader.xy))


def give(stage: Stage, actor: Actor, does: Give) -> Doing:
    """Bring a package to the one who receives it."""
    other = stage.actor(does.to)
    meeting = (actor.shopper.name, does.to, does.product, _turn(stage, actor, other, does.product))
    bring_out(stage, actor, row_named(does.product))
    ready = stage.marks.setdefault(meeting, set())
    yield from wait_until(stage, actor, lambda: other.row in ready, f"{does.to} to receive {does.product}")
    yield from _come_to(stage, actor, other)
    hand = bring_out(stage, actor, row_named(does.product))
    goal = _between(actor, other, 0.0)
    taking = free_hand(other, goal)
    dwell_s = draw(stage, PASS_S)
    (giving,) = reach(stage, actor, [(hand, goal)], dwell_s)
    (receiving,) = _mirror(stage, other, [(taking, goal)], giving)
    items = carried(stage, actor, row_named(does.product))[-1:]
    _pass_on(stage, actor, other, giving, receiving, items, giving.there_s + dwell_s / 2)
    stage.met.add(meeting)


def receive(stage: Stage, actor: Actor, does: Receive) -> Doing:
    """Stand and wait for what another brings."""
    giver = stage.actor(does.giver)
    meeting = (does.giver, actor.shopper.name, does.product, _turn(stage, giver, actor, does.product))
    stow(stage, actor)
    stage.marks.setdefault(meeting, set()).add(actor.row)
    yield from wait_until(stage, actor, lambda: meeting in stage.met, f"{does.giver} to give {does.product}")


def exchange(stage: Stage, actor: Actor, does: Exchange) -> Doing:
    """Give one package and get another; whoever comes first in the script walks to the other."""
    other = stage.actor(does.other)
    names = tuple(sorted((actor.shopper.name, does.other)))
    meeting = (names, tuple(sorted((does.product, does.theirs))))
    bring_out(stage, actor, row_named(does.product))
    ready = stage.marks.setdefault(meeting, set())
    ready.add(actor.row)
    if actor.row > other.row:
        yield from wait_until(stage, actor, lambda: meeting in stage.met, f"{does.other} to exchange goods")
        return
    yield from wait_until(stage, actor, lambda: other.row in ready, f"{does.other} to exchange goods")
    yield from _come_to(stage, actor, other)
    _exchange(stage, actor, other, row_named(does.product), row_named(does.theirs))
    stage.met.add(meeting)


def _exchange(stage: Stage, actor: Actor, other: Actor, product: int, theirs: int) -> None:
    """Let two packages change hands at the same moment."""
    mine, yours = bring_out(stage, actor, product), bring_out(stage, other, theirs)
    _wait_for_each_other(stage, actor, other)
    there, back = _between(actor, other, ASIDE_M), _between(actor, other, -ASIDE_M)
    dwell_s = draw(stage, PASS_S)
    giving, getting = reach(stage, actor, [(mine, there), (1 - mine, back)], dwell_s)
    taken, given = _mirror(stage, other, [(1 - yours, there), (yours, back)], giving)
    t_s = giving.there_s + dwell_s / 2
    outgoing, incoming = carried(stage, actor, product), carried(stage, other, theirs)
    for one in (actor, other):
        spare = 1 - (mine if one is actor else yours)
        if one.hands[spare] is not None:
            let_go(stage, one, spare, giving.start_s)
    _pass_on(stage, actor, other, giving, taken, outgoing, t_s)
    _pass_on(stage, other, actor, given, getting, incoming, t_s)


def _pass_on(stage: Stage, giver: Actor, taker: Actor, giving: Reach, taking: Reach, items: Ints, t_s: float) -> None:
    """Let a package be another's from now on."""
    record(stage, giver, giving, t_s, GIVE, items, other=taker.row)
    for item in items.tolist():
        giver.bag.remove(item)
        taker.bag.append(item)
    let_go(stage, giver, giving.hand, t_s)
    take_up(taker, taking.hand, int(stage.goods.product[items[0]]), t_s)


def _come_to(stage: Stage, actor: Actor, other: Actor) -> Doing:
    """Walk to somebody who stands and waits, until both face each other."""
    if float(np.linalg.norm(other.xy - actor.xy)) > MEET_M + 0.15:
        yield from room_beside(stage, actor, other.xy, MEET_M)
        yield from walk(stage, actor, actor.goal, towards(actor.goal, other.xy))
    yield
    _wait_for_each_other(stage, actor, other)
    for one, two in ((actor, other), (other, actor)):
        one.facing = towards(one.xy, two.xy)
        stand(stage, one, TURN_S)


def _wait_for_each_other(stage: Stage, actor: Actor, other: Actor) -> None:
    """Bring two people to the same moment."""
    late = min(actor, other, key=lambda one: one.tick)
    behind = abs(actor.tick - other.tick)
    if behind:
        stand(stage, late, behind / RATE_HZ)


def _mirror(stage: Stage, other: Actor, hands: list[tuple[int, Floats]], like: Reach) -> list[Reach]:
    """Let another stretch out her hands at the same time."""
    reaches = [
        Reach(other.row, hand, like.start_s, like.there_s, like.leave_s, like.back_s, goal) for hand, goal in hands
    ]
    stage.reaches += reaches
    stand(stage, other, like.back_s - other.now_s)
    return reaches


def _between(actor: Actor, other: Actor, aside_m: float) -> Floats:
    """Return where hands meet, (3,), a little to the side of the middle between two people."""
    ahead = towards(actor.xy, other.xy)
    xy = (actor.xy + other.xy) / 2 + aside_m * np.array([-ahead[1], ahead[0]])
    return np.array([*xy, HAND_Z * min(1.0, min(actor.height_m, other.height_m) / 1.5)])


def _turn(stage: Stage, giver: Actor, taker: Actor, product: str) -> int:
    """Return how often these two have handed this product over before."""
    key = (giver.shopper.name, taker.shopper.name, product)
    return sum(1 for meeting in stage.met if isinstance(meeting, tuple) and meeting[:3] == key)
