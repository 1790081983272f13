"""One frame against all tracks in plain NumPy and SciPy: what the compiled kernels are held against.

Dense: every pair is measured, one assignment problem for the whole frame, the update in Joseph form.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

FAR = 1e3


def measure_reference(x, is_depth, head, foot, sd, lean_sd_m, R, T):
    """Return innovation (m,), Jacobian (m, 5) and noise (m, m); m is 0 where nothing is measured."""
    lean, var = lean_sd_m**2, sd**2
    if is_depth:
        if np.isnan(head).any():
            return np.zeros(0), np.zeros((0, 5)), np.zeros((0, 0))
        return head - x[[0, 1, 4]], np.eye(5)[[0, 1, 4]], np.diag([var + lean, var + lean, var + 0.25 * lean])
    parts = []
    for seen, z in ((head, x[4]), (foot, 0.0)):
        if np.isnan(seen).any():
            continue
        local = R @ np.array([x[0], x[1], z]) + T
        if local[2] <= 0.05:
            return np.zeros(0), np.zeros((0, 5)), np.zeros((0, 0))
        uv = local[:2] / local[2]
        J = (R[:2] - np.outer(uv, R[2])) / local[2]
        H = np.zeros((2, 5))
        H[:, :2] = J[:, :2]
        if seen is head:
            H[:, 4] = J[:, 2]
            parts.append((seen - uv, H, lean * J[:, :2] @ J[:, :2].T + var * np.eye(2)))
        else:
            parts.append((seen - uv, H, 4.0 * var * np.eye(2)))
    if not parts:
        return np.zeros(0), np.zeros((0, 5)), np.zeros((0, 0))
    noise = np.zeros((2 * len(parts), 2 * len(parts)))
    for k, (_, _, one) in enumerate(parts):
        noise[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = one
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]), noise


def associate_reference(mean, cov, exist, sight, view, chances):
    """Return per track its detection or -1, and the corrected means, covariances, existence and sight."""
    n, m = len(mean), len(view.sd)
    nats = np.full((n, m), -FAR)
    frame = (view.sd, view.lean_sd_m, view.R, view.T)
    for i in range(n):
        for j in range(m):
            y, H, noise = measure_reference(mean[i], view.is_depth, view.head[j], view.foot[j], frame[0][j], *frame[1:])
            if not len(y) or (not view.is_depth and _far_aside(mean[i], view.head[j], view)):
                continue
            S = H @ cov[i] @ H.T + noise
            half = 0.5 * y @ np.linalg.solve(S, y)
            scale = 1.0 if view.is_depth else abs(np.linalg.det(H[:2, :2]))
            if half <= chances.gate_nats:
                density = -half - np.log(2 * np.pi) - 0.5 * np.log(np.linalg.det(S[:2, :2])) + np.log(scale)
                nats[i, j] = density - np.log(chances.clutter_per_m2)
    expected = np.maximum(sight * chances.detection_p + (1 - sight) * chances.hidden_p, chances.back_p)
    cost = np.where(nats > -FAR, -(nats + np.log(expected / (1 - expected))[:, None]), FAR)
    column = np.full(n, -1)
    for tier in (exist >= chances.sure_p, exist < chances.sure_p):
        open_ = tier[:, None] & ~np.isin(np.arange(m), column)[None]
        # A private column of cost 0 for every row: staying without a detection.
        padded = np.hstack([np.where(open_, cost, FAR), np.where(np.eye(n, dtype=bool), 0.0, FAR)])
        rows, columns = linear_sum_assignment(padded)
        column[rows[columns < m]] = columns[columns < m]
    hit = column >= 0
    gain = np.where(hit, np.exp(np.minimum(nats[np.arange(n), column] if m else np.zeros(n), chances.gate_nats)), 0.0)
    counts = hit | np.array([_shown(x, view) for x in mean], bool)
    found, hidden = (1 - p + p * gain for p in (chances.detection_p, chances.hidden_p))
    both = sight * found + (1 - sight) * hidden
    least = 1 - chances.most
    after = np.clip(exist * both / (1 - exist + exist * both), least, chances.most)
    exist, sight = np.where(counts, after, exist), np.where(counts, sight * found / both, sight)
    mean, cov = mean.copy(), cov.copy()
    for i in np.flatnonzero(hit):
        j = column[i]
        y, H, noise = measure_reference(mean[i], view.is_depth, view.head[j], view.foot[j], frame[0][j], *frame[1:])
        K = cov[i] @ H.T @ np.linalg.inv(H @ cov[i] @ H.T + noise)
        A = np.eye(5) - K @ H
        mean[i] += K @ y
        cov[i] = A @ cov[i] @ A.T + K @ noise @ K.T
    return column, mean, cov, exist, sight


def _far_aside(x, head, view):
    local = view.R @ (x[[0, 1, 4]] * [1, 1, 0 if np.isnan(head).any() else 1]) + view.T
    uv, size = local[:2] / local[2], view.bounds[2:] - view.bounds[:2]
    return bool((uv < view.bounds[:2] - size / 2).any() or (uv > view.bounds[2:] + size / 2).any())


def _shown(x, view):
    local = view.R @ x[[0, 1, 4]] + view.T
    uv = local[:2] / local[2]
    return bool(local[2] > 0.05 and (uv >= view.bounds[:2]).all() and (uv <= view.bounds[2:]).all())
