"""HOTA, IDF1, MOTA and identity switches of tracks on a floor, for every tracker alike.

Similarity of a truth and a track d apart is 1 - d / 1 m, at least 0; IDF1, MOTA and switches match from 0.5 on, which
is 0.5 m. HOTA: Luiten et al. 2021; MOTA and switches: Bernardin and Stiefelhagen 2008; IDF1: Ristani et al. 2016. The
definitions in detail, such as the matching per frame, are those of TrackEval.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from fusion.arrays import Floats, Ints

ALPHAS = np.arange(1, 20) * 0.05
MATCH = 0.5
EDGE = 1e-12


@dataclass(frozen=True, slots=True)
class Score:
    """How good tracks are; all but switches lie in [0, 1], MOTA may be below."""

    hota: float
    idf1: float
    mota: float
    switches: int


def score(
    truth_id: Ints, truth_xy: Floats, truth_start: Ints, track_id: Ints, track_xy: Floats, track_start: Ints
) -> Score:
    """Score tracks (ids (p,), places (p, 2) m; frame k is rows start[k]:start[k + 1]) against the truth's."""
    assert len(truth_start) == len(track_start), "truth and tracks have the same frames"
    g_all, g_ids = _numbered(truth_id)
    p_all, p_ids = _numbered(track_id)
    g_count, p_count = np.bincount(g_all, minlength=g_ids), np.bincount(p_all, minlength=p_ids)
    soft, hits = np.zeros((g_ids, p_ids)), np.zeros((g_ids, p_ids))
    frames = []
    for k in range(len(truth_start) - 1):
        g, p = slice(*truth_start[k : k + 2]), slice(*track_start[k : k + 2])
        gap = np.linalg.norm(truth_xy[g][:, None] - track_xy[p][None], axis=2)
        likeness = np.clip(1.0 - gap, 0.0, 1.0)
        rows, columns = np.ix_(g_all[g], p_all[p])
        both = likeness.sum(axis=0) + likeness.sum(axis=1)[:, None] - likeness
        soft[rows, columns] += np.divide(likeness, both, out=np.zeros_like(likeness), where=both > EDGE)
        hits[rows, columns] += likeness >= MATCH - EDGE
        frames.append((g_all[g], p_all[p], likeness))
    align = soft / np.maximum(g_count[:, None] + p_count - soft, EDGE)
    tp, switches = _clear(frames, g_ids)
    r, c = linear_sum_assignment(-hits)
    n, m = len(truth_id), len(track_id)
    return Score(
        hota=_hota(frames, align, g_count, p_count),
        idf1=float(2 * hits[r, c].sum() / max(1, n + m)),
        mota=(2 * tp - m - switches) / max(1, n),
        switches=switches,
    )


def _numbered(ids: Ints) -> tuple[Ints, int]:
    names, number = np.unique(ids, return_inverse=True)
    return number, len(names)


Frames = list[tuple[Ints, Ints, Floats]]  # rows of truth, rows of tracks, likeness


def _hota(frames: Frames, align: Floats, g_count: Ints, p_count: Ints) -> float:
    """Mean over thresholds of the geometric mean of detection and association accuracy."""
    pairs, likenesses = [np.zeros((0, 2), np.int64)], [np.zeros(0)]
    for g, p, likeness in frames:
        r, c = linear_sum_assignment(-align[np.ix_(g, p)] * likeness)
        pairs.append(np.column_stack([g[r], p[c]]))
        likenesses.append(likeness[r, c])
    pair, seen = np.concatenate(pairs), np.concatenate(likenesses)
    all_of_both = int(g_count.sum() + p_count.sum())
    values = []
    for alpha in ALPHAS:
        found = pair[seen >= alpha - EDGE]
        if not len(found):
            values.append(0.0)
            continue
        two, times = np.unique(found, axis=0, return_counts=True)
        together = times / (g_count[two[:, 0]] + p_count[two[:, 1]] - times)
        association = (times * together).sum() / len(found)
        values.append(float(np.sqrt(len(found) / (all_of_both - len(found)) * association)))
    return float(np.mean(values))


def _clear(frames: Frames, truths: int) -> tuple[int, int]:
    """Return matches and identity switches; whoever was matched in the frame before stays matched if they can."""
    before, ever = np.full(truths, -1), np.full(truths, -1)
    tp, switches = 0, 0
    for g, p, likeness in frames:
        worth = np.where(likeness >= MATCH - EDGE, likeness + 1000.0 * (before[g][:, None] == p), 0.0)
        r, c = linear_sum_assignment(-worth)
        good = worth[r, c] > 0
        rows, columns = g[r[good]], p[c[good]]
        switches += int(((ever[rows] >= 0) & (ever[rows] != columns)).sum())
        tp += len(rows)
        before[:] = -1
        before[rows] = ever[rows] = columns
    return tp, switches
