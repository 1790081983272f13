"""Recordings: frames in file order, whole or up to the damage."""

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.writer import CompressionType, Writer

from fusion.messages import Frame
from fusion.recording import RecordingError, RecordingWriter, read_recording

frames = st.builds(
    Frame,
    topic=st.sampled_from(["plates/a", "people/b", "no topic at all"]),
    payload=st.binary(max_size=60),
    arrival_ns=st.integers(0, 2**63),
)
FRAMES = [Frame(f"plates/{i % 3}", bytes([i % 251]) * (i % 97), 10**18 - i) for i in range(400)]
in_a_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(path: Path) -> tuple[list[Frame], str]:
    """Return the frames of a file and where reading stopped."""
    recording = read_recording(path)
    return list(recording), recording.damage


def file_of(compression: CompressionType, *, chunked: bool = True, chunk_bytes: int = 4096) -> bytes:
    """Write FRAMES as another program would."""
    stream = io.BytesIO()
    writer = Writer(stream, chunk_size=chunk_bytes, compression=compression, use_chunking=chunked)
    writer.start()
    channels = {f"plates/{i}": writer.register_channel(f"plates/{i}", "msgpack", 0) for i in range(3)}
    for frame in FRAMES:
        writer.add_message(channels[frame.topic], frame.arrival_ns, frame.payload, 0)
    writer.finish()
    return stream.getvalue()


WHOLE = {compression: file_of(compression) for compression in CompressionType}


@in_a_folder
@given(st.lists(frames, max_size=20), st.integers(0, 2**62))
def test_what_is_written_is_read_in_the_same_order(tmp_path: Path, some: list[Frame], seq: int) -> None:
    path = tmp_path / "some.mcap"
    with RecordingWriter(path, "shop-1") as writer:
        for frame in some:
            writer.write(frame, 5, seq)
    recording = read_recording(path)
    assert list(recording) == some
    assert list(recording) == some, "a recording can be read again"
    assert (recording.damage, recording.store_id) == ("", "shop-1")


@in_a_folder
@given(st.sampled_from(list(CompressionType)), st.data())
def test_a_cut_file_gives_the_frames_before_the_cut(
    tmp_path: Path, compression: CompressionType, data: st.DataObject
) -> None:
    whole = WHOLE[compression]
    cut = data.draw(st.integers(8, len(whole) - 1))
    path = tmp_path / "cut.mcap"
    path.write_bytes(whole[:cut])
    found, damage = read(path)
    assert found == FRAMES[: len(found)]
    assert damage


@in_a_folder
@given(st.sampled_from(list(CompressionType)), st.data())
def test_a_spoilt_byte_never_raises_and_never_invents(
    tmp_path: Path, compression: CompressionType, data: st.DataObject
) -> None:
    spoilt = bytearray(WHOLE[compression])
    place = data.draw(st.integers(8, len(spoilt) - 1))
    spoilt[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "spoilt.mcap"
    path.write_bytes(spoilt)
    found, damage = read(path)
    assert damage or len(found) <= len(FRAMES)
    assert all(frame.payload in {known.payload for known in FRAMES} for frame in found)


@pytest.mark.parametrize("compression", list(CompressionType))
@pytest.mark.parametrize("chunked", [True, False])
def test_every_compression_is_read(tmp_path: Path, compression: CompressionType, chunked: bool) -> None:
    path = tmp_path / "whole.mcap"
    path.write_bytes(file_of(compression, chunked=chunked))
    assert read(path) == (FRAMES, "")


def test_a_cut_plain_chunk_gives_its_whole_messages(tmp_path: Path) -> None:
    whole = file_of(CompressionType.NONE, chunk_bytes=1 << 20)
    path = tmp_path / "cut.mcap"
    path.write_bytes(whole[: len(whole) // 4])
    found, damage = read(path)
    assert 50 < len(found) < 300
    assert found == FRAMES[: len(found)]
    assert "it was cut" in damage


def test_reading_stops_at_a_chunk_that_fails_its_checksum(tmp_path: Path) -> None:
    spoilt = bytearray(WHOLE[CompressionType.NONE])
    place = len(spoilt) // 3
    spoilt[place] ^= 1
    path = tmp_path / "spoilt.mcap"
    path.write_bytes(spoilt)
    found, damage = read(path)
    assert 0 < len(found) < len(FRAMES)
    assert found == FRAMES[: len(found)]
    assert "CRC" in damage


def test_a_false_size_does_not_fill_the_memory(tmp_path: Path) -> None:
    claims = b"\x89MCAP0\r\n" + b"\x06" + (2**62).to_bytes(8, "little") + b"\x00" * 50
    path = tmp_path / "claims.mcap"
    path.write_bytes(claims)
    found, damage = read(path)
    assert found == []
    assert "byte 8" in damage


@pytest.mark.parametrize("content", [b"", b"\x89MCAP", b"not a recording"])
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "text.mcap"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"text\.mcap: byte 0: expected the magic bytes"):
        read_recording(path)


def test_a_recording_made_elsewhere_is_copied_without_loss(shared: Path, tmp_path: Path) -> None:
    there = read_recording(shared / "cases" / "b01-1" / "recording.mcap")
    with RecordingWriter(tmp_path / "copy.mcap", "nano-00") as writer:
        for frame in there:
            writer.write(frame, 0, 0)
    assert there.store_id == "nano-00"
    assert read(tmp_path / "copy.mcap") == (list(there), "")
