"""A network that keeps no promise, between sensors and engine: it loses, doubles, shuffles, stalls and hangs up."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import zmq


@dataclass(frozen=True, slots=True)
class Faults:
    """How bad it is; probabilities are of each message, in each direction."""

    lose: float = 0.0
    double: float = 0.0
    shuffle: float = 0.0  # held back until some others have passed
    stall_s: float = 0.0  # nothing passes for so long, and
    stall_every_s: float = 4.0  # so often
    hang_up_every_s: float = 0.0  # all connections cut, 0: never


@dataclass(slots=True)
class Counts:
    """What was done."""

    passed: int = 0
    lost: int = 0
    doubled: int = 0
    shuffled: int = 0
    stalls: int = 0
    hang_ups: int = 0


@dataclass(slots=True)
class Proxy:
    """Sensors connect to `address`; `faults` may be changed while it runs."""

    target: str
    faults: Faults
    rng: random.Random
    address: str = ""
    counts: Counts = field(default_factory=Counts)
    _held: list[tuple["zmq.Socket[bytes]", list[bytes]]] = field(default_factory=list)

    def run(self, context: "zmq.Context[zmq.Socket[bytes]]", ready: threading.Event, ending: threading.Event) -> None:
        """Pass messages on until the end; one connection to the engine for each sensor."""
        front, backs = self._listen(context), {}
        ready.set()
        stall_s = hang_up_s = time.monotonic()
        while not ending.is_set():
            now_s = time.monotonic()
            if self.faults.stall_s and now_s - stall_s > self.faults.stall_every_s:
                self.counts.stalls += 1
                ending.wait(self.faults.stall_s)
                stall_s = time.monotonic()
            if self.faults.hang_up_every_s and now_s - hang_up_s > self.faults.hang_up_every_s:
                self.counts.hang_ups += 1
                for socket in (front, *backs.values()):
                    socket.close(linger=0)
                self._held.clear()
                front, backs, hang_up_s = self._listen(context), {}, now_s
            self._turn(context, front, backs)
        for socket in (front, *backs.values()):
            socket.close(linger=0)

    def _listen(self, context: "zmq.Context[zmq.Socket[bytes]]") -> "zmq.Socket[bytes]":
        front = context.socket(zmq.ROUTER)
        while True:
            try:
                front.bind(self.address or "tcp://127.0.0.1:*")
                break
            except zmq.ZMQError:
                time.sleep(0.02)
        self.address = front.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode()  # type: ignore[union-attr]
        return front

    def _turn(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        front: "zmq.Socket[bytes]",
        backs: "dict[bytes, zmq.Socket[bytes]]",
    ) -> None:
        poller = zmq.Poller()
        for socket in (front, *backs.values()):
            poller.register(socket, zmq.POLLIN)
        ready = dict(poller.poll(20))
        if front in ready:
            peer, *parts = front.recv_multipart()
            if peer not in backs:
                backs[peer] = context.socket(zmq.DEALER)
                backs[peer].connect(self.target)
            self._pass(backs[peer], parts)
        for peer, back in backs.items():
            if back in ready:
                self._pass(front, [peer, *back.recv_multipart()])
        if not ready and self._held:
            self._release()

    def _pass(self, socket: "zmq.Socket[bytes]", parts: list[bytes]) -> None:
        """Send a message on, or do to it what the faults say."""
        if self.rng.random() < self.faults.lose:
            self.counts.lost += 1
            return
        copies = 1
        if self.rng.random() < self.faults.double:
            self.counts.doubled += 1
            copies = 2
        for _ in range(copies):
            if self.rng.random() < self.faults.shuffle:
                self.counts.shuffled += 1
                self._held.append((socket, parts))
            else:
                self.counts.passed += 1
                socket.send_multipart(parts)
        if len(self._held) > 16:
            self._release()

    def _release(self) -> None:
        self.rng.shuffle(self._held)
        for socket, parts in self._held:
            if not socket.closed:
                socket.send_multipart(parts)
        self.counts.passed += len(self._held)
        self._held.clear()


@contextmanager
def proxying(target: str, faults: Faults, seed: int) -> Iterator[Proxy]:
    """Give a proxy that runs in a thread until the block ends."""
    ready, ending = threading.Event(), threading.Event()
    with zmq.Context() as context:
        proxy = Proxy(target, faults, random.Random(seed))
        worker = threading.Thread(target=proxy.run, args=(context, ready, ending))
        worker.start()
        ready.wait()
        try:
            yield proxy
        finally:
            ending.set()
            worker.join()
