"""Times of replays turned into figures and tables."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from rich.box import SIMPLE
from rich.table import Table

from bench.rush.stages import ATTRIBUTION, REST, STAGES, Spent, Stopwatch
from fusion.arrays import Floats, Ints

STRETCH_S: Final = 10  # of store time, a row of the table over time
BAR: Final = 0.05  # of replay time, what attribution may take
FULL: Final = 0.9  # of the most people inside: when the store counts as full


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One watched replay."""

    store_s: float
    wall_s: Floats  # (stretches, stages) seconds
    cpu_s: Floats
    limits: dict[str, int]  # of the configuration, and how often each was reached
    ledger: str  # digest


def run_of(stopwatch: Stopwatch, total_wall: Spent, total_cpu: Spent, *, record: dict[str, object]) -> Run:
    """Return a replay's times as arrays; what no stage took is the rest."""
    seconds = record["seconds"]
    limits = record["limits"]
    assert isinstance(seconds, dict) and isinstance(limits, dict)
    stretches = 1 + max(at for at, _ in total_wall)
    return Run(
        store_s=float(seconds["store"]),
        wall_s=_table(stopwatch.wall_s, total_wall, stretches),
        cpu_s=_table(stopwatch.cpu_s, total_cpu, stretches),
        limits=limits,
        ledger=str(record["ledger"]),
    )


def _table(spent: Spent, total: Spent, stretches: int) -> Floats:
    table = np.zeros((stretches, len(STAGES)))
    for (at, stage), seconds in spent.items():
        table[at, STAGES.index(stage)] += seconds
    for (at, _), seconds in total.items():
        table[at, STAGES.index(REST)] += seconds
    table[:, STAGES.index(REST)] -= table[:, [stage != REST for stage in STAGES]].sum(axis=1)
    return table


def median_s(runs: list[Run], what: str = "wall_s") -> Floats:
    """Return the median seconds by stretch and stage over all runs."""
    median: Floats = np.median([getattr(run, what) for run in runs], axis=0)
    return median


def shares(runs: list[Run], what: str = "wall_s", stretches: Ints | slice = slice(None)) -> Floats:
    """Return the median over runs of the share that each stage takes, (stages,), of some stretches."""
    each = [getattr(run, what)[stretches].sum(axis=0) for run in runs]
    median: Floats = np.median([one / max(one.sum(), 1e-12) for one in each], axis=0)
    return median


def fullest(inside: Ints) -> Ints:
    """Return the stretches in which the store is full."""
    found: Ints = np.flatnonzero(inside >= FULL * inside.max())
    return found


def by_stage(runs: list[Run], inside: Ints) -> Table:
    """Return what each stage takes: of all the time, of the processor's, and while the store is full."""
    table = Table("stage", box=SIMPLE, show_edge=False)
    for title in ("wall s", "share", "of CPU time", f"with {round(FULL * inside.max())} or more inside"):
        table.add_column(title, justify="right")
    seconds = np.median([run.wall_s.sum(axis=0) for run in runs], axis=0)
    whole, cpu, full = shares(runs), shares(runs, "cpu_s"), shares(runs, stretches=fullest(inside))
    for row, stage in enumerate(STAGES):
        cells = [f"{seconds[row]:.2f}", *(f"{one[row]:.1%}" for one in (whole, cpu, full))]
        table.add_row(stage, *cells, style="bold" if stage == ATTRIBUTION else None)
    return table


def over_time(runs: list[Run], inside: Ints) -> Table:
    """Return a row a stretch of store time: people inside, speed, and the share of each stage."""
    table = Table("from s", box=SIMPLE, show_edge=False)
    for title in ("inside", "x real time", *STAGES):
        table.add_column(title, justify="right")
    for at, row in enumerate(median_s(runs)):
        speed = f"{STRETCH_S / max(row.sum(), 1e-9):.1f}"
        cells = [f"{share:.1%}" for share in row / max(row.sum(), 1e-12)]
        table.add_row(str(at * STRETCH_S), str(inside[at]), speed, *cells)
    return table


def verdict(runs: list[Run], inside: Ints) -> str:
    """Say what attribution takes beside what it may."""
    at = STAGES.index(ATTRIBUTION)
    whole, full = shares(runs)[at], shares(runs, stretches=fullest(inside))[at]
    said = "under" if whole < BAR else "NOT under"
    return (
        f"attribution takes {whole:.1%} of the replay, {full:.1%} while the store is full: {said} the bar of {BAR:.0%}"
    )
