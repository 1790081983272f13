"""Writing segments: each a minute of store time, each beginning with everything said so far; old ones go when told."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from fusion.config import SECOND_NS
from fusion.web.scene_file import MAGIC, Kind, Record, base_of, name_of, open_segment, pack, read_records, segments_of
from fusion.web.scene_log import SceneLog
from fusion.web.situation import Message, Situation, heard, state_message
from fusion.web.times import ms_of

SEGMENT_NS: Final = 60 * SECOND_NS

Keep = tuple[int | None, int | None]  # how long, ns of store time, and how many bytes; None: for ever, any


class SceneWriter:
    """The end of a log; instants never go back."""

    def __init__(self, folder: Path, since_ns: int = 0, keep: Keep = (None, None)) -> None:
        """Begin a log anew, or go on with what there is of it up to since_ns; `keep` is how much of it stays."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._keep = folder, keep
        self._situation = cut_back(folder, since_ns)
        self._t_ns, self._base_ns = since_ns, -1
        self._file: BinaryIO | None = None

    def scene(self, t_ns: int, message: Message) -> None:
        """Write what there is to draw; a segment begins with one."""
        if t_ns >= self._base_ns + SEGMENT_NS:
            self._begin(t_ns)
        self._write(Kind.SCENE, t_ns, message)

    def said(self, t_ns: int, message: Message) -> None:
        """Write something that is said."""
        self._situation = heard(self._situation, message)
        self._write(Kind.SAID, t_ns, message)

    def rates(self, t_ns: int, message: Message) -> None:
        """Write how fast it goes."""
        self._write(Kind.RATES, t_ns, message)

    def flush(self) -> None:
        """Let readers see what was written."""
        if self._file is not None:
            self._file.flush()

    def end(self) -> None:
        """Say that the run is over, and close."""
        self._append(Record(Kind.END, self._t_ns, b""))
        assert self._file is not None
        self._file.close()

    def _write(self, kind: Kind, t_ns: int, message: Message) -> None:
        self._append(Record(kind, t_ns, msgspec.json.encode(message)))

    def _append(self, record: Record) -> None:
        assert record.t_ns >= self._t_ns, "instants never go back"
        self._t_ns = record.t_ns
        if self._file is None:
            self._begin(record.t_ns)
        assert self._file is not None
        self._file.write(pack(record))

    def _begin(self, t_ns: int) -> None:
        """Begin the next segment, and let go of old ones."""
        if self._file is not None:
            self._file.close()
        self._base_ns = t_ns
        state: dict[str, Any] = state_message(self._situation, ms_of(t_ns))
        self._file = (self._folder / name_of(t_ns)).open("wb")
        self._file.write(MAGIC + pack(Record(Kind.STATE, t_ns, msgspec.json.encode(state))))
        for old in to_remove([(base_of(one), one.stat().st_size) for one in segments_of(self._folder)], self._keep):
            (self._folder / name_of(old)).unlink()


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
