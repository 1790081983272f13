"""Reading a journal from any offset on, also while another process appends to it."""

from collections.abc import Iterator
from pathlib import Path

from fusion.journal.record import Kind, Record, unpack
from fusion.journal.segment import Damage, Segment, base_of, segments_of
from fusion.messages import Frame


class JournalReader:
    """Records with their offsets in order; `damage` names everything that could not be read so far.

    Raises JournalError where the folder is no journal. Damage in the last segment ends the reading; behind damage in
    an older one it goes on with the next segment.
    """

    def __init__(self, folder: Path, start: int = 0) -> None:
        self.folder = folder
        self.next = start  # offset of the record that comes next
        self.damage: list[Damage] = []
        self._segment: Segment | None = None

    def __iter__(self) -> Iterator[tuple[int, Record]]:
        """Yield everything that is there."""
        return self.until(None)

    def frames(self) -> Iterator[Frame]:
        """Yield only what sensors sent, in order."""
        return (record.frame for _, record in self if record.kind is Kind.FRAME)

    def start_at_the_first(self) -> None:
        """Begin with the oldest record there is; what retention has removed before it is not missing."""
        paths = segments_of(self.folder)
        self.next = base_of(paths[0]) if paths else 0

    def until(self, end: int | None) -> Iterator[tuple[int, Record]]:
        """Yield what comes before an offset that is known to be durable; call again when more is."""
        has_more = end is None or self.next < end
        if has_more and self._segment is not None and self._segment.path.exists():
            # Most often it is there, and the folder, which may hold thousands of segments, need not be looked at.
            yield from self._read(self._segment, end)
        while end is None or self.next < end:
            segment, behind = self._find()
            if segment is None:
                return
            yield from self._read(segment, end)
            if end is not None and self.next >= end:
                return
            if behind is None:
                self._miss_the_end(segment, end)
                return
            if self.next < behind:
                expected = f"expected {behind - segment.base} records, received {segment.records}"
                self._miss(segment, segment.damage or expected, behind)

    def _find(self) -> tuple[Segment | None, int | None]:
        """Return the segment that holds the next record, or the first one behind it, and where the one after begins."""
        paths = segments_of(self.folder)
        if not paths:
            return None, None
        row = max((i for i, path in enumerate(paths) if base_of(path) <= self.next), default=0)
        behind = base_of(paths[row + 1]) if row + 1 < len(paths) else None
        if self._segment is None or self._segment.path != paths[row]:
            self._segment = Segment(paths[row])
        if self._segment.base > self.next:
            expected = f"expected a segment with record {self.next}, received one that begins at {self._segment.base}"
            self._miss(self._segment, expected, self._segment.base)
        return self._segment, behind

    def _read(self, segment: Segment, end: int | None) -> Iterator[tuple[int, Record]]:
        # Opened each time: a buffer kept from before could hold a torn end that has been cut off since.
        with segment.path.open("rb") as file:
            file.seek(segment.bytes_whole)
            for body in segment.read(file):
                offset = segment.base + segment.records - 1
                if offset < self.next:
                    continue
                self.next = offset + 1
                yield offset, unpack(body)
                if end is not None and self.next >= end:
                    return

    def _miss_the_end(self, segment: Segment, end: int | None) -> None:
        """Name what is missing at the end of the journal, if anything is."""
        if segment.damage or end is not None:
            text = segment.damage or f"expected records before {end}, received none"
            self._miss(segment, text, end)

    def _miss(self, segment: Segment, text: str, until: int | None) -> None:
        self.damage.append(Damage(segment.path, segment.bytes_whole, text, self.next, until))
        self.next = self.next if until is None else until


def read_journal(folder: Path, start: int = 0) -> JournalReader:
    """Read a journal from an offset on; ask the returned reader for `damage` afterwards."""
    return JournalReader(folder, start)
