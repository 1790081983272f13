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


@njit(cache=True, error_model="numpy")
def scratch() -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return room for y (4,), H (4, 5), noise (4, 4), HP (4, 5) and S (4, 4)."""
    return (
        np.zeros(MOST),
        np.zeros((MOST, STATE)),
        np.zeros((MOST, MOST)),
        np.zeros((MOST, STATE)),
        np.zeros((MOST, MOST)),
    )


@njit(cache=True, error_model="numpy")
def measure(
    x: Floats,
    i: int,
    head: Floats,
    foot: Floats,
    j: int,
    sd: float,
    lean_sd_m: float,
    R: Floats,
    T: Floats,
    y: Floats,
    H: Floats,
    noise: Floats,
) -> int:
    """Write innovation y, Jacobian H and noise of detection j of an image camera for track i; return how many rows.

    x (n, 5) are states, head (m, 2) and foot (m, 2), where seen, normalised image points. The head leans away from the
    feet by lean_sd_m, whatever the camera's own noise sd. 0 rows: nothing is measured. Arrays come whole, with the row
    that is asked for: to hand on a row alone counts a reference, here more than the arithmetic takes.
    """
    lean, var, row, behind = lean_sd_m * lean_sd_m, sd * sd, 0, False
    px, py, height = x[i, 0], x[i, 1], x[i, 4]
    if not (np.isnan(head[j, 0]) or np.isnan(head[j, 1])):
        behind = not _image_rows(px, py, height, head[j, 0], head[j, 1], R, T, 0, y, H)
        if not behind:
            for r in range(2):
                for c in range(2):
                    noise[r, c] = lean * (H[r, 0] * H[c, 0] + H[r, 1] * H[c, 1])
                noise[r, r] += var
            row = 2
    if not (behind or np.isnan(foot[j, 0]) or np.isnan(foot[j, 1])):
        behind = not _image_rows(px, py, 0.0, foot[j, 0], foot[j, 1], R, T, row, y, H)
        if not behind:
            for r in range(row, row + 2):
                H[r, 4] = 0.0  # the floor is as high for everybody
                for c in range(row):
                    noise[r, c] = noise[c, r] = 0.0
                noise[r, row] = noise[r, row + 1] = 0.0
                noise[r, r] = 4.0 * var
            row += 2
    return 0 if behind else row


@njit(cache=True, error_model="numpy")
def _image_rows(
    x: float,
    y: float,
    z: float,
    seen_x: float,
    seen_y: float,
    R: Floats,
    T: Floats,
    at: int,
    off: Floats,
    H: Floats,
) -> bool:
    """Write two rows, from `at` on, of innovation and Jacobian of an image point of a world point; False behind it.

    As predict_image_point, without arrays of its own: this is asked of every track in every frame.
    """
    depth = R[2, 0] * x + R[2, 1] * y + R[2, 2] * z + T[2]
    is_before = bool(depth > DEPTH_MIN_M)
    for r in range(2 if is_before else 0):
        p = (R[r, 0] * x + R[r, 1] * y + R[r, 2] * z + T[r]) / depth
        off[at + r] = (seen_x if r == 0 else seen_y) - p
        H[at + r, 0], H[at + r, 1], H[at + r, 4] = (
            (R[r, 0] - p * R[2, 0]) / depth,
            (R[r, 1] - p * R[2, 1]) / depth,
            (R[r, 2] - p * R[2, 2]) / depth,
        )
        H[at + r, 2], H[at + r, 3] = 0.0, 0.0
    return is_before


@njit(cache=True, error_model="numpy")
def innovate(P: Floats, i: int, H: Floats, noise: Floats, m: int, HP: Floats, S: Floats) -> None:
    """Write HP = H P (m, 5) and S = H P H' + noise (m, m) for track i of P (n, 5, 5).

    No detection measures a velocity: of H (m, 5) only x, y and h count.
    """
    for r in range(m):
        for c in range(STATE):
            HP[r, c] = 0.0 + H[r, 0] * P[i, 0, c] + H[r, 1] * P[i, 1, c] + H[r, 4] * P[i, 4, c]
    for r in range(m):
        for c in range(m):
            S[r, c] = noise[r, c] + HP[r, 0] * H[c, 0] + HP[r, 1] * H[c, 1] + HP[r, 4] * H[c, 4]


@njit(cache=True, error_model="numpy")
def factor(S: Floats, m: int) -> None:
    """Replace the lower triangle of S (m, m) by its Cholesky factor."""
    for r in range(m):
        for c in range(r + 1):
            total = S[r, c]
            for k in range(c):
                total -= S[r, k] * S[c, k]
            S[r, c] = np.sqrt(max(total, 1e-300)) if r == c else total / S[c, c]


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy")
def correct(x: Floats, P: Floats, row: int, y: Floats, m: int, HP: Floats, L: Floats) -> None:
    """Correct a row of x (n, 5) and P (n, 5, 5) in place, given HP (m, 5), which is spent, and the factor L of S.

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
            x[row, i] += HP[r, i] * y[r]
        for j in range(i + 1):
            total = P[row, i, j]
            for r in range(m):
                total -= HP[r, i] * HP[r, j]
            P[row, i, j] = P[row, j, i] = total


@njit(cache=True, error_model="numpy")
def correct_depth(x: Floats, P: Floats, i: int, head: Floats, j: int, floor_var: float, height_var: float) -> None:
    """Correct row i of x (n, 5) and P (n, 5, 5) in place by head j in space (m, 3): all of it in one.

    The noise of a depth camera's three numbers is independent, so that they can be taken one after the other, each a
    correction by a single number; small arrays cost more than the arithmetic.
    """
    for r in range(3):
        k = DEPTH_ROWS[r]
        S = P[i, k, k] + (height_var if k == 4 else floor_var)
        gain = (head[j, r] - x[i, k]) / S
        row = (P[i, k, 0], P[i, k, 1], P[i, k, 2], P[i, k, 3], P[i, k, 4])
        for a in range(STATE):
            x[i, a] += row[a] * gain
            for b in range(STATE):
                P[i, a, b] -= row[a] * row[b] / S
