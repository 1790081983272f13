"""Play every sensor fault onto tapes of people who shop, and print what it costs and whether it was named."""

import argparse
import math
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.health.plans import TROUBLES
from bench.health.runs import Outcome, play
from bench.health.tapes import clean_tape

WRONG_MAX = 0.005  # of settled receipts
WIDTH = 120


def main(argv: list[str] | None = None) -> int:
    """Return 0 where the bar is kept: few wrong charges, every culprit named, nobody else on clean tapes.

    A culprit that nothing could tell from goods that are off has to be among the plates that a person is told to check,
    named once a test weight has lain on these, and nobody may be charged wrongly for it.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.health", description=__doc__)
    parser.add_argument("--seeds", default="1,2,3", help="tapes, by seed")
    parser.add_argument("--only", default="", help="faults whose name holds this")
    parser.add_argument("--out", type=Path, default=Path("out/health"), help="where tapes and outputs go")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args(argv)
    seeds = [int(seed) for seed in args.seeds.split(",")]
    wanted = [number for number, one in enumerate(TROUBLES) if args.only in one.name]
    if not wanted:
        print(f"bench.health: --only: expected one of {', '.join(t.name for t in TROUBLES)}", file=sys.stderr)
        return 2
    console = Console(stderr=True)
    found: list[Outcome] = []
    lengths = sorted({TROUBLES[number].long for number in wanted})
    tapes = [(seed, long) for long in lengths for seed in seeds]
    with Progress(console=console, disable=not console.is_terminal) as progress, ProcessPoolExecutor(args.jobs) as pool:
        task = progress.add_task("faults", total=len(tapes) + len(seeds) * len(wanted))
        made = {tape: pool.submit(clean_tape, tape[0], args.out / "tapes", long=tape[1]) for tape in tapes}
        for tape in as_completed(made.values()):
            tape.result()
            progress.advance(task)
        runs = [
            pool.submit(play, made[seed, TROUBLES[n].long].result(), seed, n, args.out / "runs" / f"{seed}-{n}")
            for seed in seeds
            for n in wanted
        ]
        for run in as_completed(runs):
            outcome = run.result()
            found += [outcome] if outcome else []
            progress.advance(task)
    return _report(sorted(found, key=lambda one: (_order(one), one.seed)))


def _key(one: Outcome, account: str) -> tuple[int, bool, str]:
    return one.seed, next(trouble.long for trouble in TROUBLES if trouble.name == one.trouble), account


def _order(one: Outcome) -> int:
    return [trouble.name for trouble in TROUBLES].index(one.trouble)


def _report(found: list[Outcome]) -> int:
    columns = (
        "fault",
        "tapes",
        "trips",
        "settled",
        "wrong",
        "by fault",
        "review %",
        "named",
        "in doubt",
        "suspect",
        "weighed",
        "notice s",
        "others",
    )
    table = Table(*columns, box=None, padding=(0, 1, 0, 0))
    usual = {_key(one, account) for one in found if not one.culprit for account in one.wrong}
    for name in dict.fromkeys(one.trouble for one in found):
        table.add_row(name, *_figures([one for one in found if one.trouble == name], usual))
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
    for one in found:
        for what in (*(f"wrong charge: {account}" for account in one.wrong), *(f"named: {f}" for f in one.false)):
            print(f"{one.trouble}, seed {one.seed}: {what}")
        if one.culprit:
            said = one.words or f"was not named{f', in doubt: {one.doubt}' if one.doubt else ''}"
            print(f"{one.trouble}, seed {one.seed}: {one.culprit} {said}")
        for what in one.suspects:
            print(f"{one.trouble}, seed {one.seed}: suspect: {what}")
        if one.weighed:
            print(f"{one.trouble}, seed {one.seed}: after a test weight: {_verdict(one.weighed)}")
            for account in one.weighed.wrong:
                print(f"{one.trouble}, seed {one.seed}: after a test weight: wrong charge: {account}")
    each = [*found, *(one.weighed for one in found if one.weighed)]
    settled, wrong = sum(one.settled for one in each), sum(len(one.wrong) for one in each)
    share = wrong / max(settled, 1)
    more = sum(_key(one, account) not in usual for one in found for account in one.wrong)
    print(f"\n{wrong} of {settled} settled receipts are wrong: {share:.2%}, {WRONG_MAX:.1%} at most; {more} by a fault")
    clean = all(not one.false for one in found if not one.culprit)
    return 0 if share <= WRONG_MAX and clean and all(_told(one, usual) for one in found if one.culprit) else 1


def _told(one: Outcome, usual: set[tuple[int, bool, str]]) -> bool:
    """Tell whether a culprit was named; where nobody could tell it is enough that a person has to check it."""
    to_check = bool(one.doubt) and one.is_suspect
    by_weight = one.weighed is not None and one.weighed.named and not one.weighed.false
    return one.named or (to_check and by_weight and all(_key(one, account) in usual for account in one.wrong))


def _verdict(one: Outcome) -> str:
    """Return what was said of the plates that a test weight lay on, in one line."""
    mine = f"{one.culprit} {one.words or 'was not named'}"
    return "; ".join((mine, *(f"named too: {what}" for what in one.false), *(f"suspect: {s}" for s in one.suspects)))


def _figures(mine: Iterable[Outcome], usual: set[tuple[int, bool, str]]) -> list[str]:
    """Return a row of the table; usual are wrong charges that the clean tape has as well."""
    mine = list(mine)
    by_fault = sum(_key(one, account) not in usual for one in mine for account in one.wrong)
    settled, wrong = sum(one.settled for one in mine), sum(len(one.wrong) for one in mine)
    trips, culprits = sum(one.trips for one in mine), sum(bool(one.culprit) for one in mine)
    times = sorted(one.notice_s for one in mine if not math.isnan(one.notice_s))
    return [
        *(str(n) for n in (len(mine), trips, settled, wrong, by_fault)),
        f"{sum(one.review for one in mine) / max(trips, 1):.0%}",
        f"{sum(one.named for one in mine)} of {culprits}" if culprits else "",
        str(sum(bool(one.doubt) and not one.named for one in mine)) if culprits else "",
        str(sum(one.is_suspect for one in mine if not one.named)) if culprits else "",
        str(sum(one.weighed is not None and one.weighed.named for one in mine)) if culprits else "",
        f"{times[len(times) // 2]:.1f} to {times[-1]:.1f}" if times else "",
        str(sum(bool(one.false) for one in mine)),
    ]


if __name__ == "__main__":
    sys.exit(main())
