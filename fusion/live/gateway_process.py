"""The gateway as a process of its own: all sockets are here, and memory is limited, whatever the network does.

What it is told and tells, over its standard input and output, is in `gateway_words.py`. It lives no longer than whoever
holds the other end of them.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]
import msgspec
import zmq

from fusion.journal import Record, read_journal
from fusion.journal.record import Kind
from fusion.journal.segment import JournalError, base_of, segments_of
from fusion.live.bus import BusError, Inbox, check_open, read_lock
from fusion.live.disk import Taken, only_one
from fusion.live.gateway import GROUP_MAX, Gateway
from fusion.live.gateway_words import Orders, Settings, say
from fusion.live.keys import BadKey, read_allowed
from fusion.live.logs import SERVICE, log_as
from fusion.live.publishing import Publisher
from fusion.live.subscribing import Subscription, number_of
from fusion.live.zap import Doorkeeper
from fusion.messages import Frame

POLL_MS: Final = 50
STATE_S: Final = 1.0
QUIET_S: Final = 0.3  # silence that ends the drain
DRAIN_S_MAX: Final = 10.0  # of reading after the request to stop; sensors that never pause are cut off here
LOCK_S: Final = 15.0
HEARD: Final = "heard"  # topic of the note about plain publishers that each segment begins with


class Process:
    """The sockets of the gateway and the two pipes."""

    def __init__(self, settings: Settings) -> None:
        keys = Path(settings.keys) if settings.keys else None
        for address in filter(None, (settings.listen, settings.publish, settings.requests)):
            check_open(address, keys)
        self.settings, self.keys = settings, keys
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._stamp: tuple[int, int] | None = None
        self._door = Doorkeeper(self.context) if keys else None
        self._lock = read_lock(keys)
        self._address = settings.listen
        self._subscriptions = [Subscription(self.context, place, keys) for place in settings.subscribe]
        journal = Path(settings.journal)
        self._remember(journal)
        self.gateway = Gateway(self._listen(), journal, settings.limits(), settings.known, self._notes)
        if self.gateway.journal.dropped is not None:
            SERVICE.warning("put aside: %s", self.gateway.journal.dropped)
        self.gateway.allowed = None if keys is None else {}
        self.outputs = Publisher(self.context, settings.publish, settings.requests, self._lock)
        self._read_keys()
        self._told_end, self._told_state, self._state_s = -1, "", time.monotonic()
        self._orders = Orders()
        self._draining = self._deaf = self._ended = False

    def run(self) -> None:
        """Serve until told to stop, then until silence."""
        say("open", {"listen": self._address, "publish": self.outputs.publishing, "requests": self.outputs.requesting})
        while not self._ended:
            self._turn(POLL_MS)
            if self._draining:
                self._drain()
        self.gateway.journal.close()
        self._close()

    def _drain(self) -> None:
        """Read what has been sent already, until silence; then take nothing more."""
        quiet_s = begun_s = time.monotonic()
        while not self._ended and time.monotonic() - quiet_s < QUIET_S and time.monotonic() - begun_s < DRAIN_S_MAX:
            if self._turn(POLL_MS):
                quiet_s = time.monotonic()
        self._draining, self._deaf = False, True
        self.gateway.inbox.watch()
        self.gateway.inbox.close()
        say("state", self._state())
        # Nobody is heard while nothing is taken: that is no silence.
        say("drained", time.monotonic() - quiet_s >= QUIET_S and self.gateway.is_reading())

    def _turn(self, wait_ms: int) -> int:
        """Do what there is to do; return how many messages came."""
        reading = self.gateway.is_reading() and not self._deaf
        ready = self._poll(wait_ms, reading)
        now_s = time.monotonic()
        if self._door is not None:
            self._door.answer(now_s)
        if self._orders.file in ready:
            for words in self._orders.read():
                self._command(words)
            self._ended = self._ended or self._orders.ended
        self.outputs.answer()
        count = self._subscribed(now_s) if reading else 0
        if reading and (count or self.gateway.inbox.socket in ready):
            count += self.gateway.turn(GROUP_MAX)
        self._tell()
        if now_s - self._state_s >= STATE_S:
            self._state_s = now_s
            self._each_second()
        return count

    def _poll(self, wait_ms: int, reading: bool) -> set[Any]:
        poller = zmq.Poller()
        if not self._ended:
            poller.register(self._orders.file, zmq.POLLIN)
        sockets = [self._door.socket if self._door else None, self.outputs.requests]
        if reading:
            sockets += [self.gateway.inbox.socket]
            sockets += [socket for one in self._subscriptions for socket in (one.socket, one.ring)]
        for socket in filter(None, sockets):
            poller.register(socket, zmq.POLLIN)
        return {which for which, _ in poller.poll(wait_ms)}

    def _command(self, words: Sequence[Any]) -> None:
        match words:
            case ["fed", int(fed)]:
                self.gateway.fed = fed
            case ["out", topic, key, text]:
                self.outputs.publish(topic, key, text)
            case ["keep", topic, key, text]:
                self.outputs.values.keep(topic, key, text)
            case ["drop", topic, key]:
                self.outputs.values.drop(topic, key)
            case ["roll"]:
                self.gateway.roll()
            case ["drain"]:
                self._draining = True
            case ["stop"]:
                self._ended = True

    def _subscribed(self, now_s: float) -> int:
        count = 0
        for one in self._subscriptions:
            for found in one.take(GROUP_MAX, time.time_ns()):
                count += 1
                if isinstance(found, Frame):
                    self.gateway.record(found)
                else:
                    self.gateway.counts.refused[found] += 1
            one.ask(now_s)
        return count

    def _each_second(self) -> None:
        self._read_keys()
        if not self._deaf:
            self.gateway.inbox.watch()
        self.outputs.tell_counts(self.settings.store_id)
        state = json.dumps(self._state(), sort_keys=True)
        if state != self._told_state:
            self._told_state = state
            say("state", self._state())

    def _read_keys(self) -> None:
        """Read who is allowed when the list has changed; who is no longer is cut, with all connections."""
        if self.keys is None or self._door is None:
            return
        path = self.keys / "allowed.json"
        stamp = (path.stat().st_mtime_ns, path.stat().st_ino) if path.exists() else (0, 0)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            allowed = read_allowed(self.keys)
        except BadKey as error:
            SERVICE.warning("%s; who was allowed before it still is, and nobody else", error)
            return
        before = self.gateway.allowed
        for one in self._subscriptions:
            one.owner = one.owner_of(allowed) if one.owner is not None else None
        self.gateway.allowed = self._door.allowed = allowed
        changed = [one.name for key, one in (before or {}).items() if allowed.get(key) != one]
        if changed and not self._deaf:
            SERVICE.warning("no longer allowed what they were: %s; all connections are made anew", ", ".join(changed))
            self._cut()

    def _cut(self) -> None:
        """Close every connection: ZeroMQ cannot close one. Those still allowed are back at once, and send again."""
        before = self.gateway.inbox
        before.watch()
        before.close()
        self.gateway.inbox = self._listen()
        self.gateway.inbox.connections = before.connections
        self.outputs.open_anew(self._lock)

    def _listen(self) -> Inbox:
        inbox = Inbox(self.context, self._address, self._lock)
        self._address = inbox.endpoint
        return inbox

    def _notes(self) -> Iterator[Record]:
        """Yield what each segment says of plain publishers: which numbers came last, and which are wanted."""
        if self._subscriptions:
            heard = {one.place: one.gaps.state() for one in self._subscriptions}
            yield Record(Frame(HEARD, msgpack.packb(heard), 0), None, Kind.NOTE)

    def _remember(self, folder: Path) -> None:
        """Know again which numbers of plain publishers came, before the journal is written to."""
        if not self._subscriptions or not folder.is_dir() or not segments_of(folder):
            return
        for _, record in read_journal(folder, base_of(segments_of(folder)[-1])):
            topic, payload = record.frame.topic, record.frame.payload
            if record.kind is Kind.NOTE and topic == HEARD:
                heard = msgpack.unpackb(payload)
                for one in self._subscriptions:
                    one.gaps.go_on(heard.get(one.place, {}))
            number = None if record.origin or record.kind is Kind.NOTE else number_of(topic, payload)
            if number is not None:
                knowing = [one for one in self._subscriptions if one.gaps.knows(number[0])]
                for one in knowing or self._subscriptions:
                    one.gaps.hear(*number)

    def _state(self) -> dict[str, Any]:
        gateway = self.gateway
        lossy = {
            one.place: {"repaired": one.gaps.repaired.total(), "lost": dict(sorted((+one.gaps.lost).items()))}
            for one in self._subscriptions
        }
        return {
            "full": gateway.full,
            "refused": {reason.value: n for reason, n in sorted(gateway.counts.refused.items())},
            "numbered": {verdict.value: n for verdict, n in sorted(gateway.counts.verdicts.items())},
            "lost": dict(sorted((+gateway.lost).items())),
            "lossy": lossy,
            "connections": dict(sorted(gateway.inbox.connections.items())),
            "handshakes": {door.value: n for door, n in sorted(self._door.said.items())} if self._door else {},
        }

    def _tell(self) -> None:
        end = self.gateway.journal.end
        if end != self._told_end:
            self._told_end = end
            say("end", end)

    def _close(self) -> None:
        if not self._deaf:
            self.gateway.inbox.close()
        for one in self._subscriptions:
            one.close()
        self.outputs.close()
        if self._door is not None:
            self._door.close()
        self.context.term()


def main() -> int:
    """Run the gateway until its supervisor wants no more of it."""
    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    log_as(settings.log)
    resource.setrlimit(resource.RLIMIT_AS, (settings.memory_bytes, settings.memory_bytes))
    journal = Path(settings.journal)
    try:
        lock = journal.with_name("gateway.lock")
        lock.touch()
        with only_one(lock, "gateway", LOCK_S):  # one whose supervisor was killed may still be on its way out
            Process(settings).run()
    except (BusError, BadKey, JournalError, Taken, OSError) as error:
        say("failed", str(error))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
