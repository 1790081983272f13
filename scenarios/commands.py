"""Subcommands of `aisle` that play scenarios."""

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fusion.live.bus import BusError, check_address
from fusion.live.stopping import stop_on_signals
from scenarios.live import Ending, play_live
from scenarios.shops import SHOPS
from scenarios.simulate import Recipe, simulate, source_names, write_scenario_store
from sensors.fault_plan import read_plan
from sensors.faults import PlanError

SENT_COLUMNS = (
    SpinnerColumn(),
    TextColumn("{task.description}"),
    TextColumn("{task.completed} messages"),
    TimeElapsedColumn(),
)


def add_simulate(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle simulate NAME --seed S --out DIR`."""
    parser = subparsers.add_parser("simulate", help="write a scenario as store, recording and truth")
    _add_recipe(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write into")
    parser.set_defaults(run=_simulate)


def add_sensors(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle sensors SCENARIO --to ADDRESS`."""
    parser = subparsers.add_parser("sensors", help="play a scenario live, each sensor a process of its own")
    _add_recipe(parser)
    parser.add_argument("--to", required=True, metavar="ADDRESS", help="where `aisle serve` listens, tcp://HOST:PORT")
    parser.add_argument("--speed", type=_speed, default=1.0, help="times real speed (default 1.0)")
    parser.add_argument("--store-out", type=Path, metavar="DIR", help="write the scenario's store folder first")
    parser.set_defaults(run=_sensors)


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="SCENARIO", help="a name that `aisle scenarios` lists, or a script file")
    parser.add_argument("--seed", type=_seed, default=0, help="whole number, 0 or more (default 0)")
    parser.add_argument("--store", metavar="SHOP", help=f"play it in another shop: {', '.join(SHOPS)}, or 250m2")
    parser.add_argument("--faults", type=Path, metavar="PLAN.toml", help="a plan of what goes wrong besides")


def _recipe(args: argparse.Namespace) -> Recipe:
    """Return what to simulate; raises ValueError or OSError for a plan that cannot be read."""
    return Recipe(args.name, args.seed, args.store, read_plan(args.faults) if args.faults else ())


def add_demo(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle demo`."""
    parser = subparsers.add_parser("demo", help="a minute of a small shop, live: receipts beside the truth")
    parser.add_argument("--scenario", default="corner", help="a scenario; `aisle scenarios` lists them")
    parser.add_argument("--seed", type=_seed, default=7, help="whole number, 0 or more (default 7)")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="where everything goes (out/demo)")
    parser.add_argument("--speed", type=_speed, default=1.0, help="times real speed (default 1.0)")
    parser.set_defaults(run=_demo)


def _speed(text: str) -> float:
    speed = float(text)
    if not 0.0 < speed < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number over 0, received {text}")
    return speed


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"expected a whole number, 0 or more, received {text!r}")
    return int(text)


def _simulate(args: argparse.Namespace) -> int:
    console = Console(stderr=True)
    start_s = time.perf_counter()
    try:
        recipe = _recipe(args)
        sources = source_names(recipe.name, recipe.seed, recipe.shop)
        with Progress(console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task(f"simulate {args.name}", total=len(sources))
            case = simulate(recipe, args.out, progress=lambda _: bar.advance(task))
    except (ValueError, OSError, PlanError) as error:
        print(f"aisle simulate: {error}", file=sys.stderr)
        return 2
    factor = case.seconds / (time.perf_counter() - start_s)
    print(f"{case.folder}: {case.seconds:.1f} s of store time, {case.messages} messages, {factor:.0f} x real time")
    return 0


def _sensors(args: argparse.Namespace) -> int:
    console = Console(stderr=True)
    try:
        check_address(args.to, bind=False)
        recipe = _recipe(args)
        if args.store_out is not None:
            write_scenario_store(recipe.name, recipe.seed, args.store_out, recipe.shop)
        bar = Progress(*SENT_COLUMNS, console=console, disable=not console.is_terminal)
        with stop_on_signals() as stopping, bar:
            task = bar.add_task(f"sensors of {args.name}", total=None)
            ending = play_live(recipe, args.to, args.speed, stopping, lambda sent: bar.update(task, completed=sent))
    except (ValueError, OSError, BusError, PlanError) as error:
        print(f"aisle sensors: {error}", file=sys.stderr)
        return 2
    return _report_sensors(args.to, ending)


def _report_sensors(address: str, ending: Ending) -> int:
    """Say how a live run ended; return the exit status."""
    print(f"{ending.sent} messages handed over to {address}")
    if ending.unreached:
        print(
            f"aisle sensors: {address}: nobody took the messages of {', '.join(ending.unreached)}",
            file=sys.stderr,
        )
    if ending.died:
        print(f"aisle sensors: died before their end: {', '.join(ending.died)}", file=sys.stderr)
    if ending.stopped:
        print("aisle sensors: stopped before the end", file=sys.stderr)
    if ending.unreached:
        return 2
    return 1 if ending.died or ending.stopped else 0


def _demo(args: argparse.Namespace) -> int:
    from scenarios.demo import Demo, run_demo

    try:
        return run_demo(Demo(args.scenario, args.seed, args.out, args.speed))
    except (ValueError, OSError) as error:
        print(f"aisle demo: {error}", file=sys.stderr)
        return 2
