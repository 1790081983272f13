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

HELD_S: Final = 1.0  # a message waits no longer than this to be overtaken
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
    """Hold messages back until the next one of their source has come, but not longer than HELD_S."""
    held: dict[str, Timed] = {}  # by source, in order of time
    for t_s, frame in timed:
        for src in [src for src, one in held.items() if one[0] + HELD_S < t_s]:
            yield _later(*held.pop(src), HELD_S)
        src = source_of(frame)
        if src not in held and chance.hits(t_s, frame):
            held[src] = t_s, frame
            continue
        yield t_s, frame
        if src in held:
            _, late = held.pop(src)
            yield t_s, replace(late, arrival_ns=max(frame.arrival_ns, late.arrival_ns))
    for one in held.values():
        yield _later(*one, HELD_S)


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
