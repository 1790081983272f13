"""`aisle export` and `aisle journal`: a recording from a journal, what is in it, what may live how long."""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fusion.journal.segment import Damage

SECOND_NS: Final = 1_000_000_000
SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
BYTES: Final = {"": 1, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def add_export(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle export JOURNAL --out FILE.mcap`, and the same for viewers and notebooks."""
    parser = subparsers.add_parser(
        "export",
        help="make a recording, or files for viewers and notebooks, from the journal of a live run",
        epilog="examples:\n  aisle export out/live/journal --out shop.mcap\n"
        "  aisle export out/live/journal --foxglove view.mcap --store shop/store --run out/live\n"
        "  aisle export out/live/journal --parquet tables --store shop/store --run out/live\n\n"
        "A recording will do in place of a journal for the last two, which are those of `aisle view`.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("journal", type=Path, metavar="JOURNAL", help="journal folder, OUT/journal of `aisle serve`")
    kinds = parser.add_mutually_exclusive_group(required=True)
    kinds.add_argument("--out", type=Path, metavar="FILE.mcap", help="recording to write")
    kinds.add_argument("--foxglove", type=Path, metavar="FILE.mcap", help="recording that Foxglove and Rerun draw")
    kinds.add_argument("--parquet", type=Path, metavar="DIR", help="tables of the run and of plate samples")
    parser.add_argument("--store", type=Path, metavar="DIR", help="store folder, for --foxglove and --parquet")
    parser.add_argument(
        "--run", dest="run_folder", type=Path, metavar="OUT", help="what the run wrote: people, events, receipts"
    )
    parser.add_argument("--store-id", default="", metavar="ID", help="named in the recording")
    parser.set_defaults(run=_export, _refuse=parser.error)


def add_journal(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle journal info|retain|forget`."""
    parser = subparsers.add_parser(
        "journal",
        help="check a journal; remove what is old; forget what people looked like",
        epilog="examples:\n  aisle journal info out/live/journal                 what is there; exit 1 for damage\n"
        "  aisle journal retain out/live/journal --age 30d --size 20G\n"
        "  aisle journal forget out/live/journal --older 1h    appearance vectors of closed segments",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    info = actions.add_parser("info", help="what is in it, and what of it cannot be read")
    info.add_argument("--json", action="store_true", help="print one JSON object")
    retain = actions.add_parser("retain", help="remove the oldest segments")
    retain.add_argument("--age", type=age_ns, metavar="AGE", help="remove what is older, 30d or 12h")
    retain.add_argument("--size", type=size_bytes, metavar="SIZE", help="remove the oldest beyond this, 20G or 500M")
    forget = actions.add_parser("forget", help="write closed segments anew without appearance vectors")
    forget.add_argument("--older", type=age_ns, default=0, metavar="AGE", help="only of what is older, 1h or 90s")
    for action, run in ((info, _info), (retain, _retain), (forget, _forget)):
        action.add_argument("journal", type=Path, metavar="JOURNAL", help="journal folder")
        action.set_defaults(run=run)


def age_ns(text: str) -> int:
    """Return an age written as 30d, 12h, 5m or 90s, in nanoseconds."""
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"expected a number and s, m, h or d, 30d say, received {text!r}")
    return int(match[1]) * SECONDS[match[2]] * SECOND_NS


def size_bytes(text: str) -> int:
    """Return a size written as 20G, 500M or 4096, in bytes."""
    match = re.fullmatch(r"(\d{1,12})([kMGT]?)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"expected a number and k, M, G or T, 20G say, received {text!r}")
    return int(match[1]) * BYTES[match[2]]


def _export(args: argparse.Namespace) -> int:
    from fusion.journal.segment import expect_a_journal
    from fusion.live.export import export_journal

    if args.out is None:
        return _export_for_others(args)
    expect_a_journal(args.journal)
    count, damage = export_journal(args.journal, args.out, args.store_id)
    _tell(damage)
    print(f"{args.out}: {count} messages")
    forgotten = len(list(args.journal.glob("*.forgotten")))
    if forgotten:
        what = f"{forgotten} segments hold no appearance vectors any more"
        print(f"aisle: {args.journal}: {what}; a replay may read visits differently than the live run", file=sys.stderr)
    return 1 if damage else 0


def _export_for_others(args: argparse.Namespace) -> int:
    """Do what `aisle view` does, from a journal by way of a recording beside what is written."""
    from fusion.journal.segment import expect_a_journal
    from fusion.live.export import export_journal
    from fusion.view.commands import SAMPLES_HZ, run_foxglove, run_parquet

    if args.store is None:
        args._refuse("--foxglove and --parquet: expected --store DIR as well, received none")
    if args.parquet and args.run_folder is None:
        args._refuse("--parquet: expected --run OUT as well, received none")
    to: Path = args.foxglove or args.parquet
    with TemporaryDirectory(dir=to.absolute().parent, prefix=".export-") as folder:
        recording, damage = args.journal, list["Damage"]()
        if not recording.is_file():
            expect_a_journal(args.journal)
            recording = Path(folder) / "recording.mcap"
            _, damage = export_journal(args.journal, recording, args.store_id)
            _tell(damage)
        wanted = {"recording": recording, "store": args.store, "to": to}
        if args.foxglove:
            status = run_foxglove(argparse.Namespace(**wanted, out_folder=args.run_folder))
        else:
            status = run_parquet(argparse.Namespace(**wanted, out=args.run_folder, rate=SAMPLES_HZ))
        return 1 if damage else status


def _info(args: argparse.Namespace) -> int:
    from fusion.journal.reader import JournalReader
    from fusion.journal.segment import expect_a_journal, segments_of
    from fusion.journal.watching import watched_journal

    expect_a_journal(args.journal)
    reader = JournalReader(args.journal)
    reader.start_at_the_first()
    begin, count, payload_bytes = reader.next, 0, 0
    for _, record in watched_journal(reader, "reading"):
        count += 1
        payload_bytes += len(record.frame.payload)
    looks = sum(not path.with_suffix(".forgotten").exists() for path in segments_of(args.journal))
    segments = len(segments_of(args.journal))
    if args.json:
        found = {"first": begin, "next": reader.next, "whole": count, "payload_bytes": payload_bytes}
        damage = [str(one) for one in reader.damage]
        print(json.dumps(found | {"segments": segments, "with_looks": looks, "damage": damage}))
        return 1 if damage else 0
    print(f"{args.journal}: records {begin} to {reader.next - 1}, {count} whole, {payload_bytes} bytes of payload")
    print(f"{segments} segments, {looks} of them may hold appearance vectors")
    _tell(reader.damage)
    return 1 if reader.damage else 0


def _retain(args: argparse.Namespace) -> int:
    from fusion.journal.retention import Limits, remove, sealed_of, to_remove
    from fusion.journal.segment import expect_a_journal, segments_of

    expect_a_journal(args.journal)
    sealed = sealed_of(args.journal)
    open_bytes = sum(path.stat().st_size for path in segments_of(args.journal)[-1:])
    needed = sealed[-1].end if sealed else 0
    gone = to_remove(sealed, Limits(args.age, args.size), time.time_ns(), needed, open_bytes)
    remove(gone)
    print(f"{args.journal}: removed {len(gone)} of {len(sealed)} closed segments")
    return 0


def _forget(args: argparse.Namespace) -> int:
    from fusion.journal.retention import forget_looks, sealed_of, to_forget
    from fusion.journal.segment import expect_a_journal
    from fusion.progress import watched

    expect_a_journal(args.journal)
    sealed = sealed_of(args.journal)
    needed = sealed[-1].end if sealed else 0
    chosen = to_forget(sealed, time.time_ns() - args.older, needed)
    count = sum(
        forget_looks(one.path) for one in watched(chosen, f"forgetting {args.journal}", len(chosen), "segments")
    )
    print(f"{args.journal}: {count} messages lost their appearance vectors, {len(chosen)} segments written anew")
    return 0


def _tell(damage: "Iterable[Damage]") -> None:
    for one in damage:
        print(f"aisle: {one}", file=sys.stderr)
