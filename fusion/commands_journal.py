"""`aisle journal`: what is in one, what may live how long."""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fusion.journal.segment import Damage

SECOND_NS: Final = 1_000_000_000
SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
BYTES: Final = {"": 1, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


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
    tell(reader.damage)
    return 1 if reader.damage else 0


def _retain(args: argparse.Namespace) -> int:
    from fusion.journal.retention import Limits, remove, sealed_of, to_remove
    from fusion.journal.segment import expect_a_journal, segments_of

    if args.age is None and args.size is None:
        print(f"aisle journal: {args.journal}: expected --age or --size as well, received neither", file=sys.stderr)
        return 2
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


def tell(damage: "Iterable[Damage]") -> None:
    """Say on standard error what of a journal cannot be read."""
    for one in damage:
        print(f"aisle: {one}", file=sys.stderr)
