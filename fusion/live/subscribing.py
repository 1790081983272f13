"""Plain publishers that the engine subscribes to: lossy, mended from the publisher's ring as far as it reaches."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
import zmq
from msgspec import Meta, Struct

from fusion.live.admission import PART_BYTES_MAX, PARTS, Refusal, admit
from fusion.live.bus import RECEIVE_HWM, BusError, check_address, is_loopback
from fusion.live.gaps import ASK_MAX, Gaps
from fusion.live.keys import ENGINE, Allowed, Badge, read_allowed, read_badge, wear
from fusion.messages import Frame

HWM: Final = 100 * RECEIVE_HWM  # messages held of one publisher; beyond it they are lost, and asked for again


class Again(Struct, tag="again", array_like=True, frozen=True, forbid_unknown_fields=True):
    """Asks a publisher's ring for messages of one source."""

    src: Annotated[str, Meta(max_length=64)]
    seqs: Annotated[list[Annotated[int, Meta(ge=0, lt=2**62)]], Meta(max_length=ASK_MAX)]


class Gone(Struct, tag="gone", array_like=True, frozen=True, forbid_unknown_fields=True):
    """What the ring no longer has of it."""

    src: Annotated[str, Meta(max_length=64)]
    seqs: Annotated[list[Annotated[int, Meta(ge=0, lt=2**62)]], Meta(max_length=ASK_MAX)]


class Numbered(Struct):
    """What of a payload numbers it; all else is passed by."""

    src: str
    seq: Annotated[int, Meta(ge=0)]


_numbered = msgspec.msgpack.Decoder(Numbered)
_gone = msgspec.msgpack.Decoder(Gone)
_again = msgspec.msgpack.Decoder(Again)


def number_of(topic: str, payload: bytes) -> tuple[str, int] | None:
    """Return source and seq of a payload, None for one that has none, or names another source than its topic."""
    try:
        found = _numbered.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return (found.src, found.seq) if found.src == topic.partition("/")[2] else None


def read_again(part: bytes) -> Again | None:
    """Return what is asked of a ring, None for what is no question."""
    try:
        return _again.decode(part)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


class Subscription:
    """One PUB that we subscribe to, and the ring beside it, where it has one."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", place: str, keys: Path | None = None) -> None:
        """Subscribe to a place: tcp://HOST:PORT, +RINGPORT where there is a ring, =NAME for the publisher's key.

        A publisher that is not on this machine must have a key, KEYS/NAME.key, and may say what that key may.
        """
        self.place, self._keys = place, keys
        self.gaps = Gaps()
        where, _, self._name = place.partition("=")
        address, _, ring = where.partition("+")
        badge = self._badge(address)
        self.owner = self.owner_of(read_allowed(keys)) if keys and self._name else None
        self.socket = _connected(context, zmq.SUB, address, badge)
        self.socket.setsockopt(zmq.SUBSCRIBE, b"")
        self.ring = _connected(context, zmq.DEALER, f"{address.rpartition(':')[0]}:{ring}", badge) if ring else None

    def take(self, count_max: int, arrival_ns: int) -> Iterator[Frame | Refusal]:
        """Yield what has come, from the publisher and from its ring, each number once."""
        for socket in filter(None, (self.socket, self.ring)):
            for _ in range(count_max):
                try:
                    parts = socket.recv_multipart(zmq.NOBLOCK)
                except zmq.Again:
                    break
                if socket is self.ring and len(parts) == 1:
                    self._hear_gone(parts[0])
                    continue
                found = self._admit(parts, arrival_ns, self.gaps.hear if socket is self.socket else self.gaps.mend)
                if found is not None:
                    yield found

    def ask(self, now_s: float) -> None:
        """Ask the ring for what is missing; without one, it is lost."""
        for src, seqs in self.gaps.to_ask(now_s).items():
            if self.ring is None:
                self.gaps.gone(src, seqs)
            elif self.ring.poll(0, zmq.POLLOUT):
                self.ring.send(msgspec.msgpack.encode(Again(src, seqs)))

    def close(self) -> None:
        """Close both sockets."""
        for socket in filter(None, (self.socket, self.ring)):
            socket.close(linger=0)

    def owner_of(self, allowed: Mapping[str, Allowed]) -> Allowed:
        """Return what the publisher's key may do now: nothing where it is not on the list."""
        return next((one for one in allowed.values() if one.name == self._name), Allowed(self._name, ""))

    def _badge(self, address: str) -> Badge | None:
        if not self._name:
            if not is_loopback(address):
                expected = "expected =NAME of the key of a publisher on another machine, and --keys"
                raise BusError(f"address {self.place!r}: {expected}")
            return None
        if self._keys is None:
            raise BusError(f"address {self.place!r}: expected --keys, to know {self._name} by")
        return read_badge(self._keys / f"{ENGINE}.key_secret", self._keys / f"{self._name}.key")

    def _admit(
        self, parts: list[bytes], arrival_ns: int, is_news: Callable[[str, int], bool]
    ) -> Frame | Refusal | None:
        record = admit(parts[: PARTS + 1], arrival_ns, self.owner)
        if isinstance(record, Refusal):
            return record
        number = number_of(record.frame.topic, record.frame.payload)
        return record.frame if number is None or is_news(*number) else None

    def _hear_gone(self, part: bytes) -> None:
        try:
            said = _gone.decode(part)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        self.gaps.gone(said.src, said.seqs)


def _connected(
    context: "zmq.Context[zmq.Socket[bytes]]", kind: int, address: str, badge: Badge | None
) -> "zmq.Socket[bytes]":
    check_address(address, bind=False)
    socket = context.socket(kind)
    if badge is not None:
        wear(socket, badge)
    socket.setsockopt(zmq.RCVHWM, HWM)
    socket.setsockopt(zmq.MAXMSGSIZE, PART_BYTES_MAX)
    try:
        socket.connect(address)
    except zmq.ZMQError as error:
        socket.close(linger=0)
        raise BusError(f"address {address!r}: cannot connect: {error}") from None
    return socket
