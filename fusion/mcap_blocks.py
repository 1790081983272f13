"""The records of an MCAP file in file order, up to where it is cut or damaged.

Theory of operation: a whole file is a magic, records (one byte opcode, eight bytes length, content), a footer
and the magic again. The library's readers give up on a cut file or lose its last chunk, so the framing is
walked here. Everything before a cut is genuine and is yielded, also from a chunk of which only the beginning
was written. A chunk that is all there but fails its checksum is not: nobody can say which of its messages are
as recorded.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import lz4.frame  # type: ignore[import-untyped]
import zstandard
from mcap.opcode import Opcode

from fusion.frozen import record

MAGIC = b"\x89MCAP0\r\n"
HEAD = struct.Struct("<BQ")
CHUNK_HEAD = struct.Struct("<QQQII")  # start, end, uncompressed size, CRC, length of the compression's name
CHUNK_BYTES_MAX = 1 << 28  # unpacked; writers use about 1 MiB
PIECE_BYTES = 4096


class Damage(Exception):
    """Where a file stops making sense: place, expected, received."""


@record()
class Record:
    """One record and where it lies."""

    opcode: int
    content: bytes
    around: str  # the place of the record, or of the chunk it is in
    offset: int = -1  # in the chunk, unpacked

    @property
    def place(self) -> str:
        """Return where it lies, in words."""
        return self.around if self.offset < 0 else _inside(self.around, self.offset)


def read_records(stream: BinaryIO, size: int) -> Iterator[Record]:
    """Yield the records of a file of size bytes, chunks opened, from behind its magic to its footer.

    Raises Damage, after the last whole record, when the file is cut or damaged.
    """
    offset = len(MAGIC)
    while True:
        place = f"byte {offset}"
        head = stream.read(HEAD.size)
        if len(head) < HEAD.size:
            raise Damage(f"{place}: expected a record, received the end of the file: it was cut")
        opcode, length = HEAD.unpack(head)
        offset += HEAD.size + length
        whole = offset <= size
        content = stream.read(length if whole else max(size - offset + length, 0))
        if opcode == Opcode.CHUNK:
            yield from _chunk_records(content, place, whole)
        if not whole:
            raise Damage(f"{place}: expected {length} bytes of record, received {len(content)}: it was cut")
        if opcode == Opcode.FOOTER:
            _check_end(stream, offset)
            return
        if opcode != Opcode.CHUNK:
            yield Record(opcode, content, place)


def _check_end(stream: BinaryIO, offset: int) -> None:
    if stream.read(len(MAGIC)) != MAGIC:
        raise Damage(f"byte {offset}: expected the closing magic bytes, received others or none")


def _chunk_records(content: bytes, place: str, whole: bool) -> Iterator[Record]:
    if whole:
        yield from _block_records(_open_chunk(content, place), place)
        return
    try:
        yield from _block_records(_salvage_chunk(content), place)
    except Damage:
        return  # the caller names the cut of the file itself


def _block_records(block: bytes, place: str) -> Iterator[Record]:
    offset = 0
    while offset < len(block):
        begin = offset
        if offset + HEAD.size > len(block):
            raise Damage(f"{_inside(place, begin)}: expected a record, received the end of the chunk")
        opcode, length = HEAD.unpack_from(block, offset)
        offset += HEAD.size
        if offset + length > len(block):
            received = len(block) - offset
            raise Damage(f"{_inside(place, begin)}: expected {length} bytes of record, received {received}")
        yield Record(opcode, block[offset : offset + length], place, begin)
        offset += length


def _inside(place: str, offset: int) -> str:
    return f"{place}, unpacked byte {offset}"


def _open_chunk(content: bytes, place: str) -> bytes:
    size, crc, compression, packed = _chunk_parts(content, place)
    if size > CHUNK_BYTES_MAX:
        raise Damage(f"{place}: expected a chunk of at most {CHUNK_BYTES_MAX} bytes, received {size}")
    block, error = _unpack(packed, compression, size)
    if error or len(block) != size:
        received = error or f"{len(block)} bytes"
        raise Damage(f"{place}: expected a {compression or 'plain'} chunk of {size} bytes, received {received}")
    if crc and zlib.crc32(block) != crc:
        raise Damage(f"{place}: expected a chunk with CRC {crc}, received {zlib.crc32(block)}")
    return block


def _salvage_chunk(content: bytes) -> bytes:
    size, _, compression, packed = _chunk_parts(content, "cut chunk")
    return _unpack(packed, compression, min(size, CHUNK_BYTES_MAX))[0]


def _chunk_parts(content: bytes, place: str) -> tuple[int, int, str, bytes]:
    """Return unpacked size, CRC, compression and packed bytes."""
    stream = io.BytesIO(content)
    head = stream.read(CHUNK_HEAD.size)
    if len(head) < CHUNK_HEAD.size:
        raise Damage(f"{place}: expected a chunk, received {len(content)} bytes")
    _, _, size, crc, name_length = CHUNK_HEAD.unpack(head)
    name = stream.read(min(name_length, len(content)))
    if len(name) != name_length or len(stream.read(8)) < 8:
        raise Damage(f"{place}: expected a chunk, received {len(content)} bytes")
    return size, crc, name.decode("ascii", "replace"), stream.read()


def _unpack(packed: bytes, compression: str, size: int) -> tuple[bytes, str]:
    """Return what packed holds, unpacked, and what went wrong ("" when nothing did)."""
    if compression == "":
        return packed, ""
    if compression not in ("zstd", "lz4"):
        return b"", f"unknown compression {compression[:20]!r}"
    zstd = zstandard.ZstdDecompressor().decompressobj()
    codec = zstd if compression == "zstd" else lz4.frame.LZ4FrameDecompressor()
    block = bytearray()
    # Piece by piece, so that a cut frame yields what it holds and a false size cannot fill the memory.
    for start in range(0, len(packed), PIECE_BYTES):
        try:
            block += codec.decompress(packed[start : start + PIECE_BYTES])
        except (zstandard.ZstdError, RuntimeError, EOFError) as error:
            return bytes(block), str(error)
        if codec.eof or len(block) > size:
            break
    return bytes(block), ""
