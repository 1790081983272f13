"""How cost grows as plates, cameras, or people at fixed density or area double: exponents and a picture.

Each store is simulated once and kept under out/loads, and replayed in a process of its own with its stages timed; what
counts is the processor's time while everybody is inside, so other programs disturb little. Exponents are fitted to
logarithms by least squares, with their standard errors. The exit status is 1 where one is above its bar.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.growth.axes import AXES, Axis, axes_named
from bench.growth.fitting import SHOWN, Growth, cost_of
from bench.loads.making import FOLDER, made
from bench.throughput.__main__ import count
from bench.throughput.runs import measured
from fusion.progress import progress

WIDTH: Final = 100  # columns where another program reads


def grown(axis: Axis, folder: Path, repeats: int, tell: Callable[[float], None]) -> Growth:
    """Measure one axis; `tell` hears how many replays are done."""
    rows = []
    for at, load in enumerate(axis.loads):
        case = made(load, folder)
        runs = []
        for repeat in range(repeats):
            tell(at * repeats + repeat)
            runs.append(cost_of(measured("stages", case)["cpu_s"]))
        rows.append({name: float(np.median([run[name] for run in runs])) for name in SHOWN})
    return Growth(axis, {name: np.array([row[name] for row in rows]) for name in SHOWN})


def table_of(growth: Growth) -> Table:
    """Return the costs along an axis, a size a row, and the exponents below."""
    table = Table(growth.axis.name, box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    table.title = growth.axis.title
    for name in SHOWN:
        table.add_column(f"{name}, ms", justify="right")
    for row, size in enumerate(growth.axis.sizes):
        table.add_row(str(size), *(f"{1e3 * growth.costs[name][row]:.1f}" for name in SHOWN))
    fits = growth.fits()
    told = [f"{fits[name].exponent:.2f} ± {fits[name].error:.2f}" if name in fits else "-" for name in SHOWN]
    table.add_row("exponent", *told, style="bold")
    return table


def main(argv: list[str] | None = None) -> int:
    """Measure, print, draw, judge; return the exit status."""
    args = _parser().parse_args(argv)
    found = []
    try:
        for axis in axes_named(args.axes):
            with progress(f"growth in {axis.name}", len(axis.loads) * args.repeat, "replays") as tell:
                found.append(grown(axis, args.folder, args.repeat, tell))
    except (ValueError, OSError, subprocess.CalledProcessError) as error:
        print(f"bench.growth: {error}", file=sys.stderr)
        return 2
    missed = [text for growth in found for text in growth.missed()]
    if args.json:
        print(json.dumps({growth.axis.name: growth.to_json() for growth in found} | {"missed": missed}, indent=1))
    else:
        console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
        for growth in found:
            console.print(table_of(growth))
        for text in missed:
            console.print(f"MISSED {text}", soft_wrap=True)
    if find_spec("matplotlib"):
        from bench.growth.picture import draw  # here, because matplotlib is an extra

        draw(found, args.png)
        print(args.png, file=sys.stderr)
    else:
        print("no picture: pip install 'aisle[pictures]'", file=sys.stderr)
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.growth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--axes", default=",".join(AXES), metavar="A,B", help=f"which (all: {', '.join(AXES)})")
    parser.add_argument("--repeat", type=count, default=3, metavar="N", help="replays; medians are over these (3)")
    parser.add_argument("--folder", type=Path, default=FOLDER, metavar="DIR", help="where stores are kept (out/loads)")
    parser.add_argument("--png", type=Path, default=Path("out/growth.png"), metavar="FILE", help="the picture")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
