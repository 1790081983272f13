"""`python -m bench.fuzz`: a million mutants through a living store; exit 1 where one stops it or does lasting harm.

A recording is played round after round, three times: by itself; with those mutants that are no messages, which must
change no byte of what the store says; and with all of them, which stand for a sensor that has gone mad. These may
cost their own round, but every fourth round and the last are quiet, and there the store has to be itself again: no
receipt of theirs may be settled for other goods, and few may wait for a person.
"""

import argparse
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from bench.chaos.tape import long_tape
from bench.fuzz.comparing import likeness, unlike
from bench.fuzz.feeding import Outcome, Plan, feed_mutants
from bench.fuzz.guided_corpus import write_corpus
from bench.rounds import read_reel

GROWTH_MIB_MAX = 200.0  # between the second round and the last: state is bounded, whatever comes
SAME_MIN = 0.9  # of receipts in quiet rounds: goods that were misplaced in a loud one may move a few


def main(argv: list[str] | None = None) -> int:
    """Run what was asked for, print what became of it."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=2, help="mutants before each message")
    parser.add_argument("--messages", type=int, default=20_000, help="of a round, at least")
    parser.add_argument("--guided", type=int, default=0, metavar="N", help="runs of atheris on the decoder as well")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"))
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    case = long_tape(args.out, args.seed, args.messages)
    shutil.rmtree(args.out / "run", ignore_errors=True)
    plan = Plan(args.count, args.each, args.seed)
    plans = {"all": plan, "refused": replace(plan, refused_only=True), "none": replace(plan, none=True)}
    reel = read_reel(case / "recording.mcap")
    rounds = plan.rounds(reel)
    print(f"seed {args.seed}: {rounds} rounds of {len(reel.messages)} messages", flush=True)
    begun_s = time.perf_counter()
    with ProcessPoolExecutor(args.jobs) as pool:
        runs = {name: pool.submit(feed_mutants, case, args.out / "run" / name, one) for name, one in plans.items()}
        done = {name: run.result() for name, run in runs.items()}  # Crashed says which mutant
    fine = _report(done["all"], time.perf_counter() - begun_s)
    wrong = unlike(done["refused"].out, done["none"].out)
    print(f"{done['refused'].rejected.total()} that are no messages, alone: {', '.join(wrong) or 'nothing'} changed")
    said = likeness(done["all"].out, done["none"].out, reel, rounds)
    quiet = said.quiet[0] / max(said.quiet[1], 1)
    print(
        f"receipts as undisturbed: {said.loud[0]} of {said.loud[1]} among mutants, "
        f"{said.other[0]} settled for other goods; "
        f"{said.quiet[0]} of {said.quiet[1]} in quiet rounds (at least {SAME_MIN:.0%}), "
        f"{said.other[1]} settled for other goods (none)"
    )
    fine = fine and not wrong and quiet >= SAME_MIN and not said.other[1]
    return 0 if fine and (not args.guided or _guided(case, args)) else 1


def _report(done: Outcome, seconds: float) -> bool:
    print(
        f"{done.fed} mutants in {done.store_s:.0f} s of store time, {seconds:.0f} s of work: "
        f"{done.rejected.total()} rejected, {done.taken} taken as messages"
    )
    for reason, count in done.rejected.most_common():
        print(f"  {reason:20} {count}")
    memory = " ".join(f"{mib:.0f}" for mib in done.memory_mib)
    growth = done.memory_mib[-1] - done.memory_mib[min(1, len(done.memory_mib) - 1)]
    print(f"memory after each round, MiB: {memory}; growth {growth:.0f} (at most {GROWTH_MIB_MAX:.0f})")
    print(f"slowest message {done.slowest_s:.2f} s; ledger: {done.ledger or 'verified'}")
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
