"""Sensors of a recording, live: each source a connection of its own, each message sent when its time has come.

The times in messages are moved to now, so that what the engine says of latencies is from the moment of measurement.
Many sources share a process: a machine with two processors has no room for hundreds. They speak the contract's two
frames (docs/sensors.md).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import numpy as np
import zmq

from fusion.messages import Cart, Malformed, Message
from fusion.recording import read_recording
from fusion.wire import decode, encode

SECOND_NS: Final = 1_000_000_000
LINGER_MS: Final = 30_000


@dataclass(frozen=True, slots=True)
class Due:
    """A message to be sent."""

    at_ns: int  # since the first message of the recording came
    topic: bytes
    message: Message


@dataclass(frozen=True, slots=True)
class Punctuality:
    """How late messages were sent, s: what is lost here is not the engine's."""

    sent: int
    p50_s: float
    p99_s: float
    max_s: float


def shard(case: Path, number: int, many: int) -> list[Due]:
    """Return what the sources send that fall to one of so many processes, in order of arrival."""
    topics: dict[str, int] = {}
    due, first_ns = [], -1
    for frame in read_recording(case / "recording.mcap"):
        first_ns = frame.arrival_ns if first_ns < 0 else first_ns
        source = frame.topic.partition("/")[2]
        if topics.setdefault(source, len(topics)) % many != number:
            continue
        message = decode(frame.topic, frame.payload)
        assert not isinstance(message, Malformed), message
        due.append(Due(frame.arrival_ns - first_ns, frame.topic.encode(), message))
    return due


def moved(message: Message, by_ns: int) -> Message:
    """Return a message as it would be so much later."""
    if isinstance(message, Cart):
        moves = tuple(replace(move, t_ns=move.t_ns + by_ns) for move in message.moves)
        return replace(message, t_ns=message.t_ns + by_ns, moves=moves)
    return replace(message, t_ns=message.t_ns + by_ns)


def play(case: Path, address: str, number: int, many: int, pipe: Connection) -> None:
    """Be one process of sensors: say "ready", hear (start, shift) in ns, play, and say how punctually."""
    due = shard(case, number, many)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    sockets = {}
    for one in due:
        source = one.topic.partition(b"/")[2]
        if source not in sockets:
            sockets[source] = context.socket(zmq.DEALER)
            sockets[source].setsockopt(zmq.SNDHWM, 0)
            sockets[source].connect(address)
    pipe.send("prepare")
    start_ns, by_ns = pipe.recv()
    frames = [(one.at_ns, one.topic, encode(moved(one.message, by_ns))) for one in due]
    del due
    pipe.send(time.time_ns() < start_ns)
    late_s = _send(sockets, frames, start_ns)
    for socket in sockets.values():
        socket.close(LINGER_MS)
    context.term()
    pipe.send(punctuality(late_s))


def _send(
    sockets: "dict[bytes, zmq.Socket[bytes]]", frames: Sequence[tuple[int, bytes, bytes]], start_ns: int
) -> np.ndarray:
    late_s = np.zeros(len(frames))
    for row, (at_ns, topic, payload) in enumerate(frames):
        wait_s = (start_ns + at_ns - time.time_ns()) / SECOND_NS
        if wait_s > 0.0:
            time.sleep(wait_s)
        late_s[row] = (time.time_ns() - start_ns - at_ns) / SECOND_NS
        sockets[topic.partition(b"/")[2]].send_multipart([topic, payload], copy=False)
    return late_s


def punctuality(late_s: np.ndarray) -> Punctuality:
    """Return how late messages were, (n,) s."""
    p50, p99, most = np.percentile(late_s, [50, 99, 100])
    return Punctuality(len(late_s), float(p50), float(p99), float(most))
