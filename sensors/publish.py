"""A sensor's end of the wire: everything it sends is in the engine's journal once, or is said to be lost."""

import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import zmq
from zmq.utils.monitor import recv_monitor_message

from fusion.live.admission import PAYLOAD_BYTES_MAX
from fusion.live.bus import BusError, check_address
from fusion.live.disk import Taken
from fusion.live.header import Ack, encode, read_answer
from fusion.live.keys import Badge, show_again, wear
from fusion.messages import Frame
from sensors.backlog import Memory, Spool
from sensors.outgoing import Outgoing

PATIENCE_S = 10.0  # how long nobody may be listening before we give up
HANDOVER_S_MAX = 120.0  # how long finishing waits for a busy engine without any news from it
GONE_MS = 30_000  # a peer that acknowledges nothing to TCP for so long has gone; we connect anew
WAIT_MS = 200  # between two looks at the connection while waiting
AGAIN_S = 1.0  # without news for so long, everything in flight is sent again
REFUSED_S = 1.0  # between being refused and showing our key again: it may have been allowed since

_UP = zmq.EVENT_HANDSHAKE_SUCCEEDED
_DOWN = zmq.EVENT_DISCONNECTED
_DENIED = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL


class Sender:
    """A DEALER connected to the engine: it keeps what it sends until the engine has it on its disk.

    Where nobody listens it waits for `patience_s` (PATIENCE_S) and raises BusError.
    `spool` is a folder that outlives this process; without one a kill loses what is in memory. A sender that `sheds`
    gives up its oldest messages when too much waits, the others wait. Close with `finish`, which waits until
    everything is durable; leaving the `with` block in any other way drops what is only in memory.
    """

    def __init__(
        self,
        address: str,
        source: str = "sensor",
        *,
        spool: Path | None = None,
        sheds: bool = False,
        badge: Badge | None = None,
        patience_s: float | None = None,
    ) -> None:
        check_address(address, bind=False)
        self.address, self.source = address, source
        try:
            self.outgoing = Outgoing(source, secrets.randbits(62), Memory() if spool is None else Spool(spool))
        except Taken as error:
            raise BusError(str(error)) from None
        self._sheds, self._patience_s = sheds, PATIENCE_S if patience_s is None else patience_s
        self._connected, self._denied = False, False
        self._show_s = float("inf")  # when to show our key again
        self._news_s = self._again_s = time.monotonic()  # when something was acknowledged; when all was sent again
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.IMMEDIATE, 1)  # what a lost connection had queued is ours to send again
        self._socket.setsockopt(zmq.RECONNECT_IVL_MAX, 2000)
        self._socket.setsockopt(zmq.TCP_MAXRT, GONE_MS)
        if badge is not None:
            wear(self._socket, badge)
        self._monitor = self._socket.get_monitor_socket(_UP | _DOWN | _DENIED)
        try:
            self._socket.connect(address)
        except zmq.ZMQError as error:
            self._close()
            raise BusError(f"address {address!r}: cannot connect: {error}") from None

    def connect(self) -> None:
        """Return once the engine has answered; raise BusError after PATIENCE_S."""
        self._wait_until(lambda: self._connected)

    def send(self, topic: str, payload: bytes) -> None:
        """Keep one message and send it as soon as the engine takes it; wait, or shed, while too much is kept."""
        if len(payload) > PAYLOAD_BYTES_MAX:
            expected = f"expected a payload of at most {PAYLOAD_BYTES_MAX} bytes, received {len(payload)}"
            raise BusError(f"{self.address}: {topic}: {expected}")
        if self.outgoing.is_full():
            if self._sheds:
                self.outgoing.shed()
            else:
                self._wait_until(lambda: not self.outgoing.is_full())
        self.outgoing.put(topic, payload)
        self._turn(0)

    def finish(self) -> None:
        """Return once everything is on the engine's disk; raise BusError if that takes too long."""
        self._wait_until(lambda: not len(self.outgoing), limit_s=HANDOVER_S_MAX)
        self._close()

    def wait(self, seconds: float) -> None:
        """Go on sending and listening for so long."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            self._turn(min(WAIT_MS, int(left_s * 1000) + 1))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _wait_until(self, ready: Callable[[], bool], limit_s: float = float("inf")) -> None:
        """Wait for as long as somebody listens and, where there is a limit, takes something; PATIENCE_S for nobody."""
        alone_since_s = time.monotonic()
        self._turn(0)
        while not ready():
            self._turn(WAIT_MS)
            now_s = time.monotonic()
            if self._connected:
                alone_since_s = now_s
            elif now_s - alone_since_s > self._patience_s:
                why = "it refuses our key, or has another" if self._denied else "nobody listens"
                raise BusError(f"{self.address}: expected an engine, {why} for {self._patience_s:.0f} s")
            if now_s - self._news_s > limit_s:
                expected = f"expected the engine to take what is left in {limit_s:.0f} s"
                raise BusError(f"{self.address}: {expected}, {len(self.outgoing)} messages or more were not taken")

    def _turn(self, wait_ms: int) -> None:
        """Hear what there is to hear, and send what is due and fits."""
        self._watch()
        if time.monotonic() >= self._show_s:
            self._show_s = float("inf")
            show_again(self._socket, self.address)
        self._fly()
        if wait_ms and not self._socket.poll(min(wait_ms, WAIT_MS)):
            self._watch()
        self._hear()
        self._fly()
        if not len(self.outgoing):
            self._news_s = time.monotonic()

    def _watch(self) -> None:
        """Learn whether we are connected."""
        while self._monitor.poll(0):
            event = recv_monitor_message(self._monitor)["event"]
            self._connected = event == _UP
            if event & _DENIED:
                self._denied, self._show_s = True, time.monotonic() + REFUSED_S
            if event == _UP:
                self._again_s = time.monotonic()
                self.outgoing.lose()

    def _hear(self) -> None:
        while self._socket.poll(0):
            answer = read_answer(self._socket.recv_multipart()[0])
            if isinstance(answer, str) or answer.source != self.source:
                continue
            if not isinstance(answer, Ack):
                raise BusError(f"{self.address}: expected to be let in as {self.source}, received: {answer.reason}")
            if self.outgoing.hear(answer):
                self._news_s = time.monotonic()

    def _fly(self) -> None:
        """Send what is due while the socket takes it; all in flight where there was no news for long."""
        if not self._connected:
            return
        now_s = time.monotonic()
        if len(self.outgoing) and now_s - max(self._news_s, self._again_s) > AGAIN_S:
            self._again_s = now_s
            self.outgoing.lose()
        while self._socket.poll(0, zmq.POLLOUT) and (due := self.outgoing.next_due()) is not None:
            self._socket.send_multipart([encode(due[0]), due[1]], copy=False)

    def _close(self) -> None:
        self.outgoing.close()
        if self._socket.closed:
            return
        self._socket.disable_monitor()
        self._monitor.close(linger=0)
        self._socket.close(linger=0)
        self._context.term()


class Sending(Protocol):
    """What `publish` needs of a sender."""

    def connect(self) -> None:
        """Return once messages can be sent."""

    def send(self, topic: str, payload: bytes) -> None:
        """Send one message."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""

    def finish(self) -> None:
        """Return once everything has left."""


def publish(frames: Iterable[Frame], sender: Sending, rate: float | None, sent: Callable[[Frame], None]) -> int:
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
            sender.wait(due_s - time.monotonic())
        sender.send(frame.topic, frame.payload)
        sent(frame)
        count += 1
    sender.finish()
    return count
