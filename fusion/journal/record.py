"""One record of the journal as bytes; pure."""

import struct
import zlib
from enum import IntEnum
from typing import Final, NamedTuple

from fusion.messages import Frame

BODY_BYTES_MAX: Final = 4 << 20  # a sane record is far smaller: a payload holds at most 1 MiB

PREFIX: Final = struct.Struct("<II")  # body length, crc32 of (length, body)
HEAD: Final = struct.Struct("<BqHH")  # kind, arrival_ns, topic length, source length
ORIGIN: Final = struct.Struct("<QQQ")  # boot, number, first; only where there is a source


class Kind(IntEnum):
    """What a record holds."""

    FRAME = 1  # what a sensor sent
    NOTE = 2  # what the writer wants to find again: topic says what it is, the engine passes it by


# Both are tuples: the gateway makes one of each for every message.
class Origin(NamedTuple):
    """Which message of which run of which sender a frame was."""

    source: str  # who sent it, by key where there are keys
    boot: int  # of the sender, drawn anew each time it starts
    number: int  # counts up from 0 over all that it sends since
    first: int  # the oldest number that the sender still had to offer


class Record(NamedTuple):
    """What the journal holds; `origin` None where the sender numbers nothing."""

    frame: Frame
    origin: Origin | None = None
    kind: Kind = Kind.FRAME


def pack(record: Record) -> bytes:
    """Return a record with its prefix."""
    frame, origin = record.frame, record.origin
    topic = frame.topic.encode()
    if origin is None:
        body = HEAD.pack(record.kind, frame.arrival_ns, len(topic), 0) + topic + frame.payload
    else:
        source = origin.source.encode()
        head = HEAD.pack(record.kind, frame.arrival_ns, len(topic), len(source))
        place = ORIGIN.pack(origin.boot, origin.number, origin.first)
        body = head + place + topic + source + frame.payload
    assert len(body) <= BODY_BYTES_MAX, "the bus admits no frame this large"
    return PREFIX.pack(len(body), checksum(len(body), body)) + body


def unpack(body: bytes) -> Record:
    """Return the record in a body whose checksum is right."""
    kind, arrival_ns, topic_bytes, source_bytes = HEAD.unpack_from(body)
    place, at = None, HEAD.size
    if source_bytes:
        place, at = ORIGIN.unpack_from(body, at), at + ORIGIN.size
    topic = body[at : at + topic_bytes].decode()
    at += topic_bytes
    source = body[at : at + source_bytes].decode()
    frame = Frame(topic, body[at + source_bytes :], arrival_ns)
    return Record(frame, None if place is None else Origin(source, *place), Kind(kind))


def checksum(length: int, body: bytes) -> int:
    """Return the crc of a body and its length."""
    return zlib.crc32(body, zlib.crc32(length.to_bytes(4, "little")))
