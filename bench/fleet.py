"""Many stores on this machine: `python -m bench.fleet`; exit 1 where a bar is missed.

Batch: the recorded scenarios (scenarios/golden), several of each, are replayed by `aisle fleet replay` with one worker
and with two, by turns; efficiency is the time of one over twice that of two, with the start of the workers, without
Ray's. Bar: 0.85. Live: so many nano stores by `aisle fleet serve`, each with a publisher of its own at the pace of the
recording; each second every store says by how many messages its engine is behind. Bars: at most 2 s of messages behind
99 times in 100 once all have begun, none lost, and the ledger of a replay.

Both say how much of the machine others took meanwhile: where that is much, the time on the clock says little, and the
processor time that was ours says more: what two workers cost above one, how many cores eight stores need.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import zmq

from bench.chaos.tape import aisle, differences
from bench.golden import NAMES, STORE, tape_of
from bench.processes import cpu_s, machine_s
from fusion.fleet.machines import machines
from fusion.fleet.recordings import RUN, recordings_in
from fusion.fleet.replaying import REPLAYED, replay_all
from scenarios.children import AISLE, next_line, running

EFFICIENCY_MIN: Final = 0.85
BEHIND_S_MAX: Final = 2.0
BEGIN_S: Final = 5.0  # until all publishers are at work
SCENARIO: Final = "b12"
START_S: Final = 180.0
PORT: Final = 5800


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what was asked for, and judge it."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.fleet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("batch", "live"), help="one of the two")
    parser.add_argument("--copies", type=int, default=2, help="of each recorded scenario (default 2)")
    parser.add_argument("--rounds", type=int, default=3, help="of batches (default 3)")
    parser.add_argument("--stores", type=int, default=8, help="live at once (default 8)")
    parser.add_argument("--out", type=Path, default=Path("out/fleet"))
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    one, five, _ = os.getloadavg()
    print(
        f"load of the machine before: {one:.1f} over a minute, {five:.1f} over five; {os.cpu_count()} cores", flush=True
    )
    good = True
    if args.only != "live":
        good = batch(args.out / "batch", args.copies, args.rounds) and good
    if args.only != "batch":
        good = live(args.out / "live", args.stores) and good
    return 0 if good else 1


@dataclass(frozen=True, slots=True)
class Spent:
    """Time on the clock, processor time that was ours, and that of others."""

    wall_s: float
    ours_s: float
    others_s: float

    def __str__(self) -> str:
        """Return all three in words."""
        others = self.others_s / (self.wall_s * (os.cpu_count() or 1))
        return f"{self.wall_s:.1f} s ({self.ours_s:.1f} s of processor, others {others:.0%} of the machine)"


class Stopwatch:
    """Measures from when it is made."""

    def __init__(self) -> None:
        self._wall_s, self._ours_s, self._machine_s = time.perf_counter(), cpu_s(os.getpid()), machine_s()

    def spent(self) -> Spent:
        """Return what has been spent since; of our own, what those who still live spent."""
        ours_s = cpu_s(os.getpid()) - self._ours_s
        return Spent(time.perf_counter() - self._wall_s, ours_s, max(0.0, machine_s() - self._machine_s - ours_s))


def batch(out: Path, copies: int, rounds: int) -> bool:
    """Replay the recorded scenarios with one worker and with two."""
    shutil.rmtree(out, ignore_errors=True)
    for copy in range(copies):
        for name in NAMES:
            place = out / "cases" / f"{name}-{copy}"
            place.mkdir(parents=True)
            shutil.copy(tape_of(name), place / "recording.mcap")
            shutil.copytree(STORE, place / "store")
    names = recordings_in(out / "cases", out / "outs")
    found = []
    for number in range(rounds):
        one, two = (_batch(out, names, workers) for workers in (1, 2))
        shutil.rmtree(out / "outs")
        found.append(one.wall_s / (2 * two.wall_s))
        print(
            f"round {number + 1}: {len(names)} recordings, 1 worker {one}, 2 workers {two}; "
            f"efficiency {found[-1]:.2f}, by processor time {one.ours_s / two.ours_s:.2f}",
            flush=True,
        )
    efficiency = statistics.median(found)
    print(f"batch: efficiency {efficiency:.2f} (bar {EFFICIENCY_MIN})")
    return efficiency >= EFFICIENCY_MIN


def _batch(out: Path, names: Sequence[str], workers: int) -> Spent:
    target = out / "outs" / str(workers)
    target.mkdir(parents=True)
    with machines(None, workers) as ray:
        stopwatch = Stopwatch()
        ended = list(replay_all(ray, out / "cases", names, target))
        spent = stopwatch.spent()
    wrong = [one for one in ended if one.status != REPLAYED]
    assert not wrong, wrong
    return spent


def live(out: Path, stores: int) -> bool:
    """Keep nano stores live at once, each with its own sensors, and see how far they are behind."""
    shutil.rmtree(out, ignore_errors=True)
    tape = out / "tape"
    aisle("simulate", SCENARIO, "--seed", "1", "--store", "nano", "--out", str(tape))
    told = aisle("replay", str(tape / "recording.mcap"), "--store", str(tape / "store"), "--out", str(out / "alone"))
    record = json.loads((out / "alone" / RUN).read_text())
    per_s = record["messages"]["read"] / record["seconds"]["store"]
    print(
        f"live: {stores} times {SCENARIO}, {per_s:.0f} messages a second each; alone: {told.splitlines()[0]}",
        flush=True,
    )
    plan = _plan(out, tape, stores)
    with running("fleet", "serve", str(plan)) as (driver, lines), zmq.Context() as context:
        listening, end_s = 0, time.monotonic() + START_S
        while listening < stores:
            listening += "listening on" in next_line(lines, wait_s=1.0)
            assert driver.poll() is None and time.monotonic() < end_s, "the fleet did not start"
        with context.socket(zmq.SUB) as socket:
            for number in range(stores):
                socket.connect(f"tcp://127.0.0.1:{PORT + stores + number}")
            socket.subscribe(b"lag/")
            behind, spent = _watch(socket, out, tape, stores)
        in_time = _show([records / per_s for records in behind], spent)
        driver.terminate()
        assert driver.wait(timeout=START_S) == 0
    whole = sum(_is_whole(out, tape, number) for number in range(stores))
    print(f"  {whole} of {stores} stores with every message once and the ledger of a replay")
    return in_time and whole == stores


def _plan(out: Path, tape: Path, stores: int) -> Path:
    said = []
    for number in range(stores):
        shutil.copytree(tape / "store", out / f"store-{number}")
        config = out / f"store-{number}" / "store.toml"
        lines = config.read_text().splitlines()
        changed = [f'store_id = "nano-{number}"' if line.startswith("store_id") else line for line in lines]
        config.write_text("\n".join(changed) + "\n")
        said += ["[[store]]", f'store = "store-{number}"', f'out = "outs/{number}"', 'looks = "keep"']
        said += [f'listen = "tcp://127.0.0.1:{PORT + number}"', f'publish = "tcp://127.0.0.1:{PORT + stores + number}"']
    (out / "STORES.toml").write_text("\n".join(said) + "\n")
    return out / "STORES.toml"


def _watch(socket: "zmq.Socket[bytes]", out: Path, tape: Path, stores: int) -> tuple[list[int], Spent]:
    """Publish to all stores; return the messages each was behind, second by second, and what was spent."""
    words = ("publish", str(tape / "recording.mcap"), "--rate", "1.0", "--patience", "60", "--to")
    begun_s, stopwatch = time.monotonic(), Stopwatch()
    sensors = [
        subprocess.Popen([*AISLE, *words, f"tcp://127.0.0.1:{PORT + n}"], stdout=subprocess.DEVNULL)
        for n in range(stores)
    ]
    behind = []
    while any(sensor.poll() is None for sensor in sensors):
        if socket.poll(200):
            topic, *_, text = socket.recv_multipart()
            if topic.startswith(b"lag/") and time.monotonic() - begun_s > BEGIN_S:
                behind.append(int(json.loads(text)["records"]))
    spent = stopwatch.spent()
    assert all(sensor.returncode == 0 for sensor in sensors), "a publisher could not hand over its messages"
    return behind, spent


def _show(behind_s: list[float], spent: Spent) -> bool:
    """Print how far the stores were behind, and return whether that was little."""
    behind_s = sorted(behind_s)
    p50, p99 = (behind_s[min(len(behind_s) - 1, int(share * len(behind_s)))] for share in (0.5, 0.99))
    print(
        f"live: {len(behind_s)} looks; behind {p50:.2f} s of messages at the median, {p99:.2f} s 99 times in 100, "
        f"{behind_s[-1]:.2f} s at most (bar {BEHIND_S_MAX} s at 99)\n"
        f"  {spent.ours_s / spent.wall_s:.2f} cores, publishers included: {spent}",
        flush=True,
    )
    return p99 <= BEHIND_S_MAX


def _is_whole(out: Path, tape: Path, number: int) -> bool:
    """Return whether a store took every message once and charged what a replay of them charges."""
    target, again = out / "outs" / str(number), out / "again"
    store = out / f"store-{number}"
    aisle("replay", str(target / "recording.mcap"), "--store", str(store), "--out", str(again))
    same = json.loads((again / RUN).read_text())["ledger"] == json.loads((target / RUN).read_text())["ledger"]
    return same and differences(target / "journal", tape / "recording.mcap") == (0, 0)


if __name__ == "__main__":
    sys.exit(main())
