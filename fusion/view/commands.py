"""The subcommand `aisle view`."""

import argparse
import sys
from pathlib import Path

SAMPLES_HZ = 10.0
EPILOG = """\
examples:
  aisle view foxglove shop/recording.mcap --store shop/store --to view.mcap
  aisle view foxglove shop/recording.mcap --store shop/store --out-folder out/shop --to view.mcap
  aisle view parquet out/shop --store shop/store --recording shop/recording.mcap --to tables

view.mcap opens in Foxglove (3-D panel, frame "world") and in Rerun, which draws points, poses, cameras and the log but
no scenes and grids. It holds the recording's own messages as well.
"""


def add_view(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle view foxglove` and `aisle view parquet`."""
    parser = subparsers.add_parser(
        "view",
        help="recordings and runs for Foxglove, Rerun and notebooks",
        description="Write a recording or a run for viewers and notebooks of others.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = parser.add_subparsers(metavar="KIND", required=True, parser_class=subparsers._parser_class)
    _add_foxglove(kinds)
    _add_parquet(kinds)


def _add_foxglove(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = kinds.add_parser("foxglove", help="an MCAP file with foxglove's protobuf channels beside the raw messages")
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="an MCAP file")
    parser.add_argument("--store", type=Path, required=True, metavar="DIR", help="store folder")
    parser.add_argument("--out-folder", type=Path, metavar="OUT", help="a replay's output: people, events, receipts")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="MCAP file to write")
    parser.set_defaults(run=run_foxglove)


def _add_parquet(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = kinds.add_parser("parquet", help="tables: tracks, events, receipts, lines, plate samples")
    parser.add_argument("out", type=Path, metavar="OUT", help="what aisle replay or aisle serve wrote")
    parser.add_argument("--store", type=Path, metavar="DIR", help="store folder, for names, gondolas and plates")
    parser.add_argument(
        "--recording", type=Path, metavar="FILE", help="recording, for samples of plates; needs --store"
    )
    parser.add_argument("--rate", type=_rate, default=SAMPLES_HZ, metavar="HZ", help="of samples, means between (10)")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.set_defaults(run=run_parquet)


def _rate(text: str) -> float:
    rate = float(text)
    if not 0.0 < rate <= 1000.0:
        raise argparse.ArgumentTypeError(f"expected a rate above 0 and up to 1000, received {text}")
    return rate


def run_foxglove(args: argparse.Namespace) -> int:
    """Write an MCAP file that viewers draw; return the exit status."""
    from fusion.outfolder import FolderError, read_out
    from fusion.recording import read_recording
    from fusion.store import load_store
    from fusion.view.foxglove import write_view

    if args.to.exists() and args.to.resolve() == args.recording.resolve():
        raise FolderError(args.to, "--to", "another file than the recording", "the recording itself")
    store, recording = load_store(args.store), read_recording(args.recording)
    out = read_out(args.out_folder) if args.out_folder else None
    counts = write_view(recording, store, out, args.to)
    if recording.damage:
        print(f"{args.recording}: {recording.damage}; what came before was written", file=sys.stderr)
    raw = counts.pop("raw", 0)
    print(f"{args.to}: {raw} messages as recorded, {sum(counts.values())} drawn on {len(counts)} topics")
    return 0


def run_parquet(args: argparse.Namespace) -> int:
    """Write tables; return the exit status."""
    from fusion.outfolder import FolderError, read_out
    from fusion.recording import read_recording
    from fusion.store import load_store
    from fusion.view.samples import write_samples
    from fusion.view.tables import run_tables, write_tables

    if args.recording and not args.store:
        raise FolderError(args.recording, "--recording", "--store as well, which names the plates", "none")
    out = read_out(args.out)
    store = load_store(args.store) if args.store else None
    names = dict(zip(store.products.sku, store.products.name, strict=True)) if store else {}
    gondola = dict(zip(store.plates.plate_id, store.plates.gondola, strict=True)) if store else {}
    tables = run_tables(out, names, gondola)
    write_tables(tables, args.to)
    told = [f"{table.height} {name}" for name, table in tables.items()]
    if args.recording and store:
        samples = write_samples(read_recording(args.recording), store, args.to / "plates", args.rate)
        told.append(f"{samples} plate samples")
    print(f"{args.to}: {', '.join(told)}")
    return 0
