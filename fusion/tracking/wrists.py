"""The wrists of a frame against the hands near them: association and correction. Compiled; see hands.py."""

from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.tracking.association import solve
from fusion.tracking.measurement import DEPTH_MIN_M, View, factor, whiten
from fusion.tracking.tracks import Status

LAST_FOLLOWED = int(Status.LEFT)
REST, ANYWHERE = 2, 3  # beside the two hands: where one is that nobody sees, and so with twice the variance
DOUBT_MIN = 0.01  # that a wrist is somebody else's; less is none


class WristNoise(NamedTuple):
    """See HandConfig."""

    wrist_sd_m: float
    claim_p: float
    merged_p: float
    astray_p: float
    reach_p: float


class HandRules(NamedTuple):
    """See HandConfig."""

    rest: Floats  # (3,) m, where a hand nobody sees is relative to the head
    var: Floats  # (3,) m2, how far it strays from there,
    spread: Floats  # (3, 3) m2, and that as a covariance
    back_ns: float
    kept_ns: float
    cross_m: float
    noise: WristNoise


class HandRows(NamedTuple):
    """Columns of Hands."""

    track_id: Ints
    mean: Floats
    cov: Floats
    rival_id: Ints
    rival_p: Floats


class Lent(NamedTuple):
    """Hands (2 * row + hand) that may be somebody else's, by the row of whose they may be."""

    first: Ints  # (n + 1,) of each row, and of the one behind the last
    hand: Ints  # (k,)


class WristFrame(NamedTuple):
    """The wrists of one frame."""

    head: Floats  # (n, 3) m, of everybody who is followed
    wrists: Floats  # (d, 2, 2 or 3)
    seen: Bools  # (d, 2)
    claim: Ints  # (d,) the row the detector gives both wrists of a detection to
    is_depth: bool
    sd: Floats  # (d,)
    R: Floats
    T: Floats


@njit(cache=True, error_model="numpy")
def rows_among(old_id: Ints, track_id: Ints) -> Ints:
    """Return where each of some tracks (n,) is among others; both are sorted, -1 is nowhere."""
    row, at = np.full(len(track_id), -1), 0
    for i in range(len(track_id)):
        while at < len(old_id) and old_id[at] < track_id[i]:
            at += 1
        if at < len(old_id) and old_id[at] == track_id[i]:
            row[i] = at
    return row


@njit(cache=True, error_model="numpy")
def _row_of(track_id: Ints, one: int) -> int:
    """Return where a track is among some, sorted; -1 for nowhere."""
    low, high = 0, len(track_id)
    while low < high:
        middle = (low + high) // 2
        if track_id[middle] < one:
            low = middle + 1
        else:
            high = middle
    return low if low < len(track_id) and track_id[low] == one else -1


@njit(cache=True, error_model="numpy")
def believed(
    old_id: Ints, old_mean: Floats, old_cov: Floats, old_ns: int, track_id: Ints, t_ns: int, rules: HandRules
) -> tuple[Floats, Floats]:
    """Return mean (n, 2, 3) and covariance (n, 2, 3, 3) of the hands of tracks (n,), sorted, as believed for t_ns.

    The others are of Hands.
    """
    n, rest, usual = len(track_id), rules.rest, rules.spread
    mean, cov = np.empty((n, 2, 3)), np.empty((n, 2, 3, 3))
    stay, row_of = np.exp(-max(0, t_ns - old_ns) / rules.back_ns), rows_among(old_id, track_id)
    for i in range(n):
        at = row_of[i]
        for h in range(2):
            if at < 0:
                mean[i, h], cov[i, h] = rest, usual
                continue
            for a in range(3):
                mean[i, h, a] = rest[a] + stay * (old_mean[at, h, a] - rest[a])
                for b in range(3):
                    cov[i, h, a, b] = usual[a, b] + stay * stay * (old_cov[at, h, a, b] - usual[a, b])
    return mean, cov


@njit(cache=True, error_model="numpy")
def _still_doubted(old_id: Ints, old_rival: Ints, old_p: Floats, track_id: Ints) -> tuple[Ints, Floats]:
    """Return whose else the hands of tracks (n,), sorted, may be: rows of these (n, 2), -1 for nobody's, and p."""
    rival, rival_p = np.full((len(track_id), 2), -1), np.zeros((len(track_id), 2))
    row_of = rows_among(old_id, track_id)
    for i in range(len(track_id)):
        at = row_of[i]
        if at < 0:
            continue
        for h in range(2):
            row = _row_of(track_id, old_rival[at, h]) if old_p[at, h] > 0.0 else -1
            if row >= 0:
                rival[i, h], rival_p[i, h] = row, old_p[at, h]
    return rival, rival_p


@njit(cache=True, error_model="numpy")
def follow_wrists(
    old: HandRows,
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
) -> tuple[bool, HandRows, Ints, Ints, Floats]:
    """Take in the wrists (m, 2, 2 or 3) of one frame whose detections are the tracks `mine` (m,), -1 for none.

    Columns of Hands, then of Tracks with state (n, 5). Returns whether any wrist was seen, the hands then, whose each
    wrist is (m, 2), whose else it may be, -1 for nobody's, and how likely that is.
    """
    m = len(mine)
    seen, any_seen = np.zeros((m, 2), np.bool_), False
    owner, other_id, other_p = np.empty((m, 2), np.int64), np.full((m, 2), -1), np.zeros((m, 2))
    for j in range(m):
        for w in range(2):
            owner[j, w] = mine[j]
            seen[j, w] = mine[j] >= 0 and not np.isnan(wrists[j, w, 0])
            any_seen |= seen[j, w]
    if not any_seen:
        return False, old, owner, other_id, other_p
    live = np.zeros(len(track_id), np.bool_)
    for i in range(len(track_id)):
        live[i] = status[i] <= LAST_FOLLOWED and floor_ns - seen_ns[i] < rules.kept_ns
    for j in range(m):
        row = _row_of(track_id, mine[j])
        if row >= 0 and status[row] <= LAST_FOLLOWED:
            live[row] = True
    rows = np.flatnonzero(live)
    ids, head = track_id[rows], np.empty((len(rows), 3))
    for k in range(len(rows)):
        head[k, 0], head[k, 1], head[k, 2] = state[rows[k], 0], state[rows[k], 1], state[rows[k], 4]
    mean, cov = believed(old.track_id, old.mean, old.cov, old_ns, ids, t_ns, rules)
    rival, rival_p = _still_doubted(old.track_id, old.rival_id, old.rival_p, ids)
    claim = np.empty(m, np.int64)
    for j in range(m):
        claim[j] = _row_of(ids, mine[j])
    frame = WristFrame(head, wrists, seen, claim, view.is_depth, view.sd, view.R, view.T)
    taken, other, other_p = take_wrists(mean, cov, rival, rival_p, frame, rules)
    for j in range(m):
        for w in range(2):
            owner[j, w] = ids[taken[j, w]] if taken[j, w] >= 0 else -1
            other_id[j, w] = ids[other[j, w]] if other[j, w] >= 0 else -1
    rival_id = np.full(rival.shape, -1)
    for i in range(len(ids)):
        for h in range(2):
            if rival[i, h] >= 0:
                rival_id[i, h] = ids[rival[i, h]]
    return True, HandRows(ids, mean, cov, rival_id, rival_p), owner, other_id, other_p


@njit(cache=True, error_model="numpy")
def take_wrists(
    mean: Floats, cov: Floats, rival: Ints, rival_p: Floats, frame: WristFrame, rules: HandRules
) -> tuple[Ints, Ints, Floats]:
    """Assign the wrists of a frame to hands (n, 2) and correct these, and whose else they may be, in place.

    Returns per wrist (d, 2) its track's row or -1, the row of whom else it may be of or -1, and how likely that is.

    A hand is where it was on its way to rest, or has gone off to anywhere within reach; and a hand that was taken for
    another's is where that one is believed to be.
    """
    n, d, rest, usual, noise = len(mean), len(frame.wrists), rules.rest, rules.spread, rules.noise
    claim, is_depth, sd, own = frame.claim, frame.is_depth, frame.sd, noise.wrist_sd_m * noise.wrist_sd_m
    stays, reaches, wrists = np.log(1.0 - noise.reach_p), np.log(noise.reach_p), frame.wrists
    found, y, H, S, W = np.zeros(n, np.bool_), np.empty(3), np.empty((3, 3)), np.empty((3, 3)), np.empty((3, 3))
    for j in range(d):
        if claim[j] >= 0:
            found[claim[j]] = True
    doubtful = _doubtful(rival)
    first, lent = doubtful.first, doubtful.hand
    near = _near(frame.head, claim, frame.seen, rules.cross_m)
    shown = _shown(near, doubtful, mean, cov, frame, rules)
    at, to, price = _worth(near, shown, doubtful, rival_p, frame, found, noise)
    owner, others, others_p = np.full((d, 2), -1), np.full((d, 2), -1), np.zeros((d, 2))
    if not len(at):
        return owner, others, others_p
    hands, column = _assigned(at, to, price, 2 * n, 2 * d)
    was_mean, was_cov, was_rival, was_p = mean, cov, rival, rival_p
    if len(lent):  # else no hand changes but that which has the wrist
        was_mean, was_cov, was_rival, was_p = mean.copy(), cov.copy(), rival.copy(), rival_p.copy()
    for r in hands:
        i, h, j, w = r // 2, r % 2, column[r] // 2, column[r] % 2
        owner[j, w] = i
        whose, p = _runner_up(r, at, to, price, column)
        stay = stays + np.log1p(-was_p[i, h]) + _fit(shown, i, h, is_depth, wrists, j, w, sd[j], own)
        anew = reaches + _fit(shown, i, REST, is_depth, wrists, j, w, sd[j], own)
        nats, source = _fit_of_another(i, first, lent, shown, was_p, is_depth, wrists, j, w, sd[j], own)
        if nats > max(stay, anew):
            a, b = source // 2, source % 2
            mean[i, h], cov[i, h] = was_mean[a, b] + frame.head[a] - frame.head[i], was_cov[a, b]
            if column[source] < 0:
                mean[a, b], cov[a, b], rival[a, b], rival_p[a, b] = rest, usual, -1, 0.0
        elif anew > stay:
            mean[i, h], cov[i, h] = rest, usual
        elif was_p[i, h] > 0.0:
            # The same hand as before: frames err alike, and none makes it surer than the one that told most.
            odds = np.exp(_said(was_rival[i, h], claim[j], found, noise) - _said(i, claim[j], found, noise))
            whose, p = was_rival[i, h], min(was_p[i, h], odds / (1.0 + odds))
        whose, p = (whose, p) if p > DOUBT_MIN else (-1, 0.0)
        rival[i, h], rival_p[i, h] = whose, p
        others[j, w], others_p[j, w] = whose, p
        m = _against(mean, cov, i, h, frame.head, wrists, j, w, is_depth, sd[j], own, frame.R, frame.T, y, H, S)
        _correct(mean, cov, i, h, m, y, H, S, W)
    return owner, others, others_p


@njit(cache=True, error_model="numpy")
def _doubtful(rival: Ints) -> Lent:
    """Return the hands that may be somebody else's, by whose they may be: rival (n, 2) as rows, -1 for nobody's."""
    n = len(rival)
    first = np.zeros(n + 1, np.int64)
    for hand in range(2 * n):
        if rival[hand // 2, hand % 2] >= 0:
            first[rival[hand // 2, hand % 2] + 1] += 1
    for row in range(n):
        first[row + 1] += first[row]
    free, hands = first.copy(), np.empty(first[n], np.int64)
    for hand in range(2 * n):
        row = rival[hand // 2, hand % 2]
        if row >= 0:
            hands[free[row]] = hand
            free[row] += 1
    return Lent(first, hands)


@njit(cache=True, error_model="numpy")
def _near(head: Floats, claim: Ints, seen: Bools, cross_m: float) -> Bools:
    """Return whose arms can cross those of whom each detection's wrists are given to (d, n), that person's included."""
    near = np.zeros((len(claim), len(head)), np.bool_)
    for j in range(len(claim)):
        if not (seen[j, 0] or seen[j, 1]):
            continue
        i = claim[j]
        for row in range(len(head)):
            dx, dy = head[row, 0] - head[i, 0], head[row, 1] - head[i, 1]
            near[j, row] = row == i or dx * dx + dy * dy <= cross_m * cross_m
    return near


@njit(cache=True, error_model="numpy")
def _shown(near: Bools, doubtful: Lent, mean: Floats, cov: Floats, frame: WristFrame, rules: HandRules) -> Floats:
    """Return what a frame would show of the hands that its wrists are compared with (n, 4, 9), the others' rows empty.

    In the second axis the two hands, REST and ANYWHERE. Of a depth camera's frame a place (3,), m, and the upper
    triangle of its covariance (6,); of an image camera's an image point (2,), its depth, m, its variances and
    covariance (3,), and the same (3,) of a metre of noise in space.
    """
    d, n = near.shape
    first, lent = doubtful.first, doubtful.hand
    asked = np.zeros(n, np.bool_)
    for j in range(d):
        for row in range(n):
            if near[j, row]:
                asked[row] = True
                for p in range(first[row], first[row + 1]):
                    asked[lent[p] // 2] = True
    out, is_depth, head, R, T, rest, var = (
        np.empty((n, 4, 9)), frame.is_depth, frame.head, frame.R, frame.T, rules.rest, rules.var
    )  # fmt: skip
    for row in range(n):
        if not asked[row]:
            continue
        for s in range(4):
            wide = 2.0 if s == ANYWHERE else 1.0
            if s < REST:
                x, y, z = head[row, 0] + mean[row, s, 0], head[row, 1] + mean[row, s, 1], head[row, 2] + mean[row, s, 2]
                c00, c01, c02 = cov[row, s, 0, 0], cov[row, s, 0, 1], cov[row, s, 0, 2]
                c11, c12, c22 = cov[row, s, 1, 1], cov[row, s, 1, 2], cov[row, s, 2, 2]
            else:
                x, y, z = head[row, 0] + rest[0], head[row, 1] + rest[1], head[row, 2] + rest[2]
                c00, c01, c02, c11, c12, c22 = wide * var[0], 0.0, 0.0, wide * var[1], 0.0, wide * var[2]
            if is_depth:
                out[row, s, 0], out[row, s, 1], out[row, s, 2] = x, y, z
                out[row, s, 3], out[row, s, 4], out[row, s, 5] = c00, c01, c02
                out[row, s, 6], out[row, s, 7], out[row, s, 8] = c11, c12, c22
                continue
            depth = R[2, 0] * x + R[2, 1] * y + R[2, 2] * z + T[2]
            far = max(depth, 1e-3)
            p = (R[0, 0] * x + R[0, 1] * y + R[0, 2] * z + T[0]) / far
            q = (R[1, 0] * x + R[1, 1] * y + R[1, 2] * z + T[1]) / far
            jp = ((R[0, 0] - p * R[2, 0]) / far, (R[0, 1] - p * R[2, 1]) / far, (R[0, 2] - p * R[2, 2]) / far)
            jq = ((R[1, 0] - q * R[2, 0]) / far, (R[1, 1] - q * R[2, 1]) / far, (R[1, 2] - q * R[2, 2]) / far)
            whole = ((c00, c01, c02), (c01, c11, c12), (c02, c12, c22))
            pp, pq, qq, length_p, length_q, both = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            for a in range(3):
                length_p, length_q, both = length_p + jp[a] * jp[a], length_q + jq[a] * jq[a], both + jp[a] * jq[a]
                for b in range(3):
                    pp += jp[a] * whole[a][b] * jp[b]
                    pq += jp[a] * whole[a][b] * jq[b]
                    qq += jq[a] * whole[a][b] * jq[b]
            out[row, s, 0], out[row, s, 1], out[row, s, 2] = p, q, depth
            out[row, s, 3], out[row, s, 4], out[row, s, 5] = pp, pq, qq
            out[row, s, 6], out[row, s, 7], out[row, s, 8] = length_p, both, length_q
    return out


@njit(cache=True, error_model="numpy")
def _worth(
    near: Bools,
    shown: Floats,
    doubtful: Lent,
    rival_p: Floats,
    frame: WristFrame,
    found: Bools,
    noise: WristNoise,
) -> tuple[Ints, Ints, Floats]:
    """Return hands (2 * row + hand), wrists (2 * detection + wrist) and costs of all pairs worth taking, by hand."""
    stays, reaches, lost = np.log(1.0 - noise.reach_p), np.log(noise.reach_p), np.log(noise.astray_p)
    wrists, seen, claim, sd, is_depth = frame.wrists, frame.seen, frame.claim, frame.sd, frame.is_depth
    own, first, lent = noise.wrist_sd_m * noise.wrist_sd_m, doubtful.first, doubtful.hand
    d, n = near.shape
    rows, nearby, room = np.empty(n, np.int64), 0, 0
    for row in range(n):
        here = 0
        for j in range(d):
            here += near[j, row]
        if here:
            rows[nearby] = row
            nearby, room = nearby + 1, room + 4 * here
    astray, anew = np.empty((d, 2)), np.empty((d, 2))
    claimed, passed, merged = np.log(noise.claim_p), np.log(1.0 - noise.claim_p), np.log(noise.merged_p)
    for j in range(d):
        for w in range(2):
            if seen[j, w]:
                # Anywhere about whom the detector names: a wrist that fits no hand better than this is no wrist.
                astray[j, w] = _fit(shown, claim[j], ANYWHERE, is_depth, wrists, j, w, sd[j], own) + lost
    at, to, cost, count = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room), 0
    for row in rows[:nearby]:
        for h in range(2):
            stays_here = stays + np.log1p(-rival_p[row, h])
            for j in range(d):
                said = claimed if row == claim[j] else passed if found[row] else merged
                for w in range(2 if near[j, row] else 0):
                    if not seen[j, w]:
                        continue
                    if h == 0:
                        anew[j, w] = np.logaddexp(
                            reaches + _fit(shown, row, REST, is_depth, wrists, j, w, sd[j], own),
                            _fit_of_another(row, first, lent, shown, rival_p, is_depth, wrists, j, w, sd[j], own)[0],
                        )
                    stay = stays_here + _fit(shown, row, h, is_depth, wrists, j, w, sd[j], own)
                    gain = np.logaddexp(stay, anew[j, w]) + said - astray[j, w]
                    if gain > 0.0:
                        at[count], to[count], cost[count] = 2 * row + h, 2 * j + w, -gain
                        count += 1
    return at[:count], to[:count], cost[:count]


@njit(cache=True, error_model="numpy")
def _assigned(at: Ints, to: Ints, price: Floats, hands: int, wrists: int) -> tuple[Ints, Ints]:
    """Return the hands that have a wrist, sorted, and the wrist of each of all hands, -1 for none.

    at (sorted), to and price are the pairs. Few of all hands are near any wrist of a frame: only these are solved for.
    """
    near, local = np.empty(len(at), np.int64), np.empty(len(at), np.int64)
    count = 0
    for p in range(len(at)):
        if p == 0 or at[p] != at[p - 1]:
            near[count] = at[p]
            count += 1
        local[p] = count - 1
    chosen = solve(local, to, price, count, wrists)
    column = np.full(hands, -1)
    column[near[:count]] = chosen
    return near[:count][chosen >= 0], column


@njit(cache=True, error_model="numpy")
def _said(row: int, claim: int, found: Bools, noise: WristNoise) -> float:
    """Return what it says of a wrist being of one row that the detector gives it to another, in nats."""
    if row == claim:
        return float(np.log(noise.claim_p))
    return float(np.log(1.0 - noise.claim_p if found[row] else noise.merged_p))


@njit(cache=True, error_model="numpy")
def _fit_of_another(
    row: int,
    first: Ints,
    lent: Ints,
    shown: Floats,
    rival_p: Floats,
    is_depth: bool,
    wrists: Floats,
    j: int,
    w: int,
    sd: float,
    own_var: float,
) -> tuple[float, int]:
    """Return how well a wrist fits a hand of somebody else that may be of this row, and which (2 * row + hand).

    first (n + 1,) and lent (k,) are Lent.
    """
    best, which = -np.inf, -1
    for at in range(first[row], first[row + 1]):
        i, h = lent[at] // 2, lent[at] % 2
        nats = np.log(rival_p[i, h]) + _fit(shown, i, h, is_depth, wrists, j, w, sd, own_var)
        if nats > best:
            best, which = nats, lent[at]
    return best, which


@njit(cache=True, error_model="numpy")
def _runner_up(r: int, rows: Ints, columns: Ints, cost: Floats, column: Ints) -> tuple[int, float]:
    """Return whose else the wrist of a hand may be, as a row of tracks, and how likely; -1 for nobody's.

    Everybody's other wrists stay where they are, but for the one that is at the hand it would be: that takes its place.
    """
    mine, best, whose = 0.0, -np.inf, -1
    for p in range(len(rows)):
        if rows[p] == r and columns[p] == column[r]:
            mine = cost[p]
    for p in range(len(rows)):
        a = rows[p]
        if columns[p] != column[r] or a // 2 == r // 2:
            continue
        dearer = cost[p] - mine
        if column[a] >= 0:
            back = 0.0  # astray
            for q in range(len(rows)):
                if rows[q] == r and columns[q] == column[a]:
                    back = cost[q]
                elif rows[q] == a and columns[q] == column[a]:
                    dearer -= cost[q]
            dearer += back
        if -dearer > best:
            best, whose = -dearer, a // 2
    return whose, 1.0 / (1.0 + np.exp(-best))


@njit(cache=True, error_model="numpy")
def _correct(mean: Floats, cov: Floats, i: int, h: int, m: int, y: Floats, H: Floats, S: Floats, W: Floats) -> None:
    """Correct hand h of row i of Hands in place, given innovation y (m,), H (m, 3) and S (m, m), all three spent.

    As in measurement.correct: with W = L^-1 H P, written, the mean moves by W' L^-1 y, and P -= W' W.
    """
    factor(S, m)
    for c in range(3):
        for r in range(m):
            one = 0.0
            for k in range(3):
                one += H[r, k] * cov[i, h, k, c]
            for k in range(r):
                one -= S[r, k] * W[k, c]
            W[r, c] = one / S[r, r]
    whiten(S, y, m)
    for a in range(3):
        for r in range(m):
            mean[i, h, a] += W[r, a] * y[r]
        for b in range(a + 1):
            total = cov[i, h, a, b]
            for r in range(m):
                total -= W[r, a] * W[r, b]
            cov[i, h, a, b] = cov[i, h, b, a] = total


@njit(cache=True, error_model="numpy")
def _against(
    mean: Floats,
    cov: Floats,
    i: int,
    h: int,
    head: Floats,
    wrists: Floats,
    j: int,
    w: int,
    is_depth: bool,
    sd: float,
    own_var: float,
    R: Floats,
    T: Floats,
    y: Floats,
    H: Floats,
    S: Floats,
) -> int:
    """Write innovation y, Jacobian H and its covariance S of a wrist against a hand; return how many rows.

    mean and cov are of Hands, of which hand h of row i, head (n, 3) and wrists (d, 2, 2 or 3), of which wrist w of
    detection j. A point behind an image camera measures nothing: its noise is without bound.
    """
    if is_depth:
        for a in range(3):
            y[a] = wrists[j, w, a] - (head[i, a] + mean[i, h, a])
            for b in range(3):
                H[a, b] = 1.0 if a == b else 0.0
                S[a, b] = cov[i, h, a, b] + (sd * sd + own_var if a == b else 0.0)
        return 3
    x, z = head[i, 0] + mean[i, h, 0], head[i, 2] + mean[i, h, 2]
    deep = R[2, 0] * x + R[2, 1] * (head[i, 1] + mean[i, h, 1]) + R[2, 2] * z + T[2]
    far, is_behind = max(deep, 1e-3), deep <= DEPTH_MIN_M
    for a in range(2):
        p = (R[a, 0] * x + R[a, 1] * (head[i, 1] + mean[i, h, 1]) + R[a, 2] * z + T[a]) / far
        y[a] = wrists[j, w, a] - p
        for b in range(3):
            H[a, b] = (R[a, b] - p * R[2, b]) / far
    for a in range(2):
        for b in range(2):
            noise = sd * sd if a == b else 0.0
            S[a, b] = 0.0
            for k in range(3):
                noise += own_var * H[a, k] * H[b, k]
                for c in range(3):
                    S[a, b] += H[a, k] * cov[i, h, k, c] * H[b, c]
            if is_behind:
                noise = 1e6 if a == b else 0.0
            S[a, b] += noise
    return 2


@njit(cache=True, error_model="numpy")
def _fit(
    shown: Floats, row: int, s: int, is_depth: bool, wrists: Floats, j: int, w: int, sd: float, own_var: float
) -> float:
    """Return log N(y; 0, S) of what _against returns, but for the constant, the same for all it is compared with.

    Written out, because it is asked of every wrist and every hand near it: -y' S^-1 y / 2 - log det(S) / 2. The hand
    is one of those that _shown returns.
    """
    if is_depth:
        var = sd * sd + own_var
        a, b, c = shown[row, s, 3] + var, shown[row, s, 4], shown[row, s, 5]
        d, e, f = shown[row, s, 6] + var, shown[row, s, 7], shown[row, s, 8] + var
        x, y = wrists[j, w, 0] - shown[row, s, 0], wrists[j, w, 1] - shown[row, s, 1]
        z = wrists[j, w, 2] - shown[row, s, 2]
        A, B, C = d * f - e * e, c * e - b * f, b * e - c * d
        det = a * A + b * B + c * C
        D, E, F = a * f - c * c, b * c - a * e, a * d - b * b
        square = (x * (A * x + B * y + C * z) + y * (B * x + D * y + E * z) + z * (C * x + E * y + F * z)) / det
        return float(-0.5 * square - 0.5 * np.log(det))
    pp, pq, qq = shown[row, s, 3], shown[row, s, 4], shown[row, s, 5]
    if shown[row, s, 2] > DEPTH_MIN_M:
        pp = pp + sd * sd + own_var * shown[row, s, 6]
        pq = pq + own_var * shown[row, s, 7]
        qq = qq + sd * sd + own_var * shown[row, s, 8]
    else:
        pp, qq = pp + 1e6, qq + 1e6
    u, v = wrists[j, w, 0] - shown[row, s, 0], wrists[j, w, 1] - shown[row, s, 1]
    det = pp * qq - pq * pq
    square = (qq * u * u - 2.0 * pq * u * v + pp * v * v) / det
    return float(-0.5 * square - 0.5 * np.log(det))
