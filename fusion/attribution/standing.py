"""Where people stand who move goods, and how they bend for them.

They stand before the goods, hardly ever far to the side; who merely is at the shelf stands anywhere along it. Goods
further from the shoulder than an arm is long are reached by bending, just so far: who stands upright then has not moved
them, and of those beside them who move nothing hardly anybody bends. What is within reach tells nothing. Whose hands
are at other goods that move may bend for those.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.attribution.bodies import Bodies, Joined, Rows, joined_into, person_of, rows_in
from fusion.attribution.normal import log_normal
from fusion.attribution.past import Past
from fusion.config import SECOND_NS, AttributionConfig, StandingConfig
from fusion.frozen import record
from fusion.shelf import ShelfChange
from fusion.store import Store


@record(eq=False)
class Stance:
    """How some people (n,) stood at a moment."""

    head: Floats  # (n, 3) m, where it is when they stand upright
    bent_m: Floats  # (n,) how far below that it was then; NaN where they were hardly seen
    unseen_s: Floats  # (n,) since when they had not been seen


def goods_place(change: ShelfChange, store: Store) -> tuple[Floats, float]:
    """Return where the goods of a change lie, (3,) m, and which way their shelf faces, rad."""
    return _place_of(change.plates, change.delta_g, store)


@lru_cache(maxsize=4096)
def _place_of(plates: tuple[int, ...], delta_g: tuple[float, ...], store: Store) -> tuple[Floats, float]:
    """Return the same: all changes about the same time ask for each other's place."""
    rows, grams = np.array(plates), np.abs(delta_g)
    total_g = float(grams.sum())
    weight = grams / total_g if total_g > 0.0 else np.full(len(grams), 1.0 / len(grams))
    yaw = np.deg2rad(store.plates.yaw_deg[rows[int(np.argmax(weight))]])
    place = np.asarray(weight @ store.plates.centre[rows])
    place.flags.writeable = False
    return place, float(yaw)


def stance(
    step_ns: int, now: Bodies, rows: Ints, past: Past, config: StandingConfig, alias: Mapping[int, int]
) -> Stance:
    """Return how the people in some rows (n,) of now, the moment of a step, stood, by all sights of some seconds.

    Tracks are those of one person where alias, track_id -> track_id, says so: who bends may be followed by another.
    """
    wanted = [alias.get(k, k) for k in now.track_id[rows].tolist()]
    joined, head = joined_into(set(wanted), alias), now.head[rows]
    rules = _Rules(
        config.window_s, config.sights, config.upright_share, config.upright_m, config.stands_s, config.forward_m
    )
    remembered = past.room.t_ns, past.room.first, past.begin, past.end
    bent_m = _stood(rows_in(past), *remembered, step_ns, np.array(wanted, np.int64), joined, head, rules)
    return Stance(head, bent_m, now.unseen_s[rows])


class _Rules(NamedTuple):
    """See StandingConfig."""

    window_s: float
    sights: int
    upright_share: float
    upright_m: float
    stands_s: float
    forward_m: float


@njit(cache=True, error_model="numpy")
def _stood(
    rows: Rows,
    t_ns: Ints,
    first: Ints,
    begin: int,
    end: int,
    step_ns: int,
    wanted: Ints,
    joined: Joined,
    head: Floats,
    rules: _Rules,
) -> Floats:
    """Return how far people (n,) bent, m, NaN where they were hardly seen; head (n, 3) becomes where it is upright."""
    most = first[end] - first[begin]
    sight, apart_s, bent_m = np.empty(most, np.int64), np.empty(most), np.full(len(wanted), np.nan)
    person = np.empty(most, np.int64)
    for row in range(first[begin], first[end]):
        person[row - first[begin]] = person_of(rows.track_id[row], joined)
    for k in range(len(wanted)):
        n, around = 0, 0
        for moment in range(begin, end):
            late_s = abs((t_ns[moment] - step_ns) / SECOND_NS)
            for row in range(first[moment], first[moment + 1]):
                if person[row - first[begin]] == wanted[k] and rows.unseen_s[row] <= 0.0:
                    sight[n], apart_s[n] = row, late_s
                    n += 1
                    around += late_s <= rules.window_s
        if around < rules.sights:
            continue
        heights = rows.head[:, 2][sight[:n]]
        up_m = _quantile(heights, rules.upright_share)
        _stand_there(rows, sight[:n], apart_s[:n], heights, up_m, head[k], rules)
        head[k, 2] = up_m
        lowest = np.sort(heights[apart_s[:n] <= rules.window_s])[: max(rules.sights - 1, around // 3)]
        bent_m[k] = up_m - np.median(lowest)
    return bent_m


@njit(cache=True, error_model="numpy")
def _stand_there(
    rows: Rows, sight: Ints, apart_s: Floats, heights: Floats, up_m: float, head: Floats, rules: _Rules
) -> None:
    """Put a head (3,) where it was by the sights (s,) of it up that are nearest in time, if those are enough and near.

    A head that bends goes forward; further off it was up on the way there, or on the way from there.
    """
    up = np.flatnonzero((apart_s < rules.stands_s) & (heights > up_m - rules.upright_m))
    if len(up) < rules.sights:
        return
    nearest = sight[up[np.argsort(apart_s[up], kind="mergesort")[: 2 * rules.sights]]]
    x, y = 0.0, 0.0
    for row in nearest:
        x += rows.head[row, 0]
        y += rows.head[row, 1]
    x, y = x / len(nearest), y / len(nearest)
    if np.sqrt((x - head[0]) ** 2 + (y - head[1]) ** 2) <= rules.forward_m:
        head[0], head[1] = x, y


@njit(cache=True, error_model="numpy")
def _quantile(values: Floats, share: float) -> float:
    """Return the value (n,) that so large a share of all is below, between two of them by the straight line."""
    ordered, at = np.sort(values), share * (len(values) - 1)
    low = int(at)
    more = ordered[min(low + 1, len(values) - 1)] - ordered[low]
    return float(ordered[low] + (at - low) * more)


def standing_nats(
    change: ShelfChange, how: Stance, other_goods: Floats, other_p: Floats, store: Store, config: AttributionConfig
) -> Floats:
    """Return what it says of people (n,) having moved goods where they stood and how they bent, (n,) nats.

    Where a hand of theirs may have been at other goods that moved about then, other_goods (n, 3) says where those lay,
    NaN for none, and other_p (n,) how likely it was.
    """
    own = config.standing
    goods, yaw = goods_place(change, store)
    apart = how.head[:, :2] - goods[:2]
    far_m = np.linalg.norm(apart, axis=1)
    sd_m = config.body_reach_sd_m + 0.5 * np.minimum(how.unseen_s, 4.0)
    reach = -0.5 * (np.maximum(far_m - config.body_reach_m, 0.0) / sd_m) ** 2
    aside = _aside_nats(apart @ np.array([np.cos(yaw), np.sin(yaw)]), own)
    behind = np.where(apart @ np.array([np.sin(yaw), -np.cos(yaw)]) < 0.0, own.behind_nats, 0.0)
    facing = np.maximum(aside + behind, own.nats_min) * np.exp(-how.unseen_s / own.unseen_s)
    needed_m, other_m = beyond_m(how.head, goods, own), beyond_m(how.head, other_goods, own)
    bending = _bending_nats(np.nan_to_num(how.bent_m), needed_m, other_m, other_p, own)
    return np.asarray(reach + facing + np.where(np.isnan(how.bent_m), 0.0, bending))


def _aside_nats(aside_m: Floats, config: StandingConfig) -> Floats:
    """Return the log ratio of standing so far to the side of goods that one moves, and of being anywhere near them."""
    density = sum(
        p * np.exp(log_normal(aside_m, sd_m**2))
        for p, sd_m in ((1.0 - config.wide_p, config.sd_m), (config.wide_p, config.wide_sd_m))
    )
    return np.asarray(np.log(density * config.around_m))


def beyond_m(head: Floats, goods: Floats, config: StandingConfig) -> Floats:
    """Return how far goods, (3,) or (n, 3) m, are beyond an arm's length of people who stand upright, (n,) m."""
    far_m = np.linalg.norm((head - goods)[:, :2], axis=1)
    return np.asarray(np.hypot(far_m, config.shoulder * head[:, 2] - goods[..., 2]) - config.arm_m)


def _bending_nats(bent_m: Floats, needed_m: Floats, other_m: Floats, other_p: Floats, config: StandingConfig) -> Floats:
    """Return the log ratio of heads so far down if goods are so far beyond an arm's length, and if none are moved.

    Who moves none of these may bend for others, other_m beyond an arm's length, with probability other_p; NaN where
    there are none.
    """
    upright = log_normal(bent_m - config.bent_m, config.bent_sd_m**2)
    other = np.where(np.isnan(other_m), upright, _reaching(bent_m, np.nan_to_num(other_m), config))
    p = np.clip(other_p, 0.0, config.elsewhere_p_max)
    idle = np.logaddexp(np.log1p(-p) + upright, np.log(np.maximum(p, 1e-9)) + other)
    any_way = np.log(config.other_p) + log_normal(bent_m, (config.bent_m_max / 2) ** 2)  # for much else
    own = np.log(1.0 - config.other_p)
    nats = np.logaddexp(any_way, own + _reaching(bent_m, needed_m, config)) - np.logaddexp(any_way, own + idle)
    return np.asarray(np.clip(nats, -config.bent_nats_max, config.bent_nats_max))


def _reaching(bent_m: Floats, far_m: Floats, config: StandingConfig) -> Floats:
    """Return the log density of heads so far down that reach for goods so far beyond an arm's length."""
    needed_m = config.drop * np.clip(far_m, 0.0, config.bent_m_max)
    return log_normal(bent_m - config.bent_m - needed_m, (config.bent_sd_m + config.drop_sd * needed_m) ** 2)
