"""The importer of AiFi NanoStore test cases."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fusion.cli import main
from fusion.messages import Gate, Malformed, Message, People, Plates
from fusion.recording import RecordingError, read_recording
from fusion.store import load_store
from fusion.wire import decode
from sensors.aifi import import_aifi

SHOPPER = "3325379692103139202"
PICK = "071142008582"


def time_text(ms: int) -> str:
    return f"2020-04-22T05:06:{ms // 1000:02d}.{ms % 1000:03d}Z"


def packet(ms: int, gondola: int, g: np.ndarray) -> dict[str, Any]:
    """Build a row of plate_data.json; g is (samples, shelves, plates)."""
    values = {"data": base64.b64encode(g.astype("<f4").tobytes()).decode(), "shape": list(g.shape)}
    plate_id = {"shelf_id": {"gondola_id": {"id": gondola}}}
    document = {
        "header": {"t_origin": time_text(ms)},
        "plate_data": {"plate_id": plate_id, "freq_samp": 60.0, "values": values},
    }
    return {"date_time": {"$date": time_text(ms + 100)}, "document": document}


def sighting(ms: int, *targets: dict[str, Any]) -> dict[str, Any]:
    document = {"header": {"t_origin": time_text(ms)}, "targets": {"targets": list(targets)}}
    return {"date_time": {"$date": time_text(ms + 2300)}, "document": document}


def target(name: str, point: dict[str, float], *, valid: bool = True) -> dict[str, Any]:
    state = "TARGETSTATE_VALID_ENTRANCE" if valid else "TARGETSTATE_INVALID"
    return {"target_id": {"id": name}, "target_state": state, "head": {"point": point, "score": 0.9}}


def facing(gondola: int, shelf: int, first: int, sku: str, x: float, **turn: float) -> dict[str, Any]:
    """Build a row of planogram.json: two plates."""
    ids = [
        {"shelf_id": {"gondola_id": {"id": gondola}, "shelf_index": shelf}, "plate_index": first + i} for i in (0, 1)
    ]
    transform = {"translation": {"x": x, "z": 0.3 * shelf}, "rotation": turn}
    box = {"transform": transform, "dim_x": 0.2032, "dim_y": 0.4064}
    return {"plate_ids": ids, "planogram_product_id": {"id": sku}, "global_coordinates": box}


def case() -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a small test case: two gondolas with data, one of them not in the planogram."""
    g = np.full((12, 3, 4), np.nan)
    g[:, 1:, 1:] = 1000.0
    return {
        "plate_data": [packet(2000 + 200 * i, gondola, g) for i in range(3) for gondola in (1, 7)],
        "full_targets": [
            sighting(1000, target("7 up", {"y": -40.0, "z": 66.0}), target("ghost", {"x": 1.0}, valid=False)),
            sighting(1100, target("7 up", {"x": 39.37, "y": -40.0, "z": 66.0})),
            sighting(1200, target("7 up", {})),
            sighting(1300),
        ],
        "planogram": [facing(1, 1, 1, "01", 0.0), facing(2, 1, 1, "X/2", 0.0, z=-1.5708)],
        "products": [
            {"product_id": {"id": "01"}, "metadata": {"name": "Curry", "price": 5.99, "weight": 450.0}},
            {"product_id": {"id": "other"}, "metadata": {"name": "Not here"}},
        ],
    }


def write(folder: Path, rows: dict[str, list[dict[str, Any]]]) -> Path:
    folder.mkdir()
    for name, some in rows.items():
        text = "".join(json.dumps(row) + "\n" for row in some)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return folder


def messages(path: Path) -> list[Message]:
    found = [decode(frame.topic, frame.payload) for frame in read_recording(path)]
    assert not any(isinstance(message, Malformed) for message in found)
    return [message for message in found if not isinstance(message, Malformed)]


def test_a_small_case_becomes_a_store_and_a_recording(tmp_path: Path) -> None:
    done = import_aifi(write(tmp_path / "in", case()), tmp_path / "out")
    store = load_store(tmp_path / "out" / "store")
    assert store.products.sku == ("01", "X_2")
    assert store.products.price_cents.tolist() == [599, 0]
    assert store.products.mass_g.tolist() == [450.0, 300.0]
    assert done.unplaced == (7,)
    names = dict(zip(store.plates.plate_id, store.plates.centre.round(3).tolist(), strict=True))
    assert names["G1-S1-P2"] == [0.152, 0.203, 0.3]
    assert names["G1-S1-P3"] == [0.254, 0.203, 0.3], "a plate without a product lies beside its neighbour"
    assert names["G1-S2-P1"] == [0.051, 0.203, 0.6], "a shelf without products lies above the known one"
    assert names["G2-S1-P1"] == [0.203, -0.051, 0.3], "a turned gondola"


def test_streams_are_merged_by_arrival_and_the_gate_is_made_up(tmp_path: Path) -> None:
    import_aifi(write(tmp_path / "in", case()), tmp_path / "out")
    arrivals = [frame.arrival_ns for frame in read_recording(tmp_path / "out" / "recording.mcap")]
    assert arrivals == sorted(arrivals)
    found = messages(tmp_path / "out" / "recording.mcap")
    gates = [(m.event, m.account, m.t_ns % 10**10) for m in found if isinstance(m, Gate)]
    assert gates == [("enter", "7_up", 10**9), ("exit", "7_up", 1_100_000_000)]
    people = [m for m in found if isinstance(m, People)]
    assert [m.ids for m in people] == [("7_up", "ghost"), ("7_up",), (), ()]
    assert people[0].head[0].tolist() == pytest.approx([0.0, -1.016, 1.6764])
    assert np.isnan(people[0].hands).all()
    plates = [m for m in found if isinstance(m, Plates)]
    assert [m.seq for m in plates] == [0, 1, 2]
    assert plates[0].g.shape == (12, 6)
    newest_ns = plates[0].t_ns + 11 * plates[0].dt_ns
    assert newest_ns % 10**10 == pytest.approx(2 * 10**9, abs=10)


BROKEN = [
    ("plate_data", "document.header.t_origin", "yesterday", "expected an ISO 8601 time"),
    ("plate_data", "document.plate_data.values.shape", [12, 3], "expected [samples, shelves, plates]"),
    (
        "plate_data",
        "document.plate_data.values.data",
        "AAAA",
        "expected 576 bytes for shape [12, 3, 4], received 3",
    ),
    ("plate_data", "document.plate_data.values.data", "%", "expected base64"),
    ("plate_data", "document.plate_data.freq_samp", 0, "expected a rate in Hz"),
    ("full_targets", "document.targets.targets", [5], "expected an object"),
    ("full_targets", "date_time", None, "date_time.$date: expected a text, received nothing"),
    ("planogram", "plate_ids", [], "expected at least one plate"),
    ("planogram", "global_coordinates.transform.rotation", {"x": 1.0}, "expected a turn about z alone"),
    ("products", "metadata.price", -1, "expected price and weight of 0 or more"),
    ("products", "metadata.weight", "heavy", "weight: expected a finite number"),
]


@pytest.mark.parametrize(("name", "path", "value", "expected"), BROKEN)
def test_a_bad_row_is_named(tmp_path: Path, name: str, path: str, value: Any, expected: str) -> None:
    rows = case()
    inner: Any = rows[name][1]
    *outer, last = path.split(".")
    for key in outer:
        inner = inner[key]
    inner[last] = value
    with pytest.raises(RecordingError) as caught:
        import_aifi(write(tmp_path / "in", rows), tmp_path / "out")
    assert f"{name}.json: line 2" in str(caught.value)
    assert expected in str(caught.value)


def test_the_command_names_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "in", case())
    with (folder / "full_targets.json").open("a", encoding="utf-8") as stream:
        stream.write('{"half": ')
    assert main(["import", "aifi", str(folder), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "full_targets.json: line 5: expected a JSON object" in said
    assert main(["import", "aifi", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]) == 2


def test_the_real_case_holds_its_pick(shared: Path, tmp_path: Path) -> None:
    folder = shared / "real" / "aifi_benchmark1"
    assert main(["import", "aifi", str(folder), "--out", str(tmp_path)]) == 0
    assert main(["check", str(tmp_path)]) == 0
    store = load_store(tmp_path / "store")
    assert len(store.plates.plate_id) == 305
    row = store.plates.plate_id.index("G1-S5-P11")
    sku = store.products.sku.index(PICK)
    assert row in store.facings.plates[store.facings.product.tolist().index(sku)]
    found = messages(tmp_path / "recording.mcap")
    gates = [(m.event, m.account) for m in found if isinstance(m, Gate)]
    assert gates == [("enter", SHOPPER), ("exit", SHOPPER)]
    channel = store.plates.channel[row]
    level = [m.g[:, channel] for m in found if isinstance(m, Plates) and m.src == "gondola-1"]
    assert np.median(level[-20:]) - np.median(level[:20]) == pytest.approx(-622.0, abs=3.0)
    # The wrist is at the plate when the weight goes.
    centre = store.plates.centre[row]
    reach_m = [np.nanmin(np.linalg.norm(m.hands - centre, axis=-1)) for m in found if isinstance(m, People) and m.ids]
    assert min(reach_m) < 0.30
