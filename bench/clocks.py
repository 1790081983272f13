"""What a wrong clock costs: `python -m bench.clocks [CASE...]`.

Takes each recording (every case under ../shared/cases where none is named), sets one clock off, replays it, and prints
per fault a table beside the replay without it: how many trips have other lines, how much of the fault was found at the
end, when it was within 40 ms for good, and the share of person-time with the right account.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.clock_faults import FAULTS, ClockFault, Run, busiest, frames_of, replay, rows_of, set_off
from fusion.config import SECOND_NS
from fusion.store import load_store

CASES: Final = Path(__file__).parents[2] / "shared" / "cases"
WITHIN_S: Final = 0.04
WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class Cost:
    """What one fault did to one case."""

    fault: ClockFault
    case: str
    src: str
    trips: int
    changed: int  # trips with other lines
    ahead_s: float  # at the end, as it was set
    found_s: float  # and as it was found
    within_s: float  # since the beginning, when it was found for good; infinite for never
    right_before: float
    right: float


def costs_of(case: Path, progress: Progress) -> list[Cost]:
    """Replay a case as it is and with each fault that one of its sources can have."""
    frames, store = frames_of(case), load_store(case / "store")
    task = progress.add_task(case.name, total=len(frames) * (1 + len(FAULTS)))
    costs = []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        whole = replay(case, frames, out, lambda: progress.advance(task))
        src_of = busiest(frames, store, rows_of(out / "events.jsonl"))
        for fault in (fault for fault in FAULTS if fault.kind in src_of):
            src = src_of[fault.kind]
            run = replay(case, set_off(frames, src, fault), out, lambda: progress.advance(task))
            costs.append(_cost(case.name, fault, src, whole, run))
    progress.remove_task(task)
    return costs


def _cost(case: str, fault: ClockFault, src: str, whole: Run, run: Run) -> Cost:
    ahead_s, found_s, within_s = found(fault, src, whole, run)
    before, after = lines_of(whole.receipts), lines_of(run.receipts)
    changed = sum(not alike(before.get(trip, {}), after.get(trip, {})) for trip in {**before, **after})
    return Cost(fault, case, src, len(before), changed, ahead_s, found_s, within_s, whole.right, run.right)


def found(fault: ClockFault, src: str, whole: Run, run: Run) -> tuple[float, float, float]:
    """Return how far a clock was ahead at the end, how far it was found to be, and since when within WITHIN_S, all s.

    Found is against what is found without the fault: the clock may have been off by itself.
    """
    t_ns, offset_s = np.array(run.found.get(src, ((), ()))[0], np.int64), np.array(run.found.get(src, ((), ()))[1])
    begin_ns = min((times[0] for times, _ in run.found.values()), default=0)
    if not len(t_ns):
        return fault.ahead_s(0.0), 0.0, float("inf")
    since_s = (t_ns - begin_ns) / SECOND_NS
    times, offsets = whole.found.get(src, ([int(t_ns[0])], [0.0]))
    by_s = offset_s - np.interp(since_s, (np.array(times) - begin_ns) / SECOND_NS, offsets)
    ahead_s = fault.offset_s + 1e-6 * fault.drift_ppm * since_s
    wrong = np.flatnonzero(np.abs(by_s - ahead_s) > WITHIN_S)
    if not len(wrong):
        return float(ahead_s[-1]), float(by_s[-1]), float(since_s[0])
    settled = wrong[-1] + 1 < len(since_s)
    return float(ahead_s[-1]), float(by_s[-1]), float(since_s[wrong[-1] + 1]) if settled else float("inf")


def lines_of(receipts: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], dict[str, float]]:
    """Return what each trip is charged for, pieces or grams by SKU; a trip is an account and how many it had before."""
    trips: dict[tuple[str, int], dict[str, float]] = {}
    for receipt in sorted(receipts, key=lambda receipt: receipt["entered"]):
        account = str(receipt["account"])
        number = sum(name == account for name, _ in trips)
        trips[account, number] = {line["sku"]: line["g"] or line["qty"] for line in receipt["lines"]}
    return trips


def alike(a: Mapping[str, float], b: Mapping[str, float]) -> bool:
    """Return whether two receipts say the same; grams agree within 5 g or 1 percent, pieces never do by that."""
    if a.keys() != b.keys():
        return False
    return all(
        a[sku] == b[sku] or (min(a[sku], b[sku]) > 20 and abs(a[sku] - b[sku]) <= max(5.0, 0.01 * a[sku])) for sku in a
    )


def table_of(fault: ClockFault, costs: list[Cost]) -> Table:
    """Return one fault's table, with all cases together in its last row."""
    table = Table("case", "source", title=fault.name, title_justify="left", width=WIDTH)
    for name in ("changed", "ahead ms", "found ms", "within 40 ms", "account"):
        table.add_column(name, justify="right")
    for cost in costs:
        when = "never" if np.isinf(cost.within_s) else f"{cost.within_s:.1f} s"
        set_found = f"{cost.ahead_s * 1e3:+.0f}", f"{cost.found_s * 1e3:+.0f}"
        changed = f"{cost.changed} of {cost.trips}"
        table.add_row(cost.case[:34], cost.src, changed, *set_found, when, _shares([cost]))
    total = f"{sum(c.changed for c in costs)} of {sum(c.trips for c in costs)}"
    error_ms = 1e3 * float(np.median([abs(c.found_s - c.ahead_s) for c in costs]))
    done = sum(bool(np.isfinite(c.within_s)) for c in costs)
    table.add_section()
    table.add_row("all", "", total, "", f"off by {error_ms:.0f}", f"{done} of {len(costs)}", _shares(costs))
    return table


def _shares(costs: list[Cost]) -> str:
    known = [cost for cost in costs if np.isfinite(cost.right)]
    if not known:
        return "-"
    before, after = (float(np.mean([getattr(cost, key) for cost in known])) for key in ("right_before", "right"))
    return f"{before:.1%} {after:.1%}"


def main(argv: list[str] | None = None) -> int:
    """Replay every case with every fault, and print a table a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, nargs="*", help="folders with recording.mcap and store/")
    cases = parser.parse_args(argv).cases or sorted(path.parent for path in CASES.glob("*/recording.mcap"))
    missing = next((case for case in cases if not (case / "recording.mcap").is_file()), None)
    if missing is not None or not cases:
        print(f"{missing or CASES}: expected a case with recording.mcap, received none", file=sys.stderr)
        return 2
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        costs = [cost for case in progress.track(cases, description="cases") for cost in costs_of(case, progress)]
    shown = Console(width=WIDTH)
    for fault in FAULTS:
        mine = [cost for cost in costs if cost.fault == fault]
        if mine:
            shown.print(table_of(fault, mine))
    return 0


if __name__ == "__main__":
    sys.exit(main())
