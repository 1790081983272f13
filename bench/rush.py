"""Where the time goes in a rush: `python -m bench.rush [--shoppers 40] [--over 20] [--seed 1] [--repeats 3]`.

Simulates a crowd in a go store once (OUT keeps it), replays it and prints the time of each stage of the engine as
medians over the repeats, the share of attribution against its bar, how often a limit of the beam was reached, and how
many people were in the store. Draws OUT/rush.png: people in the store and the share of each stage over store time.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import track

import fusion.engine
import fusion.session
import fusion.settlement
from fusion.arrays import Floats
from fusion.config import SECOND_NS
from fusion.recording import read_recording
from fusion.session import Session
from fusion.store import load_store
from scenarios.simulate import Recipe, simulate

BAR: Final = 0.05  # of replay time, for attribution
# The functions that the engine and its shell call, by stage; what they call in turn counts as theirs.
STAGES: Final = {
    "intake": ((fusion.session, "decode"), (fusion.engine, "retime")),
    "tracking": tuple(
        (fusion.engine, name)
        for name in (
            *("observe", "advance", "name_tracks", "meet", "leave_unseen", "likeliest", "follow_hands", "hands_of"),
            *("observe_cart", "clock_evidence", "admit", "leave_by_gate", "follow", "flush"),
        )
    ),
    "shelf": tuple((fusion.engine, name) for name in ("observe_plates", "group_changes", "stepping")),
    "attribution": (
        *((fusion.engine, name) for name in ("remember", "watch_passing", "watch_dark", "attribute", "_people")),
        *((fusion.engine, name) for name in ("as_it_stands", "dark_plates", "hear", "open_trip", "believe_anew")),
        *((fusion.settlement, name) for name in ("weigh_exit", "carried", "close_trip")),
    ),
}


@dataclass
class Clock:
    """Seconds by stage, all told and by ten seconds of store time; only the outermost stage counts."""

    total: dict[str, float] = field(default_factory=dict)
    by_time: dict[tuple[str, int], float] = field(default_factory=dict)
    now_ns: int = 0
    _inside: bool = False

    def timed(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return the call, its time counted."""

        def measured(*args: Any, **named: Any) -> Any:
            if self._inside:
                return call(*args, **named)
            self._inside, begun = True, time.perf_counter()
            try:
                return call(*args, **named)
            finally:
                self._inside = False
                self.add(stage, time.perf_counter() - begun)

        return measured

    def add(self, stage: str, seconds: float) -> None:
        """Count some seconds of a stage."""
        self.total[stage] = self.total.get(stage, 0.0) + seconds
        when = stage, self.now_ns // (10 * SECOND_NS)
        self.by_time[when] = self.by_time.get(when, 0.0) + seconds


@contextmanager
def measuring(clock: Clock) -> Iterator[None]:
    """Count the time of the stages while it lasts."""
    kept = [(module, name, getattr(module, name)) for calls in STAGES.values() for module, name in calls]
    try:
        for stage, calls in STAGES.items():
            for module, name in calls:
                setattr(module, name, clock.timed(stage, getattr(module, name)))
        yield
    finally:
        for module, name, call in kept:
            setattr(module, name, call)


@dataclass(frozen=True)
class Run:
    """One replay."""

    wall_s: float
    store_s: float
    clock: Clock
    limits: dict[str, int]


def replay(case: Path, out: Path) -> Run:
    """Replay a case with the time of its stages counted."""
    clock, begun = Clock(), time.perf_counter()
    with measuring(clock):
        session = Session(load_store(case / "store"), out)
        for frame in read_recording(case / "recording.mcap"):
            clock.now_ns = frame.arrival_ns
            session.feed(frame)
        session.finish()
    record = session.close()
    return Run(time.perf_counter() - begun, record["seconds"]["store"], clock, record["limits"])


def people_in_store(case: Path) -> tuple[Floats, Floats]:
    """Return seconds since the recording began (n,) and how many people the store held then (n,), by the truth."""
    import polars as pl

    tracks = pl.read_parquet(case / "truth_tracks.parquet")
    count = tracks.group_by("t").agg(pl.col("person").n_unique()).sort("t")
    t_ns = count["t"].to_numpy()
    return (t_ns - t_ns[0]) / SECOND_NS, count["person"].to_numpy().astype(np.float64)


def crowd(folder: Path, shoppers: int, over_s: float, seed: int, console: Console) -> Path:
    """Simulate the rush unless it is there."""
    case = folder / f"rush-{shoppers}-{over_s:g}-{seed}"
    if not (case / "recording.mcap").exists():
        script = folder / "rush.txt"
        folder.mkdir(parents=True, exist_ok=True)
        script.write_text(
            f"name: rush\nabout: {shoppers} people within {over_s:g} s\nstore: go\n"
            f"crowd: {shoppers} over {over_s:g} s hard 0.25\n"
        )
        with console.status(f"simulating {shoppers} people: some minutes"):
            simulate(Recipe(str(script), seed), case)
    return case


def draw(runs: list[Run], case: Path, png: Path) -> None:
    """Draw people in the store and seconds of each stage a store second, by ten seconds of store time."""
    from matplotlib import pyplot as plt

    run = sorted(runs, key=lambda one: one.wall_s)[len(runs) // 2]
    at_s, people = people_in_store(case)
    tens = sorted({ten for _, ten in run.clock.by_time if ten})
    x = 10.0 * (np.array(tens) - tens[0])
    figure, (above, below) = plt.subplots(2, sharex=True, figsize=(9, 6))
    above.plot(at_s, people, color="0.2")
    above.set_ylabel("people in the store")
    bottom = np.zeros(len(tens))
    for stage, colour in zip(STAGES, ("#999999", "#0072B2", "#009E73", "#D55E00"), strict=True):
        y = np.array([run.clock.by_time.get((stage, ten), 0.0) for ten in tens]) / 10.0
        below.bar(x, y, 9.0, bottom, align="edge", label=stage, color=colour)
        bottom += y
    below.set_ylabel("seconds of work a store second")
    below.set_xlabel("store time, s")
    below.legend(frameon=False, fontsize=8)
    figure.suptitle(f"{case.name}: where the time goes, median run of {len(runs)}", fontsize=10)
    figure.tight_layout()
    figure.savefig(png, dpi=100)
    plt.close(figure)


def report(runs: list[Run], case: Path) -> list[str]:
    """Return what to print: medians over the runs."""
    wall_s, store_s = statistics.median(r.wall_s for r in runs), runs[0].store_s
    _, people = people_in_store(case)
    lines = [
        f"{case.name}: {store_s:.0f} s of store time, at most {people.max():.0f} people in the store, "
        f"at least 30 for {np.mean(people >= 30) * store_s:.0f} s",
        f"replay {wall_s:.1f} s, {store_s / wall_s:.1f} x real time; medians of {len(runs)}",
    ]
    rest = 1.0
    for stage in STAGES:
        share = statistics.median(r.clock.total.get(stage, 0.0) / r.wall_s for r in runs)
        rest -= share
        bar = f"  (bar {BAR:.0%})" if stage == "attribution" else ""
        lines.append(f"  {stage:12} {share:6.1%}{bar}")
    lines.append(f"  {'all else':12} {rest:6.1%}  reading, slices, ledger, files")
    lines += [f"  limit {name} reached {times} times" for name, times in runs[0].limits.items()]
    return lines


def main(argv: list[str] | None = None) -> int:
    """Print the table, draw the picture; 1 where attribution takes more than its bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shoppers", type=int, default=40)
    parser.add_argument("--over", type=float, default=20.0, metavar="S", help="seconds within which they come")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("out/rush"))
    args = parser.parse_args(argv)
    if args.shoppers < 1 or args.repeats < 1:
        parser.error("--shoppers, --repeats: expected at least 1")
    console = Console(stderr=True)
    case = crowd(args.out, args.shoppers, args.over, args.seed, console)
    rounds = track(range(args.repeats), "replaying", console=console, disable=not console.is_terminal)
    runs = [replay(case, args.out / "replayed") for _ in rounds]
    print("\n".join(report(runs, case)))
    draw(runs, case, args.out / "rush.png")
    share = statistics.median(r.clock.total.get("attribution", 0.0) / r.wall_s for r in runs)
    return 1 if share > BAR else 0


if __name__ == "__main__":
    sys.exit(main())
