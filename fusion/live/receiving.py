"""What has come of each sender, so that every message goes into the journal once; pure.

Theory of operation. Messages of one boot of one sender carry numbers. `upto` says that all up to it have come or never
will; `beyond` are the later ones that came before their turn, which go into the journal at once: order is made by the
intake, not here. Taking a message is two steps, `judge` before it is in the journal and `take` after, so that what is
written of this state into the journal never runs ahead of the journal.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgpack  # type: ignore[import-untyped]

from fusion.journal.record import Origin
from fusion.live.header import MISSING_MAX

AHEAD_MAX: Final = 4096  # numbers further ahead of `upto` are not taken yet
BOOTS_MAX: Final = 16  # of one sender that are remembered; an older one's messages would count as new
SOURCES_MAX: Final = 4096


class Verdict(StrEnum):
    """What to do with a message."""

    NEW = "new"
    AGAIN = "came before"
    AHEAD = "too far ahead"
    STRANGER = "too many senders"


@dataclass(slots=True)
class Line:
    """What has come of one boot."""

    upto: int = -1
    beyond: set[int] = field(default_factory=set)

    def give_up(self, first: int) -> int:
        """Wait no longer for numbers before `first`; return how many never came."""
        if first <= self.upto + 1:
            return 0
        lost = first - self.upto - 1 - sum(number < first for number in self.beyond)
        self.upto = first - 1
        self.beyond = {number for number in self.beyond if number >= first}
        self._close_up()
        return lost

    def add(self, number: int) -> None:
        """Note that a number has come."""
        if number == self.upto + 1:
            self.upto = number
            if self.beyond:
                self._close_up()
        elif number > self.upto:
            self.beyond.add(number)

    def missing(self) -> tuple[int, ...]:
        """Return the oldest numbers that others have overtaken."""
        if not self.beyond:
            return ()
        found = []
        for number in range(self.upto + 1, max(self.beyond)):
            if number not in self.beyond:
                found.append(number)
                if len(found) == MISSING_MAX:
                    break
        return tuple(found)

    def _close_up(self) -> None:
        while self.upto + 1 in self.beyond:
            self.upto += 1
            self.beyond.remove(self.upto)


class Received:
    """What has come of everybody."""

    def __init__(self) -> None:
        self.lost: Counter[str] = Counter()  # numbers that senders gave up, by source
        self._lines: dict[str, dict[int, Line]] = {}

    def judge(self, origin: Origin) -> Verdict:
        """Say what to do with a message; nothing changes."""
        boots = self._lines.get(origin.source)
        if boots is None and len(self._lines) >= SOURCES_MAX:
            return Verdict.STRANGER
        line = boots.get(origin.boot) if boots else None
        upto = origin.first - 1 if line is None else max(line.upto, origin.first - 1)
        if origin.number <= upto or (line is not None and origin.number in line.beyond):
            return Verdict.AGAIN
        return Verdict.NEW if origin.number <= upto + AHEAD_MAX else Verdict.AHEAD

    def take(self, origin: Origin) -> None:
        """Note that a message is in the journal."""
        self.hear(origin.source, origin.boot, origin.first).add(origin.number)

    def hear(self, source: str, boot: int, first: int) -> Line:
        """Note what a sender still has, and return what has come of it."""
        boots = self._lines.setdefault(source, {})
        line = boots.get(boot)
        if line is None:
            line = boots[boot] = Line(first - 1)
            while len(boots) > BOOTS_MAX:
                del boots[next(iter(boots))]
        elif first > line.upto + 1:
            self.lost[source] += line.give_up(first)
        return line

    def to_bytes(self) -> bytes:
        """Return all of it, for a note in the journal."""
        lines = {
            source: [[boot, line.upto, sorted(line.beyond)] for boot, line in boots.items()]
            for source, boots in self._lines.items()
        }
        packed: bytes = msgpack.packb([lines, dict(self.lost)])
        return packed

    @classmethod
    def from_bytes(cls, packed: bytes) -> "Received":
        """Return what a note in the journal says."""
        received = cls()
        lines, lost = msgpack.unpackb(packed, strict_map_key=False)
        received.lost.update(lost)
        for source, boots in lines.items():
            received._lines[source] = {boot: Line(upto, set(beyond)) for boot, upto, beyond in boots}
        return received
