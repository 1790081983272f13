"""Replay every case of a folder and score it: `python -m bench.judge CASES OUTS --score SCORE`.

The judge compares pieces and grams. Its column "amt" counts lines whose amount is not the plain price of products.csv:
where a store has promotions and deposits these are no faults. `review` counts receipts that a rule holds as well.
"""

import argparse
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import track

from fusion.config import Config
from fusion.recording import read_recording
from fusion.session import Session
from fusion.store import load_store


def replay_case(case: Path, out: Path, config: Config | None = None) -> str:
    """Replay one case folder into out; return its name."""
    session = Session(load_store(case / "store"), out, config)
    for frame in read_recording(case / "recording.mcap"):
        session.feed(frame)
    session.finish()
    session.close()
    return case.name


def main(argv: list[str] | None = None) -> int:
    """Replay, then score; the judge's exit status is ours."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("outs", type=Path)
    parser.add_argument("--score", type=Path, required=True, help="the judge, a Python script")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args(argv)
    cases = sorted(p.parent for p in args.cases.rglob("recording.mcap"))
    if not cases or not args.score.is_file():
        print(f"judge: expected cases under {args.cases} and a judge at {args.score}", file=sys.stderr)
        return 2
    outs = [args.outs / case.relative_to(args.cases) for case in cases]
    console = Console(stderr=True)
    with ProcessPoolExecutor(args.jobs) as pool:
        runs = pool.map(replay_case, cases, outs)
        for _ in track(runs, "replaying", len(cases), console=console, disable=not console.is_terminal):
            pass
    command = [sys.executable, str(args.score), "--suite", str(args.cases), str(args.outs)]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
