"""What goes wrong inside a sensor: it falls silent, starts again, or says the same for ever.

Payloads that are no messages pass as they are; messages are changed by decoding, altering and encoding them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fusion.arrays import Singles
from fusion.messages import Cart, Frame, Gate, Health, Malformed, Message, Plates, Portal
from fusion.wire import decode, encode, topic_of
from sensors.fault_chance import Chance, Timed, source_of

ZERO_SD_G: Final = 250.0  # of the zeros a shelf controller starts with


@dataclass(frozen=True, slots=True, eq=False)
class _Start:
    """A sensor's new beginning."""

    seq: int  # what it would have counted had it not restarted; 0 on the wire now
    t_ns: int
    zero_g: Singles  # (ch,) of a shelf controller, (0,) of others


def silenced(timed: Iterable[Timed], chance: Chance) -> Iterator[Timed]:
    """Leave out what a sensor would have said."""
    return (one for one in timed if not chance.is_on(*one))


def frozen(timed: Iterable[Timed], chance: Chance) -> Iterator[Timed]:
    """Repeat the last content of each topic with the counter and the time of the new message.

    What happened does not happen again: a gate or portal that hangs notices nobody, a cart no more moves.
    """
    last: dict[str, Message] = {}
    for t_s, frame in timed:
        if not chance.has(frame) or t_s >= chance.fault.to_s:
            yield t_s, frame
            continue
        message = decode(frame.topic, frame.payload)
        if isinstance(message, Malformed):
            yield t_s, frame
        elif not chance.is_on(t_s, frame):
            last[frame.topic] = message
            yield t_s, frame
        elif isinstance(message, Gate | Portal):
            alive = Health(message.src, message.seq, message.t_ns, "ok", "")
            yield t_s, replace(frame, topic=topic_of(alive), payload=encode(alive))
        elif frame.topic in last:
            again = replace(last[frame.topic], seq=message.seq, t_ns=message.t_ns)
            again = replace(again, moves=()) if isinstance(again, Cart) else again
            yield t_s, replace(frame, payload=encode(again))
        else:
            last[frame.topic] = message
            yield t_s, frame


def restarted(timed: Iterable[Timed], chance: Chance) -> Iterator[Timed]:
    """Fall silent, then count from 0 with a stepped clock and, on plates, with another zero."""
    silent_to_s = chance.fault.from_s + chance.fault.seconds
    starts: dict[str, _Start] = {}
    for t_s, frame in timed:
        if t_s < chance.fault.from_s or not chance.has(frame):
            yield t_s, frame
        elif t_s >= silent_to_s:
            message = decode(frame.topic, frame.payload)
            if isinstance(message, Malformed):
                yield t_s, frame
                continue
            start = _start(starts.get(source_of(frame)), message, chance, frame)
            starts[source_of(frame)] = start
            if message.seq >= start.seq:  # what comes late from before the restart was lost in it
                yield t_s, replace(frame, payload=encode(_since(start, message, chance.fault.jump_s)))


def _start(start: _Start | None, message: Message, chance: Chance, frame: Frame) -> _Start:
    """Return the beginning that a message counts from; plates may speak first after health did."""
    if start is None:
        start = _Start(message.seq, message.t_ns, np.zeros(0, dtype=np.float32))
    elif message.seq < start.seq and message.t_ns >= start.t_ns:
        start = replace(start, seq=0)  # the recording holds a restart of its own
    if isinstance(message, Plates) and start.zero_g.size != message.g.shape[1]:
        zero_g = chance.rng(frame).normal(0.0, ZERO_SD_G, message.g.shape[1])
        start = replace(start, zero_g=zero_g.astype(np.float32))
    return start


def _since(start: _Start, message: Message, jump_s: float) -> Message:
    """Return a message as the restarted sensor sends it; a cart dates its moves by the same clock."""
    jump_ns = round(jump_s * 1e9)
    message = replace(message, seq=message.seq - start.seq, t_ns=max(message.t_ns + jump_ns, 0))
    if isinstance(message, Plates):
        return replace(message, g=message.g + start.zero_g)
    if isinstance(message, Cart):
        moves = tuple(replace(move, t_ns=max(move.t_ns + jump_ns, 0)) for move in message.moves)
        return replace(message, moves=moves)
    return message
