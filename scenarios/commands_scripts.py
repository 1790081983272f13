"""`aisle scenarios`: list what is in the library, show and check a script, draw one at random."""

import argparse
import json
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
from scenarios.shops import shop_named
from sensors.world import generator

WIDTH_MAX: Final = 100  # columns; other programs read --json


def scenarios_command(args: argparse.Namespace) -> int:
    """Run `aisle scenarios`; return its exit status."""
    try:
        if args.draw is not None:
            sys.stdout.write(write_script(_drawn(args)))
        elif args.name is not None:
            sys.stdout.write(write_script(_checked(args.name, args.store, args.seed)))
        else:
            _list(as_json=args.json)
    except (ValueError, OSError) as error:
        print(f"aisle scenarios: {error}", file=sys.stderr)
        return 2
    return 0


def _list(*, as_json: bool) -> None:
    rows = [(script.name, script.store, _people(script), script.about) for script in SCRIPTS]
    if as_json:
        print(
            "\n".join(json.dumps(dict(zip(("scenario", "store", "people", "about"), row, strict=True))) for row in rows)
        )
        return
    console = Console()
    console = console if console.is_terminal and console.width <= WIDTH_MAX else Console(width=WIDTH_MAX)
    table = Table("scenario", "store", "people", "what happens", box=SIMPLE)
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table)


def _people(script: Script) -> int:
    return len(script.shoppers) + (script.crowd.people if script.crowd else 0)


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
