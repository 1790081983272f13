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
    goods, yaw = goods_place(change, store)
    facing = np.array([np.cos(yaw), np.sin(yaw)])
    reach = config.body_reach_m, config.body_reach_sd_m
    rules = tuple(getattr(config.standing, name) for name in _Bending._fields)
    people = how.head, how.bent_m, how.unseen_s
    return np.asarray(_standing_nats(*people, goods, facing, *reach, other_goods, other_p, _Bending(*rules)))


class _Bending(NamedTuple):
    """See StandingConfig."""

    sd_m: float
    wide_sd_m: float
    wide_p: float
    around_m: float
    behind_nats: float
    nats_min: float
    unseen_s: float
    shoulder: float
    arm_m: float
    bent_m_max: float
    bent_m: float
    bent_sd_m: float
    drop: float
    drop_sd: float
    other_p: float
    elsewhere_p_max: float
    bent_nats_max: float


@njit(cache=True, error_model="numpy")
def _standing_nats(
    head: Floats,
    bent_m: Floats,
    unseen_s: Floats,
    goods: Floats,
    facing: Floats,
    reach_m: float,
    reach_sd_m: float,
    other_goods: Floats,
    other_p: Floats,
    rules: _Bending,
) -> Floats:
    """Return the same (n,); facing (2,) is the way along the shelf, which is to the right of who stands before it."""
    out = np.empty(len(head))
    for k in range(len(head)):
        x, y = head[k, 0] - goods[0], head[k, 1] - goods[1]
        sd_m = reach_sd_m + 0.5 * min(unseen_s[k], 4.0)
        reach = -0.5 * (max(np.sqrt(x * x + y * y) - reach_m, 0.0) / sd_m) ** 2
        aside = _aside_nats(x * facing[0] + y * facing[1], rules)
        behind = rules.behind_nats if x * facing[1] - y * facing[0] < 0.0 else 0.0
        out[k] = reach + max(aside + behind, rules.nats_min) * np.exp(-unseen_s[k] / rules.unseen_s)
        if not np.isnan(bent_m[k]):
            needed_m, other_m = beyond_m(head[k], goods, rules), beyond_m(head[k], other_goods[k], rules)
            out[k] += _bending_nats(bent_m[k], needed_m, other_m, other_p[k], rules)
    return out


@njit(cache=True, error_model="numpy")
def _aside_nats(aside_m: float, rules: _Bending) -> float:
    """Return the log ratio of standing so far to the side of goods that one moves, and of being anywhere near them."""
    narrow = (1.0 - rules.wide_p) * np.exp(_log_density(aside_m, rules.sd_m**2))
    return float(np.log((narrow + rules.wide_p * np.exp(_log_density(aside_m, rules.wide_sd_m**2))) * rules.around_m))


@njit(cache=True, error_model="numpy")
def beyond_m(head: Floats, goods: Floats, rules: _Bending) -> float:
    """Return how far goods (3,) are beyond an arm's length of somebody who stands upright, head (3,), m."""
    x, y = head[0] - goods[0], head[1] - goods[1]
    return float(np.hypot(np.sqrt(x * x + y * y), rules.shoulder * head[2] - goods[2]) - rules.arm_m)


@njit(cache=True, error_model="numpy")
def _bending_nats(bent_m: float, needed_m: float, other_m: float, other_p: float, rules: _Bending) -> float:
    """Return the log ratio of a head so far down if goods are so far beyond an arm's length, and if none are moved.

    Who moves none of these may bend for others, other_m beyond an arm's length, with probability other_p; NaN where
    there are none.
    """
    upright = _log_density(bent_m - rules.bent_m, rules.bent_sd_m**2)
    other = upright if np.isnan(other_m) else _reaching(bent_m, other_m, rules)
    p = min(max(other_p, 0.0), rules.elsewhere_p_max)
    idle = np.logaddexp(np.log1p(-p) + upright, np.log(max(p, 1e-9)) + other)
    any_way = np.log(rules.other_p) + _log_density(bent_m, (rules.bent_m_max / 2) ** 2)  # for much else
    own = np.log(1.0 - rules.other_p)
    nats = np.logaddexp(any_way, own + _reaching(bent_m, needed_m, rules)) - np.logaddexp(any_way, own + idle)
    return float(min(max(nats, -rules.bent_nats_max), rules.bent_nats_max))


@njit(cache=True, error_model="numpy")
def _reaching(bent_m: float, far_m: float, rules: _Bending) -> float:
    """Return the log density of a head so far down that reaches for goods so far beyond an arm's length."""
    needed_m = rules.drop * min(max(far_m, 0.0), rules.bent_m_max)
    return float(_log_density(bent_m - rules.bent_m - needed_m, (rules.bent_sd_m + rules.drop_sd * needed_m) ** 2))


@njit(cache=True, error_model="numpy")
def _log_density(gap: float, var: float) -> float:
    """Return the log density of a gap from the mean of a normal distribution."""
    return float(-0.5 * gap**2 / var - 0.5 * np.log(2 * np.pi * var))
