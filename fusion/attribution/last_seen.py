"""How goods were last seen in a hand: what it says of whether they were set down.

Who sets something down stands still at a place of no shelf, and the arm that bore it falls. Who bags it does so on the
way, or at the next shelf where both hands are needed; and whoever merely is no longer seen with it goes on with the
arm bent. Carts stand for shelves here: goods that are let go of beside one are in it. A hand on the floor, lower than
any shelf, is there to set something down; and so is one that reaches out where there are no goods, no cart, no gate and
nobody else. Who hands it over has another's hand at theirs.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from math import sqrt

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.attribution.bodies import KEPT, Bodies, names_of, rows_of
from fusion.attribution.moments import within
from fusion.config import SECOND_NS, PossessionConfig
from fusion.frozen import record


@record(eq=False)
class Posture:
    """One person over a few seconds, a row a sight."""

    t_s: Floats  # (n,) after the goods were last seen, in order
    head: Floats  # (n, 3) m
    hands: Floats  # (n, 2, 3) m
    sd_m: Floats  # (n, 2) of how high they are
    sights: tuple[tuple[Bodies, int], ...] = ()  # (n,) the moment, and whose row it is


def posture(
    track_id: int,
    t_ns: int,
    bodies: Sequence[Bodies],
    alias: Mapping[int, int],
    known: Collection[int],
    config: PossessionConfig,
) -> Posture:
    """Return how somebody who was in sight stood and held their hands around a moment.

    known are the tracks with a trip: who bends down is soon found as somebody new, and a track of nobody's that is
    where this person stands is theirs.
    """
    first_s = min(config.before_end_s[0], -config.around_s, config.out_span_s[0])
    last_s = max(config.after_end_s[1], config.around_s, config.out_span_s[1])
    mine = {track_id, *(k for k, kept in alias.items() if kept == track_id)}
    named = _one_of_a_kind(frozenset(known))
    sights: list[tuple[Bodies, int]] = []
    for one in within(bodies, t_ns + round(first_s * SECOND_NS), t_ns + round(last_s * SECOND_NS)):
        row_of = rows_of(one)
        own = sorted([row_of[k] for k in mine if k in row_of])
        if not own:
            continue
        strangers = _strangers(one, named)
        own_x, own_y, _ = one.head[own[0]].tolist() if strangers else (0.0, 0.0, 0.0)
        for k, row, x, y in strangers:
            near = sqrt((x - own_x) * (x - own_x) + (y - own_y) * (y - own_y)) < config.same_m
            if near and k not in mine:
                own.append(row)
        sights += [(one, row) for row in own if one.unseen_s[row] <= 0.0]
    if not sights:
        return Posture(np.zeros(0), np.zeros((0, 3)), np.zeros((0, 2, 3)), np.zeros((0, 2)))
    moments, rows = zip(*sights, strict=True)
    at = np.cumsum([0, *(len(one.track_id) for one in moments[:-1])]) + rows
    head, hands, cov = (
        np.concatenate([getattr(one, name) for one in moments])[at] for name in ("head", "hands", "hands_cov")
    )
    return Posture(
        t_s=np.array([(one.t_ns - t_ns) / SECOND_NS for one in moments]),
        head=head,
        hands=head[:, None] + hands,
        sd_m=np.sqrt(cov[:, :, 2, 2]),
        sights=tuple(sights),
    )


@lru_cache(maxsize=KEPT)
def _strangers(bodies: Bodies, known: frozenset[int]) -> tuple[tuple[int, int, float, float], ...]:
    """Return the tracks at one moment that are not known: track, row, and where, x and y in m."""
    each = enumerate(zip(bodies.track_id.tolist(), bodies.head.tolist(), strict=True))
    return tuple((k, row, x, y) for row, (k, (x, y, _)) in each if k not in known)


@lru_cache(maxsize=8)
def _one_of_a_kind(known: frozenset[int]) -> frozenset[int]:
    """Return always the same object for the same tracks, which is then found at once."""
    return known


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
        out[row, hand] = min(to_goods, to_others) > config.out_free_m and _is_alone(at[:2], *seen.sights[row], config)
    return config.out_nats if out.sum(axis=0).max() >= config.out_sights else 0.0


def _stands(seen: Posture, config: PossessionConfig) -> Bools:
    """Return at which sights somebody stood, (n,)."""
    first = np.searchsorted(seen.t_s, seen.t_s - config.around_s)
    last = np.searchsorted(seen.t_s, seen.t_s + config.around_s, side="right") - 1
    walked_m = np.linalg.norm(seen.head[last, :2] - seen.head[first, :2], axis=1)
    return np.asarray(walked_m <= config.still_mps * np.maximum(seen.t_s[last] - seen.t_s[first], config.around_s))


def _is_alone(hand_xy: Floats, bodies: Bodies, row: int, config: PossessionConfig) -> bool:
    """Tell whether a hand is beyond everybody's arm but its own; who stands in one place with them is them."""
    others = bodies.head[:, :2]
    apart = np.linalg.norm(others - others[row], axis=1) > config.same_m
    return not (apart & (np.linalg.norm(others - hand_xy, axis=1) < config.out_person_m)).any()


def beside(
    track_id: int,
    t_ns: int,
    bodies: Sequence[Bodies],
    alias: Mapping[int, int],
    trip_of: Mapping[int, str],
    touch_m: float,
    config: PossessionConfig,
) -> tuple[tuple[str, float], ...]:
    """Return the other trips whose hands may have met this person's around a moment, with nats, sorted.

    Those are what the nearest the hands came says against their having met, 0 where they did or were not seen.
    """
    own, out, met_ns = trip_of.get(track_id, ""), dict[str, float](), round(config.met_s * SECOND_NS)
    around = _sights_of(track_id, within(bodies, t_ns - met_ns, t_ns + met_ns), alias)
    if not around:
        return ()
    size = [len(one.track_id) for one, _ in around]
    head = np.concatenate([one.head for one, _ in around])
    mine_at = np.repeat(np.cumsum([0, *size[:-1]]) + [row for _, row in around], size)
    near = np.flatnonzero(np.linalg.norm(head[:, :2] - head[mine_at, :2], axis=1) < config.reach_m)
    tracks = np.concatenate([one.track_id for one, _ in around])[near].tolist()
    trips = [trip_of.get(alias.get(k, k), "") for k in tracks]
    theirs = [at for at, trip in enumerate(trips) if trip and trip != own]
    if not theirs:
        return ()
    hands, cov = (np.concatenate([getattr(one, name) for one, _ in around]) for name in ("hands", "hands_cov"))
    b = near[theirs]
    for at, nats in zip(theirs, _met_nats(head[:, None] + hands, cov, mine_at[b], b, touch_m).tolist(), strict=True):
        out[trips[at]] = max(out.get(trips[at], -np.inf), nats)
    return tuple(sorted(out.items()))


def _sights_of(track_id: int, moments: Sequence[Bodies], alias: Mapping[int, int]) -> list[tuple[Bodies, int]]:
    """Return the moments, of some, in which somebody was there, and their row."""
    out, mine = [], names_of(track_id, alias)
    for one in moments:
        row_of = rows_of(one)
        row = min([row_of[k] for k in mine if k in row_of], default=-1)
        if row >= 0:
            out.append((one, row))
    return out


def _met_nats(hands: Floats, hands_cov: Floats, a: Ints, b: Ints, touch_m: float) -> Floats:
    """Return what the places of two people's hands, with their errors, say against two of them having met, (m,) nats.

    a and b (m,) are the rows of the two in hands (n, 2, 3), m, and in their covariance (n, 2, 3, 3).
    """
    apart = hands[a][:, :, None] - hands[b][:, None]
    cov = hands_cov[a][:, :, None] + hands_cov[b][:, None] + np.eye(3) * touch_m**2
    off = (apart * np.linalg.solve(cov, apart[..., None])[..., 0]).sum(axis=3)
    return np.asarray(-0.5 * off.min(axis=(1, 2)))


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
