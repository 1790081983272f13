"""`python -m bench.fuzz`: a million mutants through decode and step; exit 1 where one stops the engine."""

import argparse
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from bench.chaos.tape import long_tape
from bench.fuzz.feeding import Crashed, Outcome, feed_mutants
from bench.fuzz.guided_corpus import write_corpus

GROWTH_MIB_MAX = 200.0  # between the first tenth and the last: state is bounded, whatever comes


def main(argv: list[str] | None = None) -> int:
    """Run what was asked for, print what became of it."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--messages", type=int, default=5_000, help="of the tape between which they come")
    parser.add_argument("--guided", type=int, default=0, metavar="N", help="runs of atheris on the decoder as well")
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"))
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    case = long_tape(args.out, args.seed, args.messages)
    shutil.rmtree(args.out / "run", ignore_errors=True)
    print(f"seed {args.seed}", flush=True)
    console = Console(stderr=True)
    begun_s = time.perf_counter()
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("mutants", total=args.count)
        try:
            done = feed_mutants(
                case,
                args.out / "run",
                count=args.count,
                seed=args.seed,
                tell=lambda n: progress.update(task, completed=n),
            )
        except Crashed as crash:
            print(crash)
            raise
    fine = _report(done, time.perf_counter() - begun_s)
    return 0 if fine and (not args.guided or _guided(case, args)) else 1


def _report(done: Outcome, seconds: float) -> bool:
    print(f"{done.fed} mutants in {seconds:.0f} s: {done.rejected.total()} rejected, {done.taken} taken as messages")
    for reason, count in done.rejected.most_common():
        print(f"  {reason:20} {count}")
    memory = " ".join(f"{mib:.0f}" for mib in done.memory_mib)
    growth = done.memory_mib[-1] - done.memory_mib[0]
    print(f"most memory after each tenth, MiB: {memory}; growth {growth:.0f} (at most {GROWTH_MIB_MAX:.0f})")
    print(f"{done.receipts} receipts; ledger: {done.ledger or 'verified'}")
    return growth <= GROWTH_MIB_MAX and not done.ledger


def _guided(case: Path, args: argparse.Namespace) -> bool:
    if find_spec("atheris") is None:
        print("guided: atheris is not installed (pip install atheris; there is a wheel for CPython 3.11 on Linux)")
        return False
    corpus = write_corpus(case / "recording.mcap", args.out / "corpus")
    words = [sys.executable, "-m", "bench.fuzz.guided", str(corpus), f"-runs={args.guided}", f"-seed={args.seed}"]
    done = subprocess.run([*words, "-max_len=8192"], capture_output=True, text=True, check=False)
    print(f"guided: {args.guided} runs, exit {done.returncode}; {(done.stderr.splitlines() or ['nothing said'])[-1]}")
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
