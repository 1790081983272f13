"""One load played live: `aisle serve` in one process, its gateway in another, sensors in further ones."""

import json
import multiprocessing
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from bench.latency.sending import Punctuality, play
from fusion.recording import read_recording
from scenarios.children import Lines, listening_address, next_line, running
from scenarios.simulate import EPOCH_NS

SENDERS: Final = 2
PREPARE_S: Final = 2.0  # between preparing messages and the first of them,
PREPARE_S_EACH: Final = 2e-4  # and so much for each
DRAIN_S_MAX: Final = 1_800.0  # that a service is waited for when its sensors are done
LOOK_S: Final = 0.2
SECOND_NS: Final = 1_000_000_000


class LiveError(Exception):
    """A live run that failed; one line says what did."""


@dataclass(frozen=True, slots=True)
class Live:
    """What a live run gave."""

    seconds: float  # of the recording
    messages: int
    latency: dict[str, dict[str, float]]  # as in run.json
    sent: tuple[Punctuality, ...]  # a sender each
    behind_s: float  # from the last message to the end of the service
    read: int  # messages that the engine read
    dropped: dict[str, int]


def played(case: Path, out: Path, tell: Callable[[float], None]) -> Live:
    """Play a case at the rate it was recorded; `tell` hears how many seconds of it are over."""
    arrivals = [frame.arrival_ns for frame in read_recording(case / "recording.mcap")]
    seconds = (arrivals[-1] - arrivals[0]) / SECOND_NS
    shutil.rmtree(out, ignore_errors=True)
    words = ("serve", "--store", str(case / "store"), "--out", str(out), "--listen", "tcp://127.0.0.1:*", "--fresh")
    with running(*words) as (serve, said):
        address = listening_address(serve, said)
        if address is None:
            raise LiveError(f"aisle serve did not come to listen: {_last(said)}")
        sent = _sensors(case, address, arrivals[0], len(arrivals), seconds, tell)
        ended_s = time.monotonic()
        serve.send_signal(signal.SIGTERM)
        while serve.poll() is None and time.monotonic() < ended_s + DRAIN_S_MAX:
            next_line(said, wait_s=LOOK_S)
        behind_s = time.monotonic() - ended_s
        if serve.returncode != 0:
            raise LiveError(f"aisle serve ended with status {serve.returncode}: {_last(said)}")
    record: dict[str, Any] = json.loads((out / "run.json").read_text(encoding="utf-8"))
    counts = record["messages"]
    return Live(seconds, len(arrivals), record["latency"], sent, behind_s, counts["read"], counts["dropped"])


def _sensors(
    case: Path, address: str, first_ns: int, messages: int, seconds: float, tell: Callable[[float], None]
) -> tuple[Punctuality, ...]:
    """Run the processes of sensors to their end."""
    fork = multiprocessing.get_context("fork")
    pipes: list[Connection] = []
    for number in range(SENDERS):
        ours, theirs = fork.Pipe()
        fork.Process(target=play, args=(case, address, number, SENDERS, theirs), daemon=True).start()
        theirs.close()
        pipes.append(ours)
    for pipe in pipes:
        pipe.recv()
    start_ns = time.time_ns() + round((PREPARE_S + PREPARE_S_EACH * messages) * SECOND_NS)
    # The recording's first message came a little after the scenario began; that lead is kept.
    by_ns = start_ns - first_ns
    assert first_ns >= EPOCH_NS
    for pipe in pipes:
        pipe.send((start_ns, by_ns))
    in_time = [pipe.recv() for pipe in pipes]
    if not all(in_time):
        raise LiveError(f"sensors: expected {messages} messages prepared in time, received a machine too busy for it")
    while not all(pipe.poll(LOOK_S) for pipe in pipes):
        tell(max(0.0, min((time.time_ns() - start_ns) / SECOND_NS, seconds)))
    return tuple(pipe.recv() for pipe in pipes)


def _last(said: Lines) -> str:
    last = ""
    while line := next_line(said, wait_s=0.0 if last else LOOK_S):
        last = line
    return last or "it said nothing"
