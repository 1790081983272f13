"""Tracks as thin lines: as few points as show where people went."""

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from fusion.arrays import Bools, Floats
from fusion.config import SECOND_NS

POINTS_MAX = 80_000  # of all paths in a page: about 1.2 MB; beyond it paths are drawn coarser, and the page says so
TOLERANCE_M = 0.03
GAP_S = 1.0  # a longer silence is a gap in the line

Path = dict[str, Any]


def thin_paths(tracks: pl.DataFrame, begin_ns: int) -> tuple[list[Path], float]:
    """Return a path per track and account, and the tolerance they keep to, m.

    A path is its account, its track and rows [s after begin, x, y], s in tenths and m in hundredths, as integers.
    """
    pieces = list(_pieces(tracks, begin_ns))
    tolerance = TOLERANCE_M
    kept = [keep(txy, tolerance) for _, _, txy in pieces]
    while sum(int(k.sum()) for k in kept) > POINTS_MAX:
        before = sum(int(k.sum()) for k in kept)
        tolerance *= 2.0
        kept = [keep(txy, tolerance) for _, _, txy in pieces]
        if sum(int(k.sum()) for k in kept) == before and tolerance > 10.0:
            break  # two points a path is the least there is
    return [
        {"account": account, "track": track, "points": _integers(txy[k])}
        for (account, track, txy), k in zip(pieces, kept, strict=True)
    ], tolerance


def keep(txy: Floats, tolerance_m: float) -> Bools:
    """Tell which rows of (n, 3) t, x, y to keep so that, at each t, no other is further off than the tolerance.

    Douglas and Peucker's rule with the distance taken at the same moment: who stands still is not cut short.
    """
    kept = np.zeros(len(txy), bool)
    kept[[0, -1]] = True
    spans = [(0, len(txy) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        inner = txy[first + 1 : last]
        share = (inner[:, 0] - txy[first, 0]) / max(txy[last, 0] - txy[first, 0], 1e-9)
        line = txy[first, 1:] + share[:, None] * (txy[last, 1:] - txy[first, 1:])
        off = np.linalg.norm(inner[:, 1:] - line, axis=1)
        worst = int(np.argmax(off))
        if off[worst] > tolerance_m:
            at = first + 1 + worst
            kept[at] = True
            spans += [(first, at), (at, last)]
    return kept


def _pieces(tracks: pl.DataFrame, begin_ns: int) -> list[tuple[str | None, int, Floats]]:
    """Cut tracks where the account changes and where nothing was seen for long."""
    found = []
    for (track,), rows in tracks.partition_by("track", as_dict=True, maintain_order=True).items():
        t = (rows["t"].to_numpy() - begin_ns) / SECOND_NS
        txy = np.column_stack([t, rows["x"].to_numpy(), rows["y"].to_numpy()]).astype(np.float64)
        whole = np.isfinite(txy).all(axis=1)
        accounts = rows["account"].filter(pl.Series(whole)).to_list()
        txy = txy[whole]
        changed = np.array([a != b for a, b in pairwise(accounts)], bool)
        cuts = np.flatnonzero(changed | (np.diff(txy[:, 0]) > GAP_S)) + 1
        edges = [0, *cuts.tolist(), len(txy)]
        found += [(accounts[a], int(track), txy[a:b]) for a, b in pairwise(edges) if b > a]
    return found


def _integers(txy: Floats) -> list[list[int]]:
    rows: list[list[int]] = np.rint(txy * (10.0, 100.0, 100.0)).astype(int).tolist()
    return rows
