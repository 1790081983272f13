"""How goods were last seen in a hand: what it says of whether they were set down.

Who sets something down stands still at a place of no shelf, and the arm that bore it falls. Who bags it does so on the
way, or at the next shelf where both hands are needed; and whoever merely is no longer seen with it goes on with the
arm bent. Carts stand for shelves here: goods that are let go of beside one are in it. A hand on the floor, lower than
any shelf, is there to set something down; and so is one that reaches out where there are no goods, no cart, no gate and
nobody else. Who hands it over has another's hand at theirs.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.attribution.bodies import Rows, is_among, joined_into, names_of, place_among, rows_in
from fusion.attribution.past import Past
from fusion.config import SECOND_NS, PossessionConfig
from fusion.frozen import record
from fusion.tracking.hands import squared_3d

OUT_OF_SIGHT, WALKS, AWAY, AT_GOODS = range(4)  # where somebody was


@record(eq=False)
class Posture:
    """One person over a few seconds, a row a sight."""

    t_s: Floats  # (n,) after the goods were last seen, in order
    head: Floats  # (n, 3) m
    hands: Floats  # (n, 2, 3) m
    sd_m: Floats  # (n, 2) of how high they are
    past: Past
    moment: Ints  # (n,) of it


def posture(
    track_id: int, t_ns: int, past: Past, alias: Mapping[int, int], known: Ints, config: PossessionConfig
) -> Posture:
    """Return how somebody who was in sight stood and held their hands around a moment.

    known (k,) are the tracks with a trip, sorted: who bends down is soon found as somebody new, and a track of nobody's
    that is where this person stands is theirs.
    """
    first_s = min(config.before_end_s[0], -config.around_s, config.out_span_s[0])
    last_s = max(config.after_end_s[1], config.around_s, config.out_span_s[1])
    mine, room = joined_into({track_id}, alias).ended, past.room
    moments = past.within(t_ns + round(first_s * SECOND_NS), t_ns + round(last_s * SECOND_NS))
    rows = rows_in(past)
    moment, row = _sights(rows, room.first, *moments, np.append(mine, track_id), known, config.same_m)
    t_s, head, hands, sd_m = _shown(rows, room.t_ns, moment, row, t_ns)
    return Posture(t_s, head, hands, sd_m, past, moment)


@njit(cache=True, error_model="numpy")
def _sights(rows: Rows, first: Ints, begin: int, end: int, mine: Ints, known: Ints, same_m: float) -> tuple[Ints, Ints]:
    """Return at which moments somebody was in sight and their rows then, (n,): those of their tracks come first.

    mine (m,) are their tracks; tracks that are not known (k,), sorted, are theirs where they are this near.
    """
    most = first[end] - first[begin]
    moments, sights, n = np.empty(most, np.int64), np.empty(most, np.int64), 0
    for moment in range(begin, end):
        me = -1
        for row in range(first[moment], first[moment + 1]):
            if is_among(rows.track_id[row], mine):
                me = row if me < 0 else me
                if rows.unseen_s[row] <= 0.0:
                    moments[n], sights[n], n = moment, row, n + 1
        for row in range(first[moment], first[moment + 1] if me >= 0 else 0):
            x, y = rows.head[row, 0] - rows.head[me, 0], rows.head[row, 1] - rows.head[me, 1]
            if np.sqrt(x * x + y * y) >= same_m or rows.unseen_s[row] > 0.0:
                continue
            track_id = rows.track_id[row]
            at = np.searchsorted(known, track_id)
            if not (at < len(known) and known[at] == track_id) and not is_among(track_id, mine):
                moments[n], sights[n], n = moment, row, n + 1
    return moments[:n], sights[:n]


@njit(cache=True, error_model="numpy")
def _shown(rows: Rows, t_ns: Ints, moment: Ints, row: Ints, at_ns: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the first columns of a Posture, of sights (n,) by their moments and rows."""
    n = len(row)
    t_s, head, hands, sd_m = np.empty(n), np.empty((n, 3)), np.empty((n, 2, 3)), np.empty((n, 2))
    for k in range(n):
        t_s[k], head[k] = (t_ns[moment[k]] - at_ns) / SECOND_NS, rows.head[row[k]]
        for hand in range(2):
            for axis in range(3):
                hands[k, hand, axis] = head[k, axis] + rows.hands[row[k], hand, axis]
            sd_m[k, hand] = np.sqrt(rows.hands_cov[row[k], hand, 2, 2])
    return t_s, head, hands, sd_m


class Rules(NamedTuple):
    """What the kernels take of PossessionConfig."""

    around_s: float
    still_mps: float
    goods_m: float
    hangs_m: float
    hand_sd_max_m: float
    before_end_s: tuple[float, float]
    after_end_s: tuple[float, float]
    floor_m: float
    floor_goods_m: float
    floor_goods_s: float
    out_m: float
    out_sights: int
    out_span_s: tuple[float, float]
    out_free_m: float
    out_person_m: float
    out_goods_m: float
    same_m: float


@lru_cache(maxsize=8)
def rules_of(config: PossessionConfig) -> Rules:
    """Return the configuration as the kernels take it."""
    return Rules(*(getattr(config, name) for name in Rules._fields))


def set_down_nats(seen: Posture, goods_xy: Floats, config: PossessionConfig) -> float:
    """Return how much likelier goods that were last seen so were set down somewhere then than kept.

    goods_xy (n, 2) are the places, in m, of plates and carts. 0 where the person was out of sight.
    """
    rules = rules_of(config)
    where = _where(seen.t_s, seen.head, goods_xy, rules)
    place = {OUT_OF_SIGHT: 0.0, WALKS: config.walking_nats, AWAY: config.away_nats, AT_GOODS: config.at_goods_nats}[
        where
    ]
    bent, hangs = _arms(seen.t_s, seen.head, seen.hands, seen.sd_m, rules)
    if bent:
        return place + config.bent_nats
    return place + config.fallen_nats if hangs and place > 0.0 else place


@njit(cache=True, error_model="numpy")
def _where(t_s: Floats, head: Floats, goods_xy: Floats, rules: Rules) -> int:
    """Tell whether somebody stood away from goods, at goods, walked, or was out of sight."""
    x, y, n, first, last = 0.0, 0.0, 0, -1, -1
    for k in range(len(t_s)):
        if abs(t_s[k]) <= rules.around_s:
            x, y, n, first, last = x + head[k, 0], y + head[k, 1], n + 1, k if first < 0 else first, k
    if n < 2:
        return OUT_OF_SIGHT
    if not _stays(t_s, head, first, last, rules):
        return WALKS
    least = np.inf
    for k in range(len(goods_xy)):
        least = min(least, _apart_m(goods_xy[k, 0] - x / n, goods_xy[k, 1] - y / n))
    return AWAY if least > rules.goods_m else AT_GOODS


@njit(cache=True, error_model="numpy")
def _stays(t_s: Floats, head: Floats, first: int, last: int, rules: Rules) -> bool:
    """Tell whether somebody stands from one sight to another."""
    walked_m = _apart_m(head[last, 0] - head[first, 0], head[last, 1] - head[first, 1])
    return bool(walked_m <= rules.still_mps * max(t_s[last] - t_s[first], rules.around_s))


@njit(cache=True, error_model="numpy")
def _apart_m(x: float, y: float) -> float:
    return float(np.sqrt(x * x + y * y))


@njit(cache=True, error_model="numpy")
def _arms(t_s: Floats, head: Floats, hands: Floats, sd_m: Floats, rules: Rules) -> tuple[bool, bool]:
    """Tell whether the arms that were bent before the end are all bent after it, and whether one of them hangs then.

    Neither where there is none, or where one was hardly seen.
    """
    any_bent, stay, fall = False, True, False
    for hand in range(2):
        before = _below_m(t_s, head, hands, sd_m, hand, rules.before_end_s, rules)
        if not before < rules.hangs_m:  # also where the hand was not seen
            continue
        after = _below_m(t_s, head, hands, sd_m, hand, rules.after_end_s, rules)
        if np.isnan(after):
            return False, False
        any_bent, stay, fall = True, stay and after < rules.hangs_m, fall or after >= rules.hangs_m
    return any_bent and stay, any_bent and fall


@njit(cache=True, error_model="numpy")
def _below_m(
    t_s: Floats, head: Floats, hands: Floats, sd_m: Floats, hand: int, span: tuple[float, float], rules: Rules
) -> float:
    """Return how far a hand was below the head, m, over a span; NaN where hardly seen."""
    total, below_m = 0.0, 0.0
    for k in range(len(t_s)):
        if span[0] <= t_s[k] <= span[1] and sd_m[k, hand] <= rules.hand_sd_max_m:
            weight = 1.0 / max(sd_m[k, hand], 0.01) ** 2
            total, below_m = total + weight, below_m + weight * (head[k, 2] - hands[k, hand, 2])
    return below_m / total if total > 0.0 else np.nan


def floor_nats(seen: Posture, moved: Floats, moved_s: Floats, config: PossessionConfig) -> float:
    """Return what a hand on the floor, as goods were last seen in one, says of their having been set down there.

    moved (k, 3) are the places, in m, of plates whose goods moved then, and moved_s (k,) when, after the goods were
    last seen: a hand there was not on the floor, but at the lowest shelf.
    """
    low = _floor_sights(seen.t_s, seen.hands, seen.sd_m, moved, moved_s, rules_of(config))
    return config.floor_nats if low >= config.floor_sights else 0.0


@njit(cache=True, error_model="numpy")
def _floor_sights(t_s: Floats, hands: Floats, sd_m: Floats, moved: Floats, moved_s: Floats, rules: Rules) -> int:
    """Return how often one hand was seen on the floor, the one that was more often."""
    count = np.zeros(2, np.int64)
    for k in range(len(t_s)):
        for hand in range(2 if -rules.around_s <= t_s[k] <= rules.after_end_s[1] else 0):
            if not (hands[k, hand, 2] < rules.floor_m and sd_m[k, hand] <= rules.hand_sd_max_m):
                continue
            at_goods = False
            for i in range(len(moved)):
                if abs(moved_s[i] - t_s[k]) <= rules.floor_goods_s:
                    at_goods = at_goods or _far_m(hands[k, hand], moved[i]) <= rules.floor_goods_m
            count[hand] += not at_goods
    return int(max(count[0], count[1]))


@njit(cache=True, error_model="numpy")
def _far_m(a: Floats, b: Floats) -> float:
    return float(np.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2))


def out_nats(seen: Posture, goods: Floats, others_xy: Floats, config: PossessionConfig) -> float:
    """Return what a hand that reached out where nothing is to be had says of goods having been set down there.

    It does about when they were last seen, of somebody who stands. goods (k, 3) are the places of plates, others_xy
    (m, 2) those of carts and gates, in m.
    """
    shown = seen.t_s, seen.head, seen.hands, seen.sd_m, seen.moment
    people = rows_in(seen.past).head, seen.past.room.first
    return config.out_nats if _reaches_out(*shown, *people, goods, others_xy, rules_of(config)) else 0.0


@njit(cache=True, error_model="numpy")
def _reaches_out(
    t_s: Floats,
    head: Floats,
    hands: Floats,
    sd_m: Floats,
    moment: Ints,
    heads: Floats,
    first: Ints,
    goods: Floats,
    others_xy: Floats,
    rules: Rules,
) -> bool:
    """Tell whether a hand reached out often enough; heads (r, 3) and first are those of all moments."""
    about = goods[_near(goods, head[:, 0].mean(), head[:, 1].mean(), rules.out_goods_m)] if len(head) else goods
    begin, end = 0, 0
    count = np.zeros((2, 2), np.int64)  # by hand, of those that may, and of those that do
    for only_free in range(2):
        for k in range(len(t_s)):
            while t_s[begin] < t_s[k] - rules.around_s:
                begin += 1
            while end < len(t_s) and t_s[end] <= t_s[k] + rules.around_s:
                end += 1
            if not rules.out_span_s[0] <= t_s[k] <= rules.out_span_s[1]:
                continue
            for hand in range(2):
                x, y = hands[k, hand, 0] - head[k, 0], hands[k, hand, 1] - head[k, 1]
                if _apart_m(x, y) <= rules.out_m or not sd_m[k, hand] <= rules.hand_sd_max_m:
                    continue
                count[only_free, hand] += not only_free or (
                    _stays(t_s, head, begin, end - 1, rules)
                    and _is_free(hands[k, hand], about, others_xy, rules)
                    and _is_alone(hands[k, hand], head[k], heads[first[moment[k]] : first[moment[k] + 1]], rules)
                )
        if count[only_free].max() < rules.out_sights:
            return False
        begin, end = 0, 0
    return True


@njit(cache=True, error_model="numpy")
def _near(goods: Floats, x_m: float, y_m: float, most_m: float) -> Ints:
    """Return which goods (k, 3) are so near a place in plan."""
    out, n = np.empty(len(goods), np.int64), 0
    for k in range(len(goods)):
        if _apart_m(goods[k, 0] - x_m, goods[k, 1] - y_m) < most_m:
            out[n], n = k, n + 1
    return out[:n]


@njit(cache=True, error_model="numpy")
def _is_free(hand: Floats, goods: Floats, others_xy: Floats, rules: Rules) -> bool:
    """Tell whether a hand (3,) is away from goods (k, 3), carts and gates (m, 2)."""
    least = np.inf
    for k in range(len(goods)):
        least = min(least, _far_m(goods[k], hand))
    for k in range(len(others_xy)):
        least = min(least, _apart_m(others_xy[k, 0] - hand[0], others_xy[k, 1] - hand[1]))
    return bool(least > rules.out_free_m)


@njit(cache=True, error_model="numpy")
def _is_alone(hand: Floats, own: Floats, heads: Floats, rules: Rules) -> bool:
    """Tell whether a hand is beyond everybody's arm but its own; who stands in one place with them is them."""
    for k in range(len(heads)):
        is_other = _apart_m(heads[k, 0] - own[0], heads[k, 1] - own[1]) > rules.same_m
        if is_other and _apart_m(heads[k, 0] - hand[0], heads[k, 1] - hand[1]) < rules.out_person_m:
            return False
    return True


def beside(
    track_id: int,
    t_ns: int,
    past: Past,
    alias: Mapping[int, int],
    trip_of: Mapping[int, str],
    touch_m: float,
    config: PossessionConfig,
) -> tuple[tuple[str, float], ...]:
    """Return the other trips whose hands may have met this person's around a moment, with nats, sorted.

    Those are what the nearest the hands came says against their having met, 0 where they did or were not seen.
    """
    own, out, met_ns = trip_of.get(track_id, ""), dict[str, float](), round(config.met_s * SECOND_NS)
    room, moments = past.room, past.within(t_ns - met_ns, t_ns + met_ns)
    met = _met(rows_in(past), room.first, *moments, names_of(track_id, alias), config.reach_m, touch_m**2)
    for track, nats in zip(*(column.tolist() for column in met), strict=True):
        trip = trip_of.get(alias.get(track, track), "")
        if trip and trip != own:
            out[trip] = max(out.get(trip, -np.inf), nats)
    return tuple(sorted(out.items()))


@njit(cache=True, error_model="numpy")
def _met(
    rows: Rows, first: Ints, begin: int, end: int, mine: Ints, reach_m: float, touch_m2: float
) -> tuple[Ints, Floats]:
    """Return the tracks (n,) that came near somebody's, and what the nearest their hands came says against a meeting.

    That is in nats, (n,), by the places of the hands of both and their errors.
    """
    tracks, nats, n = np.empty(first[end] - first[begin], np.int64), np.empty(first[end] - first[begin]), 0
    for moment in range(begin, end):
        me = first[moment]
        while me < first[moment + 1] and not is_among(rows.track_id[me], mine):
            me += 1
        for row in range(first[moment], first[moment + 1] if me < first[moment + 1] else 0):
            x, y = rows.head[row, 0] - rows.head[me, 0], rows.head[row, 1] - rows.head[me, 1]
            if row == me or np.sqrt(x * x + y * y) >= reach_m:
                continue
            at = place_among(rows.track_id[row], tracks[:n])
            if at < 0:
                tracks[n], nats[n], at, n = rows.track_id[row], -np.inf, n, n + 1
            nats[at] = max(nats[at], _met_nats(rows, me, row, touch_m2))
    return tracks[:n], nats[:n]


@njit(cache=True, error_model="numpy")
def _met_nats(rows: Rows, a: int, b: int, touch_m2: float) -> float:
    """Return what the places of two people's hands, with their errors, say against two of them having met, in nats."""
    nats, gap, cov = -np.inf, np.empty(3), np.empty((3, 3))
    for one in range(2):
        for other in range(2):
            for i in range(3):
                gap[i] = rows.head[a, i] + rows.hands[a, one, i] - (rows.head[b, i] + rows.hands[b, other, i])
                for j in range(3):
                    cov[i, j] = rows.hands_cov[a, one, i, j] + rows.hands_cov[b, other, i, j]
            nats = max(nats, -0.5 * squared_3d(gap, cov, touch_m2)[0])
    return nats
