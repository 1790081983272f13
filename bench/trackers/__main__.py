"""Aisle beside its peers on neutral walkers: `python -m bench.trackers [--sizes 50,200,500] [--out out/trackers]`.

Makes the peers' environments on the first run (about 1 GB in ~/.cache). `--growth` shows how Aisle's cost grows from 50
to 5,000 walkers, `--kernels` what the compiled kernels buy over the plain reference of the tests.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from bench.trackers.environments import HOME, PeerError, python_of
from bench.trackers.kernels import kernel_lines
from bench.trackers.metrics import Score, score
from bench.trackers.report import Run, draw, draw_growth, growth_lines, show
from bench.trackers.streams import RATE_HZ, Stream, make_stream

TRACKERS = ("aisle", "filterpy", "stonesoup", "norfair", "motpy", "similari", "trackpy")
GROWTH = (50, 100, 200, 500, 1000, 2000, 5000)
WARM_S = 2.0
ADAPTERS = Path(__file__).with_name("adapters.py")


def run_tracker(tracker: str, stream: Path, out: Path, console: Console, progress: Progress, frames: int) -> None:
    """Run one tracker in a process of its own; raises PeerError if it fails."""
    command = [str(python_of(tracker, console)), str(ADAPTERS), tracker, str(stream), str(out)]
    task = progress.add_task(tracker, total=frames)
    with tempfile.TemporaryFile("w+") as errors:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.strip().isdigit():
                    progress.update(task, completed=int(line))
        progress.remove_task(task)
        errors.seek(0)
        if process.returncode:
            raise PeerError(f"{tracker}: expected tracks, received exit status {process.returncode}\n{errors.read()}")


def result(tracker: str, walkers: int, seed: int, stream: Stream, out: Path) -> Run:
    """Score what a tracker wrote."""
    got = np.load(out)
    scored = score(stream.truth_id, stream.truth_xy, stream.truth_start, got["id"], got["xy"], got["start"])
    ms = got["ms"][int(WARM_S * RATE_HZ) :]
    return Run(
        tracker, walkers, seed, scored, float(np.median(ms)), float(np.percentile(ms, 99)), float(got["memory_mb"])
    )


def check_metrics(stream: Stream, out: Path, ours: Score, folder: Path, console: Console) -> float:
    """Score the same tracks with TrackEval; return the largest difference."""
    pair = folder / "pair.npz"
    got = np.load(out)
    truth = {"truth_id": stream.truth_id, "truth_xy": stream.truth_xy, "truth_start": stream.truth_start}
    np.savez(pair, **truth, id=got["id"], xy=got["xy"], start=got["start"])
    command = [str(python_of("trackeval", console)), str(ADAPTERS.with_name("published.py")), str(pair)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(f"TrackEval: expected a score, received\n{done.stderr}")
    theirs = json.loads(done.stdout.splitlines()[-1])
    return max(abs(theirs[name] - getattr(ours, name)) for name in theirs)


def compare(args: argparse.Namespace, console: Console) -> int:
    """Run all trackers over all streams, print and draw."""
    runs: list[Run] = []
    worst = 0.0
    with tempfile.TemporaryDirectory() as name, Progress(console=console, disable=not console.is_terminal) as progress:
        folder = Path(name)
        for tracker in args.trackers:  # environments first: nobody waits for an hour to learn that pip fails
            python_of(tracker, console)
        for size in args.sizes:
            for seed in range(max(1, args.streams * args.sizes[0] // size)):
                stream = make_stream(size, args.seconds, seed)
                stream.save(folder / "stream.npz")
                for tracker in args.trackers:
                    out = folder / f"{tracker}.npz"
                    run_tracker(tracker, folder / "stream.npz", out, console, progress, len(stream.start) - 1)
                    runs.append(result(tracker, size, seed, stream, out))
                    if size == args.sizes[0] and seed == 0:
                        worst = max(worst, check_metrics(stream, out, runs[-1].score, folder, console))
                    one = runs[-1]
                    console.print(
                        f"{size:5} walkers, stream {seed}: {tracker:10} HOTA {one.score.hota:.3f} "
                        f"IDF1 {one.score.idf1:.3f} switches {one.score.switches:4} {one.median_ms:8.2f} ms",
                        highlight=False,
                    )
    show(console, runs)
    console.print(f"metrics against TrackEval, all trackers of the first stream: largest difference {worst:.1e}")
    args.out.mkdir(parents=True, exist_ok=True)
    draw(runs, args.out / "trackers.png")
    console.print(args.out / "trackers.png")
    return 0 if worst < 1e-9 else 1


def growth(args: argparse.Namespace, console: Console) -> int:
    """Show how Aisle's cost grows with walkers."""
    ms = []
    with tempfile.TemporaryDirectory() as name, Progress(console=console, disable=not console.is_terminal) as progress:
        folder = Path(name)
        for size in GROWTH:
            stream = make_stream(size, WARM_S + args.seconds / 4, 0)
            stream.save(folder / "stream.npz")
            run_tracker("aisle", folder / "stream.npz", folder / "out.npz", console, progress, len(stream.start) - 1)
            ms.append(float(np.median(np.load(folder / "out.npz")["ms"][int(WARM_S * RATE_HZ) :])))
    for line in growth_lines(list(GROWTH), ms):
        console.print(line, highlight=False)
    args.out.mkdir(parents=True, exist_ok=True)
    draw_growth(list(GROWTH), ms, args.out / "growth.png")
    console.print(args.out / "growth.png")
    return 0


def main(argv: list[str] | None = None) -> int:
    """Compare, or show growth or kernels."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=lambda s: [int(n) for n in s.split(",")], default=[50, 200, 500])
    parser.add_argument("--trackers", type=lambda s: s.split(","), default=list(TRACKERS))
    parser.add_argument("--seconds", type=float, default=20.0, help="of every stream")
    parser.add_argument("--streams", type=int, default=4, help="of the first size; others get as many walkers in all")
    parser.add_argument("--out", type=Path, default=Path("out/trackers"))
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--kernels", action="store_true")
    args = parser.parse_args(argv)
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    unknown = [name for name in args.trackers if name not in HOME]
    if unknown:
        console.print(f"--trackers: expected some of {', '.join(TRACKERS)}, received {', '.join(unknown)}")
        return 2
    try:
        if args.kernels:
            for line in kernel_lines():
                console.print(line, highlight=False)
            return 0
        return growth(args, console) if args.growth else compare(args, console)
    except PeerError as error:
        console.print(str(error), highlight=False, soft_wrap=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
