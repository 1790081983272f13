"""Appending to a journal: groups made durable, segments sealed, a torn end put aside."""

import os
from collections.abc import Callable, Iterable
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from fusion.journal.record import Record, pack
from fusion.journal.segment import HEAD_BYTES, Damage, Segment, base_of, head, name_of, segments_of
from fusion.messages import Frame

SEGMENT_BYTES: Final = 64 << 20
SEGMENT_NS: Final = 600 * 1_000_000_000  # by arrival; how coarse "older than" is


def no_notes() -> Iterable[Record]:
    """Begin segments with nothing."""
    return ()


class Journal:
    """A journal open for appending, by one process at a time (whoever opens it holds a lock of its own).

    `notes` gives the records that a new segment begins with: what has to be known without reading what came before.
    Raises JournalError where the folder holds something else.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        segment_ns: int = SEGMENT_NS,
        notes: Callable[[], Iterable[Record]] = no_notes,
    ) -> None:
        self.folder = folder
        self.dropped: Damage | None = None  # the torn end that was put aside when opening
        self._segment_bytes, self._segment_ns, self._notes = segment_bytes, segment_ns, notes
        folder.mkdir(parents=True, exist_ok=True)
        segments = segments_of(folder)
        if segments:
            self._file, self.end, self._size = self._recover(segments[-1])
        else:
            self._file, self.end, self._size = self._begin(0), 0, HEAD_BYTES
        self._base = base_of(segments[-1]) if segments else 0
        self._synced, self._synced_end = self._size, self.end  # what of the segment is durable
        self._group: list[bytes] = []  # appended and not yet written
        self._begun_ns: int | None = None  # arrival of the first record that we added to the segment

    def append(self, record: Record | Frame) -> int:
        """Add one record and return its offset; on the disk only after the next sync."""
        record = record if isinstance(record, Record) else Record(record)
        packed = pack(record)
        if self._is_full(len(packed), record.frame.arrival_ns):
            self._roll(self.end)
        self._begun_ns = record.frame.arrival_ns if self._begun_ns is None else self._begun_ns
        return self._add(packed)

    def sync(self) -> None:
        """Return once everything appended so far would survive a power loss.

        OSError (a full disk): nothing appended since the last sync is kept, `end` says so, and appending may go on.
        """
        if self.end == self._synced_end:
            return
        try:
            self.flush()
            os.fdatasync(self._file.fileno())
        except OSError:
            self._group.clear()
            self._file.truncate(self._synced)
            self._file.seek(self._synced)
            self._size, self.end = self._synced, self._synced_end
            raise
        self._synced, self._synced_end = self._size, self.end

    def flush(self) -> None:
        """Hand everything appended so far to the system: it survives a kill of this process, not a power loss."""
        left = memoryview(b"".join(self._group))
        while left:
            left = left[self._file.write(left) :]
        self._group.clear()

    def roll(self) -> None:
        """Seal the segment and begin the next, so that retention may touch what was written up to now.

        Not where it would be empty. OSError: the segment stays open.
        """
        if self.end > self._base:
            self._roll(self.end)
            self.sync()

    def skip_to(self, offset: int) -> None:
        """Use no offset before this one: who has read what was there once must not take other records for it."""
        if offset > self.end:
            self._roll(offset)
            self.sync()

    def close(self) -> None:
        """Sync and close; closing twice is harmless."""
        if not self._file.closed:
            try:
                self.sync()
            finally:
                self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _add(self, packed: bytes) -> int:
        self._group.append(packed)
        self._size += len(packed)
        self.end += 1
        return self.end - 1

    def _is_full(self, more: int, arrival_ns: int) -> bool:
        if self._begun_ns is None:
            return False
        return self._size + more > self._segment_bytes or arrival_ns - self._begun_ns > self._segment_ns

    def _roll(self, base: int) -> None:
        """Seal the segment and begin the next."""
        self.sync()
        sealed = self._file
        self._file = self._begin(base)  # OSError: the old one stays in use
        sealed.close()
        self._base = self.end = self._synced_end = base
        self._size = self._synced = HEAD_BYTES
        self._begun_ns = None
        for note in self._notes():
            self._add(pack(note))

    def _begin(self, base: int) -> FileIO:
        file = (self.folder / name_of(base)).open("xb", buffering=0)
        file.write(head(base))
        os.fdatasync(file.fileno())
        sync_folder(self.folder)  # the name must survive too
        return file

    def _recover(self, path: Path) -> tuple[FileIO, int, int]:
        """Open the last segment behind its last whole record; what is torn goes to a file of its own."""
        segment = Segment(path)
        for _ in segment:
            pass
        end = segment.base + segment.records
        file = path.open("r+b", buffering=0)
        if segment.damage:
            self.dropped = Damage(path, segment.bytes_whole, segment.damage, end, None)
            file.seek(segment.bytes_whole)
            put_aside(path, file.readall())
            file.truncate(segment.bytes_whole)
            if segment.bytes_whole < HEAD_BYTES:
                file.seek(0)
                file.write(head(segment.base))
        os.fsync(file.fileno())  # what a killed writer wrote and did not make durable counts from now on
        return file, end, file.seek(0, os.SEEK_END)


def put_aside(path: Path, torn: bytes) -> Path:
    """Keep the torn end of a segment beside it."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.torn-{number}")).exists():
        number += 1
    aside.write_bytes(torn)
    return aside


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
