"""What heads say of cameras being turned, all cameras that see somebody together. Compiled.

Where a head is nobody knows but from what cameras say of it, the turned one too: it pulls the track after itself, and
the others then seem to be off the other way. So no camera is held against tracks. What cameras say of one
head between two looks is taken together, with the place of the head as another unknown. A camera at o, turned by a
small w (about axes of the store) and with a clock that is off by s, sees a head at h that moves with v as if it were at

    h + e + w x (h - o) + s v

where e is by how much the track is off, for all cameras the same. Sums of squares of that are kept for each track and
camera, by all seven unknowns (e, w, s); at a look e is eliminated from them (their Schur complement). What is left of w
is what no place of the head explains, and a camera is held against others only: who bends down, leans or is lost by the
tracker is off for all of them.

Frames in a row err alike: all of a camera count as little as what errs independently in that time, and what a head
tells counts the less the longer it stands.
"""

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.frozen import record
from fusion.store import Cameras
from fusion.tracking.following import Followed

PLACE, TURN = 3, 4  # unknowns: the place of a head; a turn and the clock
ALL = PLACE + TURN
NEAREST_M = 0.5  # along a camera's axis; nearer, a point of its picture says little
WITNESS_NS = 500_000_000  # another camera that has seen a head so lately sees it too


@record(eq=False)
class Sights:
    """What cameras have said of heads since the last look: one row a track and camera that saw it, ascending."""

    key: Ints  # (k,) track_id * cameras + camera
    is_idle: Bools  # (k,) the last frame has moved no track
    weight: Floats  # (k, 7, 7) sums of squares by e (1/m2), w (1/rad2) and s (1/s2)
    pull: Floats  # (k, 7) and that times them


def no_sights() -> Sights:
    """Return what is known before the first frame."""
    none = np.zeros(0, np.int64)
    return Sights(none, np.zeros(0, np.bool_), np.zeros((0, ALL, ALL)), np.zeros((0, ALL)))


def see_heads(
    sights: Sights, followed: Followed, is_idle: Bools, cameras: Cameras, matched_ns: Ints
) -> tuple[Sights, Ints]:
    """Add frames, of which those idle, (F,), moved no track; return also when each camera found whom others see."""
    frames, matched_ns = followed.frames, matched_ns.copy()
    key = _merged(sights.key, followed.track_id, frames.camera, frames.first, len(matched_ns))
    idle, weight, pull = _widened(sights, key)
    _add_frames(
        frames.t_ns, frames.camera, frames.is_depth, frames.first, frames.head, frames.sd, followed.track_id,
        followed.mean, followed.witness_ns, is_idle, followed.floor_ns, cameras.R, cameras.T, matched_ns, key, idle,
        weight, pull,
    )  # fmt: skip
    return Sights(key, idle, weight, pull), matched_ns


def _widened(sights: Sights, key: Ints) -> tuple[Bools, Floats, Floats]:
    """Return copies of what is kept by key, with room for new keys among those there were; mostly there are none."""
    n = len(key)
    if n == len(sights.key):
        return sights.is_idle.copy(), sights.weight.copy(), sights.pull.copy()
    at = np.searchsorted(key, sights.key)
    idle, weight, pull = np.zeros(n, np.bool_), np.zeros((n, ALL, ALL)), np.zeros((n, ALL))
    idle[at], weight[at], pull[at] = sights.is_idle, sights.weight, sights.pull
    return idle, weight, pull


@njit(cache=True)
def _merged(key: Ints, track_id: Ints, camera: Ints, first: Ints, cameras: int) -> Ints:
    """Return the keys with those of frames, ascending."""
    new = np.empty(len(track_id), np.int64)
    for f in range(len(camera)):
        new[first[f] : first[f + 1]] = camera[f]
    return np.unique(np.concatenate((key, (track_id * cameras + new)[track_id >= 0])))


@njit(cache=True)
def _add_frames(
    t_ns: Ints,
    camera: Ints,
    is_depth: Bools,
    first: Ints,
    head: Floats,
    sd: Floats,
    track_id: Ints,
    mean: Floats,
    witness_ns: Ints,
    is_idle: Bools,
    floor_ns: Ints,
    R: Floats,
    T: Floats,
    matched_ns: Ints,
    key: Ints,
    idle: Bools,
    weight: Floats,
    pull: Floats,
) -> None:
    """Write matched_ns (c,) and what Sights holds; columns of Frames and Followed before."""
    H, D, off, ahead = np.empty((3, PLACE)), np.empty((3, ALL)), np.empty(3), np.empty(PLACE)
    for f in range(len(t_ns)):
        c = camera[f]
        for j in range(first[f], first[f + 1]):
            seen = np.isfinite(head[j, 0]) and np.isfinite(head[j, 1]) and (not is_depth[f] or np.isfinite(head[j, 2]))
            if track_id[j] < 0 or not seen:
                continue
            if t_ns[f] - witness_ns[j] < WITNESS_NS:
                matched_ns[c] = t_ns[f]
            since_s = (t_ns[f] - floor_ns[f]) / 1e9
            ahead[0], ahead[1] = mean[j, 0] + since_s * mean[j, 2], mean[j, 1] + since_s * mean[j, 3]
            ahead[2] = mean[j, 4]
            n = _in_space(ahead, head[j], H, off) if is_depth[f] else _on_picture(ahead, head[j], R[c], T[c], H, off)
            if not n:
                continue
            _by_all(H, n, ahead, mean[j, 2], mean[j, 3], R[c], T[c], D)
            k, w = np.searchsorted(key, track_id[j] * len(T) + c), 1.0 / (sd[j] * sd[j])
            idle[k] = is_idle[f]
            for a in range(ALL):
                for r in range(n):
                    pull[k, a] += w * D[r, a] * off[r]
                    for b in range(ALL):
                        weight[k, a, b] += w * D[r, a] * D[r, b]


@njit(cache=True)
def _in_space(at: Floats, seen: Floats, H: Floats, off: Floats) -> int:
    """Write by how much a head seen in space is off (3,) m, and its rows by the head's place (3, 3); return 3."""
    for r in range(3):
        off[r] = seen[r] - at[r]
        for a in range(PLACE):
            H[r, a] = 1.0 if r == a else 0.0
    return 3


@njit(cache=True)
def _on_picture(at: Floats, seen: Floats, R: Floats, T: Floats, H: Floats, off: Floats) -> int:
    """Write the same of a normalised image point, two rows; return how many, 0 where it is too near."""
    depth = R[2, 0] * at[0] + R[2, 1] * at[1] + R[2, 2] * at[2] + T[2]
    if not depth > NEAREST_M:
        return 0
    for r in range(2):
        p = (R[r, 0] * at[0] + R[r, 1] * at[1] + R[r, 2] * at[2] + T[r]) / depth
        off[r] = seen[r] - p
        for a in range(PLACE):
            H[r, a] = (R[r, a] - p * R[2, a]) / depth
    return 2


@njit(cache=True)
def _by_all(H: Floats, n: int, at: Floats, vx: float, vy: float, R: Floats, T: Floats, D: Floats) -> None:
    """Write n rows by all unknowns (3, 7), given those by the head's place (3, 3)."""
    x = at[0] + R[0, 0] * T[0] + R[1, 0] * T[1] + R[2, 0] * T[2]  # from the camera
    y = at[1] + R[0, 1] * T[0] + R[1, 1] * T[1] + R[2, 1] * T[2]
    z = at[2] + R[0, 2] * T[0] + R[1, 2] * T[1] + R[2, 2] * T[2]
    for r in range(n):
        D[r, :PLACE] = H[r]
        D[r, 3], D[r, 4], D[r, 5] = H[r, 2] * y - H[r, 1] * z, H[r, 0] * z - H[r, 2] * x, H[r, 1] * x - H[r, 0] * y
        D[r, 6] = H[r, 0] * vx + H[r, 1] * vy


@njit(cache=True)
def tell_turns(
    key: Ints,
    idle: Bools,
    worth: Floats,
    weight: Floats,
    pull: Floats,
    place_var: float,
    told: Floats,
    told_pull: Floats,
) -> None:
    """Add what sights, as often as each is worth, (k,), tell of turns and clocks to told (c, 4, 4) and its pull (c, 4).

    place_var, m2, is of where heads are beside their tracks, along each axis.
    """
    cameras, a = len(told), 0
    for b in range(1, len(key) + 1):
        if b == len(key) or key[b] // cameras != key[a] // cameras:
            camera = key[a:b] % cameras
            _tell_of_head(camera, idle[a:b], worth[a:b], weight[a:b], pull[a:b], place_var, told, told_pull)
            a = b


@njit(cache=True)
def _tell_of_head(
    camera: Ints,
    idle: Bools,
    worth: Floats,
    weight: Floats,
    pull: Floats,
    place_var: float,
    told: Floats,
    told_pull: Floats,
) -> None:
    """Add the same of one head, which some cameras (m,) have seen. One that is idle is compared with the others."""
    place, place_pull, moving = np.eye(PLACE) / place_var, np.zeros(PLACE), 0
    for k in range(len(camera)):
        if not idle[k]:
            place += worth[k] * weight[k, :PLACE, :PLACE]
            place_pull += worth[k] * pull[k, :PLACE]
            moving += 1
    for k in range(len(camera)):
        if moving - (not idle[k]) == 0:
            continue
        own = worth[k] if idle[k] else 0.0
        known = place + own * weight[k, :PLACE, :PLACE]
        cross = worth[k] * weight[k, PLACE:, :PLACE]
        gain = np.linalg.solve(known, cross.T)
        told[camera[k]] += worth[k] * weight[k, PLACE:, PLACE:] - cross @ gain
        told_pull[camera[k]] += worth[k] * pull[k, PLACE:] - gain.T @ (place_pull + own * pull[k, :PLACE])
