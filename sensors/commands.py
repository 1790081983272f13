"""Subcommands of `aisle` that stand in for sensors."""

import argparse
import sys
from pathlib import Path


def add_publish(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle publish RECORDING --to ADDRESS`."""
    parser = subparsers.add_parser("publish", help="send a recording over ZeroMQ as live sensors would")
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="an MCAP recording")
    parser.add_argument("--to", required=True, metavar="ADDRESS", help="where `aisle serve` listens, tcp://HOST:PORT")
    parser.add_argument(
        "--rate",
        type=_rate,
        default=1.0,
        help="times real speed, by arrival time, or max: as fast as they are taken (default 1.0)",
    )
    parser.set_defaults(run=_publish)


def _rate(text: str) -> float | None:
    if text == "max":
        return None
    rate = float(text)
    if not 0.0 < rate < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number over 0, or max, received {text}")
    return rate


def _publish(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from fusion.live.bus import BusError
    from fusion.recording import read_recording
    from sensors.publish import Sender, publish

    console = Console(stderr=True)
    try:
        recording = read_recording(args.recording)
        total = sum(1 for _ in recording) if console.is_terminal else None
        with Progress(console=console, disable=not console.is_terminal) as bar, Sender(args.to) as sender:
            task = bar.add_task(f"publish {args.recording.name}", total=total)
            count = publish(recording, sender, args.rate, lambda _: bar.advance(task))
    except BusError as error:
        print(f"aisle publish: {error}", file=sys.stderr)
        return 2
    if recording.damage:
        print(f"aisle publish: {args.recording}: {recording.damage}", file=sys.stderr)
    print(f"{count} messages handed over to {args.to}")
    return 0


def add_import(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle import FORMAT DIR --out OUT`."""
    parser = subparsers.add_parser(
        "import",
        help="turn a foreign recording into a store folder and a recording",
        description="Turn a foreign recording into OUT/store/ and OUT/recording.mcap.\n"
        "aifi: a test case of the AiFi NanoStore competition, a folder with plate_data.json,\n"
        "full_targets.json, planogram.json and products.json.",
        epilog="example:\n  aisle import aifi BENCHMARK-1 --out out\n"
        "  aisle replay out/recording.mcap --store out/store --out out/receipts",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("format", choices=("aifi",), help="the format of DIR")
    parser.add_argument("folder", type=Path, metavar="DIR", help="the foreign recording")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="folder to write into")
    parser.set_defaults(run=_import)


def _import(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from fusion.store import load_store
    from sensors.aifi import bytes_to_read, import_aifi

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"import {args.folder.name}", total=bytes_to_read(args.folder))
        done = import_aifi(args.folder, args.out, lambda size: bar.advance(task, size))
    load_store(args.out / "store")
    counts = f"{done.plates} plates, {done.products} products, {done.targets} targets"
    print(f"{args.out}: {counts}, {done.messages} messages")
    for gondola in done.unplaced:
        print(f"{args.out}: gondola {gondola} is left out: the planogram places none of its plates")
    return 0
