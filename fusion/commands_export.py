"""`aisle export`: a recording from a journal, and either of them for the viewers and notebooks of others."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from fusion.commands_journal import tell

SAMPLES_HZ: Final = 10.0
EPILOG: Final = """\
examples:
  aisle export out/live/journal --out shop.mcap
  aisle export shop/recording.mcap --foxglove view.mcap --store shop/store --run out
  aisle export shop/recording.mcap --parquet tables --store shop/store --run out

view.mcap opens in Foxglove (3-D panel, frame "world") and in Rerun, which draws points, poses, cameras and the log but
no scenes and grids. It holds the recording's own messages as well.
"""


def add_export(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle export SOURCE --out|--foxglove|--parquet`."""
    parser = subparsers.add_parser(
        "export",
        help="a recording from a journal; files for Foxglove, Rerun and notebooks",
        description="Write a journal as a recording, or a journal or recording for viewers and notebooks of others.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "source", type=Path, metavar="SOURCE", help="a recording, or OUT/journal of `aisle serve`, which --out needs"
    )
    kinds = parser.add_mutually_exclusive_group(required=True)
    kinds.add_argument("--out", type=Path, metavar="FILE.mcap", help="recording to write")
    kinds.add_argument(
        "--foxglove", type=Path, metavar="FILE.mcap", help="foxglove's protobuf channels beside the raw messages"
    )
    kinds.add_argument("--parquet", type=Path, metavar="DIR", help="tables: tracks, events, receipts, plate samples")
    parser.add_argument("--store", type=Path, metavar="DIR", help="store folder, for --foxglove and --parquet")
    parser.add_argument(
        "--run", dest="run_folder", type=Path, metavar="OUT", help="what the run wrote: people, events, receipts"
    )
    parser.add_argument(
        "--rate", type=_rate, default=SAMPLES_HZ, metavar="HZ", help="of plate samples, means between (default 10)"
    )
    parser.add_argument("--store-id", default="", metavar="ID", help="named in the recording")
    parser.set_defaults(run=_export, _refuse=parser.error)


def _rate(text: str) -> float:
    rate = float(text)
    if not 0.0 < rate <= 1000.0:
        raise argparse.ArgumentTypeError(f"expected a rate above 0 and up to 1000, received {text}")
    return rate


def _export(args: argparse.Namespace) -> int:
    if args.out is not None:
        return _recording(args)
    if args.store is None:
        args._refuse("--foxglove and --parquet: expected --store DIR as well, received none")
    if args.parquet and args.run_folder is None:
        args._refuse("--parquet: expected --run OUT as well, received none")
    to: Path = args.foxglove or args.parquet
    with _recorded(args.source, to, args.store_id) as (recording, damaged):
        status = _foxglove(args, recording) if args.foxglove else _parquet(args, recording)
        return 1 if damaged else status


def _recording(args: argparse.Namespace) -> int:
    from fusion.journal.segment import expect_a_journal
    from fusion.live.export import export_journal

    expect_a_journal(args.source)
    count, damage = export_journal(args.source, args.out, args.store_id)
    tell(damage)
    print(f"{args.out}: {count} messages")
    forgotten = len(list(args.source.glob("*.forgotten")))
    if forgotten:
        what = f"{forgotten} segments hold no appearance vectors any more"
        print(f"aisle: {args.source}: {what}; a replay may read visits differently than the live run", file=sys.stderr)
    return 1 if damage else 0


@contextmanager
def _recorded(source: Path, to: Path, store_id: str) -> Iterator[tuple[Path, bool]]:
    """Give a recording, and whether it lacks what a journal had lost: a journal's stands beside what is written."""
    from fusion.journal.segment import expect_a_journal
    from fusion.live.export import export_journal

    if source.is_file():
        yield source, False
        return
    expect_a_journal(source)
    with TemporaryDirectory(dir=to.absolute().parent, prefix=".export-") as folder:
        recording = Path(folder) / "recording.mcap"
        _, damage = export_journal(source, recording, store_id)
        tell(damage)
        yield recording, bool(damage)


def _foxglove(args: argparse.Namespace, source: Path) -> int:
    from fusion.outfolder import FolderError, read_out
    from fusion.recording import read_recording
    from fusion.store import load_store
    from fusion.view.foxglove import write_view

    to: Path = args.foxglove
    if to.exists() and to.resolve() == source.resolve():
        raise FolderError(to, "--foxglove", "another file than the recording", "the recording itself")
    store, recording = load_store(args.store), read_recording(source)
    out = read_out(args.run_folder) if args.run_folder else None
    counts = write_view(recording, store, out, to)
    if recording.damage:
        print(f"{source}: {recording.damage}; what came before was written", file=sys.stderr)
    raw = counts.pop("raw", 0)
    print(f"{to}: {raw} messages as recorded, {sum(counts.values())} drawn on {len(counts)} topics")
    return 0


def _parquet(args: argparse.Namespace, source: Path) -> int:
    from fusion.outfolder import read_out
    from fusion.recording import read_recording
    from fusion.store import load_store
    from fusion.view.samples import write_samples
    from fusion.view.tables import run_tables, write_tables

    store, out = load_store(args.store), read_out(args.run_folder)
    names = dict(zip(store.products.sku, store.products.name, strict=True))
    gondola = dict(zip(store.plates.plate_id, store.plates.gondola, strict=True))
    tables = run_tables(out, names, gondola)
    write_tables(tables, args.parquet)
    samples = write_samples(read_recording(source), store, args.parquet / "plates", args.rate)
    told = ", ".join(f"{table.height} {name}" for name, table in tables.items())
    print(f"{args.parquet}: {told}, {samples} plate samples")
    return 0
