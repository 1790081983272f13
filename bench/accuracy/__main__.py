"""How right the receipts are: every library scenario and every shared case, by family and in all.

Library scenarios are simulated into OUT/cases once and kept while script, seed and simulator stay as they are. Prints
a table, and draws OUT/reliability.png. --ablate replays everything again without one witness at a time, and prints
what each earns. The exit status is 1 if the engine failed on a case, 2 if an argument or an input is wrong.
"""

import argparse
import json
import sys
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from bench.accuracy.ablation import WITHOUT
from bench.accuracy.cases import HEAVY, LIBRARY, Case, is_made, library_cases, make, shared_cases
from bench.accuracy.replaying import Job, in_pool, replay_and_score
from bench.accuracy.report import by_family, by_witness, figures_of, hit_most
from bench.accuracy.scoring import Scored, load_judge, pairs_of
from fusion.config import Config

EVERYTHING = "everything"
WIDTH = 120  # columns where another program reads


def chosen(args: argparse.Namespace) -> list[Case]:
    """Return the cases that the arguments ask for, library cases made; raises ValueError if there are none."""
    cases: list[Case] = []
    if not args.no_shared:
        if not args.shared.is_dir():
            raise ValueError(f"{args.shared}: expected a folder of cases; --no-shared does without")
        cases += shared_cases(args.scenarios, args.shared)
    cases += library_cases(args.scenarios, args.seeds, heavy=args.all, folder=args.out / "cases")
    if not cases:
        heavy = ", ".join(sorted(HEAVY))
        raise ValueError(f"--scenarios: expected the name of a case, received {args.scenarios} ({heavy} needs --all)")
    missing = [case for case in cases if case.source == LIBRARY and not is_made(case)]
    with _progress() as bar:
        made = bar.track(in_pool(make, missing, args.jobs), len(missing), description="simulating")
        wrong = [error for error in made if error]
    if wrong:
        raise ValueError("\n".join(wrong))
    return cases


def replay(cases: list[Case], args: argparse.Namespace) -> dict[str, list[Scored]]:
    """Return every case scored, with all witnesses and, if asked to, without each."""
    shipped = Config()
    configs = {EVERYTHING: shipped}
    if args.ablate:
        configs |= {f"without {name}": change(shipped) for name, change in WITHOUT.items()}
    work = [
        Job(case, args.out / "outs" / run.replace(" ", "-") / case.source / case.name, config, args.score)
        for run, config in configs.items()
        for case in cases
    ]
    with _progress() as bar:
        scored = iter(list(bar.track(in_pool(replay_and_score, work, args.jobs), len(work), description="replaying")))
    return {run: list(islice(scored, len(cases))) for run in configs}


def show(runs: dict[str, list[Scored]], args: argparse.Namespace) -> None:
    """Print the tables, draw the picture, write the figures."""
    judge, scored = load_judge(args.score), runs[EVERYTHING]
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    console.print(by_family(judge, scored))
    if args.ablate:
        console.print(by_witness(judge, runs))
        for line in hit_most(judge, runs):
            console.print(line, markup=False, soft_wrap=True)
    if find_spec("matplotlib"):
        from bench.accuracy.picture import draw  # here, because matplotlib is an extra

        draw(pairs_of(judge, scored), args.out / "reliability.png")
        console.print(args.out / "reliability.png", soft_wrap=True)
    else:
        console.print("no picture: pip install 'aisle[pictures]'", markup=False)
    if args.json:
        args.json.write_text(json.dumps(figures_of(judge, runs), indent=1) + "\n", encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    """Choose, replay, show; return the exit status."""
    args = _parser().parse_args(argv)
    try:
        load_judge(args.score)
        for folder in (args.out, *([args.json.parent] if args.json else [])):
            folder.mkdir(parents=True, exist_ok=True)  # now: nobody waits for an hour to learn that it cannot be
        runs = replay(chosen(args), args)
    except (OSError, ValueError) as error:
        print(f"accuracy: {error}", file=sys.stderr)
        return 2
    show(runs, args)
    notes = [f"{run}: {one.case.name}: {one.note}" for run, scored in runs.items() for one in scored if one.note]
    for note in notes:
        print(f"accuracy: {note}", file=sys.stderr)
    return 1 if notes else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.accuracy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--seeds", type=_seeds, default=[1, 2], metavar="S,S", help="of the library scenarios (default 1,2)")
    add("--scenarios", type=lambda s: s.split(","), default=["*"], metavar="GLOB,GLOB", help="families to take (all)")
    add("--all", action="store_true", help=f"the heavy scenarios as well: {', '.join(sorted(HEAVY))}")
    add("--shared", type=Path, default=Path("../shared/cases"), metavar="DIR", help="recordings of other stores")
    add("--no-shared", action="store_true", help="the library alone")
    add("--ablate", action="store_true", help=f"also without each of: {', '.join(WITHOUT)}")
    add("--score", type=Path, default=Path("../shared/judge/score.py"), metavar="PY", help="the judge")
    add("--jobs", type=_jobs, default=2, metavar="N", help="processes (default 2)")
    add("--out", type=Path, default=Path("out/accuracy"), metavar="DIR", help="default out/accuracy")
    add("--json", type=Path, metavar="FILE", help="write all figures as JSON")
    return parser


def _seeds(text: str) -> list[int]:
    return [_number(seed, 0) for seed in dict.fromkeys(text.split(","))]


def _jobs(text: str) -> int:
    return _number(text, 1)


def _number(text: str, least: int) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) >= least):
        raise argparse.ArgumentTypeError(f"expected a whole number, {least} or more, received {text!r}")
    return int(text)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(console=console, disable=not console.is_terminal)


if __name__ == "__main__":
    sys.exit(main())
