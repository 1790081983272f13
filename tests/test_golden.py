"""Recorded tapes and the ledgers they must give; and what a replay may open."""

import subprocess
import sys

import pytest

from bench.golden import NAMES, STORE, SUITE, ledger_of, tape_of

# Runs `aisle replay` with a hook that hears of every file opened, before anything of ours is imported.
WATCHED = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event in ("open", "sqlite3.connect") else None)
from fusion.cli import main
status = main(sys.argv[1:])
print(*opened, sep="\\n")
sys.exit(status)
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_tape_gives_its_ledger(tmp_path, name):
    assert ledger_of(tape_of(name), STORE, tmp_path) == tape_of(name).with_suffix(".ledger").read_text()


def test_the_suite_is_small_and_whole():
    files = {path.name for path in SUITE.iterdir()}
    assert files == {"store"} | {f"{name}{end}" for name in NAMES for end in (".mcap", ".ledger")}
    assert sum(path.stat().st_size for path in SUITE.rglob("*") if path.is_file()) < 8_000_000


def test_a_replay_never_opens_truth(tmp_path):
    """With the truth lying beside the recording, as it does in every case."""
    tape = tmp_path / "recording.mcap"
    tape.write_bytes(tape_of(NAMES[0]).read_bytes())
    for name in ("truth.json", "truth_tracks.parquet"):
        (tmp_path / name).write_text("not to be read")
    words = ["replay", str(tape), "--store", str(STORE), "--out", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-c", WATCHED, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    opened = done.stdout.splitlines()
    assert any(name.endswith("recording.mcap") for name in opened), "the hook heard nothing"
    assert not [name for name in opened if "truth" in name]
