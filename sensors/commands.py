"""Subcommands of `aisle` that stand in for sensors."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

# What a command needs is imported when it runs, so that the others start quickly.
if TYPE_CHECKING:
    from fusion.messages import Frame
    from fusion.recording import Recording
    from fusion.store import Store
    from sensors.broadcast import Broadcaster
    from sensors.faults import FaultPlan
    from sensors.publish import Sender


def add_publish(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle publish RECORDING --to ADDRESS`."""
    parser = subparsers.add_parser(
        "publish",
        help="send a recording over ZeroMQ as live sensors would",
        epilog="examples:\n  aisle publish shop/recording.mcap --to tcp://127.0.0.1:5555\n"
        "  aisle publish shop/recording.mcap --to tcp://127.0.0.1:5555 --rate max --faults plan.toml",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="an MCAP recording")
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--to", metavar="ADDRESS", help="where `aisle serve` listens, tcp://HOST:PORT")
    way.add_argument(
        "--broadcast",
        metavar="PLACE",
        help="publish instead (PUB), lossy, with a ring beside it: tcp://HOST:PORT+RINGPORT for `serve --subscribe`",
    )
    add_keys_flag(parser)
    parser.add_argument("--name", default="publish", metavar="NAME", help="who we are, NAME.key_secret in --keys")
    parser.add_argument("--patience", type=float, metavar="S", help="how long nobody may listen (default 10)")
    parser.add_argument("--spool", type=Path, metavar="DIR", help="keep there what is not acknowledged yet")
    parser.add_argument(
        "--rate",
        type=_rate,
        default=1.0,
        help="times real speed, by arrival time, or max: as fast as they are taken (default 1.0)",
    )
    _add_plan(parser, "--faults", required=False)
    parser.set_defaults(run=_publish)


def add_disturb(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle disturb RECORDING --plan PLAN.toml --out OUT.mcap`."""
    parser = subparsers.add_parser(
        "disturb",
        help="play faults of sensors and of the network onto a recording",
        description="Write RECORDING as it would have been with the faults of a plan: messages lost, late, doubled,\n"
        "broken; sensors that restart, freeze or fall silent; load plates stuck, dead, spiking or wrong.",
        epilog="a plan, times in seconds since the first message came:\n"
        '  [[fault]]\n  kind = "drop"\n  src = "cam-*"\n  from_s = 10\n  to_s = 20\n  p = 0.05\n\n'
        "example:\n  aisle disturb shop/recording.mcap --plan faults.toml --store shop/store --out worse.mcap",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="an MCAP recording")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT.mcap", help="the recording to write")
    _add_plan(parser, "--plan", required=True)
    parser.set_defaults(run=_disturb)


def add_keys_flag(parser: argparse.ArgumentParser) -> None:
    """Add the flag that says where a sensor's keys are."""
    text = "our key, NAME.key_secret, and engine.key, the engine's; for an engine with --keys"
    parser.add_argument("--keys", type=Path, metavar="DIR", help=text)


def _add_plan(parser: argparse.ArgumentParser, option: str, *, required: bool) -> None:
    text = "faults to play onto the recording, a table [[fault]] each"
    parser.add_argument(option, type=Path, required=required, dest="plan", metavar="PLAN.toml", help=text)
    text = "store folder, to check the plan against; needed where plates are at fault"
    parser.add_argument("--store", type=Path, metavar="STORE", help=text)
    parser.add_argument("--seed", type=_seed, default=0, metavar="S", help="of the faults' chances (default 0)")


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"expected a whole number, 0 or more, received {text!r}")
    return int(text)


def _rate(text: str) -> float | None:
    if text == "max":
        return None
    rate = float(text)
    if not 0.0 < rate < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number over 0, or max, received {text}")
    return rate


def _publish(args: argparse.Namespace) -> int:
    from fusion.live.bus import BusError
    from fusion.progress import BYTES, progress
    from fusion.recording import read_recording
    from sensors.faults import PlanError
    from sensors.publish import publish

    try:
        recording = read_recording(args.recording)
        frames = _frames(recording, args) if args.plan else recording
        what = f"publishing {args.recording.name}"
        with progress(what, recording.bytes_total, BYTES) as tell, _sender(args) as sender:
            count = publish(frames, sender, args.rate, lambda _: tell(recording.bytes_read))
    except (BusError, PlanError) as error:
        print(f"aisle publish: {error}", file=sys.stderr)
        return 2
    if recording.damage:
        print(f"aisle publish: {args.recording}: {recording.damage}", file=sys.stderr)
    print(f"{count} messages {f'handed over to {args.to}' if args.to else f'published at {args.broadcast}, lossy'}")
    return 0


def _sender(args: argparse.Namespace) -> "Sender | Broadcaster":
    """Return what the arguments say to send with; raises BusError or BadKey."""
    from fusion.live.bus import BusError
    from fusion.live.keys import ENGINE, read_badge, read_public
    from sensors.broadcast import Broadcaster
    from sensors.publish import Sender

    key = args.keys / f"{args.name}.key_secret" if args.keys else None
    if args.to is None:
        address, _, ring = args.broadcast.partition("+")
        if not ring:
            raise BusError(f"--broadcast {args.broadcast}: expected tcp://HOST:PORT+RINGPORT, received no RINGPORT")
        engine = read_public(args.keys / f"{ENGINE}.key") if args.keys else b""
        return Broadcaster(address, f"{address.rpartition(':')[0]}:{ring}", key=key, engine=engine)
    badge = read_badge(key, args.keys / f"{ENGINE}.key") if key else None
    return Sender(args.to, args.name, spool=args.spool, badge=badge, patience_s=args.patience)


def _frames(recording: "Recording", args: argparse.Namespace) -> "Iterable[Frame]":
    """Return the frames of a recording with the plan of the arguments played onto them."""
    from sensors.fault_stream import disturb_all, since_first

    plan, store = _plan_and_store(args)
    disturbed = disturb_all(plan, since_first(recording), store=store, seed=args.seed)
    return (frame for _, frame in disturbed)


def _plan_and_store(args: argparse.Namespace) -> "tuple[FaultPlan, Store | None]":
    from fusion.store import load_store
    from sensors.fault_plan import read_plan

    store = load_store(args.store) if args.store else None
    return read_plan(args.plan, store), store


def _disturb(args: argparse.Namespace) -> int:
    from fusion.progress import BYTES, progress
    from fusion.recording import read_recording
    from sensors.fault_recording import disturb_recording
    from sensors.faults import PlanError

    try:
        recording = read_recording(args.recording)
        _check_out(args.recording, args.out)
        plan, store = _plan_and_store(args)
        with progress(f"disturbing {args.recording.name}", recording.bytes_total, BYTES) as tell:
            count = disturb_recording(
                recording,
                plan,
                args.out,
                store=store,
                seed=args.seed,
                progress=lambda _: tell(recording.bytes_read),
            )
    except PlanError as error:
        print(f"aisle disturb: {error}", file=sys.stderr)
        return 2
    if recording.damage:
        print(f"aisle disturb: {args.recording}: {recording.damage}", file=sys.stderr)
    print(f"{args.out}: {count} messages, {len(plan)} fault{'' if len(plan) == 1 else 's'}")
    return 0


def _check_out(recording: Path, out: Path) -> None:
    from fusion.recording import RecordingError

    if out.exists() and out.samefile(recording):
        raise RecordingError(str(out), "--out", "another file than the recording", "the recording itself")


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
    from fusion.progress import BYTES, progress
    from fusion.store import load_store
    from sensors.aifi import bytes_to_read, import_aifi

    read = 0

    def tell_more(size: int) -> None:
        nonlocal read
        read += size
        tell(read)

    with progress(f"importing {args.folder.name}", bytes_to_read(args.folder), BYTES) as tell:
        done = import_aifi(args.folder, args.out, tell_more)
    load_store(args.out / "store")
    counts = f"{done.plates} plates, {done.products} products, {done.targets} targets"
    print(f"{args.out}: {counts}, {done.messages} messages")
    for gondola in done.unplaced:
        print(f"{args.out}: gondola {gondola} is left out: the planogram places none of its plates")
    return 0
