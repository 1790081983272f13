"""Latencies of the live service on reference loads, at the rate of real time, over ZeroMQ.

Prints for each load from capture to the first reading of a shelf change, to the attributed event, and from exit to
receipt: seconds at the median, for 99 of 100 and 999 of 1,000, beside the engine's own share of each, which leaves out
the event time that has to pass (reorder window, clocks, a trip's lag). Sensors are other processes; how punctual they
were is told, for on a busy machine their lateness is part of every wait. The shoppers of these loads take little, so
that they leave while they are watched. The exit status is 1 where a bar is missed.
"""

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.latency.live import Live, LiveError, played
from bench.loads.loads import LOADS, Load, loads_named
from bench.loads.making import FOLDER, made
from fusion.latency import FIRST, RECEIPT, SHARES, STAGES
from fusion.progress import progress

WIDTH: Final = 100  # columns where another program reads
PICKS: Final = 2.0
SECONDS: Final = 90.0
OWN_MAX_S: Final = {"p50": 0.02, "p99": 0.06}  # of a first reading, at M
RECEIPT_MAX_S: Final = 10.0  # at M, at the median
BARS_AT: Final = "M"
BEHIND_MAX_S: Final = 10.0  # a service that takes so long to end had not kept up


def live_load(load: Load) -> Load:
    """Return a load as it is played live: its shoppers take little and leave."""
    return replace(load, picks=PICKS, seconds=max(load.seconds, SECONDS) if load.name in ("S", "M") else load.seconds)


def missed(name: str, live: Live) -> list[str]:
    """Return which bars a live run missed, in words."""
    found = []
    own = {share: live.latency.get(FIRST, {}).get(f"own_{share}_s", 0.0) for share in OWN_MAX_S}
    exits = live.latency.get(RECEIPT, {}).get("p50_s", 0.0)
    if name == BARS_AT:
        found += [
            f"own share {share} of a first reading {1e3 * own[share]:.0f} ms (at most {1e3 * most:.0f})"
            for share, most in OWN_MAX_S.items()
            if own[share] > most
        ]
        found += [f"exit to receipt {exits:.1f} s (at most {RECEIPT_MAX_S:g})"] if exits > RECEIPT_MAX_S else []
    if live.read != live.messages:
        found.append(f"{live.read} messages read of {live.messages} sent")
    if live.behind_s > BEHIND_MAX_S:
        found.append(f"the service ended {live.behind_s:.0f} s after its sensors: it had not kept up")
    return [f"load {name}: {text}" for text in found]


def table_of(found: dict[str, Live]) -> Table:
    """Return latencies, a load and stage a row; seconds, and milliseconds of the engine's own share."""
    table = Table("load", "from what to what", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("n", *(f"{share} s" for share in SHARES), *(f"own {share} ms" for share in SHARES)):
        table.add_column(title, justify="right", no_wrap=True)
    for name, live in found.items():
        for stage in STAGES:
            told = live.latency.get(stage)
            if told is None:
                table.add_row(name, stage, "0", *["-"] * 6)
                continue
            waits = [f"{told[f'{share}_s']:.2f}" for share in SHARES]
            own = [f"{1e3 * told[f'own_{share}_s']:.0f}" for share in SHARES]
            table.add_row(name, stage, f"{told['n']:.0f}", *waits, *own)
    return table


def main(argv: list[str] | None = None) -> int:
    """Play the loads, print, judge; return the exit status."""
    args = _parser().parse_args(argv)
    found: dict[str, Live] = {}
    try:
        for load in map(live_load, loads_named(args.loads)):
            case = made(load, args.folder)
            with progress(f"load {load.name} live", load.seconds, "s") as tell:
                found[load.name] = played(case, args.out / load.name, tell)
    except (ValueError, OSError, LiveError) as error:
        print(f"bench.latency: {error}", file=sys.stderr)
        return 2
    wrong = [text for name, live in found.items() for text in missed(name, live)]
    if args.json:
        print(json.dumps({name: asdict(live) for name, live in found.items()} | {"missed": wrong}, indent=1))
        return 1 if wrong else 0
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    console.print(table_of(found))
    for name, live in found.items():
        late = max(live.sent, key=lambda one: one.p99_s)
        console.print(
            f"load {name}: {live.messages} messages in {live.seconds:.0f} s; sensors late by {1e3 * late.p50_s:.1f} ms"
            f" at the median, {1e3 * late.p99_s:.0f} for 99 of 100; the service ended {live.behind_s:.1f} s after them",
            soft_wrap=True,
        )
    for text in wrong:
        console.print(f"MISSED {text}", soft_wrap=True)
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.latency", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--loads", default="S,M", metavar="S,M", help=f"which, by name, of {', '.join(LOADS)} (S,M)")
    parser.add_argument("--folder", type=Path, default=FOLDER, metavar="DIR", help="where loads are kept (out/loads)")
    parser.add_argument("--out", type=Path, default=Path("out/latency"), metavar="DIR", help="outputs of the service")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
