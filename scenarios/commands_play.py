"""`aisle simulate` and `aisle sensors`: a scenario as files, or live."""

import argparse
import sys
import time

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fusion.live.bus import BusError, check_address
from fusion.live.stopping import stop_on_signals
from scenarios.live import Ending, play_live
from scenarios.script_text import in_one_line
from scenarios.simulate import Recipe, simulate, source_names, write_scenario_store
from sensors.fault_plan import read_plan
from sensors.faults import PlanError

SENT_COLUMNS = (
    SpinnerColumn(),
    TextColumn("{task.description}"),
    TextColumn("{task.completed} messages"),
    TimeElapsedColumn(),
)


def simulate_command(args: argparse.Namespace) -> int:
    """Run `aisle simulate`; return its exit status."""
    console = Console(stderr=True)
    start_s = time.perf_counter()
    try:
        recipe = _recipe(args)
        sources = source_names(recipe.name, recipe.seed, recipe.shop)
        with Progress(console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task(f"simulate {args.name}", total=len(sources))
            case = simulate(recipe, args.out, progress=lambda _: bar.advance(task))
    except (ValueError, OSError, PlanError) as error:
        print(f"aisle simulate: {in_one_line(error)}", file=sys.stderr)
        return 2
    factor = case.seconds / (time.perf_counter() - start_s)
    print(f"{case.folder}: {case.seconds:.1f} s of store time, {case.messages} messages, {factor:.0f} x real time")
    return 0


def sensors_command(args: argparse.Namespace) -> int:
    """Run `aisle sensors`; return its exit status."""
    console = Console(stderr=True)
    try:
        check_address(args.to, bind=False)
        recipe = _recipe(args)
        if args.store_out is not None:
            write_scenario_store(recipe.name, recipe.seed, args.store_out, recipe.shop)
        bar = Progress(*SENT_COLUMNS, console=console, disable=not console.is_terminal)
        with stop_on_signals() as stopping, bar:
            task = bar.add_task(f"sensors of {args.name}", total=None)

            def say(sent: int) -> None:
                bar.update(task, completed=sent)

            ending = play_live(recipe, args.to, args.speed, stopping, say, keys=args.keys, spool=args.spool)
    except (ValueError, OSError, BusError, PlanError) as error:
        print(f"aisle sensors: {in_one_line(error)}", file=sys.stderr)
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


def _recipe(args: argparse.Namespace) -> Recipe:
    """Return what to simulate; raises ValueError or OSError for a plan that cannot be read."""
    return Recipe(args.name, args.seed, args.store, read_plan(args.faults) if args.faults else ())
