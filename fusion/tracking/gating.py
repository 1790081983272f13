"""Which tracks and detections are near enough to be looked at: a grid over the frame's own coordinates. Compiled.

A pair inside the gate differs, along each coordinate, by no more than the gate allows that coordinate alone. So every
track asks the grid cells its own box covers, and the cost of a frame grows with the number of people, not its square.
"""

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.tracking.measurement import DEPTH_MIN_M, View, innovate, measure, scratch

FEW = 8  # places
MORE = 4  # pairs a track is given room for at first
BEYOND = 1.001  # of a bound: what rounding may do to it is less
ASIDE = 0.5  # of a picture's width: further outside it nobody's image is linear in where they are


@njit(cache=True, error_model="numpy")
def near_pairs(mean: Floats, cov: Floats, view: View, gate_nats: float) -> tuple[Ints, Ints]:
    """Return rows and columns of the pairs whose boxes meet, sorted by row; a superset of what lies in the gate.

    Detections are sought by their head, and by their foot where the head is not seen.
    """
    n, sd, passes = mean.shape[0], view.sd, 0
    sd_max = sd.max() if len(sd) else 0.0
    rows, columns, count = np.empty(MORE * n + 16, np.int64), np.empty(MORE * n + 16, np.int64), 0
    for by_foot in (False, True):
        at, places = _sought(view, by_foot)
        if not len(at):
            continue
        passes += 1
        low, size, shape, start, order = grid(places)
        centre, reach = _boxes(mean, cov, view, by_foot, sd_max, gate_nats, places)
        for i in range(n):
            if np.isnan(centre[i, 0]):
                continue
            a0, a1 = _cells(centre[i, 0], reach[i, 0], low[0], size[0], shape[0])
            b0, b1 = _cells(centre[i, 1], reach[i, 1], low[1], size[1], shape[1])
            for a in range(a0, a1):  # the cells of a row stand one behind the other
                for p in range(start[a * shape[1] + b0], start[a * shape[1] + b1]):
                    j = order[p]
                    if abs(places[j, 0] - centre[i, 0]) > reach[i, 0] or abs(places[j, 1] - centre[i, 1]) > reach[i, 1]:
                        continue
                    if count == len(rows):
                        rows, columns = _doubled(rows), _doubled(columns)
                    rows[count], columns[count] = i, at[j]
                    count += 1
    if passes < 2:  # one pass leaves them sorted
        return rows[:count], columns[:count]
    order = np.argsort(rows[:count], kind="mergesort")
    return rows[:count][order], columns[:count][order]


@njit(cache=True, error_model="numpy")
def _sought(view: View, by_foot: bool) -> tuple[Ints, Floats]:
    """Return which detections are sought by their foot, or by their head, and where that is (k, 2)."""
    head, foot, m, count = view.head, view.foot, view.head.shape[0], 0
    at, places = np.empty(m, np.int64), np.empty((m, 2))
    for j in range(m):
        by_head = not (np.isnan(head[j, 0]) or np.isnan(head[j, 1]))
        if by_foot and (by_head or np.isnan(foot[j, 0]) or np.isnan(foot[j, 1])):
            continue
        if not (by_foot or by_head):
            continue
        at[count] = j
        for k in range(2):
            places[count, k] = foot[j, k] if by_foot else head[j, k]
        count += 1
    return at[:count], places[:count]


@njit(cache=True, error_model="numpy")
def _doubled(old: Ints) -> Ints:
    out = np.empty(2 * len(old), np.int64)
    out[: len(old)] = old
    return out


@njit(cache=True, error_model="numpy")
def grid(places: Floats) -> tuple[Floats, Floats, Ints, Ints, Ints]:
    """Sort places (m, 2) into about m cells: corner, cell size, cells per axis, first place per cell, places.

    A few are quicker looked through than sorted: they share one cell.
    """
    m = len(places)
    side = 1 if m <= FEW else int(np.ceil(np.sqrt(m)))
    low, size, shape = np.full(2, np.inf), np.full(2, -np.inf), np.array([side, side])
    for k in range(2):
        for j in range(m):
            low[k], size[k] = min(low[k], places[j, k]), max(size[k], places[j, k])
        size[k] = max((size[k] - low[k]) / side, 1e-9)
    if side == 1:
        return low, size, shape, np.array([0, m]), np.arange(m)
    cell = np.empty(m, np.int64)
    for j in range(m):
        a = min(side - 1, int((places[j, 0] - low[0]) / size[0]))
        b = min(side - 1, int((places[j, 1] - low[1]) / size[1]))
        cell[j] = a * side + b
    start = np.zeros(side * side + 1, np.int64)
    for j in range(m):
        start[cell[j] + 1] += 1
    start = np.cumsum(start)
    free = start.copy()
    order = np.empty(m, np.int64)
    for j in range(m):
        order[free[cell[j]]] = j
        free[cell[j]] += 1
    return low, size, shape, start, order


@njit(cache=True, error_model="numpy")
def pairs_within(xy: Floats, reach_m: float) -> tuple[Ints, Ints]:
    """Return the pairs (a, b), a < b, of places (n, 2) that are at most reach_m apart, sorted."""
    n = len(xy)
    first, second, count = np.empty(n + 16, np.int64), np.empty(n + 16, np.int64), 0
    if n < 2:
        return first[:0], second[:0]
    low, size, shape, start, order = grid(xy)
    for i in range(n):
        mine = count
        a0, a1 = _cells(xy[i, 0], reach_m, low[0], size[0], shape[0])
        b0, b1 = _cells(xy[i, 1], reach_m, low[1], size[1], shape[1])
        for a in range(a0, a1):
            for p in range(start[a * shape[1] + b0], start[a * shape[1] + b1]):
                j = order[p]
                dx, dy = xy[j, 0] - xy[i, 0], xy[j, 1] - xy[i, 1]
                if j <= i or dx * dx + dy * dy > reach_m * reach_m:
                    continue
                if count == len(first):
                    first, second = _doubled(first), _doubled(second)
                first[count], at = i, count
                while at > mine and second[at - 1] > j:
                    second[at] = second[at - 1]
                    at -= 1
                second[at] = j
                count += 1
    return first[:count], second[:count]


@njit(cache=True, error_model="numpy")
def _cells(centre: float, reach: float, low: float, size: float, cells: int) -> tuple[int, int]:
    """Return the range of cells, from and to before, that an interval covers along one axis."""
    first = (centre - reach - low) / size
    last = (centre + reach - low) / size
    return int(min(max(first, 0.0), float(cells))), int(min(max(last + 1.0, 0.0), float(cells)))


@njit(cache=True, error_model="numpy")
def _boxes(
    mean: Floats, cov: Floats, view: View, by_foot: bool, sd: float, gate_nats: float, places: Floats
) -> tuple[Floats, Floats]:
    """Return where each track's head (or foot) is looked for (n, 2) and how far around it (n, 2); NaN for nowhere.

    An image camera sees a few of all tracks: who is beyond reach of all its places (m, 2) is told without algebra.
    """
    n = mean.shape[0]
    centre, reach = np.full((n, 2), np.nan), np.zeros((n, 2))
    if view.is_depth:
        var = sd * sd + view.lean_sd_m * view.lean_sd_m
        for i in range(n):
            for k in range(2):
                centre[i, k] = mean[i, k]
                reach[i, k] = np.sqrt(2.0 * gate_nats * (cov[i, k, k] + var))
        return centre, reach
    z, H, noise, HP, S = scratch()
    nothing, zero = np.full((1, 2), np.nan), np.zeros((1, 2))
    head, foot = (nothing, zero) if by_foot else (zero, nothing)
    low0, high0, low1, high1 = np.inf, -np.inf, np.inf, -np.inf
    for j in range(len(places)):
        low0, high0 = min(low0, places[j, 0]), max(high0, places[j, 0])
        low1, high1 = min(low1, places[j, 1]), max(high1, places[j, 1])
    R, T = view.R, view.T
    ground, var = (0.0, 4.0 * sd * sd) if by_foot else (1.0, sd * sd)
    lean2, most = view.lean_sd_m * view.lean_sd_m, BEYOND * 2.0 * gate_nats
    edge, wide, high = view.bounds, ASIDE * (view.bounds[2] - view.bounds[0]), ASIDE * (view.bounds[3] - view.bounds[1])
    for i in range(n):
        x, y, h = mean[i, 0], mean[i, 1], ground * mean[i, 4]
        depth = R[2, 0] * x + R[2, 1] * y + R[2, 2] * h + T[2]
        if depth <= DEPTH_MIN_M:
            continue
        p = (R[0, 0] * x + R[0, 1] * y + R[0, 2] * h + T[0]) / depth
        q = (R[1, 0] * x + R[1, 1] * y + R[1, 2] * h + T[1]) / depth
        if p < edge[0] - wide or p > edge[2] + wide or q < edge[1] - high or q > edge[3] + high:
            continue
        off_p, off_q = max(low0 - p, p - high0, 0.0), max(low1 - q, q - high1, 0.0)
        if off_p > 0.0 or off_q > 0.0:
            # A variance along any direction is no more than the trace: the gate is no wider than what is asked here.
            spread = (cov[i, 0, 0] + cov[i, 1, 1] + cov[i, 4, 4] + lean2) / (depth * depth)
            slope_p = (R[0, 0] - p * R[2, 0]) ** 2 + (R[0, 1] - p * R[2, 1]) ** 2 + (R[0, 2] - p * R[2, 2]) ** 2
            slope_q = (R[1, 0] - q * R[2, 0]) ** 2 + (R[1, 1] - q * R[2, 1]) ** 2 + (R[1, 2] - q * R[2, 2]) ** 2
            if off_p * off_p > most * (spread * slope_p + var) or off_q * off_q > most * (spread * slope_q + var):
                continue
        m = measure(mean, i, head, foot, 0, sd, view.lean_sd_m, R, T, z, H, noise)
        if m < 2:
            continue
        innovate(cov, i, H, noise, m, HP, S)
        for k in range(2):
            centre[i, k] = -z[k]
            reach[i, k] = np.sqrt(2.0 * gate_nats * S[k, k])
    return centre, reach


@njit(cache=True, error_model="numpy")
def components(rows: Ints, columns: Ints, good: Bools, n: int, m: int) -> Ints:
    """Return for each of n rows the least row it is connected with through good pairs, -1 for a row without any."""
    root = np.arange(n)
    owner = np.full(m, -1)
    touched = np.zeros(n, np.bool_)
    for p in range(len(rows)):
        if not good[p]:
            continue
        touched[rows[p]] = True
        if owner[columns[p]] < 0:
            owner[columns[p]] = rows[p]
            continue
        a, b = rows[p], owner[columns[p]]
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        root[max(a, b)] = min(a, b)
    out = np.full(n, -1)
    for i in range(n):
        if touched[i]:
            a = i
            while root[a] != a:
                a = root[a]
            out[i] = a
    return out
