"""Frame after frame against all tracks and hands, each from where the one before left them. Compiled.

following.py is its caller and says what it means; every step of it is a kernel of its own module.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints, Singles
from fusion.tracking.association import Passing, births, pass_by, take_in, write_back
from fusion.tracking.existence import Chances
from fusion.tracking.geometry import segment_distance
from fusion.tracking.life import bear, remember
from fusion.tracking.measurement import View
from fusion.tracking.wrists import HandRows, HandRules, follow_wrists


class Rows(NamedTuple):
    """Columns of Tracks, with room for those that start."""

    track_id: Ints
    status: Ints
    mean: Floats
    cov: Floats
    look: Singles
    looks: Ints
    device_id: Ints
    seen_by_ns: Ints
    found: Ints
    exist: Floats
    sight: Floats
    born_ns: Ints
    seen_ns: Ints
    born_xy: Floats


class Lenses(NamedTuple):
    """All cameras, and what each has shown."""

    R: Floats  # (c, 3, 3)
    T: Floats  # (c, 3)
    bounds: Floats  # (c, 4)
    frame_ns: Ints  # (c,) as in Floor; written
    detections: Floats  # (c, 2) likewise


class Shown(NamedTuple):
    """Columns of Frames, and which frames are only to be compared, (F,): their camera is out."""

    t_ns: Ints
    camera: Ints
    is_depth: Bools
    first: Ints
    head: Floats
    foot: Floats
    hands: Floats
    sd: Floats
    look: Singles
    device_id: Ints
    is_out: Bools


class Births(NamedTuple):
    """See TrackingConfig."""

    height_m: float
    height_sd_m: float
    speed_sd_mps: float
    margin_m: float
    near_p: float
    p: float
    gate_p: float
    gate_m: float
    outline: Floats  # (v, 2)
    gates: Floats  # (g, 2, 2) lines
    tracks_max: int


class Found(NamedTuple):
    """Columns of Followed, written."""

    track_id: Ints
    wrist_id: Ints
    rival_id: Ints
    rival_p: Floats
    mean: Floats
    cov: Floats
    witness_ns: Ints
    floor_ns: Ints


class Rules(NamedTuple):
    """What frames do to tracks; `passing` and `chances` are completed frame by frame."""

    passing: Passing
    chances: Chances
    prior_frames: float  # how often a camera finds whom it has in sight: prior, most, and memory in frames
    detection_p_max: float
    memory_frames: float
    likeness: tuple[float, float, float, float, float]
    look_rate: float
    lean_sd_m: float


@njit(cache=True, error_model="numpy")
def follow(
    rows: Rows,
    n: int,
    next_id: int,
    floor_ns: int,
    hands: HandRows,
    hands_ns: int,
    lenses: Lenses,
    shown: Shown,
    born: Births,
    rules: Rules,
    wrists: HandRules,
    found: Found,
) -> tuple[int, int, int, HandRows, int]:
    """Take all frames; rows, lenses and found are written. Returns n, next_id, floor_ns and the hands after them."""
    for f in range(len(shown.t_ns)):
        a, b, camera, t_ns = shown.first[f], shown.first[f + 1], shown.camera[f], shown.t_ns[f]
        view = View(
            shown.is_depth[f], shown.head[a:b], shown.foot[a:b], shown.sd[a:b], lenses.R[camera], lenses.T[camera],
            rules.lean_sd_m, lenses.bounds[camera],
        )  # fmt: skip
        look, device_id, mine = shown.look[a:b], shown.device_id[a:b], found.track_id[a:b]
        passing = _passing(rules.passing, floor_ns, lenses.frame_ns[camera], t_ns)
        chances = _chances(rules, lenses.detections[camera])
        found.floor_ns[f] = floor_ns
        if a == b:
            if not shown.is_out[f]:
                of = pass_by(
                    n, rows.status, rows.mean, rows.cov, rows.exist, rows.sight, camera, view, passing, chances
                )
                for i in range(n):
                    rows.found[i, camera] <<= 1
                lenses.frame_ns[camera] = max(t_ns, lenses.frame_ns[camera])
                _learn(lenses.detections[camera], 0, of, rules.memory_frames)
                floor_ns = max(floor_ns, t_ns)
            continue
        after, near = take_in(
            n, rows.status, rows.mean, rows.cov, rows.exist, rows.sight, rows.look, rows.looks, rows.device_id,
            camera, view, look, device_id, passing, chances, rules.likeness,
        )  # fmt: skip
        hit = np.flatnonzero(after.column >= 0)
        row, column = after.row[hit], after.column[hit]
        _keep_before(found, a, row, column, rows.track_id, rows.mean, rows.cov, rows.seen_by_ns, camera)
        if shown.is_out[f]:
            continue
        count, of = write_back(after, rows.mean, rows.cov, rows.exist, rows.sight, camera, chances.sure_p)
        remember(
            row, column, camera, t_ns, look, device_id, rules.look_rate, rows.status, rows.look, rows.looks,
            rows.device_id, rows.seen_by_ns, rows.found[:n], rows.seen_ns,
        )  # fmt: skip
        lenses.frame_ns[camera] = max(t_ns, lenses.frame_ns[camera])
        _learn(lenses.detections[camera], count, of, rules.memory_frames)
        free = np.flatnonzero(mine < 0)[: max(0, born.tracks_max - n)]
        more = _bear(rows, n, next_id, view, free, near, look, device_id, camera, t_ns, born, passing.sight_p)
        n, next_id, floor_ns = n + more, next_id + more, max(floor_ns, t_ns)
        axes = 3 if shown.is_depth[f] else 2
        seen, hands, owner, rival_id, rival_p = follow_wrists(
            hands, hands_ns, rows.track_id[:n], rows.status, rows.seen_ns, rows.mean, floor_ns, view,
            np.ascontiguousarray(shown.hands[a:b, :, :axes]), mine, t_ns, wrists,
        )  # fmt: skip
        found.wrist_id[a:b], found.rival_id[a:b], found.rival_p[a:b] = owner, rival_id, rival_p
        if seen:
            hands_ns = max(t_ns, hands_ns)
    return n, next_id, floor_ns, hands, hands_ns


@njit(cache=True, error_model="numpy")
def _passing(usual: Passing, floor_ns: int, frame_ns: int, t_ns: int) -> Passing:
    """Return what the time since the last frame of any camera, and of this one, does to tracks."""
    return Passing(
        max(0, t_ns - floor_ns) / 1e9 if floor_ns else 0.0,
        usual.accel_density, usual.height_var_per_s,
        max(0, t_ns - frame_ns) / 1e9 if frame_ns else 0.0,
        usual.sight_p, usual.sight_s, usual.looks_sure,
    )  # fmt: skip


@njit(cache=True, error_model="numpy")
def _chances(rules: Rules, detections: Floats) -> Chances:
    """Return what a frame of a camera makes likely; how often it finds whom it has in sight is learned."""
    usual, prior = rules.chances, rules.prior_frames
    p = (detections[0] + prior * usual.detection_p) / (detections[1] + prior)
    return Chances(
        min(p, rules.detection_p_max), usual.hidden_p, usual.back_p, usual.sure_p, usual.clutter_per_m2, usual.most,
        usual.gate_nats, usual.same_id_nats, usual.other_id_nats,
    )  # fmt: skip


@njit(cache=True, error_model="numpy")
def _learn(detections: Floats, found: int, of: float, memory: float) -> None:
    """Count how many of those in sight a frame found; older frames fade."""
    detections[0] += found
    detections[1] += of
    fade = min(1.0, memory / max(detections[1], 1e-9))
    detections[0] *= fade
    detections[1] *= fade


@njit(cache=True, error_model="numpy")
def _keep_before(
    found: Found,
    a: int,
    row: Ints,
    column: Ints,
    track_id: Ints,
    mean: Floats,
    cov: Floats,
    seen_by_ns: Ints,
    camera: int,
) -> None:
    """Note which track each detection of a frame was, and what was known of it without the frame."""
    known_id, known_mean, known_cov, seen_ns = found.track_id, found.mean, found.cov, found.witness_ns
    for k in range(len(row)):
        i, j = row[k], a + column[k]
        known_id[j] = track_id[i]
        for c in range(5):
            known_mean[j, c] = mean[i, c]
        for c in range(2):
            for d in range(2):
                known_cov[j, c, d] = cov[i, c, d]
        seen_ns[j] = 0
        for c in range(seen_by_ns.shape[1]):
            if c != camera:
                seen_ns[j] = max(seen_ns[j], seen_by_ns[i, c])


@njit(cache=True, error_model="numpy")
def _bear(
    rows: Rows,
    n: int,
    next_id: int,
    view: View,
    free: Ints,
    near: Bools,
    look: Singles,
    device_id: Ints,
    camera: int,
    t_ns: int,
    born: Births,
    sight_p: float,
) -> int:
    """Start tentative tracks, in the rows from n on, from detections nobody claimed; return how many.

    Detections near somebody are mostly second sights of them; people come in by gates.
    """
    if not len(free):
        return 0
    column, x, P = births(view, free, born.height_m, born.height_sd_m, born.speed_sd_mps, born.outline, born.margin_m)
    p = np.empty(len(column))
    for k in range(len(column)):
        p[k] = born.near_p if near[column[k]] else born.p
        for g in range(len(born.gates)):
            if not near[column[k]] and segment_distance(x[k, 0], x[k, 1], born.gates[g]) < born.gate_m:
                p[k] = born.gate_p
    bear(
        n, next_id, column, x, P, p, camera, t_ns, look, device_id, sight_p, rows.track_id, rows.status, rows.mean,
        rows.cov, rows.look, rows.looks, rows.device_id, rows.seen_by_ns, rows.found, rows.exist, rows.sight,
        rows.born_ns, rows.seen_ns, rows.born_xy,
    )  # fmt: skip
    return len(column)
