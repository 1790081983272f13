"""A sensor's end of the wire, and sending a recording down it as live sensors would."""

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

import zmq
from zmq.utils.monitor import recv_monitor_message

from fusion.live.bus import BusError, check_address
from fusion.messages import Frame

SEND_HWM = 1000  # messages queued at the sensor; beyond it sending waits, nothing is dropped
PATIENCE_S = 10.0  # how long nobody may be listening before we give up
HANDOVER_S_MAX = 120.0  # how long closing waits for a busy engine to take what is queued
WAIT_MS = 200  # between two looks at the connection while sending waits
NEWS_MS = 250  # before finishing, to hear that the engine has gone

_UP = zmq.EVENT_HANDSHAKE_SUCCEEDED
_DOWN = zmq.EVENT_DISCONNECTED


class Sender:
    """A DEALER connected to the engine: sending waits while the engine is busy, and gives up once it is gone.

    Close with `finish`, which waits until everything has been handed over; leaving the `with` block in any
    other way drops what is still queued.
    """

    def __init__(self, address: str) -> None:
        check_address(address, bind=False)
        self.address = address
        self._connected = False
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.SNDHWM, SEND_HWM)
        self._monitor = self._socket.get_monitor_socket(_UP | _DOWN)
        try:
            self._socket.connect(address)
        except zmq.ZMQError as error:
            self._close(linger_ms=0)
            raise BusError(f"address {address!r}: cannot connect: {error}") from None

    def connect(self) -> None:
        """Return once the engine has answered; raise BusError after PATIENCE_S."""
        self._wait_until(lambda: self._connected)

    def send(self, topic: str, payload: bytes) -> None:
        """Queue one message, waiting while the queue is full."""
        self._wait_until(lambda: bool(self._socket.poll(WAIT_MS, zmq.POLLOUT)))
        self._socket.send_multipart([topic.encode(), payload])

    def finish(self) -> None:
        """Return once everything queued has been handed over; raise BusError if that takes too long."""
        self._monitor.poll(NEWS_MS)  # that an engine has just gone takes a moment to be known
        self._watch()
        self._wait_until(lambda: self._connected)
        start_s = time.monotonic()
        self._close(linger_ms=int(HANDOVER_S_MAX * 1000))
        if time.monotonic() - start_s >= HANDOVER_S_MAX:
            expected = f"expected the engine to take what is queued in {HANDOVER_S_MAX:.0f} s"
            raise BusError(f"{self.address}: {expected}, something was left")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close(linger_ms=0)

    def _wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait for as long as somebody is listening, and PATIENCE_S when nobody is."""
        alone_since_s = time.monotonic()
        while not ready():
            self._watch()
            if self._connected:
                alone_since_s = time.monotonic()
            elif time.monotonic() - alone_since_s > PATIENCE_S:
                raise BusError(f"{self.address}: expected an engine, nobody listens for {PATIENCE_S:.0f} s")

    def _watch(self) -> None:
        """Learn whether we are connected, waiting a moment for it if we were not."""
        wait_ms = 0 if self._connected else WAIT_MS
        while self._monitor.poll(wait_ms):
            self._connected = recv_monitor_message(self._monitor)["event"] == _UP
            wait_ms = 0

    def _close(self, *, linger_ms: int) -> None:
        if self._socket.closed:
            return
        self._socket.disable_monitor()
        self._monitor.close(linger=0)
        self._socket.close(linger=linger_ms)
        self._context.term()


def publish(frames: Iterable[Frame], sender: Sender, rate: float | None, sent: Callable[[Frame], None]) -> int:
    """Send frames in their order, paced by arrival time x rate, or as fast as taken where rate is None.

    Calls `sent` after each; returns how many. A clock that steps back in the recording causes no waiting.
    """
    sender.connect()
    count = 0
    start_s = time.monotonic()
    first_ns: int | None = None
    for frame in frames:
        first_ns = frame.arrival_ns if first_ns is None else first_ns
        if rate is not None:
            due_s = start_s + (frame.arrival_ns - first_ns) / 1e9 / rate
            time.sleep(max(0.0, due_s - time.monotonic()))
        sender.send(frame.topic, frame.payload)
        sent(frame)
        count += 1
    sender.finish()
    return count
