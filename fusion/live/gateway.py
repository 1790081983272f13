"""The gateway's turn: a group of messages into the journal, made durable, and only then acknowledged.

Theory of operation. Everything the network sends passes here, in a process that holds nothing but the journal: what is
acknowledged is on the disk, so the gateway may die at any instant. It takes messages in groups, asks of each whether it
may come in (`admission`) and whether it came before (`receiving`), appends what is new, syncs once, and answers every
sender with all that is durable of its boot.

When the engine is further behind than `lag_max` records, or the disk is nearly full, the gateway stops reading.
Nothing is dropped here: connections fill up, senders keep what they have, plates and gates wait, cameras give up
their oldest frames, and the numbers that never come are counted as lost. It reads on once the engine has caught up by
half.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fusion.journal import Journal, Origin, Record, read_journal
from fusion.journal.record import Kind
from fusion.journal.segment import base_of, segments_of
from fusion.journal.writer import no_notes
from fusion.live.admission import Refusal, admit
from fusion.live.bus import Arrival, Inbox
from fusion.live.disk import free_bytes
from fusion.live.header import Ack, Refused, encode, read_data
from fusion.live.keys import Allowed
from fusion.live.rates import Bucket
from fusion.live.receiving import Received, Verdict
from fusion.messages import Frame

GROUP_MAX: Final = 2048  # messages made durable together
TOPICS_MAX: Final = 4096  # different topics of one run; a recording has room for 65,535
RATE_MAX: Final = 5000.0  # messages a second of one sensor, and a burst of two seconds
LAG_MAX: Final = 50_000  # records that the engine may be behind
FREE_BYTES_MIN: Final = 256 << 20  # of the disk; with less nothing is taken
LOOK_S: Final = 0.5  # between two looks at the disk
NEVER: Final = frozenset({Refusal.TOPIC, Refusal.TOPICS, Refusal.PAYLOAD, Refusal.CARD})  # sent again, it is no better
NOTE: Final = "received"  # topic of the note that each segment begins with


@dataclass(slots=True)
class Limits:
    """When to stop reading."""

    lag_max: int = LAG_MAX
    free_bytes_min: int = FREE_BYTES_MIN
    rate_max: float = RATE_MAX


@dataclass(slots=True)
class Counts:
    """What happened since the gateway started."""

    refused: Counter[Refusal] = field(default_factory=Counter)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    groups: int = 0


class Gateway:
    """Between the network and the journal."""

    def __init__(
        self,
        inbox: Inbox,
        folder: Path,
        limits: Limits | None = None,
        known: int = 0,
        notes: Callable[[], Iterable[Record]] = no_notes,
    ) -> None:
        """Take over a journal; what came before is known again from its last segment.

        The engine knows all records before `known`. Where fewer can still be read, their offsets stay theirs. `notes`
        are what a segment begins with beside what is noted here.
        """
        self.inbox, self.limits = inbox, limits or Limits()
        self.counts = Counts()
        self.allowed: Mapping[str, Allowed] | None = None  # by key; None: no keys
        self.fed = 0  # records that the engine has read
        self.full = ""  # why nothing is taken, "" while it is
        self._lagging = False
        self._topics: set[str] = set()
        self._buckets: dict[str, Bucket] = {}  # by key; without keys by source, of which there are few: see _topics
        self._looked_s = float("-inf")
        self._received = Received()
        self.journal = Journal(folder, notes=lambda: (self._note(), *notes()))
        self._received = remembered(folder)
        self.journal.skip_to(known)
        self.fed = self.journal.end

    @property
    def lost(self) -> Counter[str]:
        """Messages that senders gave up, by source."""
        return self._received.lost

    def is_reading(self) -> bool:
        """Return whether messages are taken now; see the module's text."""
        behind = self.journal.end - self.fed
        self._lagging = behind > (self.limits.lag_max // 2 if self._lagging else self.limits.lag_max)
        now_s = time.monotonic()
        if now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            free = free_bytes(self.journal.folder)
            scarce = free < self.limits.free_bytes_min
            self.full = f"{free >> 20} MiB free, {self.limits.free_bytes_min >> 20} needed" if scarce else ""
        return not self._lagging and not self.full

    def turn(self, count_max: int = GROUP_MAX) -> int:
        """Take what waits, make it durable, acknowledge it; return how many messages were read."""
        arrivals = self.inbox.take(count_max)
        answers: dict[tuple[bytes, str, int], None] = {}  # in order, each once
        try:
            for arrival in arrivals:
                self._take(arrival, answers)
            self.journal.sync()
        except OSError as error:
            self._give_up_group(error)
            return len(arrivals)
        self.counts.groups += bool(arrivals)
        for peer, source, boot in answers:
            line = self._received.hear(source, boot, 0)
            self.inbox.answer(peer, encode(Ack(source, boot, line.upto, line.missing())))
        return len(arrivals)

    def roll(self) -> None:
        """Seal the segment of the journal; on a full disk it stays open."""
        try:
            self.journal.roll()
        except OSError as error:
            self._give_up_group(error)

    def record(self, frame: Frame) -> None:
        """Append what came by another way than the inbox; durable with the next turn."""
        refusal = self._refuse(frame.topic)
        if refusal is None:
            self.journal.append(frame)
        else:
            self.counts.refused[refusal] += 1

    def _give_up_group(self, error: OSError) -> None:
        """Take nothing for now: not one of the group is acknowledged; what did reach the disk is found there."""
        self.full, self._looked_s = f"cannot write: {error.strerror}", time.monotonic()
        self._received = remembered(self.journal.folder)

    def _take(self, arrival: Arrival, answers: dict[tuple[bytes, str, int], None]) -> None:
        record = self._admit(arrival)
        if isinstance(record, Refusal):
            self.counts.refused[record] += 1
            if record is Refusal.SOURCE and arrival.user and self.allowed is not None:
                name = self.allowed[arrival.user].name
                self.inbox.answer(arrival.peer, encode(Refused(name, record.value)))
            if record in NEVER:
                self._discard(arrival, answers)
            return
        if record.origin is None:
            self.journal.append(record)
            return
        verdict = self._received.judge(record.origin)
        self.counts.verdicts[verdict] += 1
        if verdict is Verdict.NEW:
            self.journal.append(record)
            self._received.take(record.origin)
        elif verdict is Verdict.AGAIN:
            self._received.hear(record.origin.source, record.origin.boot, record.origin.first)
        else:
            return
        answers[arrival.peer, record.origin.source, record.origin.boot] = None

    def _discard(self, arrival: Arrival, answers: dict[tuple[bytes, str, int], None]) -> None:
        """Let a numbered message that can never be taken pass for one that was, or its sender would go no further."""
        said = read_data(arrival.parts[0])
        owner = self.allowed.get(arrival.user) if self.allowed is not None else None
        if isinstance(said, str) or (owner is not None and said.source != owner.name):
            return
        origin = Origin(said.source, said.boot, said.number, min(said.first, said.number))
        if self._received.judge(origin) in (Verdict.NEW, Verdict.AGAIN):
            self._received.take(origin)
            answers[arrival.peer, origin.source, origin.boot] = None

    def _admit(self, arrival: Arrival) -> Record | Refusal:
        owner = None
        if self.allowed is not None:
            owner = self.allowed.get(arrival.user)
            if owner is None:  # revoked since it connected
                return Refusal.STRANGER
            if self._is_too_fast(arrival.user):  # asked first: what is refused then costs next to nothing
                return Refusal.RATE
        record = admit(arrival.parts, arrival.arrival_ns, owner)
        if isinstance(record, Refusal):
            return record
        if owner is None:
            return self._refuse(record.frame.topic) or record
        return record if self._is_known(record.frame.topic) else Refusal.TOPICS

    def _refuse(self, topic: str) -> Refusal | None:
        """Return why nothing of a topic is taken now, None where it is; for what came under no key."""
        if not self._is_known(topic):
            return Refusal.TOPICS
        return Refusal.RATE if self._is_too_fast(topic.partition("/")[2]) else None

    def _is_too_fast(self, who: str) -> bool:
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = self._buckets[who] = Bucket(self.limits.rate_max, 2 * self.limits.rate_max)
        return not bucket.take(time.monotonic())

    def _is_known(self, topic: str) -> bool:
        if topic not in self._topics:
            if len(self._topics) >= TOPICS_MAX:
                return False
            self._topics.add(topic)
        return True

    def _note(self) -> Record:
        return Record(Frame(NOTE, self._received.to_bytes(), 0), None, Kind.NOTE)


def remembered(folder: Path) -> Received:
    """Return what has come of everybody, from the note and the records of a journal's last segment."""
    received = Received()
    for _, record in read_journal(folder, base_of(segments_of(folder)[-1])):
        if record.kind is Kind.NOTE and record.frame.topic == NOTE:
            received = Received.from_bytes(record.frame.payload)
        elif record.origin is not None:
            received.take(record.origin)
    return received
