"""`aisle keys`: pairs of keys, and who may do what with an engine."""

import argparse
import json
import sys
from pathlib import Path

EXAMPLES = """\
examples:
  aisle keys new keys engine                         the engine's own pair, for `aisle serve --keys keys`
  aisle keys new cam-01-keys cam-01                  on the sensor: a pair; its secret never leaves the sensor
  aisle keys allow keys cam-01 cam-01-keys/cam-01.key --src cam-01
  aisle keys allow keys till till.key --reads        who may follow what the engine publishes
  aisle keys revoke keys cam-01                      at once: a running engine cuts it off
  aisle keys list keys

A key speaks only for the sources it is allowed, whatever its messages say; --src '*' allows all of them.
"""


def add_keys(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle keys new|allow|revoke|list`."""
    parser = subparsers.add_parser(
        "keys",
        help="keys of engine and sensors: new, allow, revoke, list",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    new = actions.add_parser("new", help="make a pair of keys, NAME.key and NAME.key_secret")
    allow = actions.add_parser("allow", help="let the owner of a public key in")
    revoke = actions.add_parser("revoke", help="let it in no more")
    listed = actions.add_parser("list", help="who is allowed what")
    listed.add_argument("--json", action="store_true", help="print one JSON object a key")
    for action, run in ((new, _new), (allow, _allow), (revoke, _revoke), (listed, _list)):
        action.add_argument("folder", type=Path, metavar="DIR", help="folder of keys")
        action.set_defaults(run=run)
    for action in (new, allow, revoke):
        action.add_argument("name", metavar="NAME", help="whose key it is")
    allow.add_argument("public", type=Path, metavar="NAME.key", help="its public key")
    allow.add_argument("--src", action="append", default=[], metavar="SRC", help="a source it speaks for, or '*'")
    allow.add_argument("--reads", action="store_true", help="it may read what the engine publishes")


def _new(args: argparse.Namespace) -> int:
    from fusion.live.keys import new_pair

    public = new_pair(args.folder, args.name)
    print(f"{public}: to be given away; {public}_secret stays where it is")
    return 0


def _allow(args: argparse.Namespace) -> int:
    from fusion.live.keys import Allowed, allow, read_public

    if not args.src and not args.reads:
        print(f"aisle keys: {args.name}: expected --src or --reads, received neither", file=sys.stderr)
        return 2
    one = Allowed(args.name, read_public(args.public).decode("ascii"), tuple(args.src), args.reads)
    allow(args.folder, one)
    print(_line(one))
    return 0


def _revoke(args: argparse.Namespace) -> int:
    from fusion.live.keys import revoke

    revoke(args.folder, args.name)
    print(f"{args.name}  revoked")
    return 0


def _list(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from fusion.live.keys import BadKey, read_allowed

    if not args.folder.is_dir():
        received = "a file" if args.folder.exists() else "none"
        raise BadKey(f"{args.folder}: expected a folder of keys, received {received}")
    allowed = read_allowed(args.folder)
    for one in allowed.values():
        print(json.dumps(asdict(one)) if args.json else _line(one))
    if not allowed:
        print(f"aisle: {args.folder}: nobody is allowed; `aisle keys allow` lets sensors in", file=sys.stderr)
    return 0


def _line(one: object) -> str:
    from fusion.live.keys import Allowed

    assert isinstance(one, Allowed)
    rights = [f"speaks for {', '.join(one.srcs)}"] if one.srcs else []
    rights += ["reads"] if one.reads else []
    return f"{one.name}  {one.public}  {'; '.join(rights)}"
