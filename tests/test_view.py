"""Recordings and runs for viewers and notebooks of others: read back with the public libraries, and nothing is lost."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from corner_store import write
from hypothesis import given
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap_protobuf.decoder import DecoderFactory
from seen import rows, run
from tiny import Action, frames, tape, tiny_store

from fusion.cli import main
from fusion.messages import Frame, Health, Plates
from fusion.outfolder import read_out
from fusion.recording import RecordingWriter, read_recording
from fusion.view.foxglove import write_view
from fusion.view.samples import write_samples
from fusion.view.shop import inside
from fusion.view.tables import run_tables, write_tables
from fusion.wire import decode, encode, topic_of

Capture = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[1]
ACTIONS = [Action(0, 1, -1), Action(1, 3, -2)]
BAD = Frame("plates/ctl", b"\xc1", 1_700_000_001_000_000_000)
ILL = Health("cam", 10**6, 1_700_000_002_000_000_000, "down", "no picture")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording with one payload that is no message and one sensor that is down, and the run of it."""
    folder = tmp_path_factory.mktemp("view")
    sent = [*frames(tape(ACTIONS)), BAD, Frame(topic_of(ILL), encode(ILL), ILL.t_ns)]
    with RecordingWriter(folder / "recording.mcap", "tiny") as writer:
        for frame in sorted(sent, key=lambda f: f.arrival_ns):
            message = decode(frame.topic, frame.payload)
            writer.write(frame, getattr(message, "t_ns", 0), getattr(message, "seq", 0))
    run(folder / "out", ACTIONS)
    return folder


@pytest.fixture(scope="module")
def view(shop: Path) -> Path:
    """The file for viewers, with everything the engine said."""
    write_view(read_recording(shop / "recording.mcap"), tiny_store(), read_out(shop / "out"), shop / "view.mcap")
    return shop / "view.mcap"


def drawn(view: Path) -> list[tuple[str, str, int, Any]]:
    """Return topic, type, time and message of every protobuf channel, decoded by the public library."""
    with view.open("rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        topics = {c.topic for c in reader.get_summary().channels.values() if c.message_encoding == "protobuf"}  # type: ignore[union-attr]
        found = reader.iter_decoded_messages(topics=sorted(topics))
        return [(c.topic, s.name if s else "", m.log_time, d) for s, c, m, d in found]


def raw(path: Path) -> list[tuple[str, str, int, int, int, bytes]]:
    """Return every message of ours as MCAP has it, in file order."""
    with path.open("rb") as stream:
        found = make_reader(stream).iter_messages(log_time_order=False)
        return [
            (c.topic, c.message_encoding, m.log_time, m.publish_time, m.sequence, m.data)
            for _, c, m in found
            if c.message_encoding == "msgpack"
        ]


def test_every_message_of_the_recording_is_there_as_it_was(shop: Path, view: Path) -> None:
    assert raw(view) == raw(shop / "recording.mcap")
    assert any(data == BAD.payload for *_, data in raw(view))


def test_the_channels_are_foxgloves_own_types(view: Path) -> None:
    types = {topic: name for topic, name, _, _ in drawn(view)}
    assert types == {
        "/tf": "foxglove.FrameTransforms",
        "/store/scene": "foxglove.SceneUpdate",
        "/store/points": "foxglove.PointCloud",
        "/store/floor": "foxglove.Grid",
        "/camera/cam/calibration": "foxglove.CameraCalibration",
        "/sensors/cam/heads": "foxglove.PosesInFrame",
        "/tracks": "foxglove.SceneUpdate",
        "/tracks/poses": "foxglove.PosesInFrame",
        "/events": "foxglove.SceneUpdate",
        "/log": "foxglove.Log",
    }


def test_people_stand_where_the_run_has_them(shop: Path, view: Path) -> None:
    tracks = pl.read_parquet(shop / "out" / "tracks.parquet").sort("t", "track")
    seen = [(t, e) for topic, _, t, m in drawn(view) if topic == "/tracks" for e in m.entities]
    assert [t for t, _ in seen] == tracks["t"].to_list()
    at = [(e.cylinders[0].pose.position.x, e.cylinders[0].pose.position.y) for _, e in seen]
    assert np.allclose(at, tracks.select("x", "y").to_numpy())
    assert [e.metadata[0].value or None for _, e in seen] == tracks["account"].to_list()
    assert all(e.lifetime.nanos or e.lifetime.seconds for _, e in seen)
    poses = sum(len(m.poses) for topic, _, _, m in drawn(view) if topic == "/tracks/poses")
    assert poses == tracks.height


def test_every_event_and_receipt_is_a_line_of_the_log(shop: Path, view: Path) -> None:
    lines = Counter(m.name for topic, _, _, m in drawn(view) if topic == "/log")
    assert lines["events"] == len(rows(shop / "out" / "events.jsonl")) > 0
    assert lines["receipts"] == len(rows(shop / "out" / "receipts.jsonl")) > 0
    told = [m for topic, _, _, m in drawn(view) if topic == "/log" and m.name not in ("events", "receipts")]
    assert sorted(m.message for m in told) == ["down: no picture", "no message: not msgpack"]
    assert all(m.level == m.WARNING for m in told)


def test_the_store_is_drawn_at_the_beginning(view: Path) -> None:
    found = {topic: m for topic, _, _, m in drawn(view) if topic.startswith(("/store", "/tf", "/camera"))}
    entities = {e.id: e for e in found["/store/scene"].entities}
    assert set(entities) == {"floor", "plates", "fixture G"}
    assert len(entities["plates"].cubes) == 6
    assert list(found["/camera/cam/calibration"].K) == [500.0, 0.0, 320.0, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0]
    assert found["/tf"].transforms[0].child_frame_id == "cam"
    cloud = np.frombuffer(found["/store/points"].data, np.dtype([("xyz", "<f4", 3), ("rgba", "u1", 4)]))
    blue = cloud["xyz"][(cloud["rgba"] == (86, 180, 233, 255)).all(axis=1)]
    assert np.allclose(blue, tiny_store().plates.centre)
    assert found["/store/points"].point_stride == 16 and (cloud["xyz"][:, :2] <= (4.0, 3.0)).all()
    grid = found["/store/floor"]
    values = np.frombuffer(grid.data, "<f4").reshape(-1, grid.column_count, 2)
    assert values.shape == (30, 40, 2)
    assert (values[25:, 8:28, 0] == 2.0).all() and (values[:25, :, 0] == 1.0).all()
    first = min(t for _, _, t, _ in drawn(view))
    assert all(t == first for topic, _, t, _ in drawn(view) if topic in found)


def test_without_a_run_there_are_sensors_and_store(shop: Path, tmp_path: Path) -> None:
    counts = write_view(read_recording(shop / "recording.mcap"), tiny_store(), None, tmp_path / "v.mcap")
    assert counts["raw"] == len(raw(tmp_path / "v.mcap")) and "/tracks" not in counts
    assert counts["/sensors/cam/heads"] > 0 and counts["/store/scene"] == 1


def test_a_view_is_the_same_bytes_each_time(shop: Path, view: Path, tmp_path: Path) -> None:
    write_view(read_recording(shop / "recording.mcap"), tiny_store(), read_out(shop / "out"), tmp_path / "v.mcap")
    assert (tmp_path / "v.mcap").read_bytes() == view.read_bytes()


corners = st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(0.5, 5), st.floats(0.5, 5))


@given(corners, st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1))
def test_inside_a_rectangle_is_inside_either_way_round(
    corner: tuple[float, float, float, float], points: list[tuple[float, float]]
) -> None:
    x, y, w, h = corner
    outline, at = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]]), np.array(points)
    expected = (at[:, 0] >= x) & (at[:, 0] < x + w) & (at[:, 1] >= y) & (at[:, 1] < y + h)
    off = np.minimum(np.abs(at[:, [0]] - [x, x + w]), np.abs(at[:, [1]] - [y, y + h])).min(axis=1) > 1e-6
    assert (inside(at, outline) == expected)[off].all()
    assert (inside(at, outline[::-1]) == expected)[off].all()


def test_tables_hold_every_row_and_cent(shop: Path, tmp_path: Path) -> None:
    out = read_out(shop / "out")
    write_tables(run_tables(out, {"b": "Bread"}, {f"P{k}": "G" for k in range(6)}), tmp_path)
    tables = {path.stem: pl.read_parquet(path) for path in tmp_path.glob("*.parquet")}
    assert tables["receipts"]["total"].sum() == sum(r["total"] for r in out.receipts)
    assert tables["lines"]["qty"].sum() == sum(line["qty"] for r in out.receipts for line in r["lines"])
    assert tables["events"]["event"].to_list() == [e["event"] for e in out.events]
    assert tables["events"]["gondola"].unique().to_list() == ["G"]
    assert tables["tracks"].height == pl.read_parquet(shop / "out" / "tracks.parquet").height
    assert "Bread" in tables["lines"]["name"].to_list()


def test_samples_are_means_of_what_plates_said(shop: Path, tmp_path: Path) -> None:
    n = write_samples(read_recording(shop / "recording.mcap"), tiny_store(), tmp_path, 5.0)
    table = pl.read_parquet(tmp_path / "part-0000.parquet")
    assert table.height == n
    messages = [decode(f.topic, f.payload) for f in read_recording(shop / "recording.mcap")]
    loads = np.concatenate([m.g for m in messages if isinstance(m, Plates)])
    of_plate = table.filter(plate="P2")
    assert abs(of_plate["g"].mean() - loads[:, 2].mean()) < 1.0  # type: ignore[operator]
    assert of_plate["t"].is_sorted() and set(table["plate"]) == {f"P{k}" for k in range(6)}


def test_the_example_answers_its_questions(shop: Path, tmp_path: Path) -> None:
    write_tables(run_tables(read_out(shop / "out"), {}, {}), tmp_path)
    write_samples(read_recording(shop / "recording.mcap"), tiny_store(), tmp_path / "plates", 10.0)
    script = ROOT / "docs" / "notebooks" / "three_questions.py"
    command = [sys.executable, "-W", "error", str(script), str(tmp_path), str(tmp_path / "three.png")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(f"{k}. " in done.stdout for k in (1, 2, 3))
    assert (tmp_path / "three.png").stat().st_size > 10_000


def test_the_commands_and_their_refusals(shop: Path, tmp_path: Path, capsys: Capture) -> None:
    store, recording, out = str(write(tmp_path / "store")), str(shop / "recording.mcap"), str(shop / "out")
    view, tables = str(tmp_path / "v.mcap"), str(tmp_path / "tables")
    assert main(["export", recording, "--foxglove", view, "--store", store, "--run", out]) == 0
    assert main(["export", recording, "--parquet", tables, "--store", store, "--run", out]) == 0
    assert (tmp_path / "tables" / "plates" / "part-0000.parquet").is_file()
    capsys.readouterr()
    assert main(["export", recording, "--foxglove", recording, "--store", store]) == 2
    assert main(["export", recording, "--parquet", tables, "--run", out]) == 2
    assert main(["export", recording, "--parquet", tables, "--store", store, "--run", str(tmp_path)]) == 2
    refusals = [line for line in capsys.readouterr().err.splitlines() if not line.startswith(("usage:", " "))]
    assert len(refusals) == 3
    assert len(raw(shop / "recording.mcap")) > 100
