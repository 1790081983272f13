"""The live loop: wait, take a group, put it on the tape, show it to the engine; at the end, drain."""

import time
from collections.abc import Callable
from typing import Protocol

from fusion.messages import Frame

POLL_MS = 100  # how long a request to stop may go unnoticed
GROUP_MAX = 256  # frames made durable together
QUIET_MS = 300  # silence that ends the drain
DRAIN_S_MAX = 10.0  # of reading after the request to stop; sensors that never pause are cut off here


class Source(Protocol):
    """Where frames come from."""

    def wait(self, timeout_ms: int) -> bool:
        """Return whether something is waiting."""

    def take(self, count_max: int) -> list[Frame]:
        """Return what is waiting."""


class Tape(Protocol):
    """Where frames are kept before anything can fail."""

    def append(self, frame: Frame) -> object:
        """Add one frame."""

    def sync(self) -> None:
        """Make everything added durable."""


def run(source: Source, tape: Tape, feed: Callable[[Frame], None], stopping: Callable[[], bool]) -> bool:
    """Pass frames from source to tape to feed, in that order, until stopping; then drain.

    Returns whether the source fell silent by itself during the drain.
    """
    while not stopping():
        if source.wait(POLL_MS):
            for frame in _keep(source, tape):
                feed(frame)
    drained, silent = _drain(source, tape)
    for frame in drained:
        feed(frame)
    return silent


def _keep(source: Source, tape: Tape) -> list[Frame]:
    frames = source.take(GROUP_MAX)
    for frame in frames:
        tape.append(frame)
    tape.sync()
    return frames


def _drain(source: Source, tape: Tape) -> tuple[list[Frame], bool]:
    # Read first and think later: sensors may be blocked on a full queue, and the engine is the slow part.
    frames: list[Frame] = []
    end_s = time.monotonic() + DRAIN_S_MAX
    while source.wait(QUIET_MS):
        if time.monotonic() >= end_s:
            return frames, False
        frames.extend(_keep(source, tape))
    return frames, True
