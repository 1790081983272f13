"""What a rush costs: a store full of shoppers, replayed, and what each stage of the engine takes.

The rush is drawn and simulated once and kept in OUT while the simulator stays as it is. Prints the share of time by
stage, medians over repeats, in all and over store time with the people inside, and how often limits of the beam were
reached; draws OUT/rush.png. Wall times are of whatever else the machine does too; shares of the processor's time are
not. The exit status is 1 where attribution takes 5 percent or more.
"""

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench.rush.case import Rush, inside_at, made, visits_of
from bench.rush.report import BAR, STRETCH_S, Run, by_stage, over_time, run_of, shares, verdict
from bench.rush.stages import ATTRIBUTION, READING, REST, STAGES, Spent, Stopwatch, watched
from fusion.collector import collect_seldom
from fusion.messages import Frame
from fusion.recording import read_recording
from fusion.session import Session
from fusion.store import load_store
from fusion.warm import warm

SECOND_NS = 1_000_000_000
WARM_UP = 3000  # frames fed before anything is measured
WIDTH = 130  # columns where another program reads


def replay(case: Path, out: Path, heard: Callable[[Frame], None] = lambda frame: None) -> Run:
    """Replay a case through the real Session with every stage timed; `heard` is called with each frame."""
    store, stopwatch = load_store(case / "store"), Stopwatch()
    wall: Spent = defaultdict(float)
    cpu: Spent = defaultdict(float)
    begin_ns, wall_s, cpu_s = -1, time.perf_counter(), time.process_time()

    def lap() -> None:
        nonlocal wall_s, cpu_s
        now_wall_s, now_cpu_s = time.perf_counter(), time.process_time()
        wall[stopwatch.at, REST] += now_wall_s - wall_s
        cpu[stopwatch.at, REST] += now_cpu_s - cpu_s
        wall_s, cpu_s = now_wall_s, now_cpu_s

    with watched(stopwatch):
        session = Session(store, out)
        for frame in stopwatch.each(READING, read_recording(case / "recording.mcap")):
            begin_ns = frame.arrival_ns if begin_ns < 0 else begin_ns
            at = (frame.arrival_ns - begin_ns) // (STRETCH_S * SECOND_NS)
            if at != stopwatch.at:
                lap()
                stopwatch.at = at
            session.feed(frame)
            heard(frame)
        session.finish()
        record = session.close()
    lap()
    return run_of(stopwatch, wall, cpu, record=record)


def warm_up(case: Path, out: Path) -> None:
    """Load every compiled kernel, and feed a session the beginning of a case."""
    warm()
    session = Session(load_store(case / "store"), out)
    for frame in islice(read_recording(case / "recording.mcap"), WARM_UP):
        session.feed(frame)
    session.finish()
    session.close()


def measure(case: Path, repeats: int, bar: Progress) -> list[Run]:
    """Replay a case so many times; raises RuntimeError where two replays differ."""
    size = (case / "recording.mcap").stat().st_size
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        warm_up(case, Path(folder))
        for repeat in range(repeats):
            task = bar.add_task(f"replay {repeat + 1} of {repeats}", total=size)
            runs.append(replay(case, Path(folder), lambda frame, task=task: bar.advance(task, len(frame.payload))))
            bar.remove_task(task)
    digests = {run.ledger for run in runs}
    if len(digests) > 1:
        raise RuntimeError(f"{case}: replays of one recording made {len(digests)} different ledgers")
    return runs


def main(argv: list[str] | None = None) -> int:
    """Make the rush, replay it, tell and draw; return the exit status."""
    args = _parser().parse_args(argv)
    collect_seldom()  # as the command does
    rush = Rush(args.shoppers, args.seconds, args.seed, args.store, args.hard)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("rush", total=None)
            case = made(rush, args.out, progress=lambda what: bar.update(task, description=what))
            bar.remove_task(task)
            runs = measure(case, args.repeats, bar)
    except (ValueError, OSError) as error:
        print(f"bench.rush: {error}", file=sys.stderr)
        return 2
    show(case, rush, runs, args.out)
    return 0 if shares(runs)[STAGES.index(ATTRIBUTION)] < BAR else 1


def show(case: Path, rush: Rush, runs: list[Run], out: Path) -> None:
    """Print the tables and draw the picture."""
    came_s, left_s = visits_of(case)
    inside = inside_at(came_s, left_s, STRETCH_S * (np.arange(len(runs[0].wall_s)) + 0.5))
    most = int(inside_at(came_s, left_s, np.sort(came_s)).max())
    store = load_store(case / "store")
    wall_s = float(np.median([run.wall_s.sum() for run in runs]))
    store_s = runs[0].store_s
    told = f"{store_s:.1f} s of store time in {wall_s:.1f} s, {store_s / wall_s:.1f} x real time"
    title = (
        f"{len(came_s)} shoppers come to {rush.shop}, {most} are inside at once"
        f" ({len(store.plates.plate_id)} plates, {len(store.cameras.camera_id)} cameras, seed {rush.seed})"
    )
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    console.print(f"{title}\n{told}, median of {len(runs)}; ledger {runs[0].ledger[:16]}", soft_wrap=True)
    console.print(by_stage(runs, inside))
    console.print(over_time(runs, inside))
    for limit, times in runs[0].limits.items():
        console.print(f"limit {limit} was reached {times} times", soft_wrap=True)
    if not runs[0].limits:
        console.print("no limit of the beam was reached")
    console.print(verdict(runs, inside), soft_wrap=True)
    if find_spec("matplotlib"):
        from bench.rush.picture import draw  # here, because matplotlib is an extra

        draw(runs, inside, out / "rush.png", f"{title}\n{told}")
        console.print(out / "rush.png", soft_wrap=True)
    else:
        console.print("no picture: pip install 'aisle[pictures]'", markup=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.rush", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shoppers", type=_count, default=40, help="inside at once when it is fullest (40)")
    parser.add_argument("--seconds", type=float, default=40.0, help="within which they come (40)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeats", type=_count, default=3, help="replays; medians are over these (3)")
    parser.add_argument("--store", default="go", metavar="SHOP", help="where, by name or by size, 250m2 say (go)")
    parser.add_argument("--hard", type=float, default=0.25, help="share of hard behaviour, 0 to 1 (0.25)")
    parser.add_argument("--out", type=Path, default=Path("out/rush"), metavar="DIR")
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"expected a whole number, 1 or more, received {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
