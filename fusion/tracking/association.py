"""One camera frame against all tracks: measurement model, gating, costs, assignment, update. Compiled as a whole.

The gain of a pair is its log-likelihood ratio against clutter; only pairs with a positive gain are worth taking, so a
miss needs no number of its own beyond the detection probability. Appearance and device ids enter as further nats.
"""

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.tracking.assignment import assign
from fusion.tracking.camera import meet_plane, predict_image_point
from fusion.tracking.kalman import update_row

FAR = 1e3  # cost of a pair outside the gate; finite, and never worth taking


@njit(cache=True)
def measure(
    x: Floats, is_depth: bool, head: Floats, foot: Floats, sd: float, lean_sd_m: float, R: Floats, T: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return innovation y (m,), Jacobian H (m, 5) and noise (m, m) of one detection for one track state x (5,).

    Depth: head (3,) in metres measures x, y, h. Image: head and, where seen, foot, as normalised image points. The
    head leans away from the feet by lean_sd_m, whatever the camera's own noise sd.
    """
    lean = lean_sd_m * lean_sd_m
    var = sd * sd
    if is_depth:
        y = np.empty(3)
        y[0] = head[0] - x[0]
        y[1] = head[1] - x[1]
        y[2] = head[2] - x[4]
        H = np.zeros((3, 5))
        H[0, 0] = H[1, 1] = H[2, 4] = 1.0
        noise = np.zeros((3, 3))
        noise[0, 0] = noise[1, 1] = var + lean
        noise[2, 2] = var + 0.25 * lean
        return y, H, noise
    with_foot = not (np.isnan(foot[0]) or np.isnan(foot[1]))
    with_head = not (np.isnan(head[0]) or np.isnan(head[1]))
    m = 2 * (int(with_foot) + int(with_head))
    y = np.empty(m)
    H = np.zeros((m, 5))
    noise = np.zeros((m, m))
    row = 0
    if with_head:
        uv, J, depth = predict_image_point(x[0], x[1], x[4], R, T)
        for r in range(2):
            y[row + r] = head[r] - uv[r] if depth > 0.05 else np.nan
            H[row + r, 0] = J[r, 0]
            H[row + r, 1] = J[r, 1]
            H[row + r, 4] = J[r, 2]
            for c in range(2):
                noise[row + r, row + c] = lean * (J[r, 0] * J[c, 0] + J[r, 1] * J[c, 1])
            noise[row + r, row + r] += var
        row += 2
    if with_foot:
        uv, J, depth = predict_image_point(x[0], x[1], 0.0, R, T)
        for r in range(2):
            y[row + r] = foot[r] - uv[r] if depth > 0.05 else np.nan
            H[row + r, 0] = J[r, 0]
            H[row + r, 1] = J[r, 1]
            noise[row + r, row + r] = 4.0 * var
    return y, H, noise


@njit(cache=True)
def pair_nats(
    x: Floats, P: Floats, y: Floats, H: Floats, noise: Floats, is_depth: bool, R: Floats, T: Floats
) -> tuple[float, float]:
    """Return half the squared Mahalanobis distance and log p(place) of a pair, p as a density over the floor (1/m2).

    The density over the floor lets one clutter rate serve cameras of any kind and distance: image noise is turned into
    area on the floor at the track's place.
    """
    S = H @ P @ H.T + noise
    half = 0.5 * float(y @ np.linalg.solve(S, y))
    area = S[:2, :2].copy()
    if is_depth:
        scale = 1.0
    else:
        J = H[:2, :2].copy()
        scale = abs(J[0, 0] * J[1, 1] - J[0, 1] * J[1, 0])
    det = area[0, 0] * area[1, 1] - area[0, 1] * area[1, 0]
    log_density = -half - np.log(2 * np.pi) - 0.5 * np.log(max(det, 1e-18)) + np.log(max(scale, 1e-9))
    return half, log_density


@njit(cache=True)
def place_costs(
    mean: Floats,
    cov: Floats,
    is_depth: bool,
    head: Floats,
    foot: Floats,
    sd: Floats,
    R: Floats,
    T: Floats,
    lean_sd_m: float,
    gate_nats: float,
    base_nats: float,
) -> tuple[Floats, Floats]:
    """Return costs (n tracks, m detections) and half squared distances; FAR outside the gate.

    base_nats is log(PD / ((1 - PD) clutter density)): what a detection at its likeliest place would earn per 1/m2.
    """
    n, m = mean.shape[0], head.shape[0]
    cost = np.full((n, m), FAR)
    distance = np.full((n, m), FAR)
    for i in range(n):
        for j in range(m):
            y, H, noise = measure(mean[i], is_depth, head[j], foot[j], sd[j], lean_sd_m, R, T)
            if y.shape[0] == 0 or np.isnan(y).any():
                continue
            half, log_density = pair_nats(mean[i], cov[i], y, H, noise, is_depth, R, T)
            if half <= gate_nats:
                cost[i, j] = -(log_density + base_nats)
                distance[i, j] = half
    return cost, distance


@njit(cache=True)
def solve_and_update(
    cost: Floats,
    mean: Floats,
    cov: Floats,
    is_depth: bool,
    head: Floats,
    foot: Floats,
    sd: Floats,
    R: Floats,
    T: Floats,
    lean_sd_m: float,
) -> Ints:
    """Assign and correct the matched rows in place; return per track its detection or -1.

    Tracks that gate with no detection are left out of the assignment.
    """
    column = np.full(mean.shape[0], -1)
    near = np.flatnonzero(np.array([(cost[i] < 0.0).any() for i in range(cost.shape[0])]))
    if near.shape[0] == 0:
        return column
    column[near] = assign(cost[near])
    for i in near:
        j = column[i]
        if j < 0:
            continue
        y, H, noise = measure(mean[i], is_depth, head[j], foot[j], sd[j], lean_sd_m, R, T)
        update_row(mean[i], cov[i], y, H, noise)
    return column


@njit(cache=True)
def birth(
    is_depth: bool,
    head: Floats,
    foot: Floats,
    sd: float,
    R: Floats,
    T: Floats,
    height_m: float,
    height_sd_m: float,
    lean_sd_m: float,
    speed_sd_mps: float,
) -> tuple[Floats, Floats]:
    """Start a state (5,) and covariance (5, 5) from one detection; NaN where it says nothing about the floor.

    A head alone in an image is a ray: its place on the floor depends on the height, and the covariance says so.
    """
    x = np.zeros(5)
    P = np.zeros((5, 5))
    P[2, 2] = P[3, 3] = speed_sd_mps**2
    if is_depth:
        x[0], x[1], x[4] = head[0], head[1], head[2]
        P[0, 0] = P[1, 1] = sd * sd + lean_sd_m**2
        P[4, 4] = sd * sd + 0.25 * lean_sd_m**2
        return x, P
    place, slope = meet_plane(head, height_m, R, T)
    if np.isnan(place[0]):
        return np.full(5, np.nan), P
    x[0], x[1], x[4] = place[0], place[1], height_m
    along = np.array([slope[0], slope[1], 0.0, 0.0, 1.0])
    P += height_sd_m**2 * np.outer(along, along)
    _, _, depth = predict_image_point(x[0], x[1], x[4], R, T)
    across = (sd * depth) ** 2 + lean_sd_m**2
    P[0, 0] += across
    P[1, 1] += across
    P[4, 4] += 1e-4
    if not (np.isnan(foot[0]) or np.isnan(foot[1])):
        y, H, noise = measure(x, False, np.full(2, np.nan), foot, sd, lean_sd_m, R, T)
        if not np.isnan(y).any():
            update_row(x, P, y, H, noise)
    return x, P
