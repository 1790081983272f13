"""`aisle replay` on recordings of others: the same bytes every time, whatever the hash seed and order of arrival."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fusion.recording import RecordingWriter, read_recording
from fusion.session import Session
from fusion.store import load_store

AISLE = Path(sys.executable).with_name("aisle")
SAID = ("receipts.jsonl", "events.jsonl")


def replay(
    recording: Path, store: Path, out: Path, *flags: str, hash_seed: str = "0"
) -> subprocess.CompletedProcess[str]:
    command = [str(AISLE), "replay", str(recording), "--store", str(store), "--out", str(out), *flags]
    env = os.environ | {"PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=300)


def said(out: Path) -> tuple[bytes, ...]:
    ledger = json.loads((out / "run.json").read_text())["ledger"]
    return (*((out / name).read_bytes() for name in SAID), ledger.encode())


def test_two_replays_under_different_hash_seeds_say_the_same_bytes(shared: Path, tmp_path: Path) -> None:
    case = shared / "cases" / "t03_same_plate_same_time-1"
    for seed in ("1", "4242"):
        run = replay(case / "recording.mcap", case / "store", tmp_path / seed, hash_seed=seed)
        assert run.returncode == 0, run.stderr
        assert run.stderr == "" and "x real time" in run.stdout
    assert said(tmp_path / "1") == said(tmp_path / "4242")
    assert len((tmp_path / "1" / "receipts.jsonl").read_text().splitlines()) == 2


def test_a_recording_shuffled_inside_the_window_and_doubled_says_the_same_bytes(shared: Path, tmp_path: Path) -> None:
    case = shared / "cases" / "b01-1"
    store = load_store(case / "store")
    frames = list(read_recording(case / "recording.mcap"))
    rng = np.random.default_rng(3)
    # Arrival is at most 0.5 s after measurement here: another 3 s stays inside the window of 4 s.
    due = [(f.arrival_ns + rng.uniform(0, 3e9), i) for i, f in enumerate(frames)]
    due += [(f.arrival_ns + rng.uniform(0, 3e9), i) for i, f in enumerate(frames) if rng.random() < 0.1]
    for name, order in (("plain", range(len(frames))), ("shuffled", [i for _, i in sorted(due)])):
        session = Session(store, tmp_path / name)
        for i in order:
            session.feed(frames[i])
        session.finish()
        session.close()
    assert said(tmp_path / "plain") == said(tmp_path / "shuffled")


def test_a_single_shopper_is_charged_what_she_took(shared: Path, tmp_path: Path) -> None:
    case = shared / "cases" / "b01-1"
    assert replay(case / "recording.mcap", case / "store", tmp_path).returncode == 0
    (receipt,) = [json.loads(line) for line in (tmp_path / "receipts.jsonl").read_text().splitlines()]
    (truth,) = json.loads((case / "truth.json").read_text())["receipts"]
    assert receipt["account"] == truth["account"] and receipt["status"] == "settled"
    assert {line["sku"]: line["qty"] for line in receipt["lines"]} == truth["lines"]


def test_part_of_a_recording_and_its_pace(shared: Path, tmp_path: Path) -> None:
    case = shared / "cases" / "b01-1"
    run = replay(case / "recording.mcap", case / "store", tmp_path, "--from", "2", "--to", "6", "--rate", "8")
    assert run.returncode == 0, run.stderr
    record = json.loads((tmp_path / "run.json").read_text())
    assert 3.0 < record["seconds"]["store"] < 5.0 and record["seconds"]["wall"] > 0.4
    assert record["messages"]["read"] < 1000


def test_a_recording_cut_in_the_middle_is_replayed_to_its_last_whole_message(shared: Path, tmp_path: Path) -> None:
    case = shared / "cases" / "b01-1"
    whole = (case / "recording.mcap").read_bytes()
    (tmp_path / "cut.mcap").write_bytes(whole[: len(whole) // 2])
    run = replay(tmp_path / "cut.mcap", case / "store", tmp_path / "out")
    assert run.returncode == 0 and "what came before was replayed" in run.stderr
    assert json.loads((tmp_path / "out" / "run.json").read_text())["messages"]["read"] > 1000


@pytest.mark.parametrize(
    ("spoil", "place"),
    [("missing", "no.mcap"), ("no recording", "magic"), ("no store", "store.toml"), ("bad rate", "--rate")],
)
def test_bad_input_is_one_line_and_2(spoil: str, place: str, tmp_path: Path) -> None:
    recording, store, flags = tmp_path / "no.mcap", tmp_path / "store", []
    if spoil == "no recording":
        recording.write_bytes(b"this is no recording, whatever its name says")
    if spoil == "no store":
        with RecordingWriter(recording, "x"):
            pass
    if spoil == "bad rate":
        flags = ["--rate", "-1"]
    if spoil in ("missing", "no recording"):
        from scenarios.simulate import write_scenario_store

        write_scenario_store("single", 1, store)
    run = replay(recording, store, tmp_path / "out", *flags)
    assert run.returncode == 2 and "Traceback" not in run.stderr
    assert place in run.stderr.splitlines()[-1]


def test_the_real_store_gives_its_one_receipt_line_and_nothing_else(shared: Path, tmp_path: Path) -> None:
    source = shared / "real" / "aifi_benchmark1"
    run = subprocess.run([str(AISLE), "import", "aifi", str(source), "--out", str(tmp_path)], check=False, timeout=300)
    assert run.returncode == 0
    assert replay(tmp_path / "recording.mcap", tmp_path / "store", tmp_path / "out").returncode == 0
    receipts = [json.loads(line) for line in (tmp_path / "out" / "receipts.jsonl").read_text().splitlines()]
    lines = [(r["account"], line["sku"], line["qty"], line["g"]) for r in receipts for line in r["lines"]]
    assert lines == [("3325379692103139202", "071142008582", 1, None)]
    assert receipts[0]["status"] == "settled" and receipts[0]["lines"][0]["confidence"] >= 0.95
