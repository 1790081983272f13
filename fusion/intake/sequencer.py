"""The reorder window: waiting messages, slice by slice, and a watermark. A slice is put in order when it closes."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from fusion.config import IntakeConfig
from fusion.frozen import record
from fusion.intake.pictures import CAMERA_FRAMES, Key, Pictures, pictures_of
from fusion.messages import Boxes, Message, People

Entry = tuple[int, str, int, bytes, int, Message]  # as it is ordered: key, payload, push count
ALONE_STEP = 10  # a source that speaks alone shows no more time passing, by one message, than this share of idle_ns
REORDERED_MAX = 50  # a number further back than this is a new numbering: the sensor restarted


@record()
class Slice:
    """All messages with start_ns <= t < end_ns, in the order (t, src, seq)."""

    start_ns: int
    end_ns: int
    messages: tuple[Message, ...]  # but for the frames of cameras
    pictures: Pictures


def slice_of(start_ns: int, end_ns: int, messages: Sequence[Message]) -> Slice:
    """Return a slice of messages that are in their order."""
    frames: list[People | Boxes] = []
    others: list[Message] = []
    for message in messages:
        if isinstance(message, CAMERA_FRAMES):
            frames.append(message)
        else:
            others.append(message)
    return Slice(start_ns, end_ns, tuple(others), pictures_of(frames))


@dataclass(slots=True)
class Boot:
    """The numbers seen of one source since it started; counted on with each of its messages."""

    first: int
    last: int
    count: int
    begun: bool  # its number 0 was seen

    def missing(self) -> int:
        """Return how many numbers between the first and the last were not seen."""
        return self.last - self.first + 1 - self.count


@dataclass(slots=True)
class Sequencer:
    """Hold messages until their slice is complete; see the package docstring."""

    config: IntakeConfig
    counts: Counter[str] = field(default_factory=Counter)
    closed_ns: int = -1  # slices ending at or before this are out
    boots: dict[str, "Boot"] = field(default_factory=dict)  # per source, the numbering it is in
    idle: frozenset[str] = frozenset()  # sources that nobody waits for
    _last_ns: dict[str, int] = field(default_factory=dict)  # per source, its newest time
    _alone_ns: int = 0  # how long the newest source has spoken while no other did
    _asked_ns: int = -1  # frontier when sources were last asked who is idle
    _waits_ns: int = -1  # the time of the slowest source that is not
    _leapt: dict[str, tuple[Message, bytes]] = field(default_factory=dict)  # not believed yet, one for each source
    _newest: tuple[int, str] = (-1, "")  # newest time and its source
    _second_ns: int = -1  # newest time of all other sources
    _pushed: int = 0
    _waiting: int = 0  # messages in the slices that wait
    _of_slice: dict[int, list[Entry]] = field(default_factory=dict)  # by the number of the slice
    _slices: list[int] = field(default_factory=list)  # a heap of these numbers
    _emitted: dict[Key, None] = field(default_factory=dict)  # in event order, oldest first

    def push(self, message: Message, payload: bytes) -> Iterable[Slice]:
        """Take one message; return the slices that are complete now."""
        if message.src not in self._leapt and message.t_ns <= self._second_ns + self.config.future_ns_max:
            self._put(message, payload)
        else:
            for believed in self._believed(message, payload):
                self._put(*believed)
        watermark_ns = self.watermark_ns()
        if not self._waiting or (self._end_ns() > watermark_ns and self._waiting <= self.config.pending_max):
            return ()
        return self._close(watermark_ns)

    def _close(self, watermark_ns: int) -> Iterator[Slice]:
        yield from self._close_until(watermark_ns)
        while self._waiting > self.config.pending_max:
            self.counts["window overflow"] += 1
            yield from self._close_until(self._end_ns())

    def _believed(self, message: Message, payload: bytes) -> tuple[tuple[Message, bytes], ...]:
        """Return what is to be taken now: a leap far ahead of everybody waits for its source to go on from there.

        A single wrong time must neither drag the frontier nor wait among the others until the window overflows.
        """
        held = self._leapt.pop(message.src, None)
        if held is not None and message.t_ns < held[0].t_ns - self.config.future_ns_max:
            self.counts["future"] += 1
            held = None
        known_ns = max(self.frontier_ns(), self._last_ns.get(message.src, -1))
        if held is not None:
            return held, (message, payload)
        if 0 <= known_ns < message.t_ns - self.config.future_ns_max:
            self._leapt[message.src] = message, payload
            return ()
        return ((message, payload),)

    def _put(self, message: Message, payload: bytes) -> None:
        t_ns, src = message.t_ns, message.src
        last_ns = self._last_ns.get(src, -1)
        if t_ns > last_ns:
            self._last_ns[src] = t_ns
        elif t_ns < last_ns - self.config.future_ns_max:
            self._set_back(t_ns, src)
        if t_ns < self.closed_ns:
            self.counts["duplicate" if (t_ns, src, message.seq) in self._emitted else "late"] += 1
            return
        # Equal keys with different payloads: the smaller payload wins, whichever came first. The push count only
        # keeps sorting from comparing two messages that are the same to the byte.
        self._pushed += 1
        self._waiting += 1
        number = t_ns // self.config.slice_ns
        entries = self._of_slice.get(number)
        if entries is None:
            entries = self._of_slice[number] = []
            heapq.heappush(self._slices, number)
        entries.append((t_ns, src, message.seq, payload, self._pushed, message))
        self._advance(t_ns, src)

    def flush(self) -> Iterator[Slice]:
        """End of tape: close everything except what lies in an impossible future."""
        if self._leapt.keys() == self._last_ns.keys() and len(self._leapt) == 1:  # there is nobody to compare it with
            for held in self._leapt.values():
                self._put(*held)
        else:
            self.counts["future"] += len(self._leapt)
        self._leapt.clear()
        yield from self._close_until(self.frontier_ns() + self.config.future_ns_max)
        self.counts["future"] += self._waiting
        self._waiting = 0
        self._of_slice.clear()
        self._slices.clear()
        self._emitted.clear()

    def waiting(self) -> int:
        """Return how many messages wait for the watermark."""
        return self._waiting + len(self._leapt)

    def frontier_ns(self) -> int:
        """Return the second newest source's time, or that of the only one that still speaks."""
        alone = self._second_ns < 0 or self._alone_ns >= self.config.idle_ns
        return self._newest[0] if alone else self._second_ns

    def watermark_ns(self) -> int:
        """Return up to where slices are complete: the reorder window behind the frontier, but no source that speaks.

        A gate speaks when somebody passes: what it may still say of the past is as old as the window at most, so that
        its silence holds nobody up; a stream that lags by more is waited for until it counts as idle.
        Who is idle is asked once a slice, by event time: in the tape's order, so that a replay decides alike.
        """
        frontier = self.frontier_ns()
        if not self._asked_ns <= frontier < self._asked_ns + self.config.slice_ns or self._waits_ns < 0:
            self._asked_ns = frontier
            self._ask(frontier)
        return min(frontier - self.config.reorder_window_ns, self._waits_ns)

    def _ask(self, frontier: int) -> None:
        idle = frozenset(src for src, t_ns in self._last_ns.items() if t_ns < frontier - self.config.idle_ns)
        self.counts["idle"] += len(idle - self.idle)
        self.counts["back"] += len(self.idle - idle)
        self.idle = idle
        self._waits_ns = min((t_ns for src, t_ns in self._last_ns.items() if src not in idle), default=frontier)

    def _advance(self, t_ns: int, src: str) -> None:
        newest_ns, newest_src = self._newest
        if src == newest_src:
            # One jump is a broken clock; time that passes is many messages.
            self._alone_ns += min(max(0, t_ns - newest_ns), self.config.idle_ns // ALONE_STEP)
        else:
            self._alone_ns = 0
        if src == newest_src:
            self._newest = (max(newest_ns, t_ns), src)
        elif t_ns > newest_ns:
            self._newest, self._second_ns = (t_ns, src), newest_ns
        else:
            self._second_ns = max(self._second_ns, t_ns)

    def _set_back(self, t_ns: int, src: str) -> None:
        """A clock was set right: what it said before is no time that has passed."""
        self._last_ns[src] = t_ns
        first, *rest = sorted(((t, name) for name, t in self._last_ns.items()), reverse=True)
        self._newest, self._second_ns = first, rest[0][0] if rest else -1
        self._alone_ns = 0

    def _end_ns(self) -> int:
        """Return where the first slice that waits ends."""
        return (self._slices[0] + 1) * self.config.slice_ns

    def _close_until(self, watermark_ns: int) -> Iterator[Slice]:
        width = self.config.slice_ns
        while self._slices and self._end_ns() <= watermark_ns:
            start = heapq.heappop(self._slices) * width
            entries = self._of_slice.pop(start // width)
            self._waiting -= len(entries)
            messages = list(self._in_order(entries))
            self.closed_ns = start + width
            self._forget(start - self.config.remembered_ns)
            yield slice_of(start, start + width, messages)

    def _in_order(self, entries: list[Entry]) -> Iterator[Message]:
        """Yield the messages of a slice in their order, each once."""
        entries.sort()
        for t_ns, src, seq, _, _, message in entries:
            key = (t_ns, src, seq)
            if key in self._emitted:
                self.counts["duplicate"] += 1
                continue
            self._emitted[key] = None
            self._count_gap(src, seq)
            yield message

    def missing(self) -> int:
        """Return how many messages never came, by the numbers their neighbours carry."""
        return self.counts["missing"] + sum(boot.missing() for boot in self.boots.values())

    def _count_gap(self, src: str, seq: int) -> None:
        """Note a number; one source's messages are nearly, not quite, in the order of their numbers."""
        boot = self.boots.get(src)
        if boot is not None and seq == boot.last + 1:
            boot.last, boot.count = seq, boot.count + 1
            return
        if boot is not None and seq >= boot.last - REORDERED_MAX and not (seq == 0 and boot.begun):
            boot.first, boot.last, boot.count = min(boot.first, seq), max(boot.last, seq), boot.count + 1
            boot.begun = boot.begun or seq == 0
            return
        if boot is not None:
            self.counts["restart"] += 1
            self.counts["missing"] += boot.missing()
        self.boots[src] = Boot(seq, seq, 1, seq == 0)

    def _forget(self, before_ns: int) -> None:
        # In one pass: a dict walks over the places of all that has been deleted before it finds its first key.
        for key in list(takewhile(lambda key: key[0] < before_ns, self._emitted)):
            del self._emitted[key]
