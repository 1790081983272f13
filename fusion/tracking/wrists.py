"""The wrists of a frame against the hands near them: association and correction. Compiled; see hands.py."""

from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.tracking.association import solve
from fusion.tracking.camera import predict_image_point
from fusion.tracking.gating import pairs_within
from fusion.tracking.measurement import DEPTH_MIN_M, View, factor, whiten
from fusion.tracking.tracks import Status

LAST_FOLLOWED = int(Status.LEFT)


class HandRules(NamedTuple):
    """See HandConfig."""

    rest: Floats  # (3,) m, where a hand nobody sees is relative to the head
    var: Floats  # (3,) m2, how far it strays from there
    back_ns: float
    kept_ns: float
    cross_m: float
    noise: tuple[float, float, float, float, float]  # wrist_sd_m, claim_p, merged_p, astray_p, reach_p


@njit(cache=True)
def believed(
    old_id: Ints, old_mean: Floats, old_cov: Floats, old_ns: int, track_id: Ints, t_ns: int, rules: HandRules
) -> tuple[Floats, Floats]:
    """Return mean (n, 2, 3) and covariance (n, 2, 3, 3) of the hands of tracks (n,), sorted, as believed for t_ns.

    The others are of Hands.
    """
    n = len(track_id)
    mean, cov = np.empty((n, 2, 3)), np.zeros((n, 2, 3, 3))
    stay = np.exp(-max(0, t_ns - old_ns) / rules.back_ns)
    at = 0
    for i in range(n):
        while at < len(old_id) and old_id[at] < track_id[i]:
            at += 1
        known = at < len(old_id) and old_id[at] == track_id[i]
        for h in range(2):
            for a in range(3):
                mean[i, h, a] = rules.rest[a]
                cov[i, h, a, a] = rules.var[a]
                if known:
                    mean[i, h, a] += stay * (old_mean[at, h, a] - rules.rest[a])
                    for b in range(3):
                        cov[i, h, a, b] += stay * stay * (old_cov[at, h, a, b] - (rules.var[a] if a == b else 0.0))
    return mean, cov


@njit(cache=True)
def follow_wrists(
    old_id: Ints,
    old_mean: Floats,
    old_cov: Floats,
    old_ns: int,
    track_id: Ints,
    status: Ints,
    seen_ns: Ints,
    state: Floats,
    floor_ns: int,
    view: View,
    wrists: Floats,
    mine: Ints,
    t_ns: int,
    rules: HandRules,
) -> tuple[bool, Ints, Floats, Floats, Ints]:
    """Take in the wrists (m, 2, 2 or 3) of one frame whose detections are the tracks `mine` (m,), -1 for none.

    Columns of Hands, then of Tracks with state (n, 5). Returns whether any wrist was seen, the hands then, and whose
    each wrist is (m, 2), -1 for nobody's.
    """
    m = len(mine)
    seen, any_seen = np.zeros((m, 2), np.bool_), False
    owner = np.empty((m, 2), np.int64)
    for j in range(m):
        for w in range(2):
            owner[j, w] = mine[j]
            seen[j, w] = mine[j] >= 0 and not np.isnan(wrists[j, w, 0])
            any_seen |= seen[j, w]
    if not any_seen:
        return False, old_id, old_mean, old_cov, owner
    live = np.zeros(len(track_id), np.bool_)
    for i in range(len(track_id)):
        live[i] = status[i] <= LAST_FOLLOWED and floor_ns - seen_ns[i] < rules.kept_ns
    row_of = np.searchsorted(track_id, mine)
    for j in range(m):
        if mine[j] >= 0 and status[row_of[j]] <= LAST_FOLLOWED:
            live[row_of[j]] = True
    rows = np.flatnonzero(live)
    ids, head, xy = track_id[rows], np.empty((len(rows), 3)), np.empty((len(rows), 2))
    for k in range(len(rows)):
        head[k, 0], head[k, 1], head[k, 2] = state[rows[k], 0], state[rows[k], 1], state[rows[k], 4]
        xy[k, 0], xy[k, 1] = head[k, 0], head[k, 1]
    mean, cov = believed(old_id, old_mean, old_cov, old_ns, ids, t_ns, rules)
    claim = np.where(mine >= 0, np.searchsorted(ids, mine), -1)
    a, b = pairs_within(xy, rules.cross_m)
    taken = take_wrists(
        mean, cov, head, wrists, seen, claim, np.concatenate((a, b)), np.concatenate((b, a)), view.is_depth, view.sd,
        view.R, view.T, rules.rest, rules.var, rules.noise,
    )  # fmt: skip
    for j in range(m):
        for w in range(2):
            owner[j, w] = ids[taken[j, w]] if taken[j, w] >= 0 else -1
    return True, ids, mean, cov, owner


@njit(cache=True)
def take_wrists(
    mean: Floats,
    cov: Floats,
    head: Floats,
    wrists: Floats,
    seen: Bools,
    claim: Ints,
    one: Ints,
    other: Ints,
    is_depth: bool,
    sd: Floats,
    R: Floats,
    T: Floats,
    rest: Floats,
    var: Floats,
    noise: tuple[float, float, float, float, float],
) -> Ints:
    """Assign wrists (d, 2, 2 or 3) to hands (n, 2) and correct these in place; return per wrist its track's row or -1.

    claim (d,) is the row the detector gives both wrists of a detection to; one and other are the pairs of rows that
    are near enough for their arms to cross.
    """
    n, d = len(mean), len(wrists)
    wrist_sd_m, claim_p, merged_p, astray_p, reach_p = noise
    found = np.zeros(n, np.bool_)
    for j in range(d):
        if claim[j] >= 0:
            found[claim[j]] = True
    order = np.argsort(one, kind="mergesort")
    first = np.searchsorted(one[order], np.arange(n + 1))
    rows, columns, cost = [0 for _ in range(0)], [0 for _ in range(0)], [0.0 for _ in range(0)]
    usual = np.diag(var)
    broad = 2.0 * usual
    stays, reaches = np.log(1.0 - reach_p), np.log(reach_p)
    for j in range(d):
        for w in range(2):
            if not seen[j, w]:
                continue
            i = claim[j]
            near = other[order[first[i] : first[i + 1]]]
            # Anywhere about whom the detector names: a wrist that fits no hand better than this is no wrist.
            astray = _nats(rest, broad, head[i], wrists[j, w], is_depth, sd[j], wrist_sd_m, R, T) + np.log(astray_p)
            for k in range(len(near) + 1):
                row = i if k == 0 else near[k - 1]
                said = np.log(claim_p if k == 0 else 1.0 - claim_p if found[row] else merged_p)
                anew = reaches + _nats(rest, usual, head[row], wrists[j, w], is_depth, sd[j], wrist_sd_m, R, T)
                for h in range(2):
                    nats = _nats(mean[row, h], cov[row, h], head[row], wrists[j, w], is_depth, sd[j], wrist_sd_m, R, T)
                    gain = np.logaddexp(stays + nats, anew) + said - astray
                    if gain > 0.0:
                        rows.append(2 * row + h)
                        columns.append(2 * j + w)
                        cost.append(-gain)
    owner = np.full((d, 2), -1)
    if not len(rows):
        return owner
    by_row = np.argsort(np.array(rows), kind="mergesort")
    column = solve(np.array(rows)[by_row], np.array(columns)[by_row], np.array(cost)[by_row], 2 * n, 2 * d)
    for r in range(2 * n):
        if column[r] < 0:
            continue
        i, h, j, w = r // 2, r % 2, column[r] // 2, column[r] % 2
        owner[j, w] = i
        nats = _nats(mean[i, h], cov[i, h], head[i], wrists[j, w], is_depth, sd[j], wrist_sd_m, R, T)
        anew = _nats(rest, usual, head[i], wrists[j, w], is_depth, sd[j], wrist_sd_m, R, T)
        if reaches + anew > stays + nats:
            mean[i, h], cov[i, h] = rest, usual
        y, H, S = _against(mean[i, h], cov[i, h], head[i], wrists[j, w], is_depth, sd[j], wrist_sd_m, R, T)
        _correct(mean[i, h], cov[i, h], y, H, S)
    return owner


@njit(cache=True)
def _correct(mean: Floats, cov: Floats, y: Floats, H: Floats, S: Floats) -> None:
    """Correct a hand in place, given innovation y (m,), H (m, 3) and S (m, m), all three spent.

    As in measurement.correct: with W = L^-1 H P the mean moves by W' L^-1 y, and P -= W' W.
    """
    m = len(y)
    W = np.zeros((m, 3))
    factor(S, m)
    for c in range(3):
        for r in range(m):
            one = 0.0
            for k in range(3):
                one += H[r, k] * cov[k, c]
            for k in range(r):
                one -= S[r, k] * W[k, c]
            W[r, c] = one / S[r, r]
    whiten(S, y, m)
    for i in range(3):
        for r in range(m):
            mean[i] += W[r, i] * y[r]
        for j in range(i + 1):
            total = cov[i, j]
            for r in range(m):
                total -= W[r, i] * W[r, j]
            cov[i, j] = cov[j, i] = total


@njit(cache=True)
def _against(
    mean: Floats,
    cov: Floats,
    head: Floats,
    wrist: Floats,
    is_depth: bool,
    sd: float,
    wrist_sd_m: float,
    R: Floats,
    T: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Return innovation y, Jacobian H and its covariance S of a wrist against a hand relative to a head (3,).

    A point behind an image camera measures nothing: its noise is without bound.
    """
    place = head + mean
    if is_depth:
        return wrist - place, np.eye(3), cov + (sd * sd + wrist_sd_m * wrist_sd_m) * np.eye(3)
    uv, J, depth = predict_image_point(place[0], place[1], place[2], R, T)
    noise = sd * sd * np.eye(2) + wrist_sd_m * wrist_sd_m * (J @ J.T)
    if depth <= DEPTH_MIN_M:
        noise = 1e6 * np.eye(2)
    return wrist - uv, J, J @ cov @ J.T + noise


@njit(cache=True)
def _nats(
    mean: Floats,
    cov: Floats,
    head: Floats,
    wrist: Floats,
    is_depth: bool,
    sd: float,
    wrist_sd_m: float,
    R: Floats,
    T: Floats,
) -> float:
    """Return log N(y; 0, S) of what _against returns, but for the constant, the same for all it is compared with.

    Written out, because it is asked of every wrist and every hand near it: -y' S^-1 y / 2 - log det(S) / 2.
    """
    x, y, z = head[0] + mean[0], head[1] + mean[1], head[2] + mean[2]
    own = wrist_sd_m * wrist_sd_m
    if is_depth:
        var = sd * sd + own
        a, b, c = cov[0, 0] + var, cov[0, 1], cov[0, 2]
        d, e, f = cov[1, 1] + var, cov[1, 2], cov[2, 2] + var
        u, v, w = wrist[0] - x, wrist[1] - y, wrist[2] - z
        A, B, C = d * f - e * e, c * e - b * f, b * e - c * d
        det = a * A + b * B + c * C
        D, E, F = a * f - c * c, b * c - a * e, a * d - b * b
        square = (u * (A * u + B * v + C * w) + v * (B * u + D * v + E * w) + w * (C * u + E * v + F * w)) / det
        return float(-0.5 * square - 0.5 * np.log(det))
    depth = R[2, 0] * x + R[2, 1] * y + R[2, 2] * z + T[2]
    far = max(depth, 1e-3)
    p = (R[0, 0] * x + R[0, 1] * y + R[0, 2] * z + T[0]) / far
    q = (R[1, 0] * x + R[1, 1] * y + R[1, 2] * z + T[1]) / far
    pp, pq, qq, length_p, length_q, both = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(3):
        jp, jq = (R[0, i] - p * R[2, i]) / far, (R[1, i] - q * R[2, i]) / far
        length_p, length_q, both = length_p + jp * jp, length_q + jq * jq, both + jp * jq
        for k in range(3):
            kp, kq = (R[0, k] - p * R[2, k]) / far, (R[1, k] - q * R[2, k]) / far
            pp, pq, qq = pp + jp * cov[i, k] * kp, pq + jp * cov[i, k] * kq, qq + jq * cov[i, k] * kq
    if depth > DEPTH_MIN_M:
        pp, pq, qq = pp + sd * sd + own * length_p, pq + own * both, qq + sd * sd + own * length_q
    else:
        pp, qq = pp + 1e6, qq + 1e6
    u, v = wrist[0] - p, wrist[1] - q
    det = pp * qq - pq * pq
    square = (qq * u * u - 2.0 * pq * u * v + pp * v * v) / det
    return float(-0.5 * square - 0.5 * np.log(det))
