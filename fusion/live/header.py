"""What sensor and engine say to each other about messages: the header frame of the lossless transport; pure.

A message is two frames, header and body. The header is a msgpack array, so its first byte is never ASCII: an engine
tells it from the topic of a simple sensor by that. From the sensor:

    ["data", source, boot, number, first, topic]    body: the payload

and from the engine, body empty:

    ["ack", source, boot, upto, missing]            all numbers up to `upto` are durable or given up for lost; `missing`
                                                    are the oldest numbers behind it that have not come yet
    ["refused", source, reason]                     nothing of this source is taken

`boot` is drawn when the sender starts, `number` counts from 0 over all that this boot sends, `first` is the oldest
number it still has: what is older and has not come will never come.
"""

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

HEADER_BYTES_MAX: Final = 4096
MISSING_MAX: Final = 64  # numbers named in one acknowledgement

# Characters are checked elsewhere, once for each text: a pattern here would be tried on each message.
Source: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]
Number: TypeAlias = Annotated[int, Meta(ge=0, lt=2**62)]
Boot: TypeAlias = Annotated[int, Meta(ge=0, lt=2**62)]
Topic: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128)]


class Data(Struct, tag="data", array_like=True, frozen=True, forbid_unknown_fields=True):
    """A message and its number."""

    source: Source
    boot: Boot
    number: Number
    first: Number
    topic: Topic


class Ack(Struct, tag="ack", array_like=True, frozen=True, forbid_unknown_fields=True):
    """What the engine has on its disk of one boot."""

    source: Source
    boot: Boot
    upto: Annotated[int, Meta(ge=-1, lt=2**62)]
    missing: Annotated[tuple[Number, ...], Meta(max_length=MISSING_MAX)] = ()


class Refused(Struct, tag="refused", array_like=True, frozen=True, forbid_unknown_fields=True):
    """Why the engine takes nothing of a source."""

    source: Source
    reason: Annotated[str, Meta(max_length=256)]


Answer: TypeAlias = Ack | Refused  # by the engine

_data = msgspec.msgpack.Decoder(Data)
_answer = msgspec.msgpack.Decoder(Answer)
encode = msgspec.msgpack.Encoder().encode


def is_header(frame: bytes) -> bool:
    """Tell a header from the topic of a simple sensor."""
    return bool(frame) and frame[0] >= 0x80


def read_data(frame: bytes) -> Data | str:
    """Return what a sensor says of its message, or what is wrong with it."""
    return _read(_data, frame)  # type: ignore[return-value,arg-type]


def read_answer(frame: bytes) -> Answer | str:
    """Return what the engine answers, or what is wrong with it."""
    return _read(_answer, frame)  # type: ignore[return-value]


def _read(decoder: "msgspec.msgpack.Decoder[object]", frame: bytes) -> object:
    if len(frame) > HEADER_BYTES_MAX:
        return f"header: expected at most {HEADER_BYTES_MAX} bytes, received {len(frame)}"
    try:
        return decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"header: {error}"
