"""What a sensor has to say and has not been told is durable: in memory, or on a disk that outlives the sensor.

Messages wait in a backlog until the window has room, and stay in it until they are acknowledged. When it is full, a
camera gives up its oldest frames; a plate or a gate waits instead.
"""

from collections import deque
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Final, Protocol

from fusion.journal import Journal, Origin, Record, read_journal
from fusion.journal.segment import base_of, segments_of
from fusion.live.disk import only_one
from fusion.messages import Frame
from sensors.window import Item

MEMORY_BYTES: Final = 16 << 20
SPOOL_BYTES: Final = 256 << 20
SEGMENT_BYTES: Final = 1 << 20
NEVER_NS: Final = 2**80
READ_AHEAD: Final = 64


class Backlog(Protocol):
    """A queue of messages by offset."""

    def is_full(self) -> bool:
        """Return whether nothing more should come in."""

    def push(self, boot: int, number: int, topic: str, payload: bytes) -> None:
        """Add one message."""

    def pop(self) -> Item | None:
        """Take the next message that has not flown yet; it stays in the backlog until it is freed."""

    def free(self, before: int) -> None:
        """Forget everything before an offset."""

    def shed(self) -> int:
        """Give up some of the oldest; return the offset before which nothing is left."""

    def close(self) -> None:
        """Let go of what is open; what is on a disk stays."""


class Memory:
    """A backlog that dies with the sensor."""

    def __init__(self, bytes_max: int = MEMORY_BYTES) -> None:
        self._bytes_max = bytes_max
        self._items: deque[Item] = deque()  # all that is here, oldest first
        self._waiting: deque[Item] = deque()  # those that have not flown
        self._bytes = 0
        self._end = 0

    def is_full(self) -> bool:
        """Return whether the messages here have reached their limit."""
        return self._bytes >= self._bytes_max

    def push(self, boot: int, number: int, topic: str, payload: bytes) -> None:
        """Add one message."""
        item = Item(boot, number, topic, payload, self._end)
        self._end += 1
        self._items.append(item)
        self._waiting.append(item)
        self._bytes += len(payload)

    def pop(self) -> Item | None:
        """Take the next message that has not flown."""
        return self._waiting.popleft() if self._waiting else None

    def free(self, before: int) -> None:
        """Forget everything before an offset."""
        while self._items and self._items[0].offset < before:
            self._bytes -= len(self._items.popleft().payload)
        while self._waiting and self._waiting[0].offset < before:
            self._waiting.popleft()

    def shed(self) -> int:
        """Give up the oldest message."""
        before = self._items[0].offset + 1 if self._items else self._end
        self.free(before)
        return before

    def close(self) -> None:
        """Do nothing: there is nothing open."""


class Spool:
    """A backlog on disk: a journal of small segments, each deleted once all in it is acknowledged.

    A killed sensor finds it again and sends what is left, under the boot that it was numbered in; what was
    acknowledged meanwhile is sent again too, and taken for what it is.
    """

    def __init__(self, folder: Path, bytes_max: int = SPOOL_BYTES) -> None:
        """Open a folder that nobody else works on; raises Taken where somebody does."""
        self.folder, self._bytes_max = folder, bytes_max
        folder.mkdir(parents=True, exist_ok=True)
        self._alone = ExitStack()
        self._alone.enter_context(only_one(folder, "sensor"))
        self._journal = Journal(folder, segment_bytes=SEGMENT_BYTES, segment_ns=NEVER_NS)
        self._reader = read_journal(folder)
        self._reader.start_at_the_first()
        self._ahead: deque[Item] = deque()  # read, not yet flown
        self._bytes = sum(path.stat().st_size for path in segments_of(folder))

    def is_full(self) -> bool:
        """Return whether the segments on disk have reached their limit."""
        return self._bytes >= self._bytes_max

    def push(self, boot: int, number: int, topic: str, payload: bytes) -> None:
        """Add one message; it outlives a kill of this process."""
        self._journal.append(Record(Frame(topic, payload, 0), Origin("spool", boot, number, 0)))
        self._journal.flush()
        self._bytes += len(payload)

    def pop(self) -> Item | None:
        """Read the next message that has not flown."""
        if not self._ahead:
            end = min(self._reader.next + READ_AHEAD, self._journal.end)
            self._ahead.extend(_item(offset, record) for offset, record in self._reader.until(end))
        return self._ahead.popleft() if self._ahead else None

    def free(self, before: int) -> None:
        """Delete the segments that lie before an offset as a whole."""
        paths = segments_of(self.folder)
        for path, later in pairwise(paths):
            if base_of(later) > before:
                return
            path.unlink()
            self._bytes = sum(path.stat().st_size for path in segments_of(self.folder))

    def shed(self) -> int:
        """Give up the oldest segment."""
        paths = segments_of(self.folder)
        before = base_of(paths[1]) if len(paths) > 1 else self._journal.end
        self.free(before)
        self._ahead = deque(item for item in self._ahead if item.offset >= before)
        self._reader.next = max(self._reader.next, before)
        return before

    def close(self) -> None:
        """Close the file; what is in it stays."""
        self._journal.close()
        self._alone.close()


def _item(offset: int, record: Record) -> Item:
    assert record.origin is not None, "a spool holds numbered messages"
    return Item(record.origin.boot, record.origin.number, record.frame.topic, record.frame.payload, offset)
