"""Floor tracking over time: confirmation, coasting, loss, merging; what frames do to it stands in following.py."""

from collections.abc import Collection

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.config import SECOND_NS, TrackingConfig
from fusion.frozen import record, replace
from fusion.store import Store
from fusion.tracking.kalman import predict
from fusion.tracking.life import Span, age
from fusion.tracking.merging import Oneness, pairs_of_one
from fusion.tracking.sightings import Sightings
from fusion.tracking.tracks import EXITED, LOST, Seen, Tracks, move, no_tracks, take

FOREVER_NS = 2**62


@record(eq=False)
class Match:
    """Which detection of a frame was which track: what hands and `held` hang on."""

    sightings: Sightings
    track_id: Ints  # (n,) per detection, -1 for none
    wrist_id: Ints  # (n, 2) whose each wrist is; until hands.py has looked, what the detector says
    rival_id: Ints  # (n, 2) whose else it may be, -1 for nobody's
    rival_p: Floats  # (n, 2) how likely that is
    may_touch: bool = True  # hands of two people are near enough


def as_detected(sightings: Sightings, track_id: Ints) -> Match:
    """Return the match of a frame whose wrists are whose the detector says."""
    n = len(track_id)
    return Match(sightings, track_id, np.stack([track_id, track_id], axis=1), np.full((n, 2), -1), np.zeros((n, 2)))


@record(eq=False)
class Floor:
    """State of floor tracking at t_ns."""

    t_ns: int
    next_id: int
    tracks: Tracks
    frame_ns: Ints  # (cameras,) when each camera's last frame was taken, 0 for never
    detections: Floats  # (cameras, 2) of people in sight: how many each camera found, and of how many; both fade
    joined: tuple[tuple[int, int], ...] = ()  # of this slice: ids of tracks that ended, and as which they go on


def empty_floor(store: Store) -> Floor:
    """Return the state before anybody came."""
    n = len(store.cameras.camera_id)
    return Floor(0, 1, no_tracks(n), np.zeros(n, np.int64), np.zeros((n, 2)))


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
        return replace(floor, joined=()) if floor.joined else floor
    tracks = floor.tracks
    status = age(tracks.status, tracks.exist, tracks.seen_ns, tracks.born_ns, now_ns, _span(config))
    tracks, joined = _merge(tracks, status, now_ns, config, known)
    stay = (status != EXITED).nonzero()[0]
    tracks = take(tracks, stay, status) if len(stay) < len(status) else replace(tracks, status=status)
    return replace(floor, tracks=tracks, joined=joined)


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


def _merge(
    tracks: Tracks, status: Ints, now_ns: int, config: TrackingConfig, known: Collection[int]
) -> tuple[Tracks, tuple[tuple[int, int], ...]]:
    """End the younger of two tracks that walk as one person; the older one goes on from where the surer one is.

    Of somebody known and nobody known the known one goes on. Statuses (n,) change in place; the tracks come back as
    they went unless two became one. Returns also which ended, and as which they go on.
    """
    one = Oneness(
        config.merge_distance_m, config.merge_height_m, config.bend_m, config.bend_frames, config.merge_frames,
        config.merge_both_nats, config.merge_alone_nats, config.merge_look, config.merge_look_together,
        config.looks_sure,
    )  # fmt: skip
    keep, drop = pairs_of_one(
        status, tracks.mean, tracks.born_ns, tracks.found, tracks.look, tracks.looks,
        now_ns - int(config.merge_after_s * SECOND_NS), one,
    )  # fmt: skip
    if not len(keep):
        return tracks, ()
    ids, joined = tracks.track_id, list[tuple[int, int]]()
    tracks = replace(tracks, mean=tracks.mean.copy(), cov=tracks.cov.copy(), seen_ns=tracks.seen_ns.copy())
    for older, younger in zip(keep.tolist(), drop.tolist(), strict=True):
        is_known = int(ids[older]) in known, int(ids[younger]) in known
        k, d = (younger, older) if is_known == (False, True) else (older, younger)
        if not all(is_known) and max(status[k], status[d]) < LOST:
            if np.trace(tracks.cov[d, :2, :2]) < np.trace(tracks.cov[k, :2, :2]):
                tracks.mean[k], tracks.cov[k] = tracks.mean[d], tracks.cov[d]
            tracks.seen_ns[k] = max(tracks.seen_ns[k], tracks.seen_ns[d])
            move(status, np.array([d]), Seen.JOINED)
            joined.append((int(ids[d]), int(ids[k])))
    return tracks, tuple(joined)
