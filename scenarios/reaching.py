"""Hands: stretched out and taken back, slow or fast, with what they hold in the open."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from fusion.arrays import Floats, Ints
from scenarios.catalogue import ARTICLES
from scenarios.goods import carriers
from scenarios.performance import PICK, Grip, Move, Press, Reach
from scenarios.script import Pace
from scenarios.stage import Actor, Holding, Stage, stand

OUT_S: Final = {"slow": (2.0, 3.0), "normal": (0.6, 1.2), "fast": (0.25, 0.4)}
BACK_S: Final = {"slow": (1.5, 2.5), "normal": (0.6, 1.0), "fast": (0.25, 0.4)}
DWELL_S: Final = {"slow": (1.2, 2.0), "normal": (0.35, 0.7), "fast": (0.15, 0.2)}
RAMP_S: Final = {"slow": (1.0, 2.5), "normal": (0.08, 0.25), "fast": (0.05, 0.1)}  # a package's weight leaving a plate
STOW_S: Final = 0.9


def side_of(actor: Actor, goal: Floats) -> int:
    """Return the hand on the side of a point: 0 left, 1 right."""
    left = np.array([-actor.facing[1], actor.facing[0]])
    return 0 if float((goal[:2] - actor.xy) @ left) > 0.0 else 1


def free_hand(actor: Actor, goal: Floats) -> int:
    """Return an empty hand, the one on the side of a point if both are; one of the two is."""
    wanted = side_of(actor, goal)
    return wanted if actor.hands[wanted] is None else 1 - wanted


def draw(stage: Stage, between: tuple[float, float]) -> float:
    """Draw a duration."""
    return float(stage.rng.uniform(*between))


def reach(
    stage: Stage, actor: Actor, hands: Sequence[tuple[int, Floats]], dwell_s: float, pace: Pace = "normal"
) -> list[Reach]:
    """Stretch out hands to their goals, (3,) m each, at the same time, and take them back."""
    start_s = actor.now_s
    there_s = start_s + draw(stage, OUT_S[pace])
    leave_s = there_s + dwell_s
    back_s = leave_s + draw(stage, BACK_S[pace])
    reaches = [Reach(actor.row, hand, start_s, there_s, leave_s, back_s, goal) for hand, goal in hands]
    stage.reaches += reaches
    stand(stage, actor, back_s - start_s)
    return reaches


def take_up(actor: Actor, hand: int, product: int, t_s: float) -> None:
    """Have a product in a hand from now on."""
    assert actor.hands[hand] is None, "a hand holds one thing at a time"
    actor.hands[hand] = Holding(product, t_s)


def let_go(stage: Stage, actor: Actor, hand: int, t_s: float) -> None:
    """Have a hand empty from now on."""
    holding = actor.hands[hand]
    assert holding is not None
    stage.grips.append(Grip(actor.row, hand, holding.product, holding.since_s, t_s))
    actor.hands[hand] = None


def stow(stage: Stage, actor: Actor) -> None:
    """Put what the actor holds in the open into her bag."""
    if actor.hands != [None, None]:
        stand(stage, actor, STOW_S)
        for hand in (0, 1):
            if actor.hands[hand] is not None:
                let_go(stage, actor, hand, actor.now_s - STOW_S / 2)


def bring_out(stage: Stage, actor: Actor, product: int) -> int:
    """Have a product in a hand, out of the bag if it is there; return the hand."""
    for hand, holding in enumerate(actor.hands):
        if holding is not None and holding.product == product:
            return hand
    stow(stage, actor)
    stand(stage, actor, STOW_S)
    hand = int(stage.rng.integers(2))
    take_up(actor, hand, product, actor.now_s - STOW_S / 2)
    return hand


def carried(stage: Stage, actor: Actor, product: int, qty: int = 1) -> Ints:
    """Return the packages of a product that came into the bag last; raises ValueError where there are too few."""
    items = [item for item in actor.bag if stage.goods.product[item] == product]
    if len(items) < qty:
        name, who = ARTICLES[product].name, actor.shopper.name
        raise ValueError(f"{who}: expected {qty} of {name} carried, received {len(items)}")
    return np.array(items[-qty:], dtype=np.int64)


def loads_of(stage: Stage, items: Ints, facing: int, sign: float) -> tuple[tuple[int, float], ...]:
    """Return what packages weigh on each plate at a facing, signed."""
    loads: dict[int, float] = {}
    for item in items.tolist():
        width_m = ARTICLES[int(stage.goods.product[item])].width_m
        for plate, share in carriers(stage.store, facing, float(stage.goods.along_m[item]), width_m):
            loads[plate] = loads.get(plate, 0.0) + sign * share * float(stage.goods.mass_g[item])
    return tuple(sorted(loads.items()))


def record(
    stage: Stage,
    actor: Actor,
    done: Reach,
    t_s: float,
    kind: str,
    items: Ints,
    *,
    facing: int = -1,
    ramp_s: float = 0.15,
    cart: int = -1,
    other: int = -1,
    hidden: bool = False,
) -> Move:
    """Write down that packages moved, and by how much each plate changed."""
    sign = -1.0 if kind == PICK else 1.0
    move = Move(
        t_s=t_s,
        start_s=done.start_s,
        end_s=done.back_s,
        kind=kind,
        person=actor.row,
        hand=done.hand,
        product=int(stage.goods.product[items[0]]),
        items=tuple(items.tolist()),
        mass_g=float(stage.goods.mass_g[items].sum()),
        facing=facing,
        loads=loads_of(stage, items, facing, sign) if facing >= 0 else (),
        ramp_s=ramp_s,
        cart=cart,
        other=other,
        hidden=hidden,
    )
    stage.moves.append(move)
    return move


def lean(stage: Stage, actor: Actor, t0_s: float, t1_s: float, loads: tuple[tuple[int, float], ...]) -> None:
    """Let a hand weigh a little on the plates while it takes hold."""
    for plate, grams in loads:
        peak = 0.3 * abs(grams) * float(stage.rng.uniform(-0.3, 1.0))
        stage.presses.append(Press(actor.row, plate, t0_s, t1_s, peak))
