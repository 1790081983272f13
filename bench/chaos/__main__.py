"""`python -m bench.chaos`: what can go wrong between sensors and ledger, by a seed; exit 1 where it mattered."""

import argparse
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from bench.chaos import attacks, cuts, kills, load, machine, network
from bench.chaos.proxy import Faults
from bench.chaos.tape import long_tape

NETWORKS = {
    "loss 30 %": Faults(lose=0.3),
    "duplicates 50 %": Faults(double=0.5),
    "shuffled": Faults(shuffle=0.4),
    "stalls of 5 s": Faults(stall_s=5.0),
    "disconnects": Faults(hang_up_every_s=3.0),
    "all of it": Faults(0.3, 0.5, 0.2, 5.0, 6.0, 8.0),
}
MACHINES = {
    "fsync takes 200 ms": machine.Trouble(fsync_ms=200),
    "disk full for 4 s": machine.Trouble(full_s=(4.0, 8.0)),
    "clock an hour ahead": machine.Trouble(clock_s=(4.0, 3600.0)),
    "clock an hour back": machine.Trouble(clock_s=(4.0, -3600.0)),
}
RATE_BAR = 20_000.0  # durable messages a second


def main() -> int:
    """Run what was asked for and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=sorted(PARTS), default=sorted(PARTS))
    parser.add_argument("--messages", type=int, default=100_000, help="of the recording that is killed at")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rate", type=float, default=6.0, help="times real speed while killed at")
    parser.add_argument("--sensors", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement of load")
    parser.add_argument("--out", type=Path, default=Path("out/chaos"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    print(f"seed {args.seed}", flush=True)
    return 0 if sum(not PARTS[name](args) for name in args.only) == 0 else 1


def _cuts(args: argparse.Namespace) -> bool:
    done = cuts.spoil_every_byte(_fresh(args.out / "cuts"), seed=args.seed)
    tried = f"{done.cuts} cuts and {done.flips} flips, one at each byte of the last segment"
    _say("journal", tried, f"{done.failures} where anything else was lost or nothing was said")
    return done.failures == 0


def _kills(args: argparse.Namespace) -> bool:
    case, out = long_tape(args.out, args.seed, args.messages), _fresh(args.out / "kills")
    done = kills.kill_again_and_again(case, out, seed=args.seed, kills=args.kills, rate=args.rate)
    tried = f"{done.messages} messages, {done.kills} kills, {done.gateway_kills} of the gateway alone"
    _say("kill -9", tried, _result(done), f"{done.seconds:.0f} s")
    return _is_fine(done)


def _network(args: argparse.Namespace) -> bool:
    case, fine = long_tape(args.out, args.seed, 5_000), True
    for name, faults in NETWORKS.items():
        done = network.disturb(case, _fresh(args.out / "network"), faults, seed=args.seed, rate=2.0)
        said = done.counts
        did = f"passed {said.passed} lost {said.lost} doubled {said.doubled} shuffled {said.shuffled}"
        _say("network", name, f"{did} stalls {said.stalls} hang-ups {said.hang_ups}", _result(done))
        fine = fine and _is_fine(done)
    return fine


def _machine(args: argparse.Namespace) -> bool:
    case, fine = long_tape(args.out, args.seed, 5_000), True
    for name, trouble in MACHINES.items():
        done = machine.strain(case, _fresh(args.out / "machine"), trouble, rate=2.0)
        _say("machine", name, f"stopped {done.stops}", _result(done))
        for line in done.said:
            print(f"         {line}", flush=True)
        fine = fine and _is_fine(done)
    return fine


def _attacks(args: argparse.Namespace) -> bool:
    fine = True
    for done in attacks.attack_all(_fresh(args.out / "attacks")):
        good = f"of a good sensor's {done.good_sent} messages {done.good_kept} are there once"
        wait = f"longest wait {done.longest_ms:.0f} ms"
        restarts = f"gateway restarts {done.restarts}"
        _say("attack", done.attack, f"delivered {done.delivered}", good, wait, restarts, str(done.counted))
        fine = fine and done.delivered == 0 and done.good_kept >= done.good_sent
    return fine


def _load(args: argparse.Namespace) -> bool:
    folder = _fresh(args.out / "load")
    full = load.measure(folder, args.sensors, args.seconds, None)
    half = load.measure(folder, args.sensors, args.seconds, full.rate / 2)
    rate = f"{full.rate:.0f} durable messages/s (bar {RATE_BAR:.0f})"
    acknowledged = f"at {half.rate:.0f}/s acknowledged in p50 {half.p50_ms:.1f} ms, p99 {half.p99_ms:.1f} ms"
    _say("load", f"{full.sensors} sensors with keys", rate, acknowledged)
    return full.rate >= RATE_BAR


def _say(part: str, *words: str) -> None:
    print(f"{part:9}{'  '.join(words)}", flush=True)


def _is_fine(done: kills.Outcome | network.Outcome | machine.Outcome) -> bool:
    return done.missing == done.doubled == 0 and done.same_ledger and done.same_outputs


def _result(done: kills.Outcome | network.Outcome | machine.Outcome) -> str:
    return f"missing {done.missing}  doubled {done.doubled}  {_same(done)}"


def _same(done: kills.Outcome | network.Outcome | machine.Outcome) -> str:
    ledger = "the same ledger" if done.same_ledger else "ANOTHER LEDGER"
    return f"{ledger}, {'the same' if done.same_outputs else 'OTHER'} receipts and events"


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


PARTS: dict[str, Callable[[argparse.Namespace], bool]] = {
    "attacks": _attacks,
    "cuts": _cuts,
    "kills": _kills,
    "load": _load,
    "machine": _machine,
    "network": _network,
}

if __name__ == "__main__":
    sys.exit(main())
