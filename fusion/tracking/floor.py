"""Floor tracking: sightings in, tracks out. Birth, confirmation, coasting, loss, joining again, merging."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS, TrackingConfig
from fusion.store import Store
from fusion.tracking.association import Passing, births, take_in
from fusion.tracking.camera import picture_bounds
from fusion.tracking.existence import Chances
from fusion.tracking.geometry import line_distance
from fusion.tracking.kalman import predict
from fusion.tracking.life import Span, age, bear, remember
from fusion.tracking.measurement import View
from fusion.tracking.merging import Oneness, pairs_of_one
from fusion.tracking.sightings import Sightings
from fusion.tracking.tracks import COLUMNS, Seen, Status, Tracks, move, no_tracks, shorten, take, thaw

FOREVER_NS = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """Which detection of a frame was which track: what hands and `held` hang on."""

    sightings: Sightings
    track_id: Ints  # (n,) per detection, -1 for none
    wrist_id: Ints  # (n, 2) whose each wrist is; until hands.py has looked, what the detector says


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """State of floor tracking at t_ns."""

    t_ns: int
    next_id: int
    tracks: Tracks
    frame_ns: Ints  # (cameras,) when each camera's last frame was taken, 0 for never
    detections: Floats  # (cameras, 2) of people in sight: how many each camera found, and of how many; both fade


def empty_floor(store: Store) -> Floor:
    """Return the state before anybody came."""
    n = len(store.cameras.camera_id)
    return Floor(0, 1, no_tracks(n), np.zeros(n, np.int64), np.zeros((n, 2)))


def observe(floor: Floor, frame: Sightings, store: Store, config: TrackingConfig) -> tuple[Floor, Match]:
    """Move all tracks to the frame's time, associate the frame as a whole, correct, and start new tracks."""
    n, room, camera = len(floor.tracks), max(0, config.tracks_max - len(floor.tracks)), frame.camera
    tracks = thaw(floor.tracks, min(room, len(frame.sd)))
    if frame.look.shape[1] > tracks.look.shape[1]:  # the first camera that knows looks
        tracks = replace(tracks, look=np.zeros((len(tracks), frame.look.shape[1]), np.float32))
    view = _view(frame, store, config)
    row, column, near, seen = take_in(
        n, tracks.status, tracks.mean, tracks.cov, tracks.exist, tracks.sight, tracks.look, tracks.looks,
        tracks.device_id, camera, view, frame.look, frame.device_id, _passing(floor, frame, config),
        _chances(floor, camera, config), likeness(config),
    )  # fmt: skip
    remember(
        row, column, camera, frame.t_ns, frame.look, frame.device_id, config.look_rate, tracks.status, tracks.look,
        tracks.looks, tracks.device_id, tracks.seen_by_ns, tracks.found, tracks.seen_ns,
    )  # fmt: skip
    track_id = np.full(len(frame.sd), -1, np.int64)
    track_id[column] = tracks.track_id[row]
    frame_ns = floor.frame_ns.copy()
    frame_ns[camera] = max(frame.t_ns, frame_ns[camera])
    found, of = seen
    detections = _learned(floor.detections, camera, found, of, config)
    free = np.flatnonzero(track_id < 0)[:room]
    born = _bear(tracks, n, floor.next_id, frame, view, free, near, store, config) if len(free) else 0
    wrist_id = np.empty((len(track_id), 2), np.int64)
    wrist_id[:, 0] = wrist_id[:, 1] = track_id
    after = Floor(max(floor.t_ns, frame.t_ns), floor.next_id + born, shorten(tracks, n + born), frame_ns, detections)
    return after, Match(frame, track_id, wrist_id)


def _view(frame: Sightings, store: Store, config: TrackingConfig) -> View:
    R, T = store.cameras.R[frame.camera], store.cameras.T[frame.camera]
    bounds = picture_bounds(store.cameras)[frame.camera]
    return View(frame.is_depth, frame.head, frame.foot, frame.sd, R, T, config.lean_sd_m, bounds)


def _passing(floor: Floor, frame: Sightings, config: TrackingConfig) -> Passing:
    """Return what the time since the last frame of any camera, and of this one, does to tracks."""
    last_ns = int(floor.frame_ns[frame.camera])
    return Passing(
        max(0, frame.t_ns - floor.t_ns) / SECOND_NS if floor.t_ns else 0.0,
        config.accel_m2ps3, config.height_walk_m_per_sqrt_s**2,
        max(0, frame.t_ns - last_ns) / SECOND_NS if last_ns else 0.0,
        config.sight_p, config.sight_s, config.looks_sure,
    )  # fmt: skip


def _chances(floor: Floor, camera: int, config: TrackingConfig) -> Chances:
    """Return what a frame of a camera makes likely; how often it finds whom it has in sight is learned."""
    found, of = floor.detections[camera]
    prior = config.detection_p_frames
    return Chances(
        detection_p=float(min((found + prior * config.detection_p) / (of + prior), config.detection_p_max)),
        hidden_p=config.hidden_p,
        back_p=config.back_p,
        sure_p=config.confirm_p,
        clutter_per_m2=config.clutter_per_m2,
        most=config.exist_most,
        gate_nats=config.gate_nats,
        same_id_nats=config.id_same_nats,
        other_id_nats=config.id_other_nats,
    )


def _learned(detections: Floats, camera: int, found: int, of: float, config: TrackingConfig) -> Floats:
    """Count how many of those in sight a frame found; older frames fade."""
    out = detections.copy()
    out[camera] += (found, of)
    out[camera] *= min(1.0, config.detection_memory / max(out[camera, 1], 1e-9))
    return out


def carried_on(floor: Floor, now_ns: int, config: TrackingConfig) -> Floor:
    """Return where everybody is believed to be at now_ns if no frame has come since; the floor itself stays."""
    dt_s = (now_ns - floor.t_ns) / SECOND_NS
    if dt_s <= 0.0 or not len(floor.tracks):
        return floor
    mean, cov = floor.tracks.mean.copy(), floor.tracks.cov.copy()
    predict(mean, cov, dt_s, config.accel_m2ps3, config.height_walk_m_per_sqrt_s**2)
    return replace(floor, t_ns=now_ns, tracks=replace(floor.tracks, mean=mean, cov=cov))


def advance(floor: Floor, now_ns: int, config: TrackingConfig, known: Collection[int] = ()) -> Floor:
    """Let time pass: confirm, coast, lose, merge and forget; run once a slice.

    known are the ids of tracks that were seen to come in: no two of them are one person.
    """
    if not len(floor.tracks):
        return floor
    tracks = floor.tracks
    status = age(tracks.status, tracks.exist, tracks.seen_ns, tracks.born_ns, now_ns, _span(config))
    tracks = _merge(tracks, status, now_ns, config, known)
    stay = np.flatnonzero(status != Status.EXITED)
    tracks = take(tracks, stay, status) if len(stay) < len(status) else replace(tracks, status=status)
    return Floor(floor.t_ns, floor.next_id, tracks, floor.frame_ns, floor.detections)


def _span(config: TrackingConfig) -> Span:
    # In the order of Status: who is lost waits for longer, and whoever has gone is gone.
    unseen_s = (config.tentative_s, config.coasting_s, config.lost_s, config.coasting_s)
    unseen_ns = np.array([*(int(s * SECOND_NS) for s in unseen_s), FOREVER_NS, FOREVER_NS])
    forgotten_ns, confirm_ns = int(config.forgotten_s * SECOND_NS), int(config.confirm_s * SECOND_NS)
    return Span(unseen_ns, forgotten_ns, config.drop_p, config.confirm_p, confirm_ns)


def likeness(config: TrackingConfig) -> tuple[float, float, float, float, float]:
    """Return what look_nats_of needs to know of appearance: means, standard deviations and the cap."""
    return (
        config.look_same_mean,
        config.look_same_sd,
        config.look_other_mean,
        config.look_other_sd,
        config.look_nats_max,
    )


def _bear(
    tracks: Tracks,
    n: int,
    next_id: int,
    frame: Sightings,
    view: View,
    free: Ints,
    near: Bools,
    store: Store,
    config: TrackingConfig,
) -> int:
    """Start tentative tracks, in the rows from n on, from detections nobody claimed; return how many.

    Detections near somebody are mostly second sights of them.
    """
    columns, states, covs = births(
        view, free, config.head_height_m, config.head_height_sd_m, config.birth_speed_sd_mps,
        store.outline, config.cameras_floor_margin_m,
    )  # fmt: skip
    bear(
        n, next_id, columns, states, covs, _birth_p(states[:, :2], near[columns], store, config), frame.camera,
        frame.t_ns, frame.look, frame.device_id, config.sight_p, *(getattr(tracks, name) for name in COLUMNS),
    )  # fmt: skip
    return len(columns)


def _birth_p(xy: Floats, near: Bools, store: Store, config: TrackingConfig) -> Floats:
    """Return how likely each detection nobody claims is somebody new: people come in by gates."""
    p = np.where(near, config.birth_near_p, config.birth_p)
    for line in store.gates.line:
        p = np.where(~near & (line_distance(xy, line) < config.birth_gate_m), config.birth_gate_p, p)
    return p


def _merge(tracks: Tracks, status: Ints, now_ns: int, config: TrackingConfig, known: Collection[int]) -> Tracks:
    """End the younger of two tracks that walk as one person; the older one goes on from where the surer one is.

    Statuses (n,) change in place; the tracks come back as they went unless two became one.
    """
    one = Oneness(
        config.merge_distance_m, config.merge_height_m, config.merge_frames, config.merge_both_nats,
        config.merge_alone_nats, config.merge_look, config.merge_look_together, config.looks_sure,
    )  # fmt: skip
    keep, drop = pairs_of_one(
        status, tracks.mean, tracks.born_ns, tracks.found, tracks.look, tracks.looks,
        now_ns - int(config.merge_after_s * SECOND_NS), one,
    )  # fmt: skip
    if not len(keep):
        return tracks
    tracks = replace(tracks, mean=tracks.mean.copy(), cov=tracks.cov.copy(), seen_ns=tracks.seen_ns.copy())
    for k, d in zip(keep.tolist(), drop.tolist(), strict=True):
        if int(tracks.track_id[k]) in known and int(tracks.track_id[d]) in known:
            continue
        if max(status[k], status[d]) < Status.LOST:
            if np.trace(tracks.cov[d, :2, :2]) < np.trace(tracks.cov[k, :2, :2]):
                tracks.mean[k], tracks.cov[k] = tracks.mean[d], tracks.cov[d]
            tracks.seen_ns[k] = max(tracks.seen_ns[k], tracks.seen_ns[d])
            move(status, np.array([d]), Seen.JOINED)
    return tracks
