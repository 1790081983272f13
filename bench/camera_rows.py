"""Detections of ceiling cameras beside where everybody truly was, for figures of a recorded case."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from fusion.arrays import Bools, Floats, Ints
from fusion.messages import Boxes, People
from fusion.recording import read_recording
from fusion.store import Store, load_store
from fusion.tracking.camera import meet_plane, undistort
from fusion.wire import decode
from sensors.occlusion import behind_fixtures, behind_people
from sensors.optics import Eye, eye_of, project

HEAD_M: Final = 1.55  # of somebody whose height the truth does not tell
MATCH_M: Final = 0.7  # a detection further from everybody is of nobody
FAR_M: Final = 12.0
BANDS_M: Final = (0.0, 4.0, 6.0, FAR_M)
LATE_NS: Final = 1_000_000_000  # a hand holds goods a moment before its pick is dated

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
    """All that the ceiling cameras of one kind said in one case, beside the truth."""

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
        return any(a == account and s == sku and t < t_ns + LATE_NS for t, a, s in self.picks)


def compare(case: Path, kind: type[Boxes] | type[People]) -> Seen:
    """Read a case and lay each detection by cameras of one kind beside the truth."""
    store, truth = load_store(case / "store"), Truth(case)
    rows: list[Row] = []
    in_view, found, frames = np.zeros(len(BANDS_M) - 1, np.int64), np.zeros(len(BANDS_M) - 1, np.int64), 0
    for message in _frames(case, kind):
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


def _frames(case: Path, kind: type[Boxes] | type[People]) -> Iterator[Boxes | People]:
    """Return the frames of a recording, each once."""
    seen: set[tuple[str, int, int]] = set()
    for frame in read_recording(case / "recording.mcap"):
        message = decode(frame.topic, frame.payload)
        if isinstance(message, kind) and (key := (message.src, message.seq, message.t_ns)) not in seen:
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
