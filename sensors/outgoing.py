"""A sender without its socket: what is kept, what flies, what goes out next, what is given up."""

from fusion.live.header import Ack, Data
from sensors.backlog import Backlog
from sensors.window import Item, Window


class Outgoing:
    """Backlog and window of one source together."""

    def __init__(self, source: str, boot: int, backlog: Backlog, window: Window | None = None) -> None:
        self.source, self.boot = source, boot
        self.given_up = 0  # messages that were shed
        self._backlog, self._window = backlog, window or Window()
        self._number = 0
        self._kept, self._popped = 0, 0  # offsets in the backlog: the oldest that is kept, the next to fly
        self._fill()
        self._kept = self._oldest_kept()  # of what an earlier boot left

    def __len__(self) -> int:
        """Return how many messages are in flight; none means that nothing waits either."""
        return len(self._window)

    def is_full(self) -> bool:
        """Return whether a message more must wait, or others be shed for it."""
        return self._backlog.is_full()

    def put(self, topic: str, payload: bytes) -> None:
        """Number one message and keep it until it is acknowledged."""
        self._backlog.push(self.boot, self._number, topic, payload)
        self._number += 1
        self._fill()

    def next_due(self) -> tuple[Data, bytes] | None:
        """Take the next message that must go out, as header and payload."""
        item = self._window.next_due()
        if item is None:
            return None
        return Data(self.source, item.boot, item.number, self._window.first(item.boot), item.topic), item.payload

    def hear(self, ack: Ack) -> bool:
        """Forget what is durable; return whether anything was news."""
        if not self._window.acknowledge(ack.boot, ack.upto, ack.missing):
            return False
        self._fill()
        self._kept = max(self._kept, self._oldest_kept())
        self._backlog.free(self._kept)
        return True

    def shed(self) -> None:
        """Give up some of the oldest messages."""
        before = self._backlog.shed()
        self._window.shed(before)
        self.given_up += max(0, before - self._kept)
        self._kept = max(self._kept, before)
        self._popped = max(self._popped, before)
        self._fill()

    def lose(self) -> None:
        """Let everything in flight go out again."""
        self._window.lose()

    def close(self) -> None:
        """Let go of what is open; what is on a disk stays."""
        self._backlog.close()

    def _fill(self) -> None:
        while self._window.has_room() and (item := self._backlog.pop()) is not None:
            self._window.put(item)
            self._popped = item.offset + 1

    def _oldest_kept(self) -> int:
        oldest: Item | None = self._window.oldest()
        return self._popped if oldest is None else oldest.offset
