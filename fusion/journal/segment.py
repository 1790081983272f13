"""One file of the journal: its name, its head, its records up to the first that is not whole."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from fusion.journal.record import BODY_BYTES_MAX, HEAD, PREFIX, checksum

MAGIC: Final = b"AISLE journal 2\n"
HEAD_FIELDS: Final = struct.Struct("<QI")  # base offset, crc32 of magic and base
HEAD_BYTES: Final = len(MAGIC) + HEAD_FIELDS.size
SUFFIX: Final = ".seg"


class JournalError(Exception):
    """A folder or file that is no journal: names it, what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Records that cannot be read."""

    path: Path
    byte: int  # where reading stopped
    text: str  # expected, received
    first: int  # offset of the first record that is lost
    until: int | None  # offset behind the last one; None: nobody knows how many there were

    def __str__(self) -> str:
        lost = f"record {self.first} on" if self.until is None else f"records {self.first} to {self.until - 1}"
        return f"{self.path}: byte {self.byte}: {self.text}; {lost} lost"


class Segment:
    """The whole records of one segment, as bodies; afterwards `damage` says why reading stopped early."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.base = base_of(path)
        self.damage = ""  # "": the segment ended where a record ended
        self.bytes_whole = 0  # offset in the file just behind the last whole record
        self.records = 0  # that were whole

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            yield from self.read(file)

    def read(self, file: BinaryIO) -> Iterator[bytes]:
        """Yield the bodies in an open file, from where it stands: at 0, or behind what was read of it before."""
        self.damage = ""
        if self.bytes_whole < HEAD_BYTES:
            self.damage = _head_fault(file.read(HEAD_BYTES), self)
            if self.damage:
                return
            self.bytes_whole = HEAD_BYTES
        while body := _read_body(file):
            if isinstance(body, str):
                self.damage = body
                return
            self.bytes_whole += PREFIX.size + len(body)
            self.records += 1
            yield body


def name_of(base: int) -> str:
    """Return the file name of the segment that begins at an offset."""
    return f"{base:020d}{SUFFIX}"


def base_of(path: Path) -> int:
    """Return the offset a segment begins at; JournalError for a file that is none."""
    if path.suffix != SUFFIX or not path.stem.isdecimal():
        raise JournalError(f"{path}: expected a segment named {name_of(0)} or so, received another name")
    return int(path.stem)


def segments_of(folder: Path) -> list[Path]:
    """Return the segments of a journal in order; JournalError where the folder is no journal."""
    if not folder.is_dir():
        raise JournalError(
            f"{folder}: expected the folder of a journal, received {'a file' if folder.exists() else 'nothing'}"
        )
    return sorted((path for path in folder.iterdir() if path.suffix == SUFFIX), key=base_of)


def expect_a_journal(folder: Path) -> None:
    """Refuse a folder that holds no segments, for whoever named it meant another; raises JournalError."""
    if not segments_of(folder):
        inside = folder / "journal"  # what an output folder calls it
        hint = f"; try {inside}" if inside.is_dir() else ""
        raise JournalError(f"{folder}: expected the folder of a journal, received one without segments{hint}")


def head(base: int) -> bytes:
    """Return the first bytes of a segment."""
    start = MAGIC + base.to_bytes(8, "little")
    return start + zlib.crc32(start).to_bytes(4, "little")


def _head_fault(found: bytes, segment: Segment) -> str:
    """Return what is wrong with the first bytes of a segment, "" for nothing."""
    expected = head(segment.base)
    if found == expected:
        return ""
    if expected.startswith(found):
        return f"expected a head of {HEAD_BYTES} bytes, received {len(found)} of them"
    return f"expected the head of segment {segment.base}, received {found[: len(MAGIC)]!r} and so on"


def _read_body(file: BinaryIO) -> bytes | str:
    """Return the next record's body, b"" at the end of the file, or what is wrong with the record."""
    prefix = file.read(PREFIX.size)
    if not prefix:
        return b""
    if len(prefix) < PREFIX.size:
        return f"expected a record of at least {PREFIX.size} bytes, received {len(prefix)}"
    length, crc = PREFIX.unpack(prefix)
    if not HEAD.size <= length <= BODY_BYTES_MAX:
        return f"expected a length of {HEAD.size} to {BODY_BYTES_MAX} bytes, received {length}"
    body = file.read(length)
    if len(body) < length:
        return f"expected a body of {length} bytes, received {len(body)}"
    if crc != checksum(length, body):
        return f"expected checksum {crc:08x}, received a body with {checksum(length, body):08x}"
    return body
