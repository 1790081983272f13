"""Replay speed, memory and cost by stage of the reference loads, beside the floor and the bars.

Each measurement is a process of its own; figures are medians over repeats. A load is simulated once and kept under
out/loads. Prints one table of speeds and one of milliseconds a second of store time by stage, then what was missed;
the exit status is 1 where a bar is.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.console import Console

from bench.loads.loads import LOADS, Load, loads_named
from bench.loads.making import FOLDER, made
from bench.throughput.figures import COLD_MAX_S, Figures, figures_of
from bench.throughput.report import costs, floors, speeds
from bench.throughput.runs import WHATS, cold_s, measured
from fusion.progress import progress

USUAL: Final = "S,M,L"  # XL takes long to make
WIDTH: Final = 100  # columns where another program reads
ONCE: Final = ("stages",)  # measured a single time: --repeat does not multiply it


def measure(load: Load, case: Path, repeats: int) -> Figures:
    """Measure one load."""
    found: dict[str, list[dict[str, Any]]] = {what: [] for what in WHATS}
    plan = [what for repeat in range(repeats) for what in WHATS if repeat == 0 or what not in ONCE]
    with progress(f"load {load.name}", len(plan), "runs") as tell:
        for done, what in enumerate(plan):
            tell(done)
            found[what].append(measured(what, case))
    return figures_of(load, found["replay"], found["floor"], found["stages"])


def main(argv: list[str] | None = None) -> int:
    """Measure, print, judge; return the exit status."""
    args = _parser().parse_args(argv)
    try:
        loads = loads_named(args.loads)
        cases = [made(load, args.folder) for load in loads]
        # The first one may compile kernels: that is once an installation, and not measured.
        cold = [cold_s(made(LOADS["S"], args.folder)) for _ in range(args.repeat + 1)][1:]
        found = [measure(load, case, args.repeat) for load, case in zip(loads, cases, strict=True)]
    except (ValueError, OSError, subprocess.CalledProcessError) as error:
        print(f"bench.throughput: {error}", file=sys.stderr)
        return 2
    missed = [text for one in found for text in one.missed()]
    if median(cold) > COLD_MAX_S:
        missed.append(f"cold start: {median(cold):.2f} s (at most {COLD_MAX_S:g})")
    if args.json:
        told = {"loads": [one.to_json() for one in found], "cold_s": median(cold), "missed": missed}
        print(json.dumps(told, indent=1))
    else:
        _show(found, cold, missed)
    return 1 if missed else 0


def _show(found: list[Figures], cold: list[float], missed: list[str]) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    console.print(speeds(found))
    console.print(costs(found))
    for text in floors(found):
        console.print(text, soft_wrap=True)
    paths = ", ".join(f"{one.load} {one.plate_path / 1e6:.1f}" for one in found)
    console.print(f"plate path, million samples a second of the shelf stage: {paths}", soft_wrap=True)
    console.print(f"cold start: `aisle replay` of load S takes {median(cold):.2f} s all told (at most {COLD_MAX_S:g})")
    for text in missed:
        console.print(f"MISSED {text}", soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.throughput", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--loads", default=USUAL, metavar="S,M", help=f"which, of {', '.join(LOADS)} ({USUAL})")
    parser.add_argument("--repeat", type=count, default=3, metavar="N", help="replays; medians are over these (3)")
    parser.add_argument("--folder", type=Path, default=FOLDER, metavar="DIR", help="where loads are kept (out/loads)")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    return parser


def count(text: str) -> int:
    """Return the number that an option says; raises ArgumentTypeError for what is no number from 1 on."""
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"expected a whole number, 1 or more, received {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
