"""What hands tell of the clock of a shelf controller: goods leave a plate while a hand is at it.

A step of weight is compared with the middle of the time that a hand was there. Where only one person's hands can have
been there, and one of them came and went, that middle is known to a tenth of a second.
"""

from collections.abc import Mapping

import numpy as np

from fusion.arrays import Floats
from fusion.attribution.bodies import rows_in
from fusion.attribution.past import Past
from fusion.config import SECOND_NS, ClockConfig
from fusion.intake.clock_filter import Comparisons
from fusion.shelf import ShelfChange
from fusion.store import Store

ABOVE_M = 0.08  # a hand with goods is between the plate and twice this above it


def stepping(
    change: ShelfChange, seen: Past, alias: Mapping[int, int], store: Store, config: ClockConfig
) -> tuple[str, Comparisons] | None:
    """Return the controller of a shelf change and what the one hand that can have made it says of its clock.

    None where it is not one controller, not one person, or no hand that came and went.
    """
    controllers = {store.plates.controller[plate] for plate in change.plates}
    if len(controllers) != 1 or abs(change.total_g) < config.clear_g:
        return None
    late_s, far_m = _approach(change, seen, alias, store, config)
    after_s = _middle(late_s, far_m, config)
    return None if after_s is None else (controllers.pop(), late_by(-after_s, config))


def late_by(late_s: float, config: ClockConfig) -> Comparisons:
    """Return what a hand says of a step that is stamped so much later than it was at the plate."""
    one = np.ones((1, 1))
    noise = config.hand_sd_s**2 * one[None]
    return Comparisons(late_s * one, one, one[None], noise, config.offset_sd_s, config.hand_habit_sd_s, 0.0)


def _approach(
    change: ShelfChange, seen: Past, alias: Mapping[int, int], store: Store, config: ClockConfig
) -> tuple[Floats, Floats]:
    """Return when (n,), s after the step, and how far (n, 2), m, the hands that can have made it were from the goods.

    Nothing where several people's can, or where who it was went out of sight.
    """
    plates = np.array(change.plates)
    place = np.abs(change.delta_g) @ store.plates.centre[plates] / np.abs(change.delta_g).sum()
    longest_ns = round((config.hand_s + config.hand_beyond_s) * SECOND_NS)
    rows, moments = rows_in(seen), seen.within(change.step_ns - longest_ns, change.step_ns + longest_ns)
    around = seen.rows_of(*moments)
    away_m = np.linalg.norm(rows.head[around, :2] - place[:2], axis=1)
    near = around.start + np.flatnonzero(away_m < config.about_m)
    hidden = rows.unseen_s[near] > 0.0
    if not len(near) or (hidden & (away_m[near - around.start] < config.alone_m)).any():
        return np.zeros(0), np.zeros((0, 2))
    gap = _from_goods(rows.head[near, None] + rows.hands[near], place, _front(change, store))
    spread = np.sqrt(np.trace(rows.hands_cov[near], axis1=2, axis2=3) / 3)
    who = np.array([alias.get(track_id, track_id) for track_id in rows.track_id[near].tolist()])
    able = set(who[(gap - config.hand_sds * spread).min(axis=1) < config.hand_far_m].tolist())
    if len(able) != 1:
        return np.zeros(0), np.zeros((0, 2))
    moment_of = np.searchsorted(seen.room.first[: moments[1]], near, side="right") - 1
    late_s = (seen.room.t_ns[moment_of] - change.step_ns) / SECOND_NS
    mine = who == able.pop()
    return late_s[mine], gap[mine]


def _front(change: ShelfChange, store: Store) -> Floats:
    """Return the way (3,) from the middle of the plate that changed most to its front edge, m."""
    widest = change.plates[int(np.argmax(np.abs(change.delta_g)))]
    yaw = np.deg2rad(store.plates.yaw_deg[widest])
    return np.array([np.sin(yaw), -np.cos(yaw), 0.0]) * float(store.plates.size[widest, 1]) / 2


def _from_goods(hands: Floats, place: Floats, front: Floats) -> Floats:
    """Return how far hands (..., 3) are from where goods are taken: above the plate from its middle to its front."""
    share = np.clip((hands - place) @ front / max(float(front @ front), 1e-9), 0.0, 1.0)
    gap = hands - place - share[..., None] * front
    gap[..., 2] = np.maximum(0.0, np.abs(gap[..., 2] - ABOVE_M) - ABOVE_M)
    return np.asarray(np.linalg.norm(gap, axis=-1))


def _middle(late_s: Floats, far_m: Floats, config: ClockConfig) -> float | None:
    """Return the middle of the time that the nearer hand was at the goods; None unless it came and went.

    The window is moved onto that middle and the middle found anew: one that stays about the step would cut off a part
    of the hand's stay, the more the further the clock is off, and draw the middle to the step.
    """
    middle_s = 0.0
    for _ in range(3):
        inside = np.abs(late_s - middle_s) <= config.hand_s
        if not inside.any():
            return None
        late, far = late_s[inside], far_m[inside]
        there = np.exp(-0.5 * (far[:, int(np.argmin(far.min(axis=0)))] / config.hand_m) ** 2)
        middle_s = float(there @ late / there.sum())
    covered = min(middle_s - late[0], late[-1] - middle_s) > 0.8 * config.hand_s
    gone = max(there[0], there[-1]) <= config.hand_gone * there.max()
    return middle_s if covered and gone and far.min() <= config.hand_near_m else None
