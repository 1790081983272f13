"""The command `aisle fleet` and its actions."""

import argparse
import os
import sys
from math import ceil
from pathlib import Path

from fusion.fleet.chain.commands import add_chain

EPILOG = """\
examples:
  aisle fleet replay cases/ --out out/cases                   every folder below cases/ with recording.mcap and store/
  aisle fleet replay cases/ --out out/cases --workers 8
  aisle fleet replay cases/ --out out/cases --address 10.0.0.5:6379       on a Ray cluster with shared disks

  aisle fleet serve STORES.toml                               each [[store]] as `aisle serve` would, until Ctrl-C
  aisle fleet serve STORES.toml --address 10.0.0.5:6379       a store whose machine dies goes on on another

A [[store]] has `store`, `out` and `listen`, and whatever else `aisle serve` takes. Above them may stand `lease`, a
postgresql:// URL, where no file locks can be trusted; `chain`, the URL of the chain's ledger; `cpus` a store.

Needs Ray: pip install 'aisle[fleet]'. OUT/NAME holds what `aisle replay` leaves, OUT/fleet.json every ledger's digest.
Whatever was interrupted is started again by the same command: what is done is kept, what is half done is done anew.
"""


def add_fleet(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle fleet` and its actions."""
    parser = subparsers.add_parser(
        "fleet",
        help="many stores on many machines: replay in bulk, keep stores live, ask the chain's ledger",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=subparsers._parser_class)
    replay = actions.add_parser("replay", help="replay every recording under a folder")
    replay.add_argument("folder", type=Path, metavar="FOLDER", help="folders X with X/recording.mcap and X/store below")
    replay.add_argument("--out", type=Path, required=True, metavar="DIR", help="outputs of X go to DIR/X")
    add_machines_flags(replay)
    replay.set_defaults(run=_replay)
    serve = actions.add_parser("serve", help="keep the stores of a file live, wherever there is a machine")
    serve.add_argument("stores", type=Path, metavar="STORES.toml", help="a [[store]] for each: store, out, listen, ...")
    add_machines_flags(serve)
    serve.set_defaults(run=_serve)
    add_chain(actions)


def add_machines_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say where the work is done."""
    parser.add_argument("--address", metavar="HOST:PORT", help="a Ray cluster; else one of our own on this machine")
    parser.add_argument("--workers", type=_count, metavar="N", help="processes on this machine (one a core)")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= 1024):
        raise argparse.ArgumentTypeError(f"expected a whole number, 1 to 1024, received {text!r}")
    return int(text)


def _replay(args: argparse.Namespace) -> int:
    from fusion.fleet.machines import machines
    from fusion.fleet.recordings import recordings_in
    from fusion.fleet.replaying import REPLAYED, replay_all
    from fusion.fleet.told import show_fleet, write_fleet
    from fusion.progress import watched

    names = recordings_in(args.folder, args.out)
    args.out.mkdir(parents=True, exist_ok=True)
    with machines(args.address, args.workers) as ray:
        ended = replay_all(ray, args.folder, names, args.out)
        fleet = sorted(watched(ended, "replaying", len(names), "recordings"), key=lambda one: one.name)
    show_fleet(fleet, write_fleet(args.out, fleet), args.out)
    wrong = [one for one in fleet if one.status != REPLAYED]
    for one in wrong:
        print(f"aisle fleet replay: {one.name}: {one.text}", file=sys.stderr)
    return 2 if wrong else 0


def _serve(args: argparse.Namespace) -> int:
    from fusion.fleet.hosting import ENDED
    from fusion.fleet.keeping import keep
    from fusion.fleet.machines import machines
    from fusion.fleet.stores import read_plan
    from fusion.live.stopping import stop_on_signals

    plan = read_plan(args.stores)
    cores = args.workers or max(os.cpu_count() or 1, ceil(plan.cpus * len(plan.stores)))  # here all of them are placed
    with machines(args.address, cores) as ray, stop_on_signals() as stopping:
        states = keep(ray, plan, stopping, lambda store, line: print(f"{store}: {line}", flush=True))
    return 0 if set(states.values()) == {ENDED} else 2
