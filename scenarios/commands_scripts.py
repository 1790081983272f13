"""`aisle scenarios`: list what is in the library, show and check a script, draw one at random."""

import argparse
import sys
from typing import Final

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from scenarios.casting import cast
from scenarios.drawing import draw_script
from scenarios.layout import build_store
from scenarios.library import SCRIPTS, script_named
from scenarios.script import Script
from scenarios.script_check import check_script
from scenarios.script_text import write_script
from scenarios.shops import SHOPS, shop_named
from sensors.world import generator

PIPED_WIDTH: Final = 160  # columns, so that a line stays a line where another program reads it


def add_scenarios(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle scenarios [NAME]`."""
    parser = subparsers.add_parser(
        "scenarios",
        help="list the named scenarios; show, check or draw one",
        description="Without arguments: list the named scenarios. With a name or a script file: check it and print\n"
        "it as text, which a person can save, change and simulate. With --draw: print a script of random trips.",
        epilog="examples:\n  aisle scenarios exchange > mine.txt\n  aisle scenarios mine.txt\n"
        "  aisle scenarios --draw 12 --over 60 --hard 0.3 --store go > busy.txt\n  aisle simulate busy.txt --out busy",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", metavar="SCENARIO", help="a named scenario, or a script file")
    parser.add_argument("--draw", type=int, metavar="PEOPLE", help="draw a script for so many people")
    parser.add_argument("--over", type=float, default=60.0, metavar="S", help="they come within S seconds (default 60)")
    parser.add_argument(
        "--hard", type=float, default=0.2, metavar="SHARE", help="of hard behaviour, 0 to 1 (default 0.2)"
    )
    parser.add_argument(
        "--store", metavar="SHOP", help=f"the shop they go to: {', '.join(SHOPS)}, or 250m2 (default nano)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the drawing (default 0)")
    parser.set_defaults(run=_scenarios)


def _scenarios(args: argparse.Namespace) -> int:
    try:
        if args.draw is not None:
            sys.stdout.write(write_script(_drawn(args)))
        elif args.name is not None:
            sys.stdout.write(write_script(_checked(args.name, args.store, args.seed)))
        else:
            _list()
    except (ValueError, OSError) as error:
        print(f"aisle scenarios: {error}", file=sys.stderr)
        return 2
    return 0


def _list() -> None:
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    table = Table("scenario", "store", "people", "what happens", box=SIMPLE)
    for script in SCRIPTS:
        people = len(script.shoppers) + (script.crowd.people if script.crowd else 0)
        table.add_row(script.name, script.store, str(people), script.about)
    console.print(table)


def _drawn(args: argparse.Namespace) -> Script:
    store = build_store(shop_named(args.store or "nano"), generator(args.seed, 0, 0))
    return draw_script(args.draw, args.over, args.hard, args.store or "nano", store, generator(args.seed, 0, 9))


def _checked(name: str, shop: str | None, seed: int) -> Script:
    """Return a script as written after casting it for its store; raises ValueError with all that is wrong."""
    script = script_named(name)
    wrong = check_script(script)
    if wrong:
        raise ValueError("\n".join(wrong))
    cast(script, build_store(shop_named(shop or script.store), generator(seed, 0, 0)), generator(seed, 0, 4))
    return script
