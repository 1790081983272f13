"""Act a script: intentions become ways walked, hands stretched out and goods moved.

Whoever is furthest behind in time acts next, so goods are taken in the order of the clock. A package is
spoken for as soon as a shopper sets out for it; one that was put back can be taken once it lies there.
"""

from collections.abc import Callable
from math import inf
from typing import Any, Final

import numpy as np

from fusion.arrays import Floats
from scenarios.breaking_off import broken_off, open_hands
from scenarios.carting import into_cart, leave_cart, out_of_cart, take_cart
from scenarios.doors import enter, leave, stay
from scenarios.feeling import bump, lift, touch, walk_to
from scenarios.goods import Goods
from scenarios.handling import pick, put_back, swap
from scenarios.laying import change_jacket, eat, go, lay_down, pick_up
from scenarios.meeting import exchange, follow_person, give, receive, together
from scenarios.performance import Performance
from scenarios.reaching import stow
from scenarios.script import (
    Bump,
    ChangeJacket,
    Eat,
    Exchange,
    Face,
    Follow,
    Give,
    Go,
    Hold,
    Intention,
    IntoCart,
    LayDown,
    Leave,
    LeaveCart,
    Lift,
    Look,
    OutOfCart,
    Pick,
    PickUp,
    PutBack,
    Receive,
    Restock,
    Script,
    Shopper,
    Stay,
    Swap,
    TakeCart,
    Together,
    Touch,
    Walk,
    Weigh,
)
from scenarios.script_check import check_script
from scenarios.staffing import face, restock, weigh
from scenarios.stage import ROOM_S, Actor, CartState, Doing, Setting, Stage, stand
from sensors.world import RATE_HZ

SPEED_MPS: Final = 1.1
CHILD_SPEED: Final = 0.85
TAIL_S: Final = 10.0  # sensors go on after the last one left: so long takes a receipt
PARTY_S: Final = (0.6, 1.2)  # from one of a party to the next at the gate
TAILGATE_S: Final = (0.5, 0.8)
STUCK_TURNS: Final = 600  # for each person: everybody waits, and nobody can come any more
DONE: Final = object()
# What may meet others on the way; the rest is played on the spot.
PLAYS: Final[dict[type, Callable[[Stage, Actor, Any], Doing]]] = {
    Walk: walk_to,
    Touch: touch,
    Bump: bump,
    Pick: pick,
    Lift: lift,
    PutBack: put_back,
    Swap: swap,
    Restock: restock,
    Face: face,
    Weigh: weigh,
    Go: go,
    Follow: follow_person,
    Together: together,
    Give: give,
    Receive: receive,
    Exchange: exchange,
    LayDown: lay_down,
    PickUp: pick_up,
    TakeCart: take_cart,
    IntoCart: into_cart,
    OutOfCart: out_of_cart,
}


def act(script: Script, setting: Setting, goods: Goods, height_m: Floats, rng: np.random.Generator) -> Performance:
    """Return what comes of a cast script played by people so tall, (n,) m; edit the goods in place.

    Raises ValueError for what cannot be done, and where people wait for each other for ever.
    """
    wrong = check_script(script)
    if wrong:
        raise ValueError("; ".join(wrong))
    people, ticks = len(script.shoppers), ROOM_S * RATE_HZ
    stage = Stage(
        setting=setting,
        goods=goods,
        rng=rng,
        actors=_actors(script.shoppers, height_m, rng),
        foot=np.full((people, ticks, 2), np.nan),
        facing=np.full((people, ticks, 2), np.nan),
        carts=[CartState(xy) for xy in setting.bays],
    )
    _play(stage, script.lasts_s)
    if script.lasts_s == inf:
        return _finish(stage)
    open_hands(stage)
    return broken_off(_finish(stage), script.lasts_s)


def _actors(shoppers: tuple[Shopper, ...], height_m: Floats, rng: np.random.Generator) -> list[Actor]:
    actors = []
    for row, (shopper, at_s) in enumerate(zip(shoppers, _arrivals(shoppers, rng), strict=True)):
        speed = SPEED_MPS * float(np.clip(rng.normal(1.0, 0.07), 0.8, 1.2)) * (CHILD_SPEED if shopper.is_child else 1)
        nowhere = np.full(2, np.nan)
        actors.append(
            Actor(row, shopper, float(height_m[row]), speed, round(at_s * RATE_HZ), nowhere, nowhere, np.zeros(2))
        )
    return actors


def _arrivals(shoppers: tuple[Shopper, ...], rng: np.random.Generator) -> list[float]:
    """Return when everybody comes: a party one after the other, a tailgater right behind whoever comes before."""
    at_s = {shopper.name: shopper.at_s for shopper in shoppers}
    behind = {shopper.name: shopper.at_s for shopper in shoppers}
    for shopper in shoppers:
        if shopper.party_of is not None:
            behind[shopper.party_of] += float(rng.uniform(*PARTY_S))
            at_s[shopper.name] = behind[shopper.party_of]
        elif shopper.tailgates:
            before = [t for name, t in at_s.items() if name != shopper.name and t <= shopper.at_s]
            at_s[shopper.name] = max(before, default=shopper.at_s) + float(rng.uniform(*TAILGATE_S))
    return [at_s[shopper.name] for shopper in shoppers]


def _play(stage: Stage, lasts_s: float) -> None:
    """Let everybody act up to an instant; some are further then."""
    doing = {actor.row: _visit(stage, actor) for actor in stage.actors}
    stuck = 0
    while doing:
        row = min(doing, key=lambda one: (stage.actors[one].tick, one))
        if stage.actors[row].now_s >= lasts_s:
            break
        if next(doing[row], DONE) is DONE:
            del doing[row]
        stuck = stuck + 1 if stage.actors[row].waits_for else 0
        if stuck > STUCK_TURNS * len(stage.actors):
            waits = (actor for actor in stage.actors if actor.row in doing and actor.waits_for)
            waiting = ", ".join(f"{actor.shopper.name} waits for {actor.waits_for}" for actor in waits)
            raise ValueError(f"script: expected everybody to come to an end; {waiting}")


def _visit(stage: Stage, actor: Actor) -> Doing:
    """Do one person's whole script."""
    yield
    yield from enter(stage, actor)
    for intention in actor.shopper.does:
        yield
        yield from _perform(stage, actor, intention)


def _perform(stage: Stage, actor: Actor, does: Intention) -> Doing:
    match does:
        case Look(seconds):
            stow(stage, actor)
            stand(stage, actor, seconds)
        case Hold(seconds):
            stand(stage, actor, seconds)
        case Eat():
            eat(stage, actor, does)
        case ChangeJacket():
            change_jacket(stage, actor)
        case LeaveCart():
            leave_cart(stage, actor)
        case Leave():
            stow(stage, actor)
            yield from leave(stage, actor)
        case Stay():
            stow(stage, actor)
        case _:
            yield from PLAYS[type(does)](stage, actor, does)


def _finish(stage: Stage) -> Performance:
    ticks = max(actor.tick for actor in stage.actors) + round(TAIL_S * RATE_HZ)
    stay(stage, ticks)
    foot, facing = stage.foot[:, :ticks], stage.facing[:, :ticks]
    present = ~np.isnan(foot[..., 0])
    outside = int((~present.any(axis=1)).sum())
    if outside:
        raise ValueError(f"script: lasts: expected everybody inside before its end, received {outside} still outside")
    return Performance(
        present=present,
        foot=_fill(foot),
        facing=_fill(facing),
        reaches=tuple(stage.reaches),
        grips=tuple(stage.grips),
        moves=tuple(sorted(stage.moves, key=lambda move: (move.t_s, move.person))),
        lifts=tuple(stage.lifts),
        weighings=tuple(stage.weighings),
        presses=tuple(stage.presses),
        bumps=tuple(stage.bumps),
        cart_uses=tuple(sorted(stage.cart_uses, key=lambda use: (use.cart, use.from_s))),
        undressings=tuple(stage.undressings),
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
