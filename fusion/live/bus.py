"""ZeroMQ over TCP: the engine's two sockets."""

import re
import time
from collections import Counter

import zmq

from fusion.live.admission import PARTS, PAYLOAD_BYTES_MAX, Refusal, admit
from fusion.messages import Frame

RECEIVE_HWM = 10_000  # messages held per sensor; beyond it TCP, and then the sensor, waits
TOPICS_MAX = 4096  # different topics of one run; a recording has room for 65,535
OUTPUT_HWM = 10_000  # outputs held per subscriber; a slower one loses the rest (PUB drops)
OUTPUT_LINGER_MS = 1000  # how long closing waits for subscribers to take what is queued

_ADDRESS = re.compile(r"tcp://(?P<host>[A-Za-z0-9.*_-]+):(?P<port>\*|[0-9]{1,5})")


class BusError(Exception):
    """An address that cannot be used, or nobody at the other end; one line names it and says why."""


def check_address(address: str, *, bind: bool) -> str:
    """Return the address if a socket could bind or connect to it; raise BusError if not."""
    match = _ADDRESS.fullmatch(address)
    port = match["port"] if match else ""
    wild = match is not None and (port == "*" or match["host"] == "*")
    if match is None or (port != "*" and not 1 <= int(port) <= 65535) or (wild and not bind):
        expected = "tcp://HOST:PORT" + (" with * for any free port" if bind else "")
        raise BusError(f"address {address!r}: expected {expected}, port 1 to 65535")
    return address


class Inbox:
    """The ROUTER that sensors send to; counts what it refuses and never raises for what a peer sent."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: str) -> None:
        self.refused: Counter[Refusal] = Counter()
        self._topics: set[str] = set()
        self._socket = context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.RCVHWM, RECEIVE_HWM)
        self._socket.setsockopt(zmq.MAXMSGSIZE, PAYLOAD_BYTES_MAX)
        self.endpoint = _bind(self._socket, address)

    def wait(self, timeout_ms: int) -> bool:
        """Return whether a message is waiting, after at most timeout_ms."""
        return bool(self._socket.poll(timeout_ms))

    def take(self, count_max: int) -> list[Frame]:
        """Return the frames that are waiting and wait for no more; at most count_max messages are read."""
        frames = []
        for _ in range(count_max):
            try:
                parts = self._receive()
            except zmq.Again:
                break
            frame = self._admit(parts)
            if isinstance(frame, Frame):
                frames.append(frame)
            else:
                self.refused[frame] += 1
        return frames

    def close(self) -> None:
        """Close the socket; nothing of ours is waiting to be sent."""
        self._socket.close(linger=0)

    def _receive(self) -> list[bytes]:
        # Parts beyond the first too many are let go one by one, so a message of a million parts stays small.
        parts = [self._socket.recv(zmq.NOBLOCK)]
        while self._socket.rcvmore:
            part = self._socket.recv()
            if len(parts) <= PARTS:
                parts.append(part)
        return parts

    def _admit(self, parts: list[bytes]) -> Frame | Refusal:
        frame = admit(parts, time.time_ns())
        if isinstance(frame, Frame) and frame.topic not in self._topics:
            if len(self._topics) >= TOPICS_MAX:
                return Refusal.TOPICS
            self._topics.add(frame.topic)
        return frame


class Outbox:
    """The PUB that outputs leave by; a subscriber that is slow or late misses some."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: str) -> None:
        self._socket = context.socket(zmq.PUB)
        self._socket.setsockopt(zmq.SNDHWM, OUTPUT_HWM)
        self.endpoint = _bind(self._socket, address)

    def publish(self, topic: str, text: str) -> None:
        """Send one output to whoever has subscribed to its topic."""
        self._socket.send_multipart([topic.encode(), text.encode()])

    def close(self) -> None:
        """Close the socket after giving subscribers a moment to take what is queued."""
        self._socket.close(linger=OUTPUT_LINGER_MS)


def _bind(socket: zmq.Socket[bytes], address: str) -> str:
    try:
        socket.bind(check_address(address, bind=True))
    except BusError:
        socket.close(linger=0)
        raise
    except zmq.ZMQError as error:
        socket.close(linger=0)
        raise BusError(f"address {address!r}: cannot listen: {error}") from None
    endpoint: bytes = socket.getsockopt(zmq.LAST_ENDPOINT)  # type: ignore[assignment]
    return endpoint.rstrip(b"\0").decode()
