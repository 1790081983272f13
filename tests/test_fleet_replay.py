"""Replaying in bulk on Ray: what is done is kept, what was killed is done anew, the digests are those of one by one."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.golden import STORE, tape_of
from bench.processes import below
from fusion.cli import main
from fusion.fleet import machines
from fusion.fleet.recordings import MARK, RUN, Inputs, mark, record_of
from scenarios.children import AISLE

NAMES = ("b18", "north/empty-visit", "south/exchange")
WAIT_S = 180.0
INPUTS = Inputs("r", "s", "c")
Capture = pytest.CaptureFixture[str]


def cases(folder: Path) -> Path:
    """Make a folder of recordings, each beside its store, and one that is none."""
    for name in NAMES:
        (folder / name).mkdir(parents=True)
        shutil.copy(tape_of(name.rpartition("/")[2]), folder / name / "recording.mcap")
        shutil.copytree(STORE, folder / name / "store")
    (folder / "rubbish").mkdir()
    (folder / "rubbish" / "recording.mcap").write_bytes(b"no recording")
    shutil.copytree(STORE, folder / "rubbish" / "store")
    return folder


def workers_of(parent: int) -> list[int]:
    """Return the processes below one of ours that are replaying now."""
    return [pid for pid, name, _ in below(parent) if name.startswith("ray::replay_one"[:15])]


def wait_for(what: Callable[[], object], driver: "subprocess.Popen[str]") -> None:
    """Wait until something is so, while the driver lives."""
    end_s = time.monotonic() + WAIT_S
    while not what():
        assert driver.poll() is None and time.monotonic() < end_s
        time.sleep(0.05)


def test_killed_workers_and_a_killed_driver_cost_no_digest(tmp_path: Path) -> None:
    folder, out = cases(tmp_path / "cases"), tmp_path / "out"
    words = [*AISLE, "fleet", "replay", str(folder), "--out", str(out), "--workers"]
    # A session of its own: with its driver everything that it started is gone, as if by a power cut.
    driver = subprocess.Popen([*words, "2"], start_new_session=True, text=True)
    wait_for(lambda: list(out.rglob(MARK)), driver)
    os.killpg(driver.pid, signal.SIGKILL)
    driver.wait()
    done = {path: path.stat().st_mtime_ns for path in out.rglob(MARK)}
    assert 0 < len(done) < len(NAMES)
    (out / NAMES[-1]).mkdir(parents=True, exist_ok=True)
    shutil.copy(min(done).parent / RUN, out / NAMES[-1] / RUN)  # a run.json alone does not make it done
    driver = subprocess.Popen([*words, "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: workers_of(driver.pid) and len(list(out.rglob("receipts.jsonl"))) > len(done), driver)
    for pid in workers_of(driver.pid):
        os.kill(pid, signal.SIGKILL)
    said, wrong = driver.communicate(timeout=WAIT_S)
    assert driver.returncode == 2 and wrong.splitlines()[-1].startswith("aisle fleet replay: rubbish: ")
    assert f"{len(NAMES)} of {len(NAMES) + 1} recordings replayed" in said
    assert {path: path.stat().st_mtime_ns for path in done} == done  # what was done is not done again
    fleet = {row["recording"]: row for row in json.loads((out / "fleet.json").read_text())["recordings"]}
    assert list(fleet) == [*NAMES[:2], "rubbish", NAMES[2]]
    for name in NAMES:
        alone = ["--store", str(folder / name / "store"), "--out", str(tmp_path / "alone")]
        assert main(["replay", str(folder / name / "recording.mcap"), *alone]) == 0
        assert fleet[name]["ledger"] == json.loads((tmp_path / "alone" / RUN).read_text())["ledger"]
        for file in ("receipts.jsonl", "events.jsonl"):
            assert (out / name / file).read_bytes() == (tmp_path / "alone" / file).read_bytes()


@given(
    other=st.sampled_from(["recording", "store", "config"]),
    cut=st.integers(0, 200),
    file=st.sampled_from([RUN, MARK]),
)
def test_a_recording_is_done_only_whole_and_from_the_same_inputs(
    other: str, cut: int, file: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path_factory.mktemp("out")
    (out / "ledger.db").touch()
    (out / RUN).write_text(json.dumps({"ledger": "digest", "messages": {}}))
    assert record_of(out, INPUTS) is None
    record = mark(out, INPUTS)
    assert record_of(out, INPUTS) == record
    assert record_of(out, Inputs(**{"recording": "r", "store": "s", "config": "c", other: "x"})) is None
    whole = (out / file).read_bytes()
    (out / file).write_bytes(whole[: min(cut, len(whole.rstrip()) - 1)])
    assert record_of(out, INPUTS) is None


def test_what_cannot_be_a_fleet_costs_one_line(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*words: str) -> str:
        assert main(["fleet", "replay", *words, "--out", str(tmp_path / "out")]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    assert "expected a folder of recordings, received none" in refused(str(tmp_path / "nothing"))
    (tmp_path / "a").mkdir()
    assert "expected folders with recording.mcap and store, received none" in refused(str(tmp_path / "a"))
    (tmp_path / "a" / "recording.mcap").touch()
    assert f"{tmp_path / 'a'}: expected a folder store beside recording.mcap" in refused(str(tmp_path))
    (tmp_path / "a" / "store").mkdir()
    assert "--address 127.0.0.1:1: expected a Ray cluster" in refused(str(tmp_path), "--address", "127.0.0.1:1")
    assert "expected HOST:PORT" in refused(str(tmp_path), "--address", "somewhere")
    monkeypatch.setattr(machines, "find_spec", lambda name: None)
    assert refused(str(tmp_path)).endswith("expected Ray, received none: pip install 'aisle[fleet]'")
