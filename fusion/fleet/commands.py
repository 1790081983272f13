"""The command `aisle fleet` and its actions."""

import argparse
import sys
from pathlib import Path

EPILOG = """\
examples:
  aisle fleet replay cases/ --out out/cases                   every folder below cases/ with recording.mcap and store/
  aisle fleet replay cases/ --out out/cases --workers 8
  aisle fleet replay cases/ --out out/cases --address 10.0.0.5:6379       on a Ray cluster with shared disks

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
