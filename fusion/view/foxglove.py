"""The file: every message of a recording as it was, and beside them what viewers can draw, in order of time."""

import heapq
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import TypeAlias

import polars as pl
from google.protobuf.message import Message as Proto
from mcap.writer import CompressionType, Writer
from mcap_protobuf.schema import register_schema

from fusion.messages import Frame, Health, Malformed, People
from fusion.outfolder import Out
from fusion.progress import watched_recording
from fusion.recording import MESSAGE_ENCODING, SEQUENCES, STORE_RECORD, Recording
from fusion.store import Store
from fusion.view.happenings import log_lines, marks
from fusion.view.people import heads, people
from fusion.view.places import stamp
from fusion.view.points import points
from fusion.view.shop import calibrations, camera_frames, floor_grid, scene
from fusion.wire import decode

Item: TypeAlias = tuple[int, Frame | tuple[str, Proto]]  # ns, and what is written then
Drawn: TypeAlias = tuple[int, str, Proto]  # ns, topic, message


def write_view(recording: Recording, store: Store, out: Out | None, path: Path) -> dict[str, int]:
    """Write the file; return how many messages each of the drawn topics got, and under "raw" how many were copied."""
    counts: Counter[str] = Counter()
    with path.open("wb") as stream:
        writer = Writer(stream, compression=CompressionType.ZSTD)
        writer.start(profile="", library="aisle")
        writer.add_metadata(STORE_RECORD, {"store_id": store.store_id})
        channels: dict[str, int] = {}
        frames: Iterator[Item] = ((frame.arrival_ns, frame) for frame in watched_recording(recording, "drawing"))
        for t_ns, one in _begun(frames, _drawn(store, out), store, out):
            if isinstance(one, Frame):
                counts["raw"] += 1
                drawn = _copy(writer, channels, one)
            else:
                drawn = (t_ns, *one)
            if drawn is not None:
                counts[drawn[1]] += 1
                _write(writer, channels, drawn)
        writer.finish()  # type: ignore[no-untyped-call]
    return dict(counts)


def _begun(frames: Iterator[Item], drawn: Iterator[Item], store: Store, out: Out | None) -> Iterator[Item]:
    """Yield the store at the time of the first message, then the messages of both kinds in order of time."""
    first = next(frames, None)
    early = next(drawn, None)
    begin_ns = min([one[0] for one in (first, early) if one is not None], default=0)
    tracks = out.tracks if out is not None else pl.DataFrame(schema={"x": pl.Float32, "y": pl.Float32})
    yield begin_ns, ("/tf", camera_frames(store, begin_ns))
    yield begin_ns, ("/store/scene", scene(store, begin_ns))
    yield begin_ns, ("/store/points", points(store, begin_ns))
    yield begin_ns, ("/store/floor", floor_grid(store, tracks, begin_ns))
    for camera, calibration in calibrations(store, begin_ns):
        yield begin_ns, (f"/camera/{camera}/calibration", calibration)
    raw, made = ([one] if one is not None else [] for one in (first, early))
    yield from heapq.merge(chain(raw, frames), chain(made, drawn), key=itemgetter(0))


def _drawn(store: Store, out: Out | None) -> Iterator[Item]:
    """Yield what the engine said, in order of time; nothing without an output folder."""
    if out is None:
        return
    names = dict(zip(store.products.sku, store.products.name, strict=True))
    happened = sorted(
        [
            *((t, ("/log", line)) for t, line in log_lines(out, names)),
            *((t, ("/events", mark)) for t, mark in marks(out, store, names)),
        ],
        key=itemgetter(0),
    )
    seen = (
        (t, one) for t, scene, poses in people(out.tracks) for one in (("/tracks", scene), ("/tracks/poses", poses))
    )
    yield from heapq.merge(happened, seen, key=itemgetter(0))


def _copy(writer: Writer, channels: dict[str, int], frame: Frame) -> Drawn | None:
    """Copy one frame; return what can be drawn of it: heads that a depth camera saw, a sensor that is not well."""
    message = decode(frame.topic, frame.payload)
    bad = isinstance(message, Malformed)
    if frame.topic not in channels:
        channels[frame.topic] = writer.register_channel(frame.topic, MESSAGE_ENCODING, 0)
    writer.add_message(
        channel_id=channels[frame.topic],
        log_time=frame.arrival_ns,
        data=frame.payload,
        publish_time=0 if isinstance(message, Malformed) else message.t_ns,
        sequence=0 if isinstance(message, Malformed) else message.seq % SEQUENCES,
    )
    if isinstance(message, People):
        return frame.arrival_ns, f"/sensors/{message.src}/heads", heads(message)
    if bad or (isinstance(message, Health) and message.state != "ok"):
        return frame.arrival_ns, "/log", _warning(frame, message)
    return None


def _warning(frame: Frame, message: object) -> Proto:
    from foxglove_schemas_protobuf.Log_pb2 import Log

    if isinstance(message, Malformed):
        text = f"no message: {message.reason.value}"
    else:
        assert isinstance(message, Health)
        text = f"{message.state}: {message.text}"
    return Log(timestamp=stamp(frame.arrival_ns), level=Log.WARNING, message=text, name=frame.topic)


def _write(writer: Writer, channels: dict[str, int], drawn: Drawn) -> None:
    t_ns, topic, message = drawn
    if topic not in channels:
        schema = register_schema(writer, type(message))
        channels[topic] = writer.register_channel(topic, "protobuf", schema)
    data = message.SerializeToString(deterministic=True)
    writer.add_message(channel_id=channels[topic], log_time=t_ns, data=data, publish_time=t_ns, sequence=0)
