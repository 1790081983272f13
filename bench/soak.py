"""A long day: `python -m bench.soak --hours 8`; the same visits again and again in a go store; exit 1 where it grows.

One recording of drawn visits is played again and again into one session, its times and numbers carried on, as a tape of
so many hours would be; between two rounds the shop is empty, and what was taken stands on its shelves again, as after a
night. Prints, a round a line, memory in use, seconds of work (of the processor: what else runs here is no matter) for a
second of store time, and how many receipts say the same as in the first round; draws the curves.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from bench.chaos.tape import drawn_tape
from bench.rounds import goods, memory_mib, play_round, read_reel, receipts_since
from fusion.config import SECOND_NS
from fusion.session import Session
from fusion.store import load_store

MEMORY_GROWTH_MAX = 1.1  # of the last rounds against the second: the first fills caches
SLOWER_MAX = 1.25
SAME_MIN = 0.9  # of receipts, in the last rounds: doubt about stock that stands elsewhere may move a few


@dataclass(frozen=True, slots=True)
class Round:
    """One time through the recording."""

    memory_mib: float
    work: float  # seconds for a second of store time
    receipts: int
    same: int  # as the first round's receipt of that account


def main() -> int:
    """Play the day and judge it."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=8.0, help="of store time")
    parser.add_argument("--store", default="go")
    parser.add_argument("--people", type=int, default=16, help="who come in a round")
    parser.add_argument("--round", type=float, default=300.0, metavar="S", help="over which they come")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/soak"))
    args = parser.parse_args()
    case = _case(args)
    shutil.rmtree(args.out / "run", ignore_errors=True)
    rounds = list(_rounds(case, args.out / "run", args.hours))
    _draw(rounds, args.out / "soak.png")
    return 0 if _judge(rounds) else 1


def _case(args: argparse.Namespace) -> Path:
    """Return a folder with store/ and recording.mcap; kept."""
    name = f"tape-{args.store}-{args.people}-{args.round:.0f}-{args.seed}"
    words = ("--draw", str(args.people), "--over", str(round(args.round)), "--store", args.store)
    return drawn_tape(args.out / name, words, args.seed)


def _rounds(case: Path, out: Path, hours: float) -> Iterator[Round]:
    reel = read_reel(case / "recording.mcap")
    length_ns, told = reel.length_ns, 0
    session, wanted = Session(load_store(case / "store"), out), max(2, round(hours * 3600e9 / length_ns))
    console, first = Console(stderr=True), dict[str, list[tuple[str, int]]]()
    print(f"{wanted} rounds of {length_ns / SECOND_NS:.0f} s, {len(reel.messages)} messages each", flush=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("rounds", total=wanted)
        for number in range(wanted):
            begun_s = time.process_time()
            for frame in play_round(reel, number):
                session.feed(frame)
            said, told = receipts_since(out, told)
            same = sum(first.setdefault(account, goods(row)) == goods(row) for account, row in said.items())
            one = Round(memory_mib(), (time.process_time() - begun_s) * SECOND_NS / length_ns, len(said), same)
            print(
                f"round {number + 1:4}  {one.memory_mib:7.0f} MiB  {one.work:6.3f} s of work a second  "
                f"{one.same} of {one.receipts} receipts as at first",
                flush=True,
            )
            progress.advance(task)
            yield one
    session.finish()
    session.close()


def _judge(rounds: list[Round]) -> bool:
    """Compare the last quarter with the second round, and say it."""
    late = rounds[-max(1, len(rounds) // 4) :]
    memory = max(one.memory_mib for one in late) / rounds[min(1, len(rounds) - 1)].memory_mib
    work = sorted(one.work for one in late)[len(late) // 2] / rounds[min(1, len(rounds) - 1)].work
    same = sum(one.same for one in late) / max(1, sum(one.receipts for one in late))
    print(f"memory {memory:.2f} of the second round's (at most {MEMORY_GROWTH_MAX})")
    print(f"work {work:.2f} of the second round's (at most {SLOWER_MAX})")
    print(f"{same:.1%} of receipts as in the first round (at least {SAME_MIN:.0%})")
    return memory <= MEMORY_GROWTH_MAX and work <= SLOWER_MAX and same >= SAME_MIN


def _draw(rounds: list[Round], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (above, below) = pyplot.subplots(2, 1, figsize=(8, 5), sharex=True, layout="constrained")
    numbers = range(1, len(rounds) + 1)
    memory_mib = [one.memory_mib for one in rounds]
    above.plot(numbers, memory_mib, color="#0072B2")
    above.set(ylabel="memory, MiB", ylim=(0, 1.1 * max(memory_mib)), title="the same visits again and again")
    below.plot(numbers, [one.work for one in rounds], color="#D55E00")
    below.set(ylabel="s of work a second", xlabel="round", ylim=(0, None))
    figure.savefig(path, dpi=120)
    print(path)


if __name__ == "__main__":
    sys.exit(main())
