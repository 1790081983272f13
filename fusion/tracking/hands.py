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
from fusion.tracking.wrists import HandRows, HandRules, WristNoise, believed, follow_wrists


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


@record()
class Doubtful:
    """A hand that may be somebody else's."""

    track_id: int
    hand: int
    rival_id: int
    p: float  # that it is the rival's


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


def doubtful_hands(hands: Hands, track_id: Ints) -> tuple[Doubtful, ...]:
    """Return which hands of some tracks, sorted, may be somebody else's."""
    mine, of, rival, p = (
        set(track_id.tolist()),
        hands.track_id.tolist(),
        hands.rival_id.tolist(),
        hands.rival_p.tolist(),
    )
    return tuple(
        [
            Doubtful(of[i], h, rival[i][h], p[i][h])
            for i in range(len(of))
            if of[i] in mine
            for h in (0, 1)
            if p[i][h] > 0
        ]
    )


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
