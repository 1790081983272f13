"""Floor tracking: sightings in, tracks out. Birth, confirmation, coasting, loss, joining again, merging."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS, TrackingConfig
from fusion.store import Store
from fusion.tracking.appearance import learn_looks
from fusion.tracking.association import associate, births
from fusion.tracking.camera import picture_bounds
from fusion.tracking.existence import Chances, drift_sight
from fusion.tracking.gating import pairs_within
from fusion.tracking.geometry import line_distance
from fusion.tracking.kalman import predict
from fusion.tracking.measurement import View
from fusion.tracking.sightings import Sightings
from fusion.tracking.tracks import NEXT, Seen, Status, Tracks, append, no_tracks, take, thaw


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
    tracks = thaw(floor.tracks)
    live = np.flatnonzero(tracks.status <= Status.LEFT)
    everybody = len(live) == len(tracks)  # the usual case needs no copies
    mean, cov, exist, look = (
        (tracks.mean, tracks.cov, tracks.exist, tracks.look)
        if everybody
        else (tracks.mean[live], tracks.cov[live], tracks.exist[live], tracks.look[live])
    )
    dt_s = max(0, frame.t_ns - floor.t_ns) / SECOND_NS if floor.t_ns else 0.0
    _move_on(mean, cov, dt_s, config)
    sight = tracks.sight[live, frame.camera]
    drift_sight(sight, _since(floor, frame), config.sight_p, config.sight_s)
    # What one sighting looked like may have been a coat rack: a look counts in full once it has been seen often.
    weight = np.minimum(1.0, tracks.looks[live] / config.looks_sure)
    view = _view(frame, store, config)
    column, shown, near = associate(
        mean, cov, exist, sight, look, weight, tracks.device_id[live, frame.camera], view, frame.look, frame.device_id,
        _chances(floor, frame.camera, config), likeness(config),
    )  # fmt: skip
    if not everybody:
        tracks.mean[live], tracks.cov[live], tracks.exist[live] = mean, cov, exist
    tracks.sight[live, frame.camera] = sight
    hit = column >= 0
    sure = (exist > config.confirm_p) & (shown | hit)
    detections = _learned(floor.detections, frame.camera, int((hit & sure).sum()), float(sight[sure].sum()), config)
    _remember(tracks, live[hit], column[hit], frame, config)
    track_id = np.full(len(frame.sd), -1, np.int64)
    track_id[column[hit]] = tracks.track_id[live[hit]]
    frame_ns = floor.frame_ns.copy()
    frame_ns[frame.camera] = max(frame.t_ns, frame_ns[frame.camera])
    next_id = floor.next_id
    if hit.sum() < len(frame.sd):
        room = max(0, config.tracks_max - len(tracks))
        free = np.flatnonzero(track_id < 0)[:room]
        born = _births(next_id, frame, view, free, near, store, config)
        next_id, tracks = next_id + len(born), append(tracks, born)
    return Floor(max(floor.t_ns, frame.t_ns), next_id, tracks, frame_ns, detections), Match(
        frame, track_id, np.stack([track_id, track_id], axis=1)
    )


def _view(frame: Sightings, store: Store, config: TrackingConfig) -> View:
    R, T = store.cameras.R[frame.camera], store.cameras.T[frame.camera]
    bounds = picture_bounds(store.cameras)[frame.camera]
    return View(frame.is_depth, frame.head, frame.foot, frame.sd, R, T, config.lean_sd_m, bounds)


def _since(floor: Floor, frame: Sightings) -> float:
    """Return the time since the camera's last frame, s."""
    last_ns = int(floor.frame_ns[frame.camera])
    return max(0, frame.t_ns - last_ns) / SECOND_NS if last_ns else 0.0


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
    out = detections.copy()
    out[camera] += (found, of)
    out[camera] *= min(1.0, config.detection_memory / max(out[camera, 1], 1e-9))
    return out


def _move_on(mean: Floats, cov: Floats, dt_s: float, config: TrackingConfig) -> None:
    """Predict states (n, 5) and covariances (n, 5, 5) in place."""
    predict(mean, cov, dt_s, config.accel_m2ps3, config.height_walk_m_per_sqrt_s**2)


def carried_on(floor: Floor, now_ns: int, config: TrackingConfig) -> Floor:
    """Return where everybody is believed to be at now_ns if no frame has come since; the floor itself stays."""
    dt_s = (now_ns - floor.t_ns) / SECOND_NS
    if dt_s <= 0.0 or not len(floor.tracks):
        return floor
    mean, cov = floor.tracks.mean.copy(), floor.tracks.cov.copy()
    _move_on(mean, cov, dt_s, config)
    return replace(floor, t_ns=now_ns, tracks=replace(floor.tracks, mean=mean, cov=cov))


def advance(floor: Floor, now_ns: int, config: TrackingConfig, known: Collection[int] = ()) -> Floor:
    """Let time pass: confirm, coast, lose, merge and forget; run once a slice.

    known are the ids of tracks that were seen to come in: no two of them are one person.
    """
    if not len(floor.tracks):
        return floor
    tracks = replace(floor.tracks, status=floor.tracks.status.copy())
    status = tracks.status
    unseen_s = (now_ns - tracks.seen_ns) / SECOND_NS
    age_s = (tracks.seen_ns - tracks.born_ns) / SECOND_NS
    steady = (tracks.exist >= config.confirm_p) & (age_s > config.confirm_s)
    # In the order of Status: who is lost waits for longer, and whoever has gone is gone.
    limit_s = np.array([config.tentative_s, config.coasting_s, config.lost_s, config.coasting_s, np.inf, np.inf])
    late = unseen_s > limit_s[tracks.status]
    late |= (status == Status.TENTATIVE) & (tracks.exist < config.drop_p)
    _move(status, late, Seen.UNSEEN)
    _move(status, (status == Status.LOST) & (unseen_s > config.forgotten_s), Seen.FORGOTTEN)
    _move(status, (status == Status.TENTATIVE) & steady, Seen.CONFIRM)
    tracks = _merge(tracks, now_ns, config, known)
    gone = tracks.status == Status.EXITED
    return replace(floor, tracks=take(tracks, np.flatnonzero(~gone)) if gone.any() else tracks)


def _move(status: Ints, rows: Bools, seen: Seen) -> None:
    for row in np.flatnonzero(rows):
        status[row] = NEXT[Status(int(status[row]))][seen]


def likeness(config: TrackingConfig) -> tuple[float, float, float, float, float]:
    """Return what look_nats_of needs to know of appearance: means, standard deviations and the cap."""
    return (
        config.look_same_mean,
        config.look_same_sd,
        config.look_other_mean,
        config.look_other_sd,
        config.look_nats_max,
    )


def _remember(tracks: Tracks, rows: Ints, columns: Ints, frame: Sightings, config: TrackingConfig) -> None:
    """Write what matched detections teach about their tracks; tracks are thawed."""
    if frame.look.any():
        learn_looks(tracks.look, tracks.looks, rows, frame.look, columns, config.look_rate)
    tracks.device_id[rows, frame.camera] = frame.device_id[columns]
    tracks.seen_by_ns[rows, frame.camera] = frame.t_ns
    tracks.found[:, frame.camera] <<= 1
    tracks.found[rows, frame.camera] |= 1
    tracks.seen_ns[rows] = frame.t_ns
    status = tracks.status[rows]
    tracks.status[rows] = np.where(status == Status.COASTING, NEXT[Status.COASTING][Seen.HIT], status)


def _births(
    next_id: int, frame: Sightings, view: View, free: Ints, near: Bools, store: Store, config: TrackingConfig
) -> Tracks:
    """Start tentative tracks from detections nobody claimed; near ones are mostly second sights of somebody."""
    columns, states, covs = births(
        view, free, config.head_height_m, config.head_height_sd_m, config.birth_speed_sd_mps,
        store.outline, config.cameras_floor_margin_m,
    )  # fmt: skip
    n = len(columns)
    device_id = np.zeros((n, len(store.cameras.camera_id)), np.int64)
    device_id[:, frame.camera] = frame.device_id[columns]
    seen_by_ns = np.zeros_like(device_id)
    seen_by_ns[:, frame.camera] = frame.t_ns
    found = np.zeros_like(device_id)
    found[:, frame.camera] = 1
    look = frame.look[columns]
    return Tracks(
        track_id=np.arange(next_id, next_id + n),
        status=np.full(n, int(Status.TENTATIVE)),
        mean=states,
        cov=covs,
        look=look,
        looks=(np.abs(look).sum(axis=1) > 0).astype(np.int64),
        device_id=device_id,
        seen_by_ns=seen_by_ns,
        found=found,
        exist=_birth_p(states[:, :2], near[columns], store, config),
        sight=np.full((n, len(store.cameras.camera_id)), config.sight_p),
        born_ns=np.full(n, frame.t_ns),
        seen_ns=np.full(n, frame.t_ns),
        born_xy=states[:, :2].copy(),
    )


def _birth_p(xy: Floats, near: Bools, store: Store, config: TrackingConfig) -> Floats:
    """Return how likely each detection nobody claims is somebody new: people come in by gates."""
    p = np.where(near, config.birth_near_p, config.birth_p)
    for line in store.gates.line:
        p = np.where(~near & (line_distance(xy, line) < config.birth_gate_m), config.birth_gate_p, p)
    return p


def _merge(tracks: Tracks, now_ns: int, config: TrackingConfig, known: Collection[int]) -> Tracks:
    """End the younger of two tracks that walk as one person: near, not unlike, and found by turns.

    Cameras of different kinds and places err differently, so that one person can get two tracks; but a camera that
    keeps finding both at once says that there are two. The older one goes on from where the surer one is.
    """
    rows = np.flatnonzero(tracks.status < Status.LOST)
    a, b = pairs_within(tracks.mean[rows, :2], config.merge_distance_m)
    keep, drop = rows[a], rows[b]
    near = np.abs(tracks.mean[keep, 4] - tracks.mean[drop, 4]) < config.merge_height_m
    near &= now_ns - tracks.born_ns[drop] > config.merge_after_s * SECOND_NS
    keep, drop = keep[near], drop[near]
    if not len(keep):
        return tracks
    one = _are_one(tracks, keep, drop, config)
    if not one.any():
        return tracks
    tracks = thaw(tracks)
    for k, d in zip(keep[one].tolist(), drop[one].tolist(), strict=True):
        if int(tracks.track_id[k]) in known and int(tracks.track_id[d]) in known:
            continue
        if max(tracks.status[k], tracks.status[d]) < Status.LOST:
            if np.trace(tracks.cov[d, :2, :2]) < np.trace(tracks.cov[k, :2, :2]):
                tracks.mean[k], tracks.cov[k] = tracks.mean[d], tracks.cov[d]
            tracks.seen_ns[k] = max(tracks.seen_ns[k], tracks.seen_ns[d])
            tracks.status[d] = NEXT[Status(int(tracks.status[d]))][Seen.JOINED]
    return tracks


def _are_one(tracks: Tracks, keep: Ints, drop: Ints, config: TrackingConfig) -> Bools:
    """Tell which pairs of tracks beside each other are one person, by looks and by frames that find both, (n,)."""
    mine, theirs = tracks.found[keep], tracks.found[drop]
    recent = (1 << config.merge_frames) - 1
    both = np.bitwise_count(mine & theirs & recent).sum(axis=1)
    alone = np.bitwise_count((mine ^ theirs) & recent).sum(axis=1)
    shown = config.merge_both_nats * both > config.merge_alone_nats * alone
    look, other = tracks.look[keep], tracks.look[drop]
    norm = np.sqrt((look * look).sum(axis=1) * (other * other).sum(axis=1))
    unknown = (norm < 1e-6) | (np.minimum(tracks.looks[keep], tracks.looks[drop]) < config.looks_sure)
    cosine = (look * other).sum(axis=1) / np.maximum(norm, 1e-6)
    alike = cosine > np.where(shown, config.merge_look_together, config.merge_look)
    return np.asarray(np.where(unknown, ~shown, alike))
