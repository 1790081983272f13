"""A plain publisher: a PUB, lossy, and a ring of its latest messages that who missed some can ask for again."""

import time
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
import zmq

from fusion.live.bus import Lock, check_open, open_outputs, open_requests
from fusion.live.keys import Allowed, read_pair
from fusion.live.subscribing import Gone, number_of, read_again
from fusion.live.zap import Doorkeeper

RING_MAX: Final = 4096  # messages of one source that are kept
JOIN_S: Final = 1.0  # before the first message: whoever subscribes tries to connect every tenth of a second
STAY_S: Final = 3.0


class Ring:
    """The latest messages of each source by seq; pure."""

    def __init__(self, size: int = RING_MAX) -> None:
        self._size = size
        self._kept: dict[str, OrderedDict[int, tuple[str, bytes]]] = defaultdict(OrderedDict)

    def put(self, src: str, seq: int, topic: str, payload: bytes) -> None:
        """Keep a message; a restarted source's earlier numbers are forgotten as they come again."""
        kept = self._kept[src]
        kept.pop(seq, None)
        kept[seq] = (topic, payload)
        if len(kept) > self._size:
            kept.popitem(last=False)

    def find(self, src: str, seqs: list[int]) -> tuple[list[tuple[str, bytes]], list[int]]:
        """Return the messages of these numbers, and the numbers that are gone."""
        kept: Mapping[int, tuple[str, bytes]] = self._kept.get(src, {})
        return [kept[seq] for seq in seqs if seq in kept], [seq for seq in seqs if seq not in kept]


class Broadcaster:
    """A PUB at one port and the ring at another."""

    def __init__(self, address: str, ring: str, *, key: Path | None = None, engine: bytes = b"") -> None:
        """Listen at both addresses; with a key, only for the engine whose public key is given. Raises BusError."""
        for place in (address, ring):
            check_open(place, key)
        lock = None if key is None else Lock(*read_pair(key))
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._door = None if lock is None else Doorkeeper(self._context)
        if self._door is not None:
            self._door.allowed = {engine.decode(): Allowed("engine", engine.decode(), reads=True)}
        self._pub, self.endpoint = open_outputs(self._context, address, lock)
        self._asked, self.ring_endpoint = open_requests(self._context, ring, lock)
        self._asked.setsockopt(zmq.SNDHWM, RING_MAX)
        self._ring = Ring()

    @property
    def place(self) -> str:
        """Return what `aisle serve --subscribe` takes."""
        return f"{self.endpoint}+{self.ring_endpoint.rpartition(':')[2]}"

    def send(self, topic: str, payload: bytes) -> None:
        """Publish one message; who is slow or not there yet misses it."""
        number = number_of(topic, payload)
        if number is not None:
            self._ring.put(*number, topic, payload)
        self._pub.send_multipart([topic.encode(), payload])
        self.answer(0)

    def answer(self, wait_ms: int) -> None:
        """Give again what is asked for, waiting at most so long for a question."""
        poller = zmq.Poller()
        for socket in (self._asked, None if self._door is None else self._door.socket):
            if socket is not None:
                poller.register(socket, zmq.POLLIN)
        poller.poll(wait_ms)
        if self._door is not None:
            self._door.answer(time.monotonic())
        while self._asked.poll(0):
            peer, *parts = self._asked.recv_multipart()
            asked = read_again(parts[0]) if len(parts) == 1 else None
            if asked is None:
                continue
            found, gone = self._ring.find(asked.src, asked.seqs)
            for topic, payload in found:
                self._asked.send_multipart([peer, topic.encode(), payload])
            if gone:
                self._asked.send_multipart([peer, msgspec.msgpack.encode(Gone(asked.src, gone))])

    def connect(self) -> None:
        """Give who subscribes a moment to connect; a publisher does not know who listens."""
        self.wait(JOIN_S)

    def wait(self, seconds: float) -> None:
        """Go on answering for so long."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            self.answer(int(left_s * 1000) + 1)

    def finish(self) -> None:
        """Answer for a little longer to who missed something, and close."""
        self.wait(STAY_S)
        self.close()

    def close(self) -> None:
        """Close the sockets after a moment for what is queued."""
        if self._pub.closed:
            return
        self._pub.close(linger=1000)
        self._asked.close(linger=1000)
        if self._door is not None:
            self._door.close()
        self._context.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
