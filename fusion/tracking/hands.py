"""Hands as part of a track: which wrist is whose, and where each hand is in space.

A hand is a place relative to the head of its track: it strays from a resting place below it and comes back (an
Ornstein-Uhlenbeck process), which is also what bounds it along the ray of a single image. Every wrist of every camera
corrects one hand by an extended Kalman filter: a depth camera's in space, an image camera's across its ray, so that two
cameras that see a wrist triangulate it, at whatever moments their frames were taken.

A detector puts a wrist on the wrong person when arms cross or when it takes two people for one, and calls left right.
So the wrists of a frame are assigned to all the hands near them at once; the detector's own word is strong evidence.
"""

from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.config import SECOND_NS, HandConfig
from fusion.store import Store
from fusion.tracking.association import solve
from fusion.tracking.camera import predict_image_point
from fusion.tracking.floor import Floor, Match
from fusion.tracking.gating import pairs_within
from fusion.tracking.measurement import DEPTH_MIN_M
from fusion.tracking.tracks import Status


@dataclass(frozen=True, slots=True, eq=False)
class Hands:
    """The two hands of everybody at t_ns, in no order of left and right; places are relative to the track's head."""

    t_ns: int
    track_id: Ints  # (n,) sorted
    mean: Floats  # (n, 2, 3) m
    cov: Floats  # (n, 2, 3, 3)


def no_hands() -> Hands:
    """Return the state before anybody came."""
    return Hands(0, np.zeros(0, np.int64), np.zeros((0, 2, 3)), np.zeros((0, 2, 3, 3)))


def resting(config: HandConfig) -> tuple[Floats, Floats]:
    """Return where a hand nobody sees is relative to the head: mean (3,) m and variance per axis (3,)."""
    flat = config.spread_m**2
    return np.array([0.0, 0.0, -config.below_head_m]), np.array([flat, flat, config.spread_up_m**2])


def hands_of(hands: Hands, track_id: Ints, t_ns: int, config: HandConfig) -> tuple[Floats, Floats]:
    """Return mean (n, 2, 3) and covariance (n, 2, 3, 3) of the hands of some tracks as believed for t_ns."""
    n = len(track_id)
    rest, var = resting(config)
    mean, cov = np.tile(rest, (n, 2, 1)), np.tile(np.diag(var), (n, 2, 1, 1))
    if not len(hands.track_id):
        return mean, cov
    at = np.minimum(np.searchsorted(hands.track_id, track_id), len(hands.track_id) - 1)
    old = np.flatnonzero(hands.track_id[at] == track_id)
    stay = np.exp(-max(0, t_ns - hands.t_ns) / (config.back_s * SECOND_NS))
    mean[old] += stay * (hands.mean[at[old]] - rest)
    cov[old] += stay**2 * (hands.cov[at[old]] - np.diag(var))
    return mean, cov


def follow_hands(hands: Hands, floor: Floor, match: Match, store: Store, config: HandConfig) -> tuple[Hands, Match]:
    """Take in the wrists of one frame, associated as `match` and with its tracks at the floor's time.

    Returns the hands and the match with `wrist_id` saying whose each wrist is.
    """
    frame, tracks = match.sightings, floor.tracks
    seen = ~np.isnan(frame.hands[:, :, 0]) & (match.track_id >= 0)[:, None]
    if not seen.any():
        return hands, match
    live = tracks.status <= Status.LEFT
    live &= (floor.t_ns - tracks.seen_ns < config.kept_s * SECOND_NS) | np.isin(tracks.track_id, match.track_id)
    ids, head = tracks.track_id[live], tracks.mean[live][:, [0, 1, 4]]
    mean, cov = hands_of(hands, ids, frame.t_ns, config)
    claim = np.where(match.track_id >= 0, np.searchsorted(ids, match.track_id), -1)
    a, b = pairs_within(head[:, :2], config.cross_m)
    rest, var = resting(config)
    R, T = store.cameras.R[frame.camera], store.cameras.T[frame.camera]
    owner = _take_in(
        mean, cov, head, frame.hands, seen, claim, np.concatenate([a, b]), np.concatenate([b, a]), frame.is_depth,
        frame.sd, R, T, rest, var, (config.wrist_sd_m, config.claim_p, config.merged_p, config.astray_p),
    )  # fmt: skip
    wrist_id = np.where(owner >= 0, ids[owner], -1)
    return Hands(max(frame.t_ns, hands.t_ns), ids, mean, cov), replace(match, wrist_id=wrist_id)


@njit(cache=True)
def _take_in(
    mean: Floats,
    cov: Floats,
    head: Floats,
    wrists: Floats,
    seen: Ints,
    claim: Ints,
    one: Ints,
    other: Ints,
    is_depth: bool,
    sd: Floats,
    R: Floats,
    T: Floats,
    rest: Floats,
    var: Floats,
    noise: tuple[float, float, float, float],
) -> Ints:
    """Assign wrists (d, 2, 2 or 3) to hands (n, 2) and correct these in place; return per wrist its track's row or -1.

    claim (d,) is the row the detector gives both wrists of a detection to; one and other are the pairs of rows that
    are near enough for their arms to cross.
    """
    n, d = len(mean), len(wrists)
    wrist_sd_m, claim_p, merged_p, astray_p = noise
    found = np.zeros(n, np.bool_)
    for j in range(d):
        if claim[j] >= 0:
            found[claim[j]] = True
    order = np.argsort(one, kind="mergesort")
    first = np.searchsorted(one[order], np.arange(n + 1))
    rows, columns, cost = [0 for _ in range(0)], [0 for _ in range(0)], [0.0 for _ in range(0)]
    broad = 2.0 * np.diag(var)
    for j in range(d):
        for w in range(2):
            if not seen[j, w]:
                continue
            i = claim[j]
            near = other[order[first[i] : first[i + 1]]]
            # Anywhere about whom the detector names: a wrist that fits no hand better than this is no wrist.
            y, H, S = _against(rest, broad, head[i], wrists[j, w], is_depth, sd[j], wrist_sd_m, R, T)
            astray = _nats(y, S) + np.log(astray_p)
            for k in range(len(near) + 1):
                row = i if k == 0 else near[k - 1]
                said = np.log(claim_p if k == 0 else 1.0 - claim_p if found[row] else merged_p)
                for h in range(2):
                    y, H, S = _against(
                        mean[row, h], cov[row, h], head[row], wrists[j, w], is_depth, sd[j], wrist_sd_m, R, T
                    )
                    gain = _nats(y, S) + said - astray
                    if gain > 0.0:
                        rows.append(2 * row + h)
                        columns.append(2 * j + w)
                        cost.append(-gain)
    owner = np.full((d, 2), -1)
    if not len(rows):
        return owner
    by_row = np.argsort(np.array(rows), kind="mergesort")
    column = solve(np.array(rows)[by_row], np.array(columns)[by_row], np.array(cost)[by_row], 2 * n, 2 * d)
    for r in range(2 * n):
        if column[r] < 0:
            continue
        i, h, j, w = r // 2, r % 2, column[r] // 2, column[r] % 2
        owner[j, w] = i
        y, H, S = _against(mean[i, h], cov[i, h], head[i], wrists[j, w], is_depth, sd[j], wrist_sd_m, R, T)
        gain_of = cov[i, h] @ H.T @ np.linalg.inv(S)
        mean[i, h] += gain_of @ y
        # Joseph's form keeps it positive definite: (I - K H) P (I - K H)' + K N K', with N = S - H P H'.
        keep = np.eye(3) - gain_of @ H
        cov[i, h] = keep @ cov[i, h] @ keep.T + gain_of @ (S - H @ cov[i, h] @ H.T) @ gain_of.T
        cov[i, h] = 0.5 * (cov[i, h] + cov[i, h].T)
    return owner


@njit(cache=True)
def _against(
    mean: Floats,
    cov: Floats,
    head: Floats,
    wrist: Floats,
    is_depth: bool,
    sd: float,
    wrist_sd_m: float,
    R: Floats,
    T: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Return innovation y, Jacobian H and its covariance S of a wrist against a hand relative to a head (3,).

    A point behind an image camera measures nothing: its noise is without bound.
    """
    place = head + mean
    if is_depth:
        return wrist - place, np.eye(3), cov + (sd * sd + wrist_sd_m * wrist_sd_m) * np.eye(3)
    uv, J, depth = predict_image_point(place[0], place[1], place[2], R, T)
    noise = sd * sd * np.eye(2) + wrist_sd_m * wrist_sd_m * (J @ J.T)
    if depth <= DEPTH_MIN_M:
        noise = 1e6 * np.eye(2)
    return wrist - uv, J, J @ cov @ J.T + noise


@njit(cache=True)
def _nats(y: Floats, S: Floats) -> float:
    """Return log N(y; 0, S) but for the constant, which is the same for all a wrist is compared with."""
    return float(-0.5 * y @ np.linalg.solve(S, y) - 0.5 * np.log(np.linalg.det(S)))


def nats_at(points: Floats, head: Floats, mean: Floats, cov: Floats, reach_sd_m: float, config: HandConfig) -> Floats:
    """Return per track and hand (n, 2) how much likelier it is at a place than an unseen hand would be, in nats.

    points (k, 3) are the places goods can be moved from, of which the likeliest counts; head (n, 3), mean (n, 2, 3) and
    cov (n, 2, 3, 3) as in Hands; reach_sd_m is how far a wrist is from the goods it moves.
    """
    rest, var = resting(config)
    near = reach_sd_m**2 * np.eye(3)
    gap = points[:, None, None, :] - head[:, None, :] - mean
    posterior = _log_normal(gap, cov + near)
    prior = _log_normal(points[:, None, :] - head - rest, np.diag(var) + near)[:, :, None]
    return np.asarray((posterior - prior).max(axis=0))


def _log_normal(gap: Floats, cov: Floats) -> Floats:
    """Return log density (...,), but for the constant, of gaps (..., 3) under covariances that fit them."""
    _, log_det = np.linalg.slogdet(cov)
    half = (gap * np.linalg.solve(cov, gap[..., None])[..., 0]).sum(axis=-1)
    return np.asarray(-0.5 * half - 0.5 * log_det)


@njit(cache=True)
def nearest_m(hands: Floats) -> float:
    """Return the smallest distance, m, of a hand of one person to a hand of another, hands (n, 2, 3); NaN is unseen."""
    least = np.inf
    for i in range(len(hands)):
        for j in range(i + 1, len(hands)):
            for a in range(2):
                for b in range(2):
                    squared = 0.0
                    for axis in range(3):
                        apart = hands[i, a, axis] - hands[j, b, axis]
                        squared += apart * apart
                    if squared < least:  # NaN is not
                        least = squared
    return float(np.sqrt(least))
