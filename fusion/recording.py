"""Recordings: MCAP files of frames in arrival order (contract section 4)."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Metadata
from mcap.writer import CompressionType, Writer

from fusion.mcap_blocks import MAGIC, Damage, Record, read_records
from fusion.messages import Frame

MESSAGE_ENCODING = "msgpack"
MESSAGE = int(Opcode.MESSAGE)  # nearly every record: a plain number is compared more quickly
STORE_RECORD = "store"
MESSAGE_HEAD = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time
PARSE_ERRORS = (McapError, struct.error, UnicodeDecodeError)
SEQUENCES = 1 << 32  # MCAP keeps 32 bits of a sequence; the payload keeps all of it


class RecordingError(Exception):
    """A file that is no recording."""

    def __init__(self, file: str, place: str, expected: str, received: str) -> None:
        super().__init__(f"{file}: {place}: expected {expected}, received {received}")
        self.file = file
        self.place = place
        self.expected = expected
        self.received = received


class Recording:
    """Frames of a recording in file order; `damage` and `store_id` are known once the frames are read."""

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            inside = path / "recording.mcap"
            hint = f"; try {inside}" if inside.exists() else ""
            raise RecordingError(str(path), "file", "a recording, one MCAP file", f"a folder{hint}")
        self.path = path
        self.damage = ""  # where and why reading stopped early; "" for a whole file
        self.store_id = ""  # "" where the file does not say
        self.bytes_total = path.stat().st_size
        self.bytes_read = 0  # how far reading has come
        with path.open("rb") as stream:
            _check_magic(path, stream)

    def __iter__(self) -> Iterator[Frame]:
        """Yield every whole frame before the first damage."""
        topics: dict[int, str] = {}
        self.damage, chunk = "", ""
        with self.path.open("rb") as stream:
            _check_magic(self.path, stream)
            try:
                for record in read_records(stream, self.bytes_total):
                    if record.around is not chunk:  # the records of a chunk are read at once
                        chunk, self.bytes_read = record.around, stream.tell()
                    if record.opcode == MESSAGE:
                        yield _frame(record, topics)
                    elif record.opcode == Opcode.CHANNEL:
                        _add_topic(record, topics)
                    elif record.opcode == Opcode.METADATA:
                        self.store_id = _store_id(record) or self.store_id
            except Damage as damage:
                self.damage = str(damage)


def read_recording(path: Path) -> Recording:
    """Return the frames of a recording, to be iterated; raises RecordingError or OSError for no recording."""
    return Recording(Path(path))


class RecordingWriter:
    """Write frames in arrival order; used as a context manager, it finishes the file on the way out."""

    def __init__(self, path: Path, store_id: str) -> None:
        self._stream: BinaryIO = Path(path).open("wb")  # noqa: SIM115 (closed by __exit__)
        self._writer = Writer(self._stream, compression=CompressionType.ZSTD)
        self._writer.start(profile="", library="aisle")
        self._writer.add_metadata(STORE_RECORD, {"store_id": store_id})
        self._channels: dict[str, int] = {}

    def write(self, frame: Frame, t_ns: int, seq: int) -> None:
        """Append a frame; t_ns and seq are its message's own, 0 for a payload that is no message."""
        if frame.topic not in self._channels:
            self._channels[frame.topic] = self._writer.register_channel(frame.topic, MESSAGE_ENCODING, 0)
        self._writer.add_message(
            channel_id=self._channels[frame.topic],
            log_time=frame.arrival_ns,
            data=frame.payload,
            publish_time=t_ns,
            sequence=seq % SEQUENCES,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.finish()  # type: ignore[no-untyped-call]
        self._stream.close()


def _check_magic(path: Path, stream: BinaryIO) -> None:
    head = stream.read(len(MAGIC))
    if head != MAGIC:
        received = f"bytes {head.hex(' ')}" if head else "an empty file"
        raise RecordingError(str(path), "byte 0", "the magic bytes of an MCAP file", received)


def _frame(record: Record, topics: dict[int, str]) -> Frame:
    if len(record.content) < MESSAGE_HEAD.size:
        raise Damage(f"{record.place}: expected a message, received {len(record.content)} bytes")
    channel, _, log_time, _ = MESSAGE_HEAD.unpack_from(record.content)
    if channel not in topics:
        raise Damage(f"{record.place}: expected a channel declared before, received channel {channel}")
    return Frame(topics[channel], record.content[MESSAGE_HEAD.size :], log_time)


def _add_topic(record: Record, topics: dict[int, str]) -> None:
    try:
        channel = Channel.read(_stream_of(record))
    except PARSE_ERRORS as error:
        raise Damage(f"{record.place}: expected a channel, received bytes that are none ({error})") from None
    topics[channel.id] = channel.topic


def _store_id(record: Record) -> str:
    try:
        metadata = Metadata.read(_stream_of(record))
    except PARSE_ERRORS as error:
        raise Damage(f"{record.place}: expected metadata, received bytes that are none ({error})") from None
    return metadata.metadata.get("store_id", "") if metadata.name == STORE_RECORD else ""


def _stream_of(record: Record) -> ReadDataStream:
    return ReadDataStream(io.BytesIO(record.content))
