"""One camera frame against all tracks: gating, costs, assignment per connected component, update. Compiled as a whole.

The gain of a pair is its log-likelihood ratio against clutter; only pairs with a positive gain are worth taking, so a
miss needs no number of its own beyond the detection probability. Appearance and device ids enter as further nats.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints, Singles
from fusion.tracking.appearance import look_nats_of
from fusion.tracking.assignment import assign
from fusion.tracking.camera import meet_plane, predict_image_point
from fusion.tracking.existence import Chances, drift_sight, in_picture, weigh, weighed
from fusion.tracking.gating import components, near_pairs
from fusion.tracking.geometry import outside_by
from fusion.tracking.kalman import predict, predict_rows
from fusion.tracking.measurement import (
    View,
    correct,
    correct_depth,
    factor,
    innovate,
    measure,
    scratch,
    whiten,
)
from fusion.tracking.tracks import Status

LAST_FOLLOWED = int(Status.LEFT)  # statuses behind it wait to be joined or are gone
FAR = 1e3  # cost of a pair outside the gate; finite, and never worth taking


@njit(cache=True, error_model="numpy")
def place_density(H: Floats, L: Floats, half: float) -> float:
    """Return log p(place) of an image's pair as a density over the floor (1/m2), from the Cholesky factor L of S.

    The density over the floor lets one clutter rate serve cameras of any kind and distance: image noise is turned into
    area on the floor at the track's place.
    """
    scale = abs(H[0, 0] * H[1, 1] - H[0, 1] * H[1, 0])
    root = L[0, 0] * L[1, 1]
    return float(-half - np.log(2 * np.pi) - np.log(max(root, 1e-9)) + np.log(max(scale, 1e-9)))


@njit(cache=True, error_model="numpy")
def pair_nats(mean: Floats, cov: Floats, view: View, gate_nats: float) -> tuple[Ints, Ints, Floats]:
    """Return rows, columns and log density of place (1/m2) of all pairs within the gate, sorted by row."""
    rows, columns = near_pairs(mean, cov, view, gate_nats)
    nats = np.empty(len(rows))
    kept, head, foot, sd, R, T = 0, view.head, view.foot, view.sd, view.R, view.T
    if view.is_depth:
        for p in range(len(rows)):
            i, j = rows[p], columns[p]
            half, density = _depth_pair(mean, cov, i, head, j, sd[j], view.lean_sd_m)
            if half <= gate_nats:
                rows[kept], columns[kept], nats[kept] = i, j, density
                kept += 1
    elif len(rows):
        y, H, noise, HP, S = scratch()
        for p in range(len(rows)):
            i, j = rows[p], columns[p]
            m = measure(mean, i, head, foot, j, sd[j], view.lean_sd_m, R, T, y, H, noise)
            if m == 0:
                continue
            innovate(cov, i, H, noise, m, HP, S)
            factor(S, m)
            half = whiten(S, y, m)
            if half <= gate_nats:
                rows[kept], columns[kept], nats[kept] = i, j, place_density(H, S, half)
                kept += 1
    return rows[:kept], columns[:kept], nats[:kept]


@njit(cache=True, error_model="numpy")
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


class Passing(NamedTuple):
    """What passing time does to tracks until a frame."""

    dt_s: float  # since the tracks were moved last
    accel_density: float  # m2/s3, as in kalman.predict
    height_var_per_s: float
    since_s: float  # since this camera's last frame
    sight_p: float  # as in existence.drift_sight
    sight_s: float
    looks_sure: int  # what a track looked like counts in full once it has been seen so often


class Followed(NamedTuple):
    """Copies of what a frame changes of k tracks, and its outcome."""

    row: Ints  # (k,) in the columns of Tracks
    mean: Floats  # (k, 5)
    cov: Floats  # (k, 5, 5)
    exist: Floats  # (k,)
    sight: Floats  # (k,) by the frame's camera
    column: Ints  # (k,) the detection of each, -1 for none
    shown: Bools  # (k,) the picture would show them


@njit(cache=True, error_model="numpy")
def take_in(
    n: int,
    status: Ints,
    mean: Floats,
    cov: Floats,
    exist: Floats,
    sight: Floats,
    look: Singles,
    looks: Ints,
    last_id: Ints,
    camera: int,
    view: View,
    seen_look: Singles,
    device_id: Ints,
    passing: Passing,
    chances: Chances,
    likeness: tuple[float, float, float, float, float],
) -> tuple[Followed, Bools]:
    """Return the first n tracks that are followed, moved to a frame's time and associated; columns as in Tracks.

    Nothing is written. Returns also which detections have been near a track that is not unlike (m,).
    """
    live = np.flatnonzero(status[:n] <= LAST_FOLLOWED)
    k = len(live)
    x, P, r = np.empty((k, 5)), np.empty((k, 5, 5)), np.empty(k)
    seen, last, weight = np.empty(k), np.empty(k, np.int64), np.empty(k)
    for a in range(k):
        i = live[a]
        for c in range(5):
            x[a, c] = mean[i, c]
            for d in range(5):
                P[a, c, d] = cov[i, c, d]
        r[a], seen[a], last[a] = exist[i], sight[i, camera], last_id[i, camera]
        # What one sighting looked like may have been a coat rack.
        weight[a] = min(1.0, looks[i] / passing.looks_sure)
    predict(x, P, passing.dt_s, passing.accel_density, passing.height_var_per_s)
    drift_sight(seen, passing.since_s, passing.sight_p, passing.sight_s)
    column, shown, near = associate(
        x, P, r, seen, live, look, weight, last, view, seen_look, device_id, chances, likeness
    )
    return Followed(live, x, P, r, seen, column, shown), near


@njit(cache=True, error_model="numpy")
def write_back(
    after: Followed, mean: Floats, cov: Floats, exist: Floats, sight: Floats, camera: int, sure_p: float
) -> tuple[int, float]:
    """Write what take_in returns into the columns of Tracks.

    Returns of how many people surely in sight (probabilities added up) how many were found.
    """
    found, of = 0, 0.0
    for k in range(len(after.row)):
        i = after.row[k]
        for c in range(5):
            mean[i, c] = after.mean[k, c]
            for d in range(5):
                cov[i, c, d] = after.cov[k, c, d]
        exist[i], sight[i, camera] = after.exist[k], after.sight[k]
        if after.exist[k] > sure_p and (after.shown[k] or after.column[k] >= 0):
            found += after.column[k] >= 0
            of += after.sight[k]
    return found, of


@njit(cache=True, error_model="numpy")
def pass_by(
    n: int,
    status: Ints,
    mean: Floats,
    cov: Floats,
    exist: Floats,
    sight: Floats,
    camera: int,
    view: View,
    passing: Passing,
    chances: Chances,
) -> float:
    """Move the first n tracks that are followed to the time of a frame that shows nobody, in place: all are missed.

    As take_in and write_back without a detection: most frames of most cameras are such. Returns of how many people
    surely in sight that is, probabilities added up.
    """
    keep, of = np.exp(-passing.since_s / passing.sight_s), 0.0
    live = np.flatnonzero(status[:n] <= LAST_FOLLOWED)
    predict_rows(live, mean, cov, passing.dt_s, passing.accel_density, passing.height_var_per_s)
    shown = in_picture(mean[:n], view)
    for i in live:
        seen = passing.sight_p + (sight[i, camera] - passing.sight_p) * keep
        if shown[i]:
            exist[i], seen = weighed(exist[i], seen, 0.0, chances)
            if exist[i] > chances.sure_p:
                of += seen
        sight[i, camera] = seen
    return of


@njit(cache=True, error_model="numpy")
def associate(
    mean: Floats,
    cov: Floats,
    exist: Floats,
    sight: Floats,
    row: Ints,
    look: Singles,
    look_weight: Floats,
    last_id: Ints,
    view: View,
    seen_look: Singles,
    device_id: Ints,
    chances: Chances,
    likeness: tuple[float, float, float, float, float],
) -> tuple[Ints, Bools, Bools]:
    """Assign a frame's m detections to n tracks; correct mean, cov, existence and sight in place.

    row (n,) says where the tracks' looks stand in look. Returns per track its detection or -1 (n,), which tracks the
    picture would show (n,), and which detections could have been a track that is not unlike (m,).
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
            alike = look_weight[i] * look_nats_of(look[row[i]], seen_look[j], likeness)
        near[j] |= alike >= 0.0
        if last_id[i] != 0 and device_id[j] != 0:
            alike += chances.same_id_nats if last_id[i] == device_id[j] else chances.other_id_nats
        nats[p] += alike - clutter_nats
        expected = sight[i] * chances.detection_p + (1.0 - sight[i]) * chances.hidden_p
        expected = max(expected, chances.back_p)
        cost[p] = -(nats[p] + np.log(expected / (1.0 - expected)))
    worth = np.empty(len(rows))
    for p in range(len(rows)):
        worth[p] = cost[p] if exist[rows[p]] >= chances.sure_p else FAR
    column = solve(rows, columns, worth, n, m)
    taken = np.zeros(m, np.bool_)
    for i in range(n):
        if column[i] >= 0:
            taken[column[i]] = True
    # Who is not known to be anybody gets what is left.
    is_any = False
    for p in range(len(rows)):
        worth[p] = cost[p] if exist[rows[p]] < chances.sure_p and not taken[columns[p]] else FAR
        is_any |= worth[p] < 0.0
    rest = solve(rows, columns, worth, n, m) if is_any else column
    for i in range(n):
        if rest[i] >= 0:
            column[i] = rest[i]
    shown = in_picture(mean, view)
    gain = np.zeros(n)
    for p in range(len(rows)):
        if column[rows[p]] == columns[p]:
            gain[rows[p]] = np.exp(min(nats[p], chances.gate_nats))
    weigh(exist, sight, column, gain, shown, chances)
    _correct_all(mean, cov, column, view)
    return column, shown, near


@njit(cache=True, error_model="numpy")
def _correct_all(mean: Floats, cov: Floats, column: Ints, view: View) -> None:
    """Correct every track that has a detection, in place."""
    lean2, head, foot, sd, R, T = view.lean_sd_m * view.lean_sd_m, view.head, view.foot, view.sd, view.R, view.T
    if view.is_depth:
        for i in range(mean.shape[0]):
            j = column[i]
            if j >= 0:
                var = sd[j] * sd[j]
                correct_depth(mean, cov, i, head, j, var + lean2, var + 0.25 * lean2)
        return
    y, H, noise, HP, S = scratch()
    for i in range(mean.shape[0]):
        j = column[i]
        if j >= 0:
            k = measure(mean, i, head, foot, j, sd[j], view.lean_sd_m, R, T, y, H, noise)
            innovate(cov, i, H, noise, k, HP, S)
            factor(S, k)
            correct(mean, cov, i, y, k, HP, S)


@njit(cache=True, error_model="numpy")
def solve(rows: Ints, columns: Ints, cost: Floats, n: int, m: int) -> Ints:
    """Return per row its column or -1: the set of pairs of least total cost, one connected component at a time."""
    column = np.full(n, -1)
    if _all_their_best(rows, columns, cost, column, m):
        return column
    group = components(rows, columns, cost < 0.0, n, m)
    first = np.zeros(n + 1, np.int64)  # first pair of each row, and of the one behind the last; rows are sorted
    for p in range(len(rows)):
        first[rows[p] + 1] += 1
    for i in range(n):
        first[i + 1] += first[i]
    # Members of a component as a chain from its least row, which names it.
    after, last = np.full(n, -1), np.arange(n)
    for i in range(n):
        if group[i] >= 0 and group[i] != i:
            after[last[group[i]]] = i
            last[group[i]] = i
    local = np.full(m, -1)
    for i in range(n):
        if group[i] != i or _each_its_best(i, after, first, columns, cost, column):
            continue
        if after[after[i]] < 0:
            _solve_two(i, after[i], first, columns, cost, column)
        else:
            _solve_component(i, after, first, columns, cost, column, local)
    return column


@njit(cache=True, error_model="numpy")
def _all_their_best(rows: Ints, columns: Ints, cost: Floats, column: Ints, m: int) -> bool:
    """Give every row its cheapest column, column (n,), if no two want the same one, as in most frames; else none."""
    taken, p = np.zeros(m, np.bool_), 0
    while p < len(rows):
        i, best, which = rows[p], 0.0, -1
        while p < len(rows) and rows[p] == i:
            if cost[p] < best:
                best, which = cost[p], columns[p]
            p += 1
        if which >= 0:
            if taken[which]:
                column[:] = -1
                return False
            taken[which], column[i] = True, which
    return True


@njit(cache=True, error_model="numpy")
def _each_its_best(least: int, after: Ints, first: Ints, columns: Ints, cost: Floats, column: Ints) -> bool:
    """Give every row of a component its cheapest column if no two want the same one: nothing can cost less."""
    i = least
    while i >= 0:
        best = 0.0
        for p in range(first[i], first[i + 1]):
            if cost[p] < best:
                best, column[i] = cost[p], columns[p]
        k = least
        while k != i:
            if column[k] == column[i]:
                while least >= 0:
                    column[least] = -1
                    least = after[least]
                return False
            k = after[k]
        i = after[i]
    return True


@njit(cache=True, error_model="numpy")
def _two_best(i: int, first: Ints, columns: Ints, cost: Floats) -> tuple[int, float, int, float]:
    """Return a row's cheapest column and its cost, and the next one's; -1 and 0 where there is none."""
    best, low, second, next_low = -1, 0.0, -1, 0.0
    for p in range(first[i], first[i + 1]):
        if cost[p] < low:
            best, low, second, next_low = columns[p], cost[p], best, low
        elif cost[p] < next_low:
            second, next_low = columns[p], cost[p]
    return best, low, second, next_low


@njit(cache=True, error_model="numpy")
def _solve_two(a: int, b: int, first: Ints, columns: Ints, cost: Floats, column: Ints) -> None:
    """Write the optimal columns of two rows that want the same one: one gets it, the other its next."""
    best, mine, my_next, mine_then = _two_best(a, first, columns, cost)
    _, yours, your_next, yours_then = _two_best(b, first, columns, cost)
    if mine + yours_then <= mine_then + yours:
        column[a], column[b] = best, your_next
    else:
        column[a], column[b] = my_next, best


@njit(cache=True, error_model="numpy")
def _solve_component(
    least: int, after: Ints, first: Ints, columns: Ints, cost: Floats, column: Ints, local: Ints
) -> None:
    """Write the optimal columns of one component; local (m,) is all -1, and is again afterwards."""
    mine = [least]
    while after[mine[-1]] >= 0:
        mine.append(after[mine[-1]])
    used = [0 for _ in range(0)]
    for i in mine:
        for p in range(first[i], first[i + 1]):
            if cost[p] < 0.0 and local[columns[p]] < 0:
                local[columns[p]] = len(used)
                used.append(columns[p])
    block = np.full((len(mine), len(used)), FAR)
    for a in range(len(mine)):
        for p in range(first[mine[a]], first[mine[a] + 1]):
            if cost[p] < 0.0:
                block[a, local[columns[p]]] = cost[p]
    chosen = assign(block)
    for a in range(len(mine)):
        if chosen[a] >= 0:
            column[mine[a]] = used[chosen[a]]
    for j in used:
        local[j] = -1


@njit(cache=True, error_model="numpy")
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
    states, covs, unseen = np.expand_dims(x, 0), np.expand_dims(P, 0), np.full(view.foot.shape, np.nan)
    m = measure(states, 0, unseen, view.foot, j, sd, lean_sd_m, R, T, y, H, noise)
    if m:
        innovate(covs, 0, H, noise, m, HP, S)
        factor(S, m)
        correct(states, covs, 0, y, m, HP, S)
    return x, P


@njit(cache=True, error_model="numpy")
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
