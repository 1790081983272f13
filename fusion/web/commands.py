"""`aisle web`: the page of a run that is there; `aisle web token new`: who may see it."""

import argparse
import sys
from pathlib import Path

from fusion import arguments
from fusion.replay import add_ledger_flags
from fusion.web.flags import DEFAULT, add_web_flags

EPILOG = """\
examples:
  aisle web out/shop --store shop/                           the page of a run, on 127.0.0.1:8080, until Ctrl-C
  aisle web out/shop --store shop/ --web 127.0.0.1:9000
  aisle web token new --role reviewer --name ann --file tokens        prints the token, once; the file holds its hash
  aisle web out/shop --store shop/ --web 0.0.0.0:8080 --web-tokens tokens

Without --web-tokens the page makes a token for each role and prints the addresses to open. A viewer sees, a reviewer
decides too. `aisle serve --web` and `aisle replay --web` show a run while it runs, and write what the page needs
(OUT/scenes); of a run without that a page is made from its tracks, events and receipts. To take somebody's access
away, remove their line from the file: the page notices at once.
"""
TOKEN = ["token", "new"]


def add_web(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle web`."""
    parser = subparsers.add_parser(
        "web",
        help="the operator's page of a run: floor, feed, receipts, reviews",
        description="Serve the operator's page of a run that is there, or make a token for it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="+", metavar="OUT", help="what aisle replay or aisle serve wrote; or: token new")
    parser.add_argument("--store", type=Path, metavar="DIR", help="store folder")
    add_web_flags(parser, DEFAULT)
    add_ledger_flags(parser)
    token = parser.add_argument_group("of token new")
    token.add_argument("--role", choices=("viewer", "reviewer"), help="who sees, or decides too")
    token.add_argument(
        "--name", type=arguments.name, metavar="NAME", help="whose it is; the author of what they decide"
    )
    token.add_argument("--file", type=Path, metavar="FILE", help="the file of tokens, made where there is none")
    parser.set_defaults(run=run_web)


def run_web(args: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C, or make a token; return the exit status."""
    if args.what == TOKEN:
        return _new_token(args)
    if len(args.what) != 1 or args.store is None:
        return _refuse("OUT and --store DIR, or: token new", "something else")
    from fusion.live.stopping import stop_on_signals
    from fusion.web.beside import page_settings, say_where
    from fusion.web.rebuilt import rebuild
    from fusion.web.serving import serve

    out = Path(args.what[0])
    if not out.is_dir():
        return _refuse(f"{out} to be an output folder", "none of that name")
    settings, roles = page_settings(args, out)
    if rebuild(out):
        print(f"aisle web: no page saw this run: {out / 'scenes'} is made from its tracks and events", file=sys.stderr)
    with stop_on_signals() as stopped:  # the server hears signals itself, but only from a little after it said where
        serve(settings, lambda port: say_where("web", settings, roles, port), stopped)
    return 0


def _new_token(args: argparse.Namespace) -> int:
    from fusion.web.tokens import Person, add_token

    missing = [f"--{name}" for name in ("role", "name", "file") if getattr(args, name) is None]
    if missing:
        return _refuse("--role ROLE, --name NAME and --file FILE", f"no {', '.join(missing)}")
    print(add_token(args.file, Person(args.role, args.name)))
    print(f"aisle web: {args.file} holds its hash; it is shown only now", file=sys.stderr)
    return 0


def _refuse(expected: str, received: str) -> int:
    print(f"aisle web: expected {expected}, received {received} (see --help)", file=sys.stderr)
    return 2
