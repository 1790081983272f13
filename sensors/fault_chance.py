"""Whom a fault hits, and when: one random stream for each fault and source, whatever else there is."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, TypeAlias
from zlib import crc32

import numpy as np

from fusion.messages import Frame
from sensors.faults import Fault
from sensors.world import generator

STREAM: Final = 3  # first key of the random streams of faults; 0 to 2 are those of scenario, sensors and network

Timed: TypeAlias = tuple[float, Frame]  # seconds since the scenario or the recording began


@dataclass(slots=True)
class Chance:
    """The dice of one fault."""

    fault: Fault
    number: int  # of the fault in its plan
    seed: int
    _streams: dict[str, np.random.Generator | None] = field(default_factory=dict)  # None: not for this source
    _struck: dict[str, bool] = field(default_factory=dict)

    def reaches(self, frame: Frame) -> bool:
        """Return whether the fault is about the source of a frame at all."""
        return self._stream(source_of(frame)) is not None

    def is_on(self, t_s: float, frame: Frame) -> bool:
        """Return whether a lasting fault is on; p is the chance that its source has it."""
        return self.fault.from_s <= t_s < self.fault.to_s and self.has(frame)

    def has(self, frame: Frame) -> bool:
        """Return whether the source of a frame is one that has this lasting fault, now or at another time."""
        src = source_of(frame)
        if src not in self._struck:
            rng = self._stream(src)
            self._struck[src] = rng is not None and bool(rng.random() < self.fault.p)
        return self._struck[src]

    def hits(self, t_s: float, frame: Frame) -> bool:
        """Return whether the fault happens to this message; p is the share of messages."""
        if not self.fault.from_s <= t_s < self.fault.to_s:
            return False
        rng = self._stream(source_of(frame))
        return rng is not None and bool(rng.random() < self.fault.p)

    def rng(self, frame: Frame) -> np.random.Generator:
        """Return the random stream for a source that the fault reaches."""
        rng = self._stream(source_of(frame))
        assert rng is not None, frame.topic
        return rng

    def _stream(self, src: str) -> np.random.Generator | None:
        if src not in self._streams:
            is_meant = fnmatchcase(src, self.fault.src)
            # Named by a hash, not by a place in a list: a recording does not tell its sources beforehand.
            key = (STREAM, crc32(src.encode()), self.number)
            self._streams[src] = generator(self.seed, *key) if is_meant else None
        return self._streams[src]


def source_of(frame: Frame) -> str:
    """Return the source that a frame's topic names."""
    return frame.topic.partition("/")[2]
