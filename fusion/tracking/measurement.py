"""What one detection measures of one track, and the correction by it. Compiled, without allocation in the loops.

At most four numbers are measured at once, so the linear algebra is written out over small scratch arrays: calls into
LAPACK cost more than the work.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Floats

STATE = 5
DEPTH_ROWS = (0, 1, 4)  # of the state, measured by a depth camera
MOST = 4  # numbers one detection measures at most
DEPTH_MIN_M = 0.05  # nearer to an image camera, or behind it, nothing is seen


class View(NamedTuple):
    """One frame of one camera as the kernels take it; see Sightings for head (m, 2 or 3), foot (m, 2) and sd (m,)."""

    is_depth: bool
    head: Floats
    foot: Floats
    sd: Floats
    R: Floats  # (3, 3)
    T: Floats  # (3,)
    lean_sd_m: float
    bounds: Floats  # (4,) the picture's edges as normalised image points: least x, least y, most x, most y


@njit(cache=True)
def scratch() -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return room for y (4,), H (4, 5), noise (4, 4), HP (4, 5) and S (4, 4)."""
    return (
        np.zeros(MOST),
        np.zeros((MOST, STATE)),
        np.zeros((MOST, MOST)),
        np.zeros((MOST, STATE)),
        np.zeros((MOST, MOST)),
    )


@njit(cache=True)
def measure(
    x: Floats,
    is_depth: bool,
    head: Floats,
    foot: Floats,
    sd: float,
    lean_sd_m: float,
    R: Floats,
    T: Floats,
    y: Floats,
    H: Floats,
    noise: Floats,
) -> int:
    """Write innovation y, Jacobian H and noise of one detection for one track state x (5,); return how many rows.

    Depth: head (3,) in metres measures x, y, h. Image: head and, where seen, foot, as normalised image points. The
    head leans away from the feet by lean_sd_m, whatever the camera's own noise sd. 0 rows: nothing is measured.
    """
    lean, var = lean_sd_m * lean_sd_m, sd * sd
    if is_depth:
        if np.isnan(head[0]) or np.isnan(head[1]) or np.isnan(head[2]):
            return 0
        H[:3] = 0.0
        noise[:3, :3] = 0.0
        y[0], y[1], y[2] = head[0] - x[0], head[1] - x[1], head[2] - x[4]
        H[0, 0] = H[1, 1] = H[2, 4] = 1.0
        noise[0, 0] = noise[1, 1] = var + lean
        noise[2, 2] = var + 0.25 * lean
        return 3
    row = 0
    if not (np.isnan(head[0]) or np.isnan(head[1])):
        if not _image_rows(x[0], x[1], x[4], head, R, T, 0, y, H):
            return 0
        for r in range(2):
            for c in range(2):
                noise[r, c] = lean * (H[r, 0] * H[c, 0] + H[r, 1] * H[c, 1])
            noise[r, r] += var
        row = 2
    if not (np.isnan(foot[0]) or np.isnan(foot[1])):
        if not _image_rows(x[0], x[1], 0.0, foot, R, T, row, y, H):
            return 0
        for r in range(row, row + 2):
            H[r, 4] = 0.0  # the floor is as high for everybody
            for c in range(row):
                noise[r, c] = noise[c, r] = 0.0
            noise[r, row] = noise[r, row + 1] = 0.0
            noise[r, r] = 4.0 * var
        row += 2
    return row


@njit(cache=True)
def _image_rows(
    x: float, y: float, z: float, seen: Floats, R: Floats, T: Floats, at: int, off: Floats, H: Floats
) -> bool:
    """Write two rows, from `at` on, of innovation and Jacobian of an image point of a world point; False behind it.

    As predict_image_point, without arrays of its own: this is asked of every track in every frame.
    """
    depth = R[2, 0] * x + R[2, 1] * y + R[2, 2] * z + T[2]
    if depth <= DEPTH_MIN_M:
        return False
    for r in range(2):
        p = (R[r, 0] * x + R[r, 1] * y + R[r, 2] * z + T[r]) / depth
        off[at + r] = seen[r] - p
        H[at + r, 0], H[at + r, 1], H[at + r, 4] = (
            (R[r, 0] - p * R[2, 0]) / depth,
            (R[r, 1] - p * R[2, 1]) / depth,
            (R[r, 2] - p * R[2, 2]) / depth,
        )
        H[at + r, 2], H[at + r, 3] = 0.0, 0.0
    return True


@njit(cache=True)
def measure_one(x: Floats, view: View, j: int, y: Floats, H: Floats, noise: Floats) -> int:
    """Measure detection j of a frame for one track state, as `measure` does."""
    head, foot, sd = view.head[j], view.foot[j], view.sd[j]
    return int(measure(x, view.is_depth, head, foot, sd, view.lean_sd_m, view.R, view.T, y, H, noise))


@njit(cache=True)
def innovate(P: Floats, is_depth: bool, H: Floats, noise: Floats, m: int, HP: Floats, S: Floats) -> None:
    """Write HP = H P (m, 5) and S = H P H' + noise (m, m).

    No detection measures a velocity: of H (m, 5) only x, y and h count, and a depth camera's only picks these.
    """
    if is_depth:
        for r in range(3):
            row = DEPTH_ROWS[r]
            for c in range(STATE):
                HP[r, c] = P[row, c]
        for r in range(3):
            for c in range(3):
                S[r, c] = HP[r, DEPTH_ROWS[c]] + noise[r, c]
        return
    for r in range(m):
        for c in range(STATE):
            HP[r, c] = 0.0 + H[r, 0] * P[0, c] + H[r, 1] * P[1, c] + H[r, 4] * P[4, c]
    for r in range(m):
        for c in range(m):
            S[r, c] = noise[r, c] + HP[r, 0] * H[c, 0] + HP[r, 1] * H[c, 1] + HP[r, 4] * H[c, 4]


@njit(cache=True)
def factor(S: Floats, m: int) -> None:
    """Replace the lower triangle of S (m, m) by its Cholesky factor."""
    for r in range(m):
        for c in range(r + 1):
            total = S[r, c]
            for k in range(c):
                total -= S[r, k] * S[c, k]
            S[r, c] = np.sqrt(max(total, 1e-300)) if r == c else total / S[c, c]


@njit(cache=True)
def whiten(L: Floats, y: Floats, m: int) -> float:
    """Replace y (m,) by L^-1 y, L the Cholesky factor of S; return y' S^-1 y / 2."""
    total = 0.0
    for r in range(m):
        one = y[r]
        for k in range(r):
            one -= L[r, k] * y[k]
        y[r] = one / L[r, r]
        total += y[r] * y[r]
    return 0.5 * total


@njit(cache=True)
def correct(x: Floats, P: Floats, y: Floats, m: int, HP: Floats, L: Floats) -> None:
    """Correct x (5,) and P (5, 5) in place, given HP (m, 5), which is spent, and the Cholesky factor L of S.

    With W = L^-1 H P the gain is W' L^-1, so that x += W' L^-1 y and P -= W' W: symmetric as it stands, and positive
    because the noise of every detection has a floor.
    """
    for c in range(STATE):
        for r in range(m):
            one = HP[r, c]
            for k in range(r):
                one -= L[r, k] * HP[k, c]
            HP[r, c] = one / L[r, r]
    whiten(L, y, m)
    for i in range(STATE):
        for r in range(m):
            x[i] += HP[r, i] * y[r]
        for j in range(i + 1):
            total = P[i, j]
            for r in range(m):
                total -= HP[r, i] * HP[r, j]
            P[i, j] = P[j, i] = total


@njit(cache=True)
def correct_depth(x: Floats, P: Floats, head: Floats, floor_var: float, height_var: float) -> None:
    """Correct x (5,) and P (5, 5) in place by a head in space (3,): `measure` to `correct` in one, number by number.

    The noise of a depth camera's three numbers is independent, so that they can be taken one after the other, each a
    correction by a single number; small arrays cost more than the arithmetic.
    """
    for r in range(3):
        k = DEPTH_ROWS[r]
        S = P[k, k] + (height_var if k == 4 else floor_var)
        gain = (head[r] - x[k]) / S
        row0, row1, row2, row3, row4 = P[k, 0], P[k, 1], P[k, 2], P[k, 3], P[k, 4]
        row = (row0, row1, row2, row3, row4)
        for i in range(STATE):
            x[i] += row[i] * gain
            for j in range(STATE):
                P[i, j] -= row[i] * row[j] / S
