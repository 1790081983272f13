"""What a camera's frame says of its clock: people who walk are seen behind where other cameras have them, or ahead.

A stamp that is ahead by d shows a walker where they were d earlier, v d behind their track. Only tracks that
another camera has just seen as well can tell: a track made by one camera alone has that camera's time.
"""

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.config import SECOND_NS, ClockConfig, TrackingConfig
from fusion.intake.clock_filter import Comparisons
from fusion.store import Store
from fusion.tracking.camera import camera_centre, meet_plane
from fusion.tracking.floor import Floor, Match


def clock_evidence(
    before: Floor, match: Match, store: Store, config: ClockConfig, tracking: TrackingConfig
) -> Comparisons | None:
    """Return who of a frame can tell of its time; None if nobody can.

    before is the floor without the frame. The errors of one person last from frame to frame, so that a frame counts
    only as a part of a comparison.
    """
    frame, tracks = match.sightings, before.tracks
    known = match.track_id >= 0
    rows = np.minimum(np.searchsorted(tracks.track_id, match.track_id), max(len(tracks) - 1, 0))
    if not known.any() or not len(tracks):
        return None
    known &= tracks.track_id[rows] == match.track_id
    seen = tracks.seen_by_ns[rows].copy()
    seen[:, frame.camera] = 0
    v = tracks.mean[rows, 2:4]
    speed = np.sqrt((v * v).sum(axis=1))
    known &= (speed > config.walking_mps) & (frame.t_ns - seen.max(axis=1) < config.witness_s * SECOND_NS)
    at = np.flatnonzero(known)
    if not len(at):
        return None
    rows, v = rows[at], v[at]
    ahead = tracks.mean[rows, :2] + v * ((frame.t_ns - before.t_ns) / SECOND_NS)
    place, sd = _places(match, at, tracks.mean[rows, 4], store)
    good = np.isfinite(place).all(axis=1)
    if not good.any():
        return None
    spread = (sd**2 + tracking.lean_sd_m**2)[:, None, None] * np.eye(2)
    cov = config.frames_alike * (tracks.cov[rows, :2, :2] + spread)
    return walkers((place - ahead)[good], v[good], cov[good], config)


def walkers(off_m: Floats, v_mps: Floats, cov: Floats, config: ClockConfig) -> Comparisons:
    """Return what k people say who are seen off_m (k, 2) from their tracks and walk with v_mps (k, 2).

    A camera that is calibrated a little wrong sees everybody aside, so people who all walk one way tell it no time.
    """
    aside = np.tile(np.eye(2), (len(off_m), 1, 1))
    return Comparisons(
        off_m, -v_mps, aside, cov, config.camera_sd_s, config.aside_sd_m, config.aside_walk_m_per_sqrt_s,
        config.frames_alike, mutual=True,
    )  # fmt: skip


def _places(match: Match, at: Ints, height_m: Floats, store: Store) -> tuple[Floats, Floats]:
    """Return where detections stand (k, 2) if they are as tall as their tracks, and the noise of it (k,), m."""
    frame = match.sightings
    if frame.is_depth:
        return frame.head[at, :2], frame.sd[at]
    R, T = store.cameras.R[frame.camera], store.cameras.T[frame.camera]
    place = np.array([meet_plane(frame.head[j], h, R, T)[0] for j, h in zip(at, height_m, strict=True)])
    centre = camera_centre(R, T)
    down = np.maximum(centre[2] - height_m, 0.3)
    far2 = ((place - centre[:2]) ** 2).sum(axis=1) + down**2
    # A pixel's width on the plane grows with the range, and once more with how flat the ray comes in.
    return place, frame.sd[at] * far2 / down
