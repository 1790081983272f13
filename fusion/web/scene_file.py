"""One segment of a scene log as bytes: a head, then records, each with its length and a checksum; pure but for reading.

A record holds its kind, its instant and JSON text as it is sent to a browser. Reading stops at the first record that is
not whole; whether that is a torn end or one still being written, only time tells.
"""

import struct
import zlib
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

MAGIC: Final = b"AISLE scenes 1\n"
SUFFIX: Final = ".scenes"
PREFIX: Final = struct.Struct("<II")  # body length, crc32 of (length, body)
HEAD: Final = struct.Struct("<Bq")  # kind, t_ns
BODY_BYTES_MAX: Final = 16 << 20


class Kind(IntEnum):
    """What a record holds."""

    STATE = 0  # everything said so far; the first record of each segment
    SCENE = 1
    SAID = 2
    RATES = 3
    END = 4  # of the run; no text


class Record(NamedTuple):
    """One record; `text` is JSON, b"" for an end."""

    kind: Kind
    t_ns: int
    text: bytes


def pack(record: Record) -> bytes:
    """Return a record with its prefix."""
    body = HEAD.pack(record.kind, record.t_ns) + record.text
    assert len(body) <= BODY_BYTES_MAX, f"a {record.kind.name} of {len(body)} bytes"
    return PREFIX.pack(len(body), _checksum(body)) + body


def read_records(file: BinaryIO) -> Iterator[Record]:
    """Yield the whole records from where a file stands; it then stands behind the last of them."""
    while True:
        at = file.tell()
        record = _read(file)
        if record is None:
            file.seek(at)
            return
        yield record


def open_segment(path: Path) -> BinaryIO | None:
    """Open a segment behind its head; None where it has none (yet)."""
    try:
        file = path.open("rb")
    except FileNotFoundError:  # removed by its age
        return None
    if file.read(len(MAGIC)) == MAGIC:
        return file
    file.close()
    return None


def name_of(t_ns: int) -> str:
    """Return the file name of the segment that begins at an instant."""
    return f"{t_ns:020d}{SUFFIX}"


def segments_of(folder: Path) -> list[Path]:
    """Return the segments of a log, in order of time; a folder that is not there has none."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and path.stem.isdecimal())


def base_of(path: Path) -> int:
    """Return the instant at which a segment begins, ns."""
    return int(path.stem)


def _read(file: BinaryIO) -> Record | None:
    prefix = file.read(PREFIX.size)
    if len(prefix) < PREFIX.size:
        return None
    length, crc = PREFIX.unpack(prefix)
    if not HEAD.size <= length <= BODY_BYTES_MAX:
        return None
    body = file.read(length)
    if len(body) < length or crc != _checksum(body):
        return None
    kind, t_ns = HEAD.unpack_from(body)
    return Record(Kind(kind), t_ns, body[HEAD.size :])


def _checksum(body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(len(body).to_bytes(4, "little")))
