"""Figures of ceiling cameras, of recordings side by side: `python -m bench.camera_figures CASE CASE ...`.

A case is a folder with store/, recording.mcap, truth.json and truth_tracks.parquet. People are taken to be where the
truth has them on the floor, so figures of recordings whose clocks are far off are a little too large.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from fusion.arrays import Bools, Floats, Ints
from fusion.messages import Boxes, People
from fusion.recording import read_recording
from fusion.store import Store, load_store
from fusion.tracking.camera import meet_plane, undistort
from fusion.wire import decode
from sensors.occlusion import behind_fixtures, behind_people
from sensors.optics import Eye, eye_of, project

HEAD_M: Final = 1.55  # of somebody whose height the truth does not tell
MATCH_M: Final = 0.7  # a detection further from everybody is clutter
FAR_M: Final = 12.0
BANDS_M: Final = (0.0, 4.0, 6.0, FAR_M)
LAG_S: Final = 0.5

Picks = list[tuple[int, str | None, str]]  # (t_ns, account, sku)


@dataclass(frozen=True, slots=True)
class Row:
    """One detection beside the truth."""

    t_ns: int
    camera: int
    person: int  # -1: nobody is there
    again: bool  # somebody has a better detection in this frame
    off_m: tuple[float, float]  # on the floor
    sd: float
    score: float
    look: Floats
    device_id: str | None
    hands: int  # that were measured
    foot: bool
    held: tuple[bool, ...]  # of each word about its hands: named first what its account has picked
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """All that the ceiling cameras of one case said, beside the truth."""

    rows: list[Row]
    frames: int
    in_view: Ints  # person-frames in clear view, by band of distance
    found: Ints  # those that were detected


class Truth:
    """Where everybody is on the floor at any time."""

    def __init__(self, case: Path) -> None:
        tracks = pl.read_parquet(case / "truth_tracks.parquet").sort("person", "t")
        self.of: list[tuple[Floats, Floats, str | None]] = [
            (part["t"].to_numpy().astype(float), part.select("x", "y").to_numpy().astype(float), part["account"][0])
            for part in tracks.partition_by("person", maintain_order=True)
        ]
        events = json.loads((case / "truth.json").read_text())["events"]
        self.picks: Picks = [(e["t"], e["account"], e["sku"]) for e in events if e["kind"] == "pick"]

    def at(self, t_ns: int) -> tuple[Ints, Floats]:
        """Return who is in the store, (m,), and where, (m, 2) m."""
        here = [k for k, (t, _, _) in enumerate(self.of) if t[0] <= t_ns <= t[-1]]
        xy = [[np.interp(t_ns, self.of[k][0], self.of[k][1][:, c]) for c in (0, 1)] for k in here]
        return np.array(here, dtype=np.int64), np.array(xy).reshape(-1, 2)

    def picked(self, person: int, sku: str, t_ns: int) -> bool:
        """Return whether the account of this person had picked the product by then."""
        account = self.of[person][2]
        return any(a == account and s == sku and t < t_ns + 1_000_000_000 for t, a, s in self.picks)


def compare(case: Path) -> Seen:
    """Read a case and lay each detection beside the truth."""
    store, truth = load_store(case / "store"), Truth(case)
    rows: list[Row] = []
    in_view, found, frames = np.zeros(len(BANDS_M) - 1, np.int64), np.zeros(len(BANDS_M) - 1, np.int64), 0
    for message in _frames(case):
        camera = store.cameras.camera_id.index(message.src)
        eye = eye_of(store.cameras, camera)
        who, xy = truth.at(message.t_ns)
        frames += 1
        new = list(_rows(message, camera, eye, who, xy, truth))
        rows += new
        band, clear = _clear(eye, store, xy)
        hit = np.isin(who, [row.person for row in new])
        np.add.at(in_view, band[clear], 1)
        np.add.at(found, band[clear & hit], 1)
    return Seen(rows, frames, in_view, found)


def _frames(case: Path) -> Iterator[Boxes | People]:
    seen: set[tuple[str, int, int]] = set()
    for frame in read_recording(case / "recording.mcap"):
        message = decode(frame.topic, frame.payload)
        if isinstance(message, Boxes | People) and (key := (message.src, message.seq, message.t_ns)) not in seen:
            seen.add(key)
            yield message


def _clear(eye: Eye, store: Store, xy: Floats) -> tuple[Ints, Bools]:
    """Return the band of distance of each person and whose head nothing hides."""
    head = np.column_stack([xy, np.full(len(xy), HEAD_M)])
    distance = np.linalg.norm(head - eye.place, axis=1)
    hidden = behind_fixtures(eye.place, head, store.fixtures)
    others = behind_people(eye.place, head, np.broadcast_to(xy, (len(xy), *xy.shape)), np.full(len(xy), 1.7), 0.2)
    hidden |= (others & ~np.eye(len(xy), dtype=bool)).any(axis=1)
    band = np.clip(np.searchsorted(BANDS_M, distance) - 1, 0, len(BANDS_M) - 2)
    return band, project(eye, head)[1] & ~hidden & (distance < FAR_M)


def _rows(message: Boxes | People, camera: int, eye: Eye, who: Ints, xy: Floats, truth: Truth) -> Iterator[Row]:
    spot = _floor(message, eye)
    far = np.linalg.norm(spot[:, None] - xy, axis=2) if len(xy) else np.full((len(spot), 1), np.inf)
    far = np.where(np.isnan(far), np.inf, far)
    taken: dict[int, float] = {}
    for row in np.argsort(-message.score, kind="stable"):
        nearest = int(far[row].argmin())
        near = bool(far[row, nearest] < MATCH_M)
        person = int(who[nearest]) if near else -1
        beliefs = [max(held.beliefs, key=lambda b: b[1])[0] for held in message.held if held.row == row]
        yield Row(
            t_ns=message.t_ns,
            camera=camera,
            person=person,
            again=person in taken,
            off_m=tuple(spot[row] - xy[nearest]) if near else (np.nan, np.nan),
            sd=float(message.sd[row]),
            score=float(message.score[row]),
            look=message.look[row].astype(float),
            device_id=message.ids[row],
            hands=int((~np.isnan(message.hands[row, :, 0])).sum()),
            foot=isinstance(message, People) or not np.isnan(message.foot[row, 0]),
            held=tuple(near and truth.picked(person, sku, message.t_ns) for sku in beliefs),
            said=tuple(beliefs),
        )
        if near:
            taken[person] = 0.0


def _floor(message: Boxes | People, eye: Eye) -> Floats:
    """Return where each detection stands, (n, 2) m: by its foot, else by its head at the height of most."""
    if isinstance(message, People):
        return message.head[:, :2].astype(float)
    out = np.empty((len(message.head), 2))
    for row in range(len(out)):
        foot = message.foot[row].astype(float)
        px, z = (foot, 0.0) if not np.isnan(foot[0]) else (message.head[row].astype(float), HEAD_M)
        out[row] = meet_plane(undistort(px[None], eye.K, eye.dist)[0], z, eye.R, eye.T)[0]
    return out


def figures(seen: Seen) -> dict[str, str]:
    """Return what is worth comparing, as text."""
    rows = [row for row in seen.rows if row.person >= 0]
    first = [row for row in rows if not row.again]
    off = np.hypot(*np.array([row.off_m for row in first]).T)
    said = [right for row in rows for right in row.held]
    rate = seen.found / np.maximum(seen.in_view, 1)
    return {
        "frames": f"{seen.frames}",
        "person-frames in clear view": f"{seen.in_view.sum()}",
        **{
            f"detected in clear view, {low:.0f} to {high:.0f} m": f"{rate[k]:.3f}"
            for k, (low, high) in enumerate(pairwise(BANDS_M))
        },
        "second detections of somebody": f"{1 - len(first) / len(rows):.4f}",
        "detections of nobody, a frame": f"{(len(seen.rows) - len(rows)) / seen.frames:.4f}",
        "score, 10 and 50 %": " ".join(f"{q:.2f}" for q in np.quantile([r.score for r in rows], (0.1, 0.5))),
        "floor error, 50, 95, 99 %": " ".join(f"{q:.3f}" for q in np.quantile(off, (0.5, 0.95, 0.99))) + " m",
        "sd on the wire, 50 %": f"{np.median([row.sd for row in first]):.3f}",
        f"error shared by sightings {LAG_S} s apart": f"{_correlation(first):.2f}",
        "hands measured": f"{np.mean([row.hands for row in first]) / 2:.2f}",
        "feet measured": f"{np.mean([row.foot for row in first]):.2f}",
        "device id kept, 50 and 90 %": _kept(first),
        "words about hands, a detection": f"{len(said) / len(rows):.3f}",
        "of them right": f"{np.mean(said) if said else np.nan:.2f}",
        "followed by the same wrong word": _streak(first),
        "look: same camera, other camera, other person": _alike(first),
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


def _kept(rows: list[Row]) -> str:
    """Return how long one person keeps one device id."""
    runs = []
    for group in _by([row for row in rows if row.device_id is not None]):
        start = 0
        for at in range(1, len(group) + 1):
            if at == len(group) or group[at].device_id != group[start].device_id:
                runs.append((group[at - 1].t_ns - group[start].t_ns) * 1e-9)
                start = at
    return " ".join(f"{q:.1f}" for q in np.quantile(runs, (0.5, 0.9))) + " s" if runs else "no ids"


def _streak(rows: list[Row]) -> str:
    """Return how often a wrong word is said again when this hand's owner is next spoken of."""
    same = []
    for group in _by([row for row in rows if len(row.said) == 1]):
        for one, other in pairwise(group):
            if not one.held[0] and other.t_ns - one.t_ns < 1_500_000_000:
                same.append(one.said == other.said)
    return f"{np.mean(same):.2f}" if same else "-"


def _alike(rows: list[Row]) -> str:
    """Return the median product of two appearance vectors of one person and of two."""
    rows = [row for row in rows if row.look.size]
    if len(rows) < 3:
        return "no appearance"
    one, other = np.random.default_rng(0).integers(0, len(rows), (2, 40_000))
    look = np.array([row.look for row in rows])
    person, camera = (np.array([getattr(row, key) for row in rows]) for key in ("person", "camera"))
    product = (look[one] * look[other]).sum(axis=1)
    same, here, both = person[one] == person[other], camera[one] == camera[other], one != other
    sorts = (same & here & both, same & ~here, ~same)
    return " ".join(f"{np.median(product[sort]):.2f}" if sort.any() else "-" for sort in sorts)


def main(argv: list[str] | None = None) -> int:
    """Print one column a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path, nargs="+")
    cases = parser.parse_args(argv).cases
    for case in cases:
        if not (case / "truth_tracks.parquet").is_file():
            print(f"{case}: expected a case with its truth, received no truth_tracks.parquet", file=sys.stderr)
            return 2
    columns = [figures(compare(case)) for case in cases]
    table = Table("figure", *(case.name for case in cases))
    for key in columns[0]:
        table.add_row(key, *(column[key] for column in columns))
    Console(width=60 + 24 * len(cases)).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
