"""Frames of a slice followed: tracks and hands after them, and which detection was which track."""

from functools import lru_cache

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.config import HandConfig, TrackingConfig
from fusion.frozen import record
from fusion.store import Store
from fusion.tracking.association import Passing
from fusion.tracking.camera import picture_bounds
from fusion.tracking.existence import Chances
from fusion.tracking.floor import Floor, Match, as_detected, likeness
from fusion.tracking.frame_pass import Births, Found, Lenses, Rows, Rules, Shown, follow
from fusion.tracking.frames import Frames, frames_from
from fusion.tracking.hands import Hands, hand_rules, nearest_m, no_hands
from fusion.tracking.sightings import Sightings
from fusion.tracking.tracks import COLUMNS, Tracks, shorten, thaw


@record(eq=False)
class Followed:
    """Which detection of the frames was which track, and what was known of it without the frame."""

    frames: Frames
    track_id: Ints  # (N,) -1 for none
    wrist_id: Ints  # (N, 2) whose each wrist is, -1 for nobody's
    rival_id: Ints  # (N, 2) whose else it may be, and how likely
    rival_p: Floats  # (N, 2)
    mean: Floats  # (N, 5) of the track, at floor_ns; NaN for none
    cov: Floats  # (N, 2, 2) m2 of its place
    witness_ns: Ints  # (N,) when another camera last saw it, 0 for never
    floor_ns: Ints  # (F,) when the tracks were moved last

    def matches(self, is_out: Bools, touch_m: float) -> list[Match]:
        """Return the frames that tell of hands, but for those of cameras that are out, (F,).

        What somebody holds is told by `held`, and whose hands touch where two are seen so near each other in space.
        """
        frames = self.frames
        held = np.array([len(each) > 0 for each in frames.held], np.bool_)
        touching = _touching(frames.first, frames.is_depth, frames.hands, touch_m)
        tells = (held | touching) & ~is_out
        return [self._match(frame, bool(touching[frame])) for frame in tells.nonzero()[0].tolist()]

    def _match(self, frame: int, may_touch: bool) -> Match:
        own = slice(int(self.frames.first[frame]), int(self.frames.first[frame + 1]))
        rival_id, rival_p = self.rival_id[own], self.rival_p[own]
        return Match(self.frames.sightings(frame), self.track_id[own], self.wrist_id[own], rival_id, rival_p, may_touch)


@njit(cache=True, error_model="numpy")
def _touching(first: Ints, is_depth: Bools, hands: Floats, touch_m: float) -> Bools:
    """Return the frames of depth cameras in which hands of two people are within touch_m; columns of Frames."""
    out = np.zeros(len(is_depth), np.bool_)
    for f in range(len(is_depth)):
        out[f] = is_depth[f] and nearest_m(hands[first[f] : first[f + 1]]) <= touch_m
    return out


def follow_frames(
    floor: Floor,
    hands: Hands,
    frames: Frames,
    is_out: Bools,
    store: Store,
    config: TrackingConfig,
    hand_config: HandConfig,
) -> tuple[Floor, Hands, Followed]:
    """Take frames in their order: move all tracks to a frame's time, associate it as a whole, correct, start tracks.

    Then its wrists are taken in. Frames that are out, (F,), change nothing: what they would have been is told.
    """
    n, room = len(floor.tracks), len(frames.sd)
    tracks = thaw(floor.tracks, max(0, min(config.tracks_max - n, room)))
    rows = [getattr(tracks, name) for name in COLUMNS]
    if frames.look.shape[1] > tracks.look.shape[1]:  # the first camera that knows looks
        rows[COLUMNS.index("look")] = np.zeros((len(tracks), frames.look.shape[1]), np.float32)
    cameras = store.cameras
    lenses = Lenses(cameras.R, cameras.T, picture_bounds(cameras), floor.frame_ns.copy(), floor.detections.copy())
    shown = Shown(
        frames.t_ns, frames.camera, frames.is_depth, frames.first, frames.head, frames.foot, frames.hands, frames.sd,
        frames.look, frames.device_id, is_out,
    )  # fmt: skip
    found = Found(
        np.full(room, -1), np.full((room, 2), -1), np.full((room, 2), -1), np.zeros((room, 2)),
        np.full((room, 5), np.nan), np.full((room, 2, 2), np.nan), np.zeros(room, np.int64),
        np.zeros(len(frames.t_ns), np.int64),
    )  # fmt: skip
    n, next_id, floor_ns, after, hands_ns = follow(
        Rows(*rows), n, floor.next_id, floor.t_ns, hands.rows, hands.t_ns, lenses, shown, _births(store, config),
        _rules(config), hand_rules(hand_config), found,
    )  # fmt: skip
    floor = Floor(floor_ns, next_id, shorten(Tracks(*rows), n), lenses.frame_ns, lenses.detections)
    return floor, Hands(hands_ns, *after), Followed(frames, *found)


def observe(floor: Floor, frame: Sightings, store: Store, config: TrackingConfig) -> tuple[Floor, Match]:
    """Follow one frame alone; wrists are left to the detector's word."""
    none = np.zeros(1, np.bool_)
    floor, _, followed = follow_frames(floor, no_hands(), frames_from([frame]), none, store, config, HandConfig())
    return floor, as_detected(frame, followed.track_id)


@lru_cache(maxsize=8)
def _births(store: Store, config: TrackingConfig) -> Births:
    gates = np.array(store.gates.line, np.float64).reshape(-1, 2, 2)
    return Births(
        config.head_height_m, config.head_height_sd_m, config.birth_speed_sd_mps, config.cameras_floor_margin_m,
        config.birth_near_p, config.birth_p, config.birth_gate_p, config.birth_gate_m, store.outline, gates,
        config.tracks_max,
    )  # fmt: skip


@lru_cache(maxsize=8)
def _rules(config: TrackingConfig) -> Rules:
    return Rules(
        passing=Passing(
            0.0, config.accel_m2ps3, config.height_walk_m_per_sqrt_s**2, 0.0, config.sight_p, config.sight_s,
            config.looks_sure,
        ),
        chances=Chances(
            detection_p=config.detection_p,
            hidden_p=config.hidden_p,
            back_p=config.back_p,
            sure_p=config.confirm_p,
            clutter_per_m2=config.clutter_per_m2,
            most=config.exist_most,
            gate_nats=config.gate_nats,
            same_id_nats=config.id_same_nats,
            other_id_nats=config.id_other_nats,
        ),
        prior_frames=config.detection_p_frames,
        detection_p_max=config.detection_p_max,
        memory_frames=config.detection_memory,
        likeness=likeness(config),
        look_rate=config.look_rate,
        lean_sd_m=config.lean_sd_m,
    )  # fmt: skip
