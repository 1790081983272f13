"""What a sensor has sent and not yet heard to be durable; pure.

Theory of operation. Messages are in flight, in the order of their numbers, until the engine acknowledges them: at most
`size` of them and about `bytes_max` bytes. Those that must go out, once or again, wait in a queue. After a lost
connection, or when no news came for long, all in flight are due again: the engine takes each once, however often it
comes.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One message of one boot of a sender."""

    boot: int
    number: int
    topic: str
    payload: bytes
    offset: int = 0  # its place in the backlog, which keeps it until it is acknowledged

    @property
    def key(self) -> tuple[int, int]:
        """Return what names it."""
        return self.boot, self.number


class Window:
    """Messages in flight."""

    def __init__(self, size: int = 512, bytes_max: int = 8 << 20) -> None:
        assert size > 0
        self.size, self.bytes_max = size, bytes_max
        self._flying: OrderedDict[tuple[int, int], Item] = OrderedDict()
        self._due: deque[tuple[int, int]] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._flying)

    def has_room(self) -> bool:
        """Return whether another message may fly; one always may."""
        return not self._flying or (len(self._flying) < self.size and self._bytes < self.bytes_max)

    def put(self, item: Item) -> None:
        """Let a message fly; it is due. Messages come in the order in which they were numbered."""
        assert self.has_room() and item.key not in self._flying
        self._flying[item.key] = item
        self._due.append(item.key)
        self._bytes += len(item.payload)

    def next_due(self) -> Item | None:
        """Take the next message that must go out."""
        while self._due:
            item = self._flying.get(self._due.popleft())
            if item is not None:
                return item
        return None

    def first(self, boot: int) -> int:
        """Return the oldest number of a boot that is in flight; one must be."""
        return next(key[1] for key in self._flying if key[0] == boot)

    def oldest(self) -> Item | None:
        """Return the oldest message in flight."""
        return next(iter(self._flying.values()), None)

    def acknowledge(self, boot: int, upto: int, missing: tuple[int, ...] = ()) -> int:
        """Forget what is durable, let the missing be due again, and return how many were forgotten."""
        gone = []
        for key in self._flying:
            if key[0] == boot:
                if key[1] > upto:
                    break
                gone.append(key)
        self._forget(gone)
        waiting = set(self._due)
        self._due.extend(key for n in missing if (key := (boot, n)) in self._flying and key not in waiting)
        return len(gone)

    def shed(self, before: int) -> int:
        """Forget what lies in the backlog before an offset, for it is given up; return how many messages that was."""
        gone = [key for key, item in self._flying.items() if item.offset < before]
        self._forget(gone)
        return len(gone)

    def lose(self) -> None:
        """Let everything in flight be due again."""
        self._due = deque(self._flying)

    def _forget(self, keys: list[tuple[int, int]]) -> None:
        for key in keys:
            self._bytes -= len(self._flying.pop(key).payload)
