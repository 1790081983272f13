"""Hands as part of a track: which wrist is whose, and where each hand is in space.

A hand is a place relative to the head of its track: it strays from a resting place below it and comes back (an
Ornstein-Uhlenbeck process), which is also what bounds it along the ray of a single image. Every wrist of every camera
corrects one hand by an extended Kalman filter: a depth camera's in space, an image camera's across its ray, so that two
cameras that see a wrist triangulate it, at whatever moments their frames were taken.

A detector puts a wrist on the wrong person when arms cross or when it takes two people for one, and calls left right.
So the wrists of a frame are assigned to all the hands near them at once; the detector's own word is strong evidence.
Where two people's hands fit a wrist alike, the one it is given to has it in doubt, and whoever asks for hands is told.
"""

from functools import lru_cache

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.config import SECOND_NS, HandConfig
from fusion.frozen import record, replace
from fusion.store import Store
from fusion.tracking.floor import Floor, Match
from fusion.tracking.measurement import View
from fusion.tracking.wrists import HandRows, HandRules, WristNoise, believed, follow_wrists, rows_among


@record(eq=False)
class Hands:
    """The two hands of everybody at t_ns, in no order of left and right; places are relative to the track's head."""

    t_ns: int
    track_id: Ints  # (n,) sorted
    mean: Floats  # (n, 2, 3) m
    cov: Floats  # (n, 2, 3, 3)
    rival_id: Ints  # (n, 2) the track whose hand it may be instead, -1 for nobody's
    rival_p: Floats  # (n, 2) and how likely that is

    @property
    def rows(self) -> HandRows:
        """The hands as the kernels take them."""
        return HandRows(self.track_id, self.mean, self.cov, self.rival_id, self.rival_p)


def no_hands() -> Hands:
    """Return the state before anybody came."""
    return Hands(
        0, np.zeros(0, np.int64), np.zeros((0, 2, 3)), np.zeros((0, 2, 3, 3)), np.zeros((0, 2), np.int64),
        np.zeros((0, 2)),
    )  # fmt: skip


def resting(config: HandConfig) -> tuple[Floats, Floats]:
    """Return where a hand nobody sees is relative to the head: mean (3,) m and variance per axis (3,)."""
    flat = config.spread_m**2
    return np.array([0.0, 0.0, -config.below_head_m]), np.array([flat, flat, config.spread_up_m**2])


@lru_cache(maxsize=8)
def hand_rules(config: HandConfig) -> HandRules:
    """Return the configuration as the kernels take it."""
    noise = WristNoise(config.wrist_sd_m, config.claim_p, config.merged_p, config.astray_p, config.reach_p)
    seconds = config.back_s * SECOND_NS, config.kept_s * SECOND_NS
    rest, var = resting(config)
    return HandRules(rest, var, np.diag(var), *seconds, config.cross_m, noise)


def hands_of(hands: Hands, track_id: Ints, t_ns: int, config: HandConfig) -> tuple[Floats, Floats]:
    """Return mean (n, 2, 3) and covariance (n, 2, 3, 3) of the hands of some tracks, sorted, as believed for t_ns."""
    mean, cov = believed(hands.track_id, hands.mean, hands.cov, hands.t_ns, track_id, t_ns, hand_rules(config))
    return mean, cov


def rivals_of(hands: Hands, track_id: Ints) -> tuple[Ints, Floats]:
    """Return of the hands of some tracks, sorted, whose they may be instead (n, 2), -1 for nobody's, and how likely."""
    row = rows_among(hands.track_id, track_id)
    known, of = row >= 0, np.maximum(row, 0)
    rival_id, rival_p = np.full((len(row), 2), -1), np.zeros((len(row), 2))
    rival_id[known], rival_p[known] = hands.rival_id[of[known]], hands.rival_p[of[known]]
    return rival_id, rival_p


def follow_hands(hands: Hands, floor: Floor, match: Match, store: Store, config: HandConfig) -> tuple[Hands, Match]:
    """Take in the wrists of one frame, associated as `match` and with its tracks at the floor's time.

    Returns the hands and the match with `wrist_id` saying whose each wrist is.
    """
    frame, tracks = match.sightings, floor.tracks
    R, T = store.cameras.R[frame.camera], store.cameras.T[frame.camera]
    view = View(frame.is_depth, frame.head, frame.foot, frame.sd, R, T, 0.0, np.zeros(4))
    seen, rows, wrist_id, rival_id, rival_p = follow_wrists(
        hands.rows, hands.t_ns, tracks.track_id, tracks.status, tracks.seen_ns, tracks.mean, floor.t_ns, view,
        np.ascontiguousarray(frame.hands), match.track_id, frame.t_ns, hand_rules(config),
    )  # fmt: skip
    if not seen:
        return hands, match
    match = replace(match, wrist_id=wrist_id, rival_id=rival_id, rival_p=rival_p)
    return Hands(max(frame.t_ns, hands.t_ns), *rows), match


def nats_at(points: Floats, head: Floats, mean: Floats, cov: Floats, reach_sd_m: float, config: HandConfig) -> Floats:
    """Return per track and hand (n, 2) how much likelier it is at a place than an unseen hand would be, in nats.

    points (k, 3) are the places goods can be moved from, of which the likeliest counts; head (n, 3), mean (n, 2, 3) and
    cov (n, 2, 3, 3) as in Hands; reach_sd_m is how far a wrist is from the goods it moves.
    """
    rules = hand_rules(config)
    return np.asarray(_nats_at(points, head, mean, cov, rules.rest, rules.spread, reach_sd_m**2))


@njit(cache=True, error_model="numpy")
def _nats_at(
    points: Floats, head: Floats, mean: Floats, cov: Floats, rest: Floats, spread: Floats, near: float
) -> Floats:
    out = np.empty((len(head), 2))
    for row in range(len(head)):
        for hand in range(2):
            out[row, hand] = nats_of_hand(points, head[row], mean[row, hand], cov[row, hand], rest, spread, near)
    return out


@njit(cache=True, error_model="numpy")
def nats_of_hand(
    points: Floats, head: Floats, mean: Floats, cov: Floats, rest: Floats, spread: Floats, near: float
) -> float:
    """Return the same of one hand: head (3,), mean (3,), cov (3, 3); rest (3,) and spread (3, 3) as in HandRules."""
    best, gap, unseen = -np.inf, np.empty(3), np.empty(3)
    for k in range(len(points)):
        for axis in range(3):
            gap[axis] = points[k, axis] - head[axis] - mean[axis]
            unseen[axis] = points[k, axis] - head[axis] - rest[axis]
        best = max(best, log_normal_3d(gap, cov, near) - log_normal_3d(unseen, spread, near))
    return best


@njit(cache=True, error_model="numpy")
def log_normal_3d(gap: Floats, cov: Floats, more: float) -> float:
    """Return the log density, but for the constant, of a gap (3,) under a covariance (3, 3) and `more` on each axis."""
    squared, det = squared_3d(gap, cov, more)
    return float(-0.5 * squared - 0.5 * np.log(det))


@njit(cache=True, error_model="numpy")
def squared_3d(gap: Floats, cov: Floats, more: float) -> tuple[float, float]:
    """Return the squared Mahalanobis distance of a gap under such a covariance, and the determinant of that."""
    # By the cofactors of the symmetric matrix ((a, b, c), (b, d, e), (c, e, f)).
    a, b, c = cov[0, 0] + more, cov[0, 1], cov[0, 2]
    d, e, f = cov[1, 1] + more, cov[1, 2], cov[2, 2] + more
    A, B, C = d * f - e * e, c * e - b * f, b * e - c * d
    D, E, F = a * f - c * c, b * c - a * e, a * d - b * b
    det = a * A + b * B + c * C
    x, y, z = gap[0], gap[1], gap[2]
    return (A * x * x + D * y * y + F * z * z + 2.0 * (B * x * y + C * x * z + E * y * z)) / det, det


@njit(cache=True, error_model="numpy")
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
