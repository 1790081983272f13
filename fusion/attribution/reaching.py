"""Hands at goods of other changes: what they next hold is from there, and what their bearers bend for is known."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.attribution.bodies import Rows, bodies_in, rows_in
from fusion.attribution.past import Past, nearest_moment
from fusion.attribution.standing import goods_place
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange
from fusion.store import Store
from fusion.tracking.hands import hand_rules, nats_of_hand


def next_picks(
    t_ns: int,
    apart_s: float,
    tracks: Collection[int],
    changes: Iterable[ShelfChange],
    past: Past,
    alias: Mapping[int, int],
    store: Store,
    config: AttributionConfig,
) -> dict[int, int]:
    """Return when, ns, some tracks may next have had something, of those that may.

    They may where a hand of theirs was at goods that went, and have it a moment before the plate says so. What went
    within apart_s of t_ns was not for the same hand.
    """
    out: dict[int, int] = {}
    lead_ns, first_ns = int(config.next_pick_s * SECOND_NS), t_ns + int(apart_s * SECOND_NS)
    last_ns = t_ns + int((config.held_window_s + config.next_pick_s) * SECOND_NS)
    for change in changes if len(past) else ():
        if not first_ns < change.step_ns <= last_ns or not change.plates or change.total_g >= 0.0:
            continue  # the moment first: of a large store's changes few are of it
        now, (goods, _) = bodies_in(past, past.nearest(change.step_ns)), goods_place(change, store)
        for track_id in now.track_id[_nearest_hand_m(now.head, now.hands, goods) < config.next_pick_m].tolist():
            own = alias.get(track_id, track_id)
            if own in tracks:
                out[own] = min(out.get(own, last_ns), change.step_ns - lead_ns)
    return out


@njit(cache=True, error_model="numpy")
def _nearest_hand_m(head: Floats, hands: Floats, goods: Floats) -> Floats:
    """Return how far the nearer hand (n, 2, 3) of each head (n, 3) is from goods (3,), (n,) m."""
    out = np.empty(len(head))
    for row in range(len(head)):
        least = np.inf
        for hand in range(2):
            squared = 0.0
            for axis in range(3):
                squared += (head[row, axis] + hands[row, hand, axis] - goods[axis]) ** 2
            least = min(least, squared)
        out[row] = np.sqrt(least)
    return out


def at_others(
    t_ns: int,
    tracks: Sequence[int],
    others: Iterable[ShelfChange],
    past: Past,
    store: Store,
    config: AttributionConfig,
) -> dict[int, tuple[Floats, float]]:
    """Return at which goods of another change, (3,) m, some may have had a hand about t_ns, and how likely they had.

    Who is within reach of them may have, as far as is known of their hands: one that nobody sees may be there. Of
    several the likeliest counts, then the nearest in time.
    """
    near_ns = int(config.hurry_s[1] * SECOND_NS)
    about = [one for one in others if abs(one.step_ns - t_ns) < near_ns and one.plates] if len(past) else []
    about.sort(key=lambda one: (abs(one.step_ns - t_ns), one.plates))
    if not about:
        return {}
    goods = np.array([goods_place(one, store)[0] for one in about])
    step_ns = np.array([one.step_ns for one in about], np.int64)
    hands = hand_rules(config.hands)
    rules = _Reach(
        config.standing.shoulder, config.standing.arm_m, config.standing.bent_m_max, config.standing.elsewhere_p,
        hands.rest, hands.spread, config.hand_sd_m**2,
    )  # fmt: skip
    room, asked = past.room, np.array(tracks, np.int64)
    at, p = _at_likeliest(rows_in(past), room.t_ns, room.first, past.begin, past.end, asked, goods, step_ns, rules)
    return {track: (goods[k], one) for track, k, one in zip(tracks, at.tolist(), p.tolist(), strict=True) if k >= 0}


class _Reach(NamedTuple):
    """See StandingConfig, and what is known of hands."""

    shoulder: float
    arm_m: float
    bent_m_max: float
    elsewhere_p: float
    rest: Floats
    spread: Floats
    near: float


@njit(cache=True, error_model="numpy")
def _at_likeliest(
    rows: Rows,
    t_ns: Ints,
    first: Ints,
    begin: int,
    end: int,
    tracks: Ints,
    goods: Floats,
    step_ns: Ints,
    rules: _Reach,
) -> tuple[Ints, Floats]:
    """Return at which of some goods (m, 3), moved at step_ns (m,), tracks (n,) may have had a hand, and how likely.

    -1 for none; of several as likely the first.
    """
    at, best_p = np.full(len(tracks), -1), np.zeros(len(tracks))
    for k in range(len(goods)):
        moment = nearest_moment(t_ns, begin, end, step_ns[k])
        for row in range(first[moment], first[moment + 1]):
            for track in range(len(tracks)):
                if rows.track_id[row] == tracks[track]:
                    p = _may_reach(rows, row, goods[k], rules)
                    if p > best_p[track]:
                        at[track], best_p[track] = k, p
    return at, best_p


@njit(cache=True, error_model="numpy")
def _may_reach(rows: Rows, row: int, goods: Floats, rules: _Reach) -> float:
    """Return how likely somebody has a hand at goods (3,); 0 beyond their reach."""
    x, y = rows.head[row, 0] - goods[0], rows.head[row, 1] - goods[1]
    beyond_m = np.hypot(np.sqrt(x * x + y * y), rules.shoulder * rows.head[row, 2] - goods[2]) - rules.arm_m
    if beyond_m > rules.bent_m_max:
        return 0.0
    nats, point = -np.inf, goods.reshape(1, 3)
    for hand in range(2):
        mean, cov = rows.hands[row, hand], rows.hands_cov[row, hand]
        nats = max(nats, nats_of_hand(point, rows.head[row], mean, cov, rules.rest, rules.spread, rules.near))
    odds = np.exp(nats) * rules.elsewhere_p / (1.0 - rules.elsewhere_p)
    return float(odds / (1.0 + odds))
