"""The command `aisle sweep`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

EPILOG: Final = """\
examples:
  aisle sweep cases/ --try shelf.change_sds=3.5,4.5,5.5 --try cart.push_m=0.6,0.8 --out out/sweep          (a grid)
  aisle sweep cases/ --try attribution.hand_nats_max=2:12 --try shelf.block=4:12 --draw 30 --out out/sweep

Cases are folders with recording.mcap, store/ and truth.json. What was tried stays in OUT/tried: a sweep that was
interrupted goes on, a wider one takes what it can from there. Needs Ray: pip install 'aisle[fleet]'.
"""


def add_sweep(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle sweep`."""
    from fusion.fleet.commands import add_machines_flags

    parser = subparsers.add_parser(
        "sweep",
        help="tune numbers of the configuration over recordings with truth, some held back",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cases", type=Path, metavar="CASES", help="folder of recordings with truth")
    parser.add_argument(
        "--try", dest="tried", action="append", required=True, metavar="NAME=V,V|LOW:HIGH", help="what is tried"
    )
    parser.add_argument("--draw", type=_whole, metavar="N", help="try N candidates at random instead of all")
    parser.add_argument("--held-back", type=_share, default=0.3, metavar="SHARE", help="of families (default 0.3)")
    parser.add_argument("--seed", type=_whole, default=1, help="of draws and of the split")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="what was tried, and sweep.json")
    add_machines_flags(parser)
    parser.set_defaults(run=run_sweep)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"expected a whole number, received {text!r}")
    return int(text)


def _share(text: str) -> float:
    share = float(text)
    if not 0.0 < share < 1.0:
        raise argparse.ArgumentTypeError(f"expected a share between 0 and 1, received {text!r}")
    return share


def run_sweep(args: argparse.Namespace) -> int:
    """Try, pick, report; return the exit status."""
    from bench.sweep.space import Candidate, SweepError, draws, grid, read_parameter
    from bench.sweep.told import Sweep, show, write
    from bench.sweep.trying import Trial, cases_in, split, try_all
    from fusion.fleet.machines import machines
    from fusion.progress import watched

    try:
        parameters = [read_parameter(text) for text in args.tried]
        candidates = grid(parameters) if args.draw is None else draws(parameters, args.draw, args.seed)
        train, held = split(cases_in(args.cases, args.out), args.held_back, args.seed)
    except SweepError as error:
        print(f"aisle sweep: {error}", file=sys.stderr)
        return 2
    sweep = Sweep(tuple(train), tuple(held), {one: {} for one in candidates})
    args.out.mkdir(parents=True, exist_ok=True)
    with machines(args.address, args.workers) as ray:

        def tries(cases: Sequence[str], some: Sequence[Candidate]) -> None:
            trials = [Trial(case, one) for one in some for case in cases]
            for trial, counts in watched(try_all(ray, args.cases, trials, args.out), "trying", len(trials), "trials"):
                sweep.found[trial.candidate][trial.case] = counts

        tries(train, candidates)
        tries(held, list(dict.fromkeys([(), sweep.order()[0]])))
    show(sweep)
    write(sweep, args.out / "sweep.json")
    return 0
