"""What heads say of a camera being turned: information about a small turn, and about its clock. Compiled.

In normalised image points a small turn w moves a head at (x, y) by (-x y, 1 + x^2, -y) w and (-(1 + y^2), x y, x) w. A
clock that is off moves who walks as far as they walk in that time: both are estimated together, so that neither passes
for the other.

Frames in a row err alike. Whoever stands before a shelf leans the same way all the while, and whoever bends down is off
by two decimetres: what a standing head tells counts the less the longer it stands, and a low one little.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints


class TurnRules(NamedTuple):
    """What a head tells at all."""

    nearest_m: float  # along a camera's axis; nearer, an angle says little
    lean_var: float  # m2
    alike: float  # so many frames err alike
    upright_m: float  # a head below this may be of somebody who bends down
    bent: float  # what a frame of them counts


@njit(cache=True)
def add_turns(
    t_ns: Ints,
    camera: Ints,
    is_depth: Bools,
    first: Ints,
    head: Floats,
    sd: Floats,
    track_id: Ints,
    mean: Floats,
    cov: Floats,
    witnesses: Ints,
    is_out: Bools,
    stood_s: Floats,
    floor_ns: Ints,
    R: Floats,
    T: Floats,
    rules: TurnRules,
    matched_ns: Ints,
    weight: Floats,
    pull: Floats,
) -> None:
    """Add all frames to matched_ns (c,), weight (c, 4, 4) and pull (c, 4); columns of Frames and Followed before.

    stood_s (N,) is for how long each has stood; frames that are out (F,) have moved no tracks.
    """
    A = np.empty((2, 4))
    for f in range(len(t_ns)):
        c, ahead_s = camera[f], (t_ns[f] - floor_ns[f]) / 1e9
        for j in range(first[f], first[f + 1]):
            seen = np.isfinite(head[j, 0]) and np.isfinite(head[j, 1]) and (not is_depth[f] or np.isfinite(head[j, 2]))
            if track_id[j] < 0 or not seen or not witnesses[j]:
                continue
            matched_ns[c] = t_ns[f]
            x, y, depth = _on_picture(
                mean[j, 0] + ahead_s * mean[j, 2], mean[j, 1] + ahead_s * mean[j, 3], mean[j, 4], R[c], T[c]
            )
            if not depth > rules.nearest_m:
                continue
            x, y = x / depth, y / depth
            seen_x, seen_y, noise = head[j, 0], head[j, 1], sd[j] * sd[j]
            if is_depth[f]:
                seen_x, seen_y, far = _on_picture(head[j, 0], head[j, 1], head[j, 2], R[c], T[c])
                seen_x, seen_y = seen_x / max(far, rules.nearest_m), seen_y / max(far, rules.nearest_m)
                noise = (sd[j] / depth) ** 2
            A[0, 0], A[0, 1], A[0, 2] = -x * y, 1.0 + x * x, -y
            A[1, 0], A[1, 1], A[1, 2] = -(1.0 + y * y), x * y, x
            pace = R[c, 2, 0] * mean[j, 2] + R[c, 2, 1] * mean[j, 3]
            A[0, 3] = (R[c, 0, 0] * mean[j, 2] + R[c, 0, 1] * mean[j, 3] - x * pace) / depth
            A[1, 3] = (R[c, 1, 0] * mean[j, 2] + R[c, 1, 1] * mean[j, 3] - y * pace) / depth
            place = 0.5 * (cov[j, 0, 0] + cov[j, 1, 1]) + rules.lean_var
            # A camera has pulled the track it looks at after itself, by about its share of those that look.
            own = 1.0 if is_out[f] else (1.0 + witnesses[j]) / witnesses[j]
            # So that a stay counts as much as its first second and a half, however long it lasts.
            w = 1.0 / (rules.alike * (noise + place / (depth * depth)) * (1.0 + stood_s[j]))
            if mean[j, 4] < rules.upright_m:
                w *= rules.bent
            for a in range(4):
                pull[c, a] += w * own * (A[0, a] * (seen_x - x) + A[1, a] * (seen_y - y))
                for b in range(4):
                    weight[c, a, b] += w * (A[0, a] * A[0, b] + A[1, a] * A[1, b])


@njit(cache=True)
def _on_picture(x: float, y: float, z: float, R: Floats, T: Floats) -> tuple[float, float, float]:
    """Return a place in the world in camera coordinates, m."""
    return (
        R[0, 0] * x + R[0, 1] * y + R[0, 2] * z + T[0],
        R[1, 0] * x + R[1, 1] * y + R[1, 2] * z + T[1],
        R[2, 0] * x + R[2, 1] * y + R[2, 2] * z + T[2],
    )
