"""Figures of ceiling cameras, of recordings side by side: `python -m bench.camera_figures CASE CASE ...`.

A case is a folder with store/, recording.mcap, truth.json and truth_tracks.parquet. People are taken to be where the
truth has them on the floor, so figures of recordings whose clocks are far off are a little too large.
"""

import argparse
import sys
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.camera_rows import BANDS_M, Row, Seen, compare
from fusion.messages import Boxes, People

LAG_S: Final = 0.5
FOLLOWS_S: Final = 1.5  # words about a hand so close together are about the same goods
PAIRS: Final = 40_000

Figures: TypeAlias = dict[str, tuple[float, ...]]


def figures(seen: Seen) -> Figures:
    """Return what is worth comparing of the cameras of one kind."""
    rows = [row for row in seen.rows if row.person >= 0]
    first = [row for row in rows if not row.again]
    off = np.hypot(*np.array([row.off_m for row in first]).T)
    said = [right for row in rows for right in row.held]
    rate = seen.found / np.maximum(seen.in_view, 1)
    return {
        "frames": (float(seen.frames),),
        "person-frames in clear view": (float(seen.in_view.sum()),),
        **{
            f"detected of them, {low:.0f} to {high:.0f} m": (rate[k],)
            for k, (low, high) in enumerate(pairwise(BANDS_M))
        },
        "second detections of somebody": (1 - len(first) / len(rows),),
        "detections of nobody, a frame": ((len(seen.rows) - len(rows)) / seen.frames,),
        "score, 10 and 50 %": tuple(np.quantile([row.score for row in rows], (0.1, 0.5))),
        "floor error, 50, 95, 99 % (m)": tuple(np.quantile(off, (0.5, 0.95, 0.99))),
        "sd on the wire, 50 %": (float(np.median([row.sd for row in first])),),
        f"error shared {LAG_S} s apart": (_correlation(first),),
        "hands, feet measured": (np.mean([row.hands for row in first]) / 2, np.mean([row.foot for row in first])),
        "device id kept, 50 and 90 % (s)": _kept(first),
        "words about hands, a detection": (len(said) / len(rows),),
        "of them right": (float(np.mean(said)) if said else np.nan,),
        "wrong word said again": (_streak(first),),
        "look: same camera, other, other person": _alike(first),
    }


def _by(rows: list[Row]) -> list[list[Row]]:
    """Return the sightings of each person by each camera, by time."""
    groups: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.person, row.camera), []).append(row)
    return [sorted(group, key=lambda row: row.t_ns) for group in groups.values()]


def _correlation(rows: list[Row]) -> float:
    """Return how alike the floor errors of one person and camera are half a second apart."""
    now, later = [], []
    for group in _by(rows):
        t_s = np.array([(row.t_ns - group[0].t_ns) * 1e-9 for row in group])
        off = np.array([row.off_m for row in group])
        at = np.searchsorted(t_s, t_s + LAG_S)
        fits = (at < len(t_s)) & (np.abs(t_s[np.minimum(at, len(t_s) - 1)] - t_s - LAG_S) < 0.15)
        now.append(off[fits])
        later.append(off[at[fits]])
    one, other = np.concatenate(now).ravel(), np.concatenate(later).ravel()
    inlier = (np.abs(one) < 0.5) & (np.abs(other) < 0.5)
    return float(np.corrcoef(one[inlier], other[inlier])[0, 1])


def _kept(rows: list[Row]) -> tuple[float, ...]:
    """Return how long one person keeps one device id, two quantiles in seconds."""
    runs = []
    for group in _by([row for row in rows if row.device_id is not None]):
        start = 0
        for at in range(1, len(group) + 1):
            if at == len(group) or group[at].device_id != group[start].device_id:
                runs.append((group[at - 1].t_ns - group[start].t_ns) * 1e-9)
                start = at
    return tuple(np.quantile(runs, (0.5, 0.9))) if runs else ()


def _streak(rows: list[Row]) -> float:
    """Return how often a wrong word is what is said of that person's hands next, too."""
    same = []
    for group in _by([row for row in rows if len(row.said) == 1]):
        for one, other in pairwise(group):
            if not one.held[0] and other.t_ns - one.t_ns < FOLLOWS_S * 1e9:
                same.append(one.said == other.said)
    return float(np.mean(same)) if same else np.nan


def _alike(rows: list[Row]) -> tuple[float, ...]:
    """Return the median product of two appearance vectors of one person and of two."""
    rows = [row for row in rows if row.look.size]
    if len(rows) < 3:
        return ()
    one, other = np.random.default_rng(0).integers(0, len(rows), (2, PAIRS))
    look = np.array([row.look for row in rows])
    person, camera = (np.array([getattr(row, key) for row in rows]) for key in ("person", "camera"))
    product = (look[one] * look[other]).sum(axis=1)
    same, here, both = person[one] == person[other], camera[one] == camera[other], one != other
    sorts = (same & here & both, same & ~here, ~same)
    return tuple(float(np.median(product[sort])) if sort.any() else np.nan for sort in sorts)


def main(argv: list[str] | None = None) -> int:
    """Print one column a case and kind of camera."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path, nargs="+")
    cases = parser.parse_args(argv).cases
    for case in cases:
        if not (case / "truth_tracks.parquet").is_file():
            print(f"{case}: expected a case with its truth, received no truth_tracks.parquet", file=sys.stderr)
            return 2
    columns = {
        f"{case.name}, {name}": figures(seen)
        for case in cases
        for name, kind in (("image", Boxes), ("depth", People))
        if (seen := compare(case, kind)).rows
    }
    table = Table("figure", *columns)
    for key in dict.fromkeys(key for column in columns.values() for key in column):
        table.add_row(key, *(" ".join(f"{value:.3g}" for value in column[key]) or "-" for column in columns.values()))
    Console(width=44 + 36 * len(columns)).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
