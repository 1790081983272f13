"""What a camera's frame says of its clock: people who walk are seen behind where other cameras have them, or ahead.

A stamp that is ahead by d shows a walker where they were d earlier, v d behind their track. Only tracks that
another camera has just seen as well can tell: a track made by one camera alone has that camera's time.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS, ClockConfig, TrackingConfig
from fusion.intake.clock_filter import Comparisons
from fusion.store import Store
from fusion.tracking.camera import meet_plane
from fusion.tracking.following import Followed


def clock_evidence(
    followed: Followed, is_out: Bools, store: Store, config: ClockConfig, tracking: TrackingConfig
) -> tuple[Comparisons, Ints]:
    """Return what those who can tell of the time of frames say, and where each frame's begin, (F + 1,).

    Frames that are out, (F,), are left out. The errors of one person last from frame to frame, so that a frame counts
    only as a part of a comparison.
    """
    frames = followed.frames
    n = len(frames.sd)
    off_m, v_mps, cov = np.empty((n, 2)), np.empty((n, 2)), np.empty((n, 2, 2))
    first = np.zeros(len(frames.first), np.int64)
    rules = Rules(config.walking_mps, config.witness_s * SECOND_NS, tracking.lean_sd_m**2, config.frames_alike)
    _telling(
        frames.t_ns, frames.camera, frames.is_depth, frames.first, frames.head, frames.sd, is_out, followed.track_id,
        followed.mean, followed.cov, followed.witness_ns, followed.floor_ns, store.cameras.R, store.cameras.T, rules,
        off_m, v_mps, cov, first,
    )  # fmt: skip
    n = int(first[-1])
    return walkers(off_m[:n], v_mps[:n], cov[:n], config), first


class Rules(NamedTuple):
    """See ClockConfig and TrackingConfig."""

    walking_mps: float
    witness_ns: float
    lean_var: float  # m2
    frames_alike: float


@njit(cache=True, error_model="numpy")
def _telling(
    t_ns: Ints,
    camera: Ints,
    is_depth: Bools,
    first: Ints,
    head: Floats,
    sd: Floats,
    is_out: Bools,
    track_id: Ints,
    mean: Floats,
    track_cov: Floats,
    witness_ns: Ints,
    floor_ns: Ints,
    R: Floats,
    T: Floats,
    rules: Rules,
    off_m: Floats,
    v_mps: Floats,
    cov: Floats,
    begin: Ints,
) -> None:
    """Write what walkers in sight of another camera are off by; begin (F + 1,) is where each frame's are."""
    at = 0
    for f in range(len(t_ns)):
        for j in range(first[f], first[f + 1]):
            vx, vy = mean[j, 2], mean[j, 3]
            is_witnessed = t_ns[f] - witness_ns[j] < rules.witness_ns
            if is_out[f] or track_id[j] < 0 or not (np.sqrt(vx * vx + vy * vy) > rules.walking_mps and is_witnessed):
                continue
            ahead_s = (t_ns[f] - floor_ns[f]) / 1e9
            x, y, noise = _place(is_depth[f], head[j], sd[j], mean[j, 4], R[camera[f]], T[camera[f]])
            if not (np.isfinite(x) and np.isfinite(y)):
                continue
            off_m[at, 0], off_m[at, 1] = x - (mean[j, 0] + vx * ahead_s), y - (mean[j, 1] + vy * ahead_s)
            v_mps[at, 0], v_mps[at, 1] = vx, vy
            spread = noise * noise + rules.lean_var
            for a in range(2):
                for b in range(2):
                    cov[at, a, b] = rules.frames_alike * (track_cov[j, a, b] + (spread if a == b else 0.0))
            at += 1
        begin[f + 1] = at


@njit(cache=True, error_model="numpy")
def _place(
    is_depth: bool, head: Floats, sd: float, height_m: float, R: Floats, T: Floats
) -> tuple[float, float, float]:
    """Return where a detection stands if it is as tall as its track, and the noise of that, m."""
    if is_depth:
        return head[0], head[1], sd
    place, _ = meet_plane(head, height_m, R, T)
    far2, height = 0.0, 0.0
    for k in range(3):
        centre = -(R[0, k] * T[0] + R[1, k] * T[1] + R[2, k] * T[2])
        if k < 2:
            far2 += (place[k] - centre) ** 2
        else:
            height = max(centre - height_m, 0.3)
    # A pixel's width on the plane grows with the range, and once more with how flat the ray comes in.
    return place[0], place[1], sd * (far2 + height * height) / height


def walkers(off_m: Floats, v_mps: Floats, cov: Floats, config: ClockConfig) -> Comparisons:
    """Return what k people say who are seen off_m (k, 2) from their tracks and walk with v_mps (k, 2).

    A camera that is calibrated a little wrong sees everybody aside, so people who all walk one way tell it no time.
    """
    return Comparisons(
        off_m, -v_mps, _aside(len(off_m)), cov, config.camera_sd_s, config.aside_sd_m, config.aside_walk_m_per_sqrt_s,
        config.frames_alike, mutual=True,
    )  # fmt: skip


@lru_cache(maxsize=256)
def _aside(k: int) -> Floats:
    """Return that each of k walkers is seen aside by as much, (k, 2, 2); never to be written."""
    return np.tile(np.eye(2), (k, 1, 1))
