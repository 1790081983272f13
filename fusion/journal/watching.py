"""A journal read to its end, showing on a terminal how far."""

from collections.abc import Iterator

from fusion.journal.reader import JournalReader
from fusion.journal.record import HEAD, PREFIX, Record
from fusion.journal.segment import segments_of
from fusion.progress import BYTES, watched


def watched_journal(reader: JournalReader, doing: str) -> Iterator[tuple[int, Record]]:
    """Hand records on with their offsets; how far is their share of the bytes that the segments hold."""
    total = sum(path.stat().st_size for path in segments_of(reader.folder))
    read = 0

    def counted() -> Iterator[tuple[int, Record]]:
        nonlocal read
        for offset, record in reader:
            read += PREFIX.size + HEAD.size + len(record.frame.topic) + len(record.frame.payload)
            yield offset, record

    return watched(counted(), f"{doing} {reader.folder}", total, BYTES, lambda: read)
