"""Replay speed of a case, warm and cold: `python -m bench.speed CASE [--runs 5]`.

Prints store seconds per wall second: `engine` inside one process after a first run, `command` for the whole
`aisle replay` command with interpreter start and imports.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fusion.recording import read_recording
from fusion.session import Session
from fusion.store import load_store


def replay_seconds(case: Path, out: Path) -> tuple[float, float]:
    """Return (store seconds, wall seconds) of one replay in this process, reading included."""
    begun = time.perf_counter()
    session = Session(load_store(case / "store"), out)
    for frame in read_recording(case / "recording.mcap"):
        session.feed(frame)
    session.finish()
    record = session.close()
    return record["seconds"]["store"], time.perf_counter() - begun


def command_seconds(case: Path, out: Path) -> float:
    """Return the wall seconds of the command, all told."""
    command = [str(Path(sys.executable).with_name("aisle")), "replay", str(case / "recording.mcap")]
    begun = time.perf_counter()
    subprocess.run([*command, "--store", str(case / "store"), "--out", str(out)], check=True, capture_output=True)
    return time.perf_counter() - begun


def main(argv: list[str] | None = None) -> int:
    """Print medians and factors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        store_s, _ = replay_seconds(args.case, out)
        engine = [replay_seconds(args.case, out)[1] for _ in range(args.runs)]
        command = [command_seconds(args.case, out) for _ in range(args.runs)]
    print(f"{args.case.name}: {store_s:.1f} s of store time, {args.runs} runs")
    for name, times in (("engine", engine), ("command", command)):
        median = statistics.median(times)
        print(
            f"  {name:8} {median:6.2f} s (min {min(times):.2f}, max {max(times):.2f})"
            f"  {store_s / median:5.1f} x real time"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
