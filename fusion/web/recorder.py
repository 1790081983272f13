"""Writing the scene log beside a run: told of every step, it writes what a page needs and changes nothing.

A run that goes on from a snapshot says again what it had said since: the log is first cut back to that instant.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from fusion.config import SECOND_NS
from fusion.live.baskets import Baskets
from fusion.session import Session
from fusion.settlement import Outputs
from fusion.web.said import said_by
from fusion.web.scene import scene_of
from fusion.web.scene_file import MAGIC, Kind, Record, base_of, name_of, open_segment, pack, read_records, segments_of
from fusion.web.scene_log import SceneLog
from fusion.web.situation import Situation, heard, state_message
from fusion.web.times import ms_of

FOLDER: Final = "scenes"
SCENE_NS: Final = 100_000_000
SEGMENT_NS: Final = 60 * SECOND_NS
RATES_NS: Final = SECOND_NS

Keep = tuple[int | None, int | None]  # how long, ns of store time, and how many bytes; None: for ever, any
Behind = Callable[[], tuple[int, float]]  # how many records, and ms, the engine is behind


def not_behind() -> tuple[int, float]:
    """Say that the engine is as far as its tape."""
    return 0, 0.0


def to_remove(segments: Sequence[tuple[int, int]], keep: Keep) -> list[int]:
    """Return which of (base_ns, bytes) in order must go, oldest first; the newest stays whatever it is."""
    age_ns, size = keep
    bases = [base for base, _ in segments]
    ends = [*bases[1:], *bases[-1:]]
    behind, gone = sum(size_ for _, size_ in segments), []
    for (base, bytes_), end in zip(segments[:-1], ends, strict=False):
        if not ((age_ns is not None and end < bases[-1] - age_ns) or (size is not None and behind > size)):
            break
        gone.append(base)
        behind -= bytes_
    return gone


class Recorder:
    """The scene log of one run; call it after each step."""

    def __init__(
        self,
        out: Path,
        *,
        since_ns: int = 0,
        baskets: Baskets | None = None,
        behind: Behind = not_behind,
        keep: Keep = (None, None),
    ) -> None:
        """Begin a log anew, or go on with what there is of it up to since_ns; `keep` is how much of it stays."""
        self._folder, self._behind, self._keep = out / FOLDER, behind, keep
        self._baskets: Baskets = dict(baskets or {})
        self._folder.mkdir(parents=True, exist_ok=True)
        self._situation = cut_back(self._folder, since_ns)
        self._t_ns, self._base_ns, self._rates_ns = since_ns, -1, 0
        self._file: Any = None
        self._read, self._store_ns, self._wall_s = 0, 0, time.perf_counter()

    def __call__(self, session: Session, outputs: Outputs) -> None:
        """Write what a step brings: a scene where one is due, then what was said."""
        now_ns, state = session.state.now_ns, session.state
        t_ns = now_ns // SCENE_NS * SCENE_NS
        if t_ns > self._t_ns:
            self._begin(t_ns)
            self._write(Kind.SCENE, t_ns, scene_of(state, session.store, session.config, t_ns))
            if t_ns >= self._rates_ns + RATES_NS:
                self._write(Kind.RATES, t_ns, self._rates(session, t_ns))
        self._baskets, said = said_by(outputs, self._baskets, state.trips.live, session.store, now_ns)
        if said and self._file is None:
            self._begin(now_ns)
        for one in said:
            self._situation = heard(self._situation, one)
            self._write(Kind.SAID, now_ns, one)
        if t_ns > self._t_ns or said:
            self._file.flush()
        self._t_ns = max(now_ns, self._t_ns)

    def end(self) -> None:
        """Say that the run is over, and close."""
        if self._file is None:
            self._begin(self._t_ns)
        self._file.write(pack(Record(Kind.END, self._t_ns, b"")))
        self._file.close()

    def _begin(self, t_ns: int) -> None:
        """Begin the next segment where the one before is long enough."""
        if self._file is not None:
            if t_ns < self._base_ns + SEGMENT_NS:
                return
            self._file.close()
        self._base_ns = t_ns
        self._file = (self._folder / name_of(t_ns)).open("wb")
        self._file.write(MAGIC)
        self._write(Kind.STATE, t_ns, state_message(self._situation, ms_of(t_ns)))
        for old in to_remove([(base_of(one), one.stat().st_size) for one in segments_of(self._folder)], self._keep):
            (self._folder / name_of(old)).unlink()

    def _write(self, kind: Kind, t_ns: int, message: dict[str, Any]) -> None:
        self._file.write(pack(Record(kind, t_ns, msgspec.json.encode(message))))

    def _rates(self, session: Session, t_ns: int) -> dict[str, Any]:
        """Return how fast messages and time have gone by since the last rates, and what was dropped in all."""
        now_s, read = time.perf_counter(), session.counts["read"]
        wall_s = max(now_s - self._wall_s, 1e-6)
        store_s = (t_ns - self._store_ns) / SECOND_NS if self._store_ns else 0.0
        seen = session.sequencer.counts
        lost = session.reasons + Counter({reason: seen[reason] for reason in ("duplicate", "late", "future")})
        records, behind_ms = self._behind()
        rates = {
            "kind": "rates",
            "t": ms_of(t_ns),
            "messages_s": round((read - self._read) / wall_s, 1),
            "lag_records": records,
            "lag_ms": round(behind_ms),
            "store_s_per_s": round(store_s / wall_s, 2),
            "people": len(session.state.floor.tracks),
            "queue": len(session.state.clocks.waiting),
            "dropped": {reason: count for reason, count in sorted(lost.items()) if count},
        }
        self._read, self._store_ns, self._wall_s, self._rates_ns = read, t_ns, now_s, t_ns
        return rates


def cut_back(folder: Path, until_ns: int) -> Situation:
    """Remove from a log what is of later than an instant, and return the situation then."""
    for path in segments_of(folder):
        if base_of(path) > until_ns:
            path.unlink()
    left = segments_of(folder)
    if not left:
        return Situation()
    instant, cursor = SceneLog(folder).at(until_ns)
    cursor.close()
    file = open_segment(left[-1])
    if file is None:  # not even its head was written
        left[-1].unlink()
        return instant.situation
    with file:
        whole = file.tell()
        for record in read_records(file):
            if record.t_ns > until_ns or record.kind is Kind.END:
                break
            whole = file.tell()
    with left[-1].open("r+b") as cut:
        cut.truncate(whole)
    return instant.situation
