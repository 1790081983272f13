"""A recording read ahead of the engine, by a process of its own: bytes to slices, on the second core.

Reading, decoding and putting in order ask nothing of what the engine believes, and are a fifth of a large store's
replay. The process sends what each closed slice brings as a pickle, down a pipe to whoever started it, and waits where
the engine is slower: so it is some slices ahead, and memory does not grow. What Session.take makes of it is what
Session.feed makes of the same frames.
"""

import fcntl
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fusion.config import SECOND_NS, IntakeConfig
from fusion.frozen import record
from fusion.intake import Sequencer, Slice
from fusion.messages import Frame, Malformed
from fusion.recording import Recording, RecordingError, read_recording
from fusion.wire import decode

BYTES_MIN = 1 << 24  # of a recording: a smaller one is read in less time than a process takes to start
AHEAD_BYTES = 1 << 20  # of slices that wait in the pipe, the most that Linux gives to everybody
REJECTED_MAX = 100  # malformed frames that wait for a slice to close before they are handed over
EPOCH_FROM = 1e12  # a time above this is nanoseconds since the Unix epoch, not seconds from the start


@record()
class Span:
    """What of a recording is read: what arrived in [since, until), seconds from its start or ns since the epoch."""

    since: float | None = None
    until: float | None = None


@record()
class Read:
    """Some frames, up to one that closed a slice; or none, and a slice that the end of the tape closed."""

    frames: int
    arrival_ns: int  # of the last
    rejected: tuple[tuple[Frame, Malformed], ...]
    closed: tuple[Slice, ...]
    bytes_read: int  # of the file


@record(eq=False)
class End:
    """How a recording ended."""

    arrival_ns: int  # of its last frame
    sequencer: Sequencer
    damage: str
    store_id: str


def cut(frames: Iterable[Frame], span: Span) -> Iterator[Frame]:
    """Keep the frames that arrived in a span."""
    start_ns: int | None = None
    for frame in frames:
        start_ns = frame.arrival_ns if start_ns is None else start_ns
        if span.since is not None and frame.arrival_ns < _instant(span.since, start_ns):
            continue
        if span.until is not None and frame.arrival_ns >= _instant(span.until, start_ns):
            continue
        yield frame


def _instant(t: float, start_ns: int) -> int:
    return int(t) if t > EPOCH_FROM else start_ns + int(t * SECOND_NS)


def pays(recording: Recording) -> bool:
    """Tell whether to read a recording ahead is worth a process, and there is a core for it."""
    return recording.bytes_total >= BYTES_MIN and len(os.sched_getaffinity(0)) > 1


@contextmanager
def read_ahead(path: Path, span: Span, config: IntakeConfig) -> Iterator[Iterator[Read | End]]:
    """Give what a recording's frames bring, the End last, from a process that reads them.

    Iterating raises RecordingError where that process ends too early. It is gone when the context is left.
    """
    words = [sys.executable, "-c", "from fusion.ahead import main; main()"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdin is not None and process.stdout is not None
            fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, AHEAD_BYTES)
            with process.stdin as order:
                pickle.dump((path, span, config), order)
            yield _received(process, path)
        finally:
            process.kill()


def _received(process: "subprocess.Popen[bytes]", path: Path) -> Iterator[Read | End]:
    assert process.stdout is not None
    one = None
    while not isinstance(one, End):
        try:
            one = pickle.load(process.stdout)
        except (EOFError, pickle.UnpicklingError) as error:
            received = f"one that ended before, with status {process.wait()}"
            raise RecordingError(str(path), "reading ahead", "a process that reads to the end", received) from error
        yield one


def read_slices(path: Path, span: Span, config: IntakeConfig) -> Iterator[Read | End]:
    """Read, decode and sequence the frames of a recording."""
    recording, sequencer = read_recording(path), Sequencer(config)
    frames, arrival_ns, rejected = 0, 0, list[tuple[Frame, Malformed]]()
    for frame in cut(recording, span):
        frames, arrival_ns = frames + 1, frame.arrival_ns
        message = decode(frame.topic, frame.payload)
        closed: tuple[Slice, ...] = ()
        if isinstance(message, Malformed):
            rejected.append((frame, message))
        else:
            closed = tuple(sequencer.push(message, frame.payload))
        if closed or len(rejected) >= REJECTED_MAX:
            yield Read(frames, arrival_ns, tuple(rejected), closed, recording.bytes_read)
            frames, rejected = 0, []
    yield Read(frames, arrival_ns, tuple(rejected), (), recording.bytes_read)
    for part in sequencer.flush():
        yield Read(0, arrival_ns, (), (part,), recording.bytes_read)
    yield End(arrival_ns, sequencer, recording.damage, recording.store_id)


def main() -> None:
    """Read what stdin asks for, to stdout."""
    # Whoever started this ends it: by Ctrl-C of their own, or by reading no more.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for one in read_slices(*pickle.load(sys.stdin.buffer)):
        pickle.dump(one, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
        sys.stdout.buffer.flush()
