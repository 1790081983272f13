"""Subcommands of `aisle` that play scenarios; what they do is loaded only when they run."""

import argparse
from pathlib import Path


def add_simulate(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle simulate NAME --seed S --out DIR`."""
    parser = subparsers.add_parser(
        "simulate",
        help="write a scenario as store, recording and truth",
        epilog="examples:\n  aisle simulate b12 --seed 3 --out shop\n"
        "  aisle simulate b12 --store 250m2 --out hall      the same script in a shop of any size\n"
        "  aisle simulate mine.txt --out mine",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_recipe(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write into")
    parser.set_defaults(run=_simulate)


def add_sensors(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle sensors SCENARIO --to ADDRESS`."""
    parser = subparsers.add_parser(
        "sensors",
        help="play a scenario live, each sensor a process of its own",
        epilog="example:\n  aisle sensors corner --seed 7 --to tcp://127.0.0.1:5555 --store-out shop/store",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_recipe(parser)
    parser.add_argument("--to", required=True, metavar="ADDRESS", help="where `aisle serve` listens, tcp://HOST:PORT")
    parser.add_argument("--speed", type=_speed, default=1.0, help="times real speed (default 1.0)")
    parser.add_argument("--keys", type=Path, metavar="DIR", help="SRC.key_secret for each sensor, and engine.key")
    parser.add_argument("--spool", type=Path, metavar="DIR", help="keep there what is not acknowledged yet")
    parser.add_argument("--store-out", type=Path, metavar="DIR", help="write the scenario's store folder first")
    parser.set_defaults(run=_sensors)


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="SCENARIO", help="a name that `aisle scenarios` lists, or a script file")
    parser.add_argument("--seed", type=_seed, default=0, help="whole number, 0 or more (default 0)")
    parser.add_argument("--store", metavar="SHOP", help="play it in another shop, by name or by size, 250m2 say")
    parser.add_argument("--faults", type=Path, metavar="PLAN.toml", help="a plan of what goes wrong besides")


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
    parser.add_argument("--store", metavar="SHOP", help="the shop they go to, by name or size (default nano)")
    parser.add_argument("--seed", type=int, default=0, help="of the drawing (default 0)")
    parser.add_argument("--json", action="store_true", help="list them as one JSON object a scenario")
    parser.set_defaults(run=_scenarios)


def add_demo(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle demo`."""
    parser = subparsers.add_parser(
        "demo",
        help="a minute of a small shop, live: receipts beside the truth",
        epilog="examples:\n  aisle demo\n  aisle demo --scenario exchange --seed 3 --out out/exchange",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
    from scenarios.commands_play import simulate_command

    return simulate_command(args)


def _sensors(args: argparse.Namespace) -> int:
    from scenarios.commands_play import sensors_command

    return sensors_command(args)


def _scenarios(args: argparse.Namespace) -> int:
    from scenarios.commands_scripts import scenarios_command

    return scenarios_command(args)


def _demo(args: argparse.Namespace) -> int:
    from scenarios.demo import demo_command

    return demo_command(args)
