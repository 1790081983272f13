"""How goods were last seen in a hand: what it says of whether they were set down.

Who sets something down stands still at a place of no shelf, and the arm that bore it falls. Who bags it does so on the
way, or at the next shelf where both hands are needed; and whoever merely is no longer seen with it goes on with the
arm bent. Carts stand for shelves here: goods that are let go of beside one are in it. A hand on the floor, lower than
any shelf, is there to set something down; and so is one that reaches out where there are no goods, no cart, no gate and
nobody else. Who hands it over has another's hand at theirs.
"""

from collections.abc import Mapping

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.attribution.bodies import Rows, bodies_in, is_among, joined_into, names_of, place_among, rows_in
from fusion.attribution.past import Past
from fusion.config import SECOND_NS, PossessionConfig
from fusion.frozen import record
from fusion.tracking.hands import squared_3d


@record(eq=False)
class Posture:
    """One person over a few seconds, a row a sight."""

    t_s: Floats  # (n,) after the goods were last seen, in order
    head: Floats  # (n, 3) m
    hands: Floats  # (n, 2, 3) m
    sd_m: Floats  # (n, 2) of how high they are
    past: Past
    moment: Ints  # (n,) of it, and whose row of that it is
    row: Ints  # (n,)


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
    return Posture(
        t_s=(room.t_ns[moment] - t_ns) / SECOND_NS,
        head=rows.head[row],
        hands=rows.head[row][:, None] + rows.hands[row],
        sd_m=np.sqrt(rows.hands_cov[row][:, :, 2, 2]),
        past=past,
        moment=moment,
        row=row,
    )


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


def set_down_nats(seen: Posture, goods_xy: Floats, config: PossessionConfig) -> float:
    """Return how much likelier goods that were last seen so were set down somewhere then than kept.

    goods_xy (n, 2) are the places, in m, of plates and carts. 0 where the person was out of sight.
    """
    place = _place_nats(seen, goods_xy, config)
    before, after = (_below_m(seen, span, config) for span in (config.before_end_s, config.after_end_s))
    bent = before < config.hangs_m  # False where a hand was not seen
    if not bent.any() or np.isnan(after[bent]).any():
        return place
    if (after[bent] < config.hangs_m).all():
        return place + config.bent_nats
    return place + config.fallen_nats if place > 0.0 else place


def floor_nats(seen: Posture, config: PossessionConfig) -> float:
    """Return what a hand on the floor, as goods were last seen in one, says of their having been set down there."""
    after = (seen.t_s >= -config.around_s) & (seen.t_s <= config.after_end_s[1])
    low = seen.hands[after, :, 2] < config.floor_m
    sights = (low & (seen.sd_m[after] <= config.hand_sd_max_m)).sum(axis=0)
    return config.floor_nats if sights.max(initial=0) >= config.floor_sights else 0.0


def out_nats(seen: Posture, goods: Floats, others_xy: Floats, config: PossessionConfig) -> float:
    """Return what a hand that reached out where nothing is to be had says of goods having been set down there.

    It does about when they were last seen, of somebody who stands. goods (k, 3) are the places of plates, others_xy
    (m, 2) those of carts and gates, in m.
    """
    first_s, last_s = config.out_span_s
    out = np.linalg.norm(seen.hands[:, :, :2] - seen.head[:, None, :2], axis=2) > config.out_m
    out &= seen.sd_m <= config.hand_sd_max_m
    out &= ((seen.t_s >= first_s) & (seen.t_s <= last_s))[:, None]
    if out.sum(axis=0).max(initial=0) < config.out_sights:
        return 0.0
    out &= _stands(seen, config)[:, None]
    near = goods[np.linalg.norm(goods[:, :2] - seen.head[:, :2].mean(axis=0), axis=1) < config.out_goods_m]
    for row, hand in np.argwhere(out).tolist():
        at = seen.hands[row, hand]
        to_goods = np.linalg.norm(near - at, axis=1).min(initial=np.inf)
        to_others = np.linalg.norm(others_xy - at[:2], axis=1).min(initial=np.inf)
        out[row, hand] = min(to_goods, to_others) > config.out_free_m and _is_alone(at[:2], seen, row, config)
    return config.out_nats if out.sum(axis=0).max() >= config.out_sights else 0.0


def _stands(seen: Posture, config: PossessionConfig) -> Bools:
    """Return at which sights somebody stood, (n,)."""
    first = np.searchsorted(seen.t_s, seen.t_s - config.around_s)
    last = np.searchsorted(seen.t_s, seen.t_s + config.around_s, side="right") - 1
    walked_m = np.linalg.norm(seen.head[last, :2] - seen.head[first, :2], axis=1)
    return np.asarray(walked_m <= config.still_mps * np.maximum(seen.t_s[last] - seen.t_s[first], config.around_s))


def _is_alone(hand_xy: Floats, seen: Posture, sight: int, config: PossessionConfig) -> bool:
    """Tell whether a hand is beyond everybody's arm but its own; who stands in one place with them is them."""
    others = bodies_in(seen.past, int(seen.moment[sight])).head[:, :2]
    apart = np.linalg.norm(others - seen.head[sight, :2], axis=1) > config.same_m
    return not (apart & (np.linalg.norm(others - hand_xy, axis=1) < config.out_person_m)).any()


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


def _place_nats(seen: Posture, goods_xy: Floats, config: PossessionConfig) -> float:
    now = np.flatnonzero(np.abs(seen.t_s) <= config.around_s)
    if len(now) < 2:
        return 0.0
    first, last = now[0], now[-1]
    walked_m = float(np.linalg.norm(seen.head[last, :2] - seen.head[first, :2]))
    if walked_m > config.still_mps * max(float(seen.t_s[last] - seen.t_s[first]), config.around_s):
        return config.walking_nats
    far_m = np.linalg.norm(goods_xy - seen.head[now, :2].mean(axis=0), axis=1).min(initial=np.inf)
    return config.away_nats if far_m > config.goods_m else config.at_goods_nats


def _below_m(seen: Posture, span: tuple[float, float], config: PossessionConfig) -> Floats:
    """Return how far both hands were below the head, (2,) m, over a span; NaN where hardly seen."""
    within = (seen.t_s >= span[0]) & (seen.t_s <= span[1])
    weight = np.where(seen.sd_m[within] <= config.hand_sd_max_m, 1.0 / np.maximum(seen.sd_m[within], 0.01) ** 2, 0.0)
    total, below_m = weight.sum(axis=0), seen.head[within, 2:] - seen.hands[within, :, 2]
    mean = (weight * below_m).sum(axis=0) / np.maximum(total, 1e-9)
    return np.where(total > 0.0, mean, np.nan)
