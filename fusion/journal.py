"""The tape on disk: every frame as it came, before anything can fail.

Theory of operation. A tape is a magic line and then records, each `length, crc32, body` with body =
`arrival_ns, topic length, topic, payload`, all little-endian. Records are only ever appended. The checksum
covers the length as well, and a body is never empty, so that neither a cut, nor a flipped bit, nor the
zeros a file system may leave after a power loss can pass for a record. Reading stops at the first record
that is not whole and says why; everything before it stands, and what follows it is not trusted, because
nothing tells where the next record would begin.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from fusion.messages import Frame

MAGIC = b"AISLE tape 1\n"
BODY_BYTES_MAX = 4 << 20  # a sane record is far smaller: a payload holds at most 1 MiB

_PREFIX = struct.Struct("<II")  # body length, crc32 of (length, body)
_HEAD = struct.Struct("<qH")  # arrival_ns, topic length


class JournalError(Exception):
    """A file that is no tape: names the file, what was expected and what was found."""


class Journal:
    """An append-only tape, open for writing; a new file each time, never an existing one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("xb")
        self._file.write(MAGIC)
        self.sync()

    def append(self, frame: Frame) -> None:
        """Add one frame; durable only after the next sync."""
        self._file.write(_pack(frame))

    def sync(self) -> None:
        """Return once everything appended so far would survive a power loss."""
        self._file.flush()
        os.fdatasync(self._file.fileno())

    def close(self) -> None:
        """Sync and close; closing twice is harmless."""
        if not self._file.closed:
            self.sync()
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class JournalReader:
    """The whole records of a tape in order; after iteration, `damage` says why reading stopped early.

    Raises JournalError where the file is no tape at all. An empty file is a tape killed at birth: no records.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage: str | None = None  # None: the tape ended where a record ended
        self.bytes_whole = 0  # offset just behind the last whole record

    def __iter__(self) -> Iterator[Frame]:
        self.damage, self.bytes_whole = None, 0
        with self.path.open("rb") as file:
            if not self._open(file):
                return
            while body := _read_body(file):
                if isinstance(body, str):
                    self.damage = f"{self.path}: byte {self.bytes_whole}: {body}"
                    return
                self.bytes_whole += _PREFIX.size + len(body)
                yield _unpack(body)

    def _open(self, file: BinaryIO) -> bool:
        magic = file.read(len(MAGIC))
        if not MAGIC.startswith(magic):
            raise JournalError(f"{self.path}: byte 0: expected a tape ({MAGIC!r}), received {magic!r}")
        if len(magic) < len(MAGIC):
            self.damage = f"{self.path}: byte 0: expected {MAGIC!r}, received {len(magic)} bytes of it"
            return False
        self.bytes_whole = len(MAGIC)
        return True


def read_journal(path: Path) -> JournalReader:
    """Iterate the frames of a tape; ask the returned reader for `damage` afterwards."""
    return JournalReader(path)


def _read_body(file: BinaryIO) -> bytes | str:
    """Return the next record's body, b"" at the end of the tape, or what is wrong with the record."""
    prefix = file.read(_PREFIX.size)
    if not prefix:
        return b""
    if len(prefix) < _PREFIX.size:
        return f"expected a record of at least {_PREFIX.size} bytes, received {len(prefix)}"
    length, crc = _PREFIX.unpack(prefix)
    if not _HEAD.size <= length <= BODY_BYTES_MAX:
        return f"expected a length of {_HEAD.size} to {BODY_BYTES_MAX} bytes, received {length}"
    body = file.read(length)
    if len(body) < length:
        return f"expected a body of {length} bytes, received {len(body)}"
    if crc != _checksum(length, body):
        return f"expected checksum {crc:08x}, received a body with {_checksum(length, body):08x}"
    return body


def _checksum(length: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(length.to_bytes(4, "little")))


def _pack(frame: Frame) -> bytes:
    topic = frame.topic.encode()
    body = _HEAD.pack(frame.arrival_ns, len(topic)) + topic + frame.payload
    assert len(body) <= BODY_BYTES_MAX, "the bus admits no frame this large"
    return _PREFIX.pack(len(body), _checksum(len(body), body)) + body


def _unpack(body: bytes) -> Frame:
    arrival_ns, topic_bytes = _HEAD.unpack_from(body)
    topic = body[_HEAD.size : _HEAD.size + topic_bytes].decode()
    return Frame(topic, body[_HEAD.size + topic_bytes :], arrival_ns)
