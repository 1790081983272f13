"""One camera frame against all tracks: gating, costs, assignment per connected component, update. Compiled as a whole.

The gain of a pair is its log-likelihood ratio against clutter; only pairs with a positive gain are worth taking, so a
miss needs no number of its own beyond the detection probability. Appearance and device ids enter as further nats.
"""

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.tracking.appearance import look_nats_of
from fusion.tracking.assignment import assign
from fusion.tracking.camera import meet_plane, predict_image_point
from fusion.tracking.existence import Chances, in_picture, weigh
from fusion.tracking.gating import components, near_pairs
from fusion.tracking.geometry import outside_by
from fusion.tracking.measurement import View, correct, factor, innovate, measure, measure_one, scratch, whiten

FAR = 1e3  # cost of a pair outside the gate; finite, and never worth taking


@njit(cache=True)
def place_density(H: Floats, L: Floats, half: float) -> float:
    """Return log p(place) of an image's pair as a density over the floor (1/m2), from the Cholesky factor L of S.

    The density over the floor lets one clutter rate serve cameras of any kind and distance: image noise is turned into
    area on the floor at the track's place.
    """
    scale = abs(H[0, 0] * H[1, 1] - H[0, 1] * H[1, 0])
    root = L[0, 0] * L[1, 1]
    return float(-half - np.log(2 * np.pi) - np.log(max(root, 1e-9)) + np.log(max(scale, 1e-9)))


@njit(cache=True)
def pair_nats(mean: Floats, cov: Floats, view: View, gate_nats: float) -> tuple[Ints, Ints, Floats]:
    """Return rows, columns and log density of place (1/m2) of all pairs within the gate, sorted by row."""
    rows, columns = near_pairs(mean, cov, view, gate_nats)
    nats = np.empty(len(rows))
    kept = 0
    y, H, noise, HP, S = scratch()
    for p in range(len(rows)):
        i, j = rows[p], columns[p]
        if view.is_depth:
            half, density = _depth_pair(mean, cov, i, view.head, j, view.sd[j], view.lean_sd_m)
        else:
            m = measure_one(mean[i], view, j, y, H, noise)
            if m == 0:
                continue
            innovate(cov[i], view.is_depth, H, noise, m, HP, S)
            factor(S, m)
            half = whiten(S, y, m)
            density = place_density(H, S, half)
        if half <= gate_nats:
            rows[kept], columns[kept], nats[kept] = i, j, density
            kept += 1
    return rows[:kept], columns[:kept], nats[:kept]


@njit(cache=True)
def _depth_pair(
    mean: Floats, cov: Floats, i: int, head: Floats, j: int, sd: float, lean_sd_m: float
) -> tuple[float, float]:
    """Return y' S^-1 y / 2 and the log density of place of a depth camera's pair: `measure` to `whiten` in one.

    Most pairs of a crowded frame are these, and small arrays cost more than the arithmetic.
    """
    floor_var, lean = sd * sd + lean_sd_m * lean_sd_m, sd * sd + 0.25 * lean_sd_m * lean_sd_m
    a = np.sqrt(cov[i, 0, 0] + floor_var)
    b = cov[i, 1, 0] / a
    c = np.sqrt(cov[i, 1, 1] + floor_var - b * b)
    d = cov[i, 4, 0] / a
    e = (cov[i, 4, 1] - d * b) / c
    f = np.sqrt(cov[i, 4, 4] + lean - d * d - e * e)
    z0 = (head[j, 0] - mean[i, 0]) / a
    z1 = (head[j, 1] - mean[i, 1] - b * z0) / c
    z2 = (head[j, 2] - mean[i, 4] - d * z0 - e * z1) / f
    half = 0.5 * (z0 * z0 + z1 * z1 + z2 * z2)
    return half, -half - np.log(2 * np.pi * a * c)


@njit(cache=True)
def associate(
    mean: Floats,
    cov: Floats,
    exist: Floats,
    sight: Floats,
    look: Floats,
    look_weight: Floats,
    last_id: Ints,
    view: View,
    seen_look: Floats,
    device_id: Ints,
    chances: Chances,
    likeness: tuple[float, float, float, float, float],
) -> tuple[Ints, Bools, Bools]:
    """Assign a frame's m detections to n tracks; correct mean, cov, existence and sight in place.

    Returns per track its detection or -1 (n,), which tracks the picture would show (n,), and which detections could
    have been a track that is not unlike (m,).
    """
    n, m = mean.shape[0], view.head.shape[0]
    rows, columns, nats = pair_nats(mean, cov, view, chances.gate_nats)
    cost = np.empty(len(rows))
    near = np.zeros(m, np.bool_)
    clutter_nats = np.log(chances.clutter_per_m2)
    for p in range(len(rows)):
        i, j = rows[p], columns[p]
        alike = 0.0
        if look_weight[i] > 0.0:
            alike = look_weight[i] * look_nats_of(look[i], seen_look[j], likeness)
        near[j] |= alike >= 0.0
        if last_id[i] != 0 and device_id[j] != 0:
            alike += chances.same_id_nats if last_id[i] == device_id[j] else chances.other_id_nats
        nats[p] += alike - clutter_nats
        expected = sight[i] * chances.detection_p + (1.0 - sight[i]) * chances.hidden_p
        expected = max(expected, chances.back_p)
        cost[p] = -(nats[p] + np.log(expected / (1.0 - expected)))
    column = solve(rows, columns, np.where((exist >= chances.sure_p)[rows], cost, FAR), n, m)
    taken = np.zeros(m, np.bool_)
    for i in range(n):
        if column[i] >= 0:
            taken[column[i]] = True
    # Who is not known to be anybody gets what is left.
    rest = solve(rows, columns, np.where((exist < chances.sure_p)[rows] & ~taken[columns], cost, FAR), n, m)
    column = np.where(column >= 0, column, rest)
    shown = in_picture(mean, view)
    gain = np.zeros(n)
    for p in range(len(rows)):
        if column[rows[p]] == columns[p]:
            gain[rows[p]] = np.exp(min(nats[p], chances.gate_nats))
    weigh(exist, sight, column, gain, shown, chances)
    y, H, noise, HP, S = scratch()
    for i in range(n):
        j = column[i]
        if j >= 0:
            k = measure_one(mean[i], view, j, y, H, noise)
            innovate(cov[i], view.is_depth, H, noise, k, HP, S)
            factor(S, k)
            correct(mean[i], cov[i], y, k, HP, S)
    return column, shown, near


@njit(cache=True)
def _each_its_best(mine: Ints, first: Ints, columns: Ints, cost: Floats, column: Ints) -> bool:
    """Give every row of a component its cheapest column if no two want the same one: nothing can cost less."""
    for a in range(len(mine)):
        best = 0.0
        for p in range(first[mine[a]], first[mine[a] + 1]):
            if cost[p] < best:
                best, column[mine[a]] = cost[p], columns[p]
        for b in range(a):
            if column[mine[b]] == column[mine[a]]:
                column[mine] = -1
                return False
    return True


@njit(cache=True)
def solve(rows: Ints, columns: Ints, cost: Floats, n: int, m: int) -> Ints:
    """Return per row its column or -1: the set of pairs of least total cost, one connected component at a time."""
    column = np.full(n, -1)
    group = components(rows, columns, cost < 0.0, n, m)
    first = np.searchsorted(rows, np.arange(n + 1))
    members = np.argsort(group, kind="mergesort")
    local, used = np.full(m, -1), np.empty(m, np.int64)
    at = np.searchsorted(group[members], 0)
    while at < n:
        end = at
        while end < n and group[members[end]] == group[members[at]]:
            end += 1
        mine = members[at:end]
        at = end
        width = 0
        for i in mine:
            for p in range(first[i], first[i + 1]):
                if cost[p] < 0.0 and local[columns[p]] < 0:
                    local[columns[p]] = width
                    used[width] = columns[p]
                    width += 1
        if not _each_its_best(mine, first, columns, cost, column):
            block = np.full((len(mine), width), FAR)
            for a in range(len(mine)):
                for p in range(first[mine[a]], first[mine[a] + 1]):
                    if cost[p] < 0.0:
                        block[a, local[columns[p]]] = cost[p]
            chosen = assign(block)
            for a in range(len(mine)):
                if chosen[a] >= 0:
                    column[mine[a]] = used[chosen[a]]
        for k in range(width):
            local[used[k]] = -1
    return column


@njit(cache=True)
def birth(view: View, j: int, height_m: float, height_sd_m: float, speed_sd_mps: float) -> tuple[Floats, Floats]:
    """Start a state (5,) and covariance (5, 5) from one detection; NaN where it says nothing about the floor.

    A head alone in an image is a ray: its place on the floor depends on the height, and the covariance says so.
    """
    head, sd, lean_sd_m, R, T = view.head[j], view.sd[j], view.lean_sd_m, view.R, view.T
    x = np.zeros(5)
    P = np.zeros((5, 5))
    P[2, 2] = P[3, 3] = speed_sd_mps**2
    if view.is_depth:
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
    y, H, noise, HP, S = scratch()
    m = measure(x, False, np.full(2, np.nan), view.foot[j], sd, lean_sd_m, R, T, y, H, noise)
    if m:
        innovate(P, False, H, noise, m, HP, S)
        factor(S, m)
        correct(x, P, y, m, HP, S)
    return x, P


@njit(cache=True)
def births(
    view: View,
    free: Ints,
    height_m: float,
    height_sd_m: float,
    speed_sd_mps: float,
    outline: Floats,
    margin_m: float,
) -> tuple[Ints, Floats, Floats]:
    """Start a track from each free detection that lies on the floor or near it: which (b,), states, covariances."""
    at = np.empty(len(free), np.int64)
    x, P = np.empty((len(free), 5)), np.empty((len(free), 5, 5))
    count = 0
    for j in free:
        one, cov = birth(view, j, height_m, height_sd_m, speed_sd_mps)
        if np.isfinite(one).all() and outside_by(one[0], one[1], outline) <= margin_m:
            at[count], x[count], P[count] = j, one, cov
            count += 1
    return at[:count], x[:count], P[:count]
