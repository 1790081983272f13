"""Many sensors with keys: how many durable messages a second, and how long until one is acknowledged."""

import multiprocessing
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import zmq

from fusion.journal import read_journal
from fusion.live.gateway_child import GatewayChild
from fusion.live.gateway_words import Settings
from fusion.live.header import Ack, encode, read_answer
from fusion.live.keys import Allowed, Badge, allow, new_pair, read_badge, read_public, wear
from sensors.backlog import Memory
from sensors.outgoing import Outgoing
from sensors.window import Window

PAYLOAD_BYTES = 300  # a batch of twelve samples of a few plates
WINDOW = 64  # messages in flight of one sensor
PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run at one rate gave."""

    sensors: int
    messages: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Return durable messages a second."""
        return self.messages / self.seconds


@dataclass(frozen=True, slots=True)
class Crowd:
    """The sensors of one process."""

    address: str
    badges: tuple[Badge, ...]
    names: tuple[str, ...]
    rate: float | None  # messages a second of all of them; None: as fast as they are taken
    seconds: float


def measure(folder: Path, sensors: int, seconds: float, rate: float | None) -> Measured:
    """Run so many sensors against a gateway on a folder."""
    keys = folder / "keys"
    names = [f"s{number}" for number in range(sensors)]
    if not keys.exists():
        new_pair(keys, "engine")
        for name in names:
            allow(keys, Allowed(name, read_public(new_pair(keys, name)).decode(), (name,)))
    badges = [read_badge(keys / f"{name}.key_secret", keys / "engine.key") for name in names]
    journal = folder / f"journal-{time.time_ns()}"
    settings = Settings(journal=str(journal), listen="tcp://127.0.0.1:*", keys=str(keys), lag_max=2**40)
    with GatewayChild(settings) as gateway:
        latencies, begun_s, ended_s = _run(gateway, badges, names, seconds, rate)
        gateway.drain()
        gateway.stop()
    durable = sum(1 for _ in read_journal(journal).frames())  # the gateway's own records, of a stall, stand there too
    assert durable == len(latencies), f"expected {len(latencies)} messages in the journal, received {durable}"
    p50, p99 = np.percentile(latencies, [50, 99]) * 1e3
    return Measured(sensors, len(latencies), ended_s - begun_s, float(p50), float(p99))


def _run(
    gateway: GatewayChild, badges: list[Badge], names: list[str], seconds: float, rate: float | None
) -> tuple[np.ndarray, float, float]:
    fork = multiprocessing.get_context("fork")
    pipes, children = [], []
    for row in range(PROCESSES):
        mine = slice(row, None, PROCESSES)
        share = None if rate is None else rate / PROCESSES
        crowd = Crowd(gateway.settings.listen, tuple(badges[mine]), tuple(names[mine]), share, seconds)
        ours, theirs = fork.Pipe()
        child = fork.Process(target=_crowd, args=(crowd, theirs), daemon=True)
        child.start()
        pipes.append(ours)
        children.append(child)
    for pipe in pipes:
        while not pipe.poll(0.05):
            gateway.wait(0.0)
        assert pipe.recv() == "connected"
    begun_s = time.monotonic()
    for pipe in pipes:
        pipe.send("go")
    latencies = []
    for pipe in pipes:
        while not pipe.poll(0.05):
            gateway.wait(0.0)
        latencies.append(pipe.recv())
    ended_s = time.monotonic()
    for child in children:
        child.join()
    return np.concatenate(latencies), begun_s, ended_s


def _crowd(crowd: Crowd, pipe: Connection) -> None:
    """Be many sensors at once; runs in a process of its own."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    poller, sockets = zmq.Poller(), {}
    for badge, name in zip(crowd.badges, crowd.names, strict=True):
        socket = context.socket(zmq.DEALER)
        socket.linger = 0
        socket.setsockopt(zmq.IMMEDIATE, 1)
        wear(socket, badge)
        socket.connect(crowd.address)
        poller.register(socket, zmq.POLLIN)
        sockets[socket] = Outgoing(name, 1, Memory(), Window(WINDOW))
    for socket in sockets:
        assert socket.poll(30_000, zmq.POLLOUT), "a sensor was not let in"
    pipe.send("connected")
    pipe.recv()
    pipe.send(_send(crowd, poller, sockets))
    for socket in sockets:
        socket.close()
    context.term()


def _send(crowd: Crowd, poller: zmq.Poller, sockets: "dict[zmq.Socket[bytes], Outgoing]") -> np.ndarray:
    payload = bytes(PAYLOAD_BYTES)
    begun_s = time.monotonic()
    put_s: dict[zmq.Socket[bytes], list[float]] = {socket: [] for socket in sockets}
    acked: dict[zmq.Socket[bytes], int] = dict.fromkeys(sockets, 0)
    latencies: list[float] = []
    count, turn, ring = 0, 0, list(sockets)
    while True:
        now_s = time.monotonic()
        is_over = now_s - begun_s >= crowd.seconds
        due = 0 if is_over else (len(ring) if crowd.rate is None else int((now_s - begun_s) * crowd.rate) - count)
        for _ in range(due):
            turn = (turn + 1) % len(ring)
            socket = ring[turn]
            outgoing = sockets[socket]
            if len(outgoing) >= WINDOW:
                continue
            put_s[socket].append(now_s)
            outgoing.put(f"plates/{outgoing.source}", payload)
            count += 1
            while (one := outgoing.next_due()) is not None:
                socket.send_multipart([encode(one[0]), one[1]], copy=False)
        for socket, _ in poller.poll(0 if due > 0 else 1):
            answer = read_answer(socket.recv_multipart()[0])
            assert isinstance(answer, Ack), answer
            sockets[socket].hear(answer)
            heard_s = time.monotonic()
            for number in range(acked[socket], answer.upto + 1):
                latencies.append(heard_s - put_s[socket][number])
            acked[socket] = max(acked[socket], answer.upto + 1)
        if is_over and not any(len(outgoing) for outgoing in sockets.values()):
            return np.array(latencies)
