"""A folder of segments read back: from when to when it goes, any instant rebuilt, and on from there.

Everything here may be read while it is written; whoever reads sees whole records only.
"""

import os
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import msgspec

from fusion.web.scene_file import Kind, Record, base_of, open_segment, read_records, segments_of
from fusion.web.situation import Situation, heard, situation_of

LOOK_S: Final = 0.2  # between two looks at which segments there are


class Instant(NamedTuple):
    """An instant rebuilt: what had been said, the last scene and rates (b"" where there were none)."""

    t_ns: int  # of its last record
    situation: Situation
    scene: bytes
    rates: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a log goes; both 0 where there is nothing yet."""

    from_ns: int = 0
    to_ns: int = 0
    is_over: bool = False  # the run has ended


class Cursor:
    """A place in a log, to read on from: through its segments, and on when more is written."""

    def __init__(self, log: "SceneLog", path: Path | None = None, file: BinaryIO | None = None) -> None:
        self._log, self._path, self._file = log, path, file
        self._held: Record | None = None

    def read(self, until_ns: int | None = None) -> Iterator[Record]:
        """Yield the records that are there, of instants up to until_ns."""
        if self._file is None and not self._open(self._log.after(self._path)):
            return
        while self._file is not None:
            if self._held is not None:
                if until_ns is not None and self._held.t_ns > until_ns:
                    return
                held, self._held = self._held, None
                yield held
            for record in read_records(self._file):
                if until_ns is not None and record.t_ns > until_ns:
                    self._held = record
                    return
                yield record
            # A record that is not whole ends a segment only where another has begun.
            if not self._open(self._log.after(self._path)):
                return

    def is_gone(self) -> bool:
        """Tell whether the segment we stand in was removed: by its age, or because another run began here."""
        return self._file is not None and os.fstat(self._file.fileno()).st_nlink == 0

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self, path: Path | None) -> bool:
        file = None if path is None else open_segment(path)
        if file is None:
            return False
        self.close()
        self._path, self._file = path, file
        return True


class SceneLog:
    """The log of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._segments: list[Path] = []
        self._looked_s = -LOOK_S
        self._end: Cursor | None = None
        self._span = Span()

    def segments(self) -> list[Path]:
        """Return the segments there are, in order, as of a moment ago."""
        if time.monotonic() - self._looked_s > LOOK_S:
            self._segments, self._looked_s = segments_of(self.folder), time.monotonic()
        return self._segments

    def after(self, path: Path | None) -> Path | None:
        """Return the segment that follows another, by default the first."""
        return next((one for one in self.segments() if path is None or one > path), None)

    def span(self) -> Span:
        """Return from when to when the log goes."""
        if self._end is not None and self._end.is_gone():
            self.close()
            self._looked_s, self._span = -LOOK_S, Span()
        segments = self.segments()
        if not segments:
            return Span()
        to_ns, over = self._span.to_ns, self._span.is_over
        if self._end is None:
            self._end = self._cursor(segments[-1])
        for record in self._end.read() if self._end is not None else ():
            to_ns, over = record.t_ns, record.kind is Kind.END
        self._span = Span(base_of(segments[0]), max(to_ns, base_of(segments[0])), over)
        return self._span

    def at(self, t_ns: int) -> tuple[Instant, Cursor]:
        """Rebuild an instant, or the first where it lies before that; the cursor stands behind it."""
        segments = self.segments()
        place = max(0, bisect_right([base_of(one) for one in segments], t_ns) - 1)
        if not segments or (cursor := self._cursor(segments[place])) is None:
            return Instant(0, Situation(), b"", b""), Cursor(self)
        last_ns, situation, scene, rates = base_of(segments[place]), Situation(), b"", b""
        for record in cursor.read(max(t_ns, last_ns)):
            last_ns = record.t_ns
            match record.kind:
                case Kind.STATE:
                    situation = situation_of(msgspec.json.decode(record.text))
                case Kind.SAID:
                    situation = heard(situation, msgspec.json.decode(record.text))
                case Kind.SCENE:
                    scene = record.text
                case Kind.RATES:
                    rates = record.text
        return Instant(last_ns, situation, scene, rates), cursor

    def scene_before(self, t_ns: int) -> int | None:
        """Return when the last scene before t_ns was, None where there is none."""
        segments = self.segments()
        place = bisect_right([base_of(one) for one in segments], t_ns - 1) - 1
        while place >= 0:
            with closing(self._cursor_of(segments[place])) as cursor:
                times = [record.t_ns for record in cursor.read(t_ns - 1) if record.kind is Kind.SCENE]
            if times:
                return times[-1]
            place -= 1
        return None

    def scenes(self, from_ns: int, to_ns: int) -> list[bytes]:
        """Return the scenes of a while, in order."""
        segments = self.segments()
        place = max(0, bisect_right([base_of(one) for one in segments], from_ns) - 1)
        if not segments:
            return []
        with closing(self._cursor_of(segments[place])) as cursor:
            found = (record for record in cursor.read(to_ns) if record.kind is Kind.SCENE)
            return [record.text for record in found if record.t_ns >= from_ns]

    def close(self) -> None:
        """Let go of the end of the log."""
        if self._end is not None:
            self._end.close()
            self._end = None

    def _cursor(self, path: Path) -> Cursor | None:
        file = open_segment(path)
        return None if file is None else Cursor(self, path, file)

    def _cursor_of(self, path: Path) -> Cursor:
        return self._cursor(path) or Cursor(self, path)
