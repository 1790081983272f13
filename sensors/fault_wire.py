"""What a network does to frames: it loses, delays, turns round, doubles and breaks them.

Every function takes frames in order of time and yields them in order of time.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from fusion.messages import Frame, Malformed
from fusion.wire import decode
from sensors.fault_chance import Chance, Timed, source_of

FLIPPED_MAX: Final = 4  # bytes
FLIP_TRIES: Final = 4
CUT_SHARE: Final = 0.3  # of broken payloads that are cut off


def dropped(timed: Iterable[Timed], chance: Chance) -> Iterator[Timed]:
    """Leave out the messages that are lost."""
    return (one for one in timed if not chance.hits(*one))


def delayed(timed: Iterable[Timed], chance: Chance) -> Iterator[Timed]:
    """Let messages come later."""
    return _in_order((t_s, [_delayed(t_s, frame, chance)]) for t_s, frame in timed)


def doubled(timed: Iterable[Timed], chance: Chance) -> Iterator[Timed]:
    """Let messages come twice."""
    return _in_order((t_s, _doubled(t_s, frame, chance)) for t_s, frame in timed)


def overtaken(timed: Iterable[Timed], chance: Chance) -> Iterator[Timed]:
    """Hold messages back until the next one of their source has come, or all others have."""
    held: dict[str, Frame] = {}
    end_s, end_ns = 0.0, 0
    for t_s, frame in timed:
        end_s, end_ns = t_s, frame.arrival_ns
        late = held.pop(source_of(frame), None)
        if late is None and chance.hits(t_s, frame):
            held[source_of(frame)] = frame
            continue
        yield t_s, frame
        if late is not None:
            yield t_s, replace(late, arrival_ns=frame.arrival_ns)
    for late in held.values():
        yield end_s, replace(late, arrival_ns=end_ns)


def corrupted(timed: Iterable[Timed], chance: Chance) -> Iterator[Timed]:
    """Break payloads so that they are no messages any more."""
    for t_s, frame in timed:
        is_hit = chance.hits(t_s, frame)
        yield t_s, replace(frame, payload=_broken(frame, chance.rng(frame))) if is_hit else frame


def _delayed(t_s: float, frame: Frame, chance: Chance) -> Timed:
    if not chance.hits(t_s, frame):
        return t_s, frame
    return _later(t_s, frame, float(chance.rng(frame).uniform(0.0, chance.fault.seconds)))


def _doubled(t_s: float, frame: Frame, chance: Chance) -> list[Timed]:
    if not chance.hits(t_s, frame):
        return [(t_s, frame)]
    return [(t_s, frame), _later(t_s, frame, float(chance.rng(frame).uniform(0.0, chance.fault.seconds)))]


def _later(t_s: float, frame: Frame, delay_s: float) -> Timed:
    return t_s + delay_s, replace(frame, arrival_ns=frame.arrival_ns + round(delay_s * 1e9))


def _in_order(bursts: Iterable[tuple[float, list[Timed]]]) -> Iterator[Timed]:
    """Put what comes of each moment, now or later, in order of time; moments themselves are in order."""
    waiting: list[tuple[float, int, Frame]] = []
    count = 0
    for now_s, burst in bursts:
        for t_s, frame in burst:
            heapq.heappush(waiting, (t_s, count, frame))
            count += 1
        while waiting and waiting[0][0] <= now_s:
            t_s, _, frame = heapq.heappop(waiting)
            yield t_s, frame
    while waiting:
        t_s, _, frame = heapq.heappop(waiting)
        yield t_s, frame


def _broken(frame: Frame, rng: np.random.Generator) -> bytes:
    """Return a payload with bytes flipped, or cut off where no flip makes it unreadable.

    A flip that leaves another valid message would be a lie nobody can notice: links guard against those with
    checksums, so what reaches an engine broken is broken for all to see.
    """
    payload = frame.payload
    if rng.random() >= CUT_SHARE and payload:
        for _ in range(FLIP_TRIES):
            flipped = _flipped(payload, rng)
            if isinstance(decode(frame.topic, flipped), Malformed):
                return flipped
    return payload[: int(rng.integers(len(payload)))] if payload else payload


def _flipped(payload: bytes, rng: np.random.Generator) -> bytes:
    raw = np.frombuffer(payload, np.uint8).copy()
    places = rng.integers(raw.size, size=int(rng.integers(1, FLIPPED_MAX + 1)))
    raw[places] ^= rng.integers(1, 256, size=places.size, dtype=np.uint8)
    return raw.tobytes()
