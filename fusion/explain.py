"""`aisle explain`: why something was charged, in words and with a picture."""

import argparse
import difflib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fusion.explain_facts import Facts, Folder
    from fusion.explain_verdict import Row
    from fusion.store import Store

FILES = ("receipts.jsonl", "events.jsonl", "evidence.jsonl")
REFUSED = 2
EPILOG = """\
WHAT is the id of an event, as in events.jsonl and in a receipt's lines (its beginning is enough), an ACCOUNT for its
whole receipt, or ACCOUNT:SKU for one line of it. Evidence is in nats, logarithms of odds: 2.3 nats are 10 to 1.

examples:
  aisle explain out/shop ev-3399e9edbbb9c6e7
  aisle explain out/shop acct-171762                        the receipt, and what makes it doubtful
  aisle explain out/shop acct-171762:047495117806           every change behind one line of it
  aisle explain out/shop acct-171762:047495117806 --store shop/store --png why.png
"""


class Unexplained(Exception):
    """There is nothing to explain: said in one line."""


def add_explain(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle explain OUT WHAT`."""
    parser = subparsers.add_parser(
        "explain",
        help="why was this charged: evidence, alternatives, and what would have changed the verdict",
        description="Say why something was charged: evidence, alternatives, what would have changed the verdict.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="what aisle replay or aisle serve wrote")
    parser.add_argument("what", metavar="WHAT", help="an event id, ACCOUNT or ACCOUNT:SKU")
    parser.add_argument("--store", type=Path, metavar="DIR", help="store folder, for names of products and fixtures")
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw plates, hands and floor")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run_explain)


def run_explain(args: argparse.Namespace) -> int:
    """Explain one thing; return the exit status."""
    from fusion.store import load_store

    store = load_store(args.store) if args.store else None
    try:
        folder = read_out(args.out)
        receipts, rows = find(args.what, folder, args.out)
        if args.png:
            _draw(args.png, args.what, rows, store)
    except Unexplained as error:
        print(f"aisle explain: {error}", file=sys.stderr)
        return REFUSED
    said = explained(receipts, () if _is_whole(args.what, receipts) else rows, folder, store)
    print(json.dumps(said, indent=1) if args.json else "\n".join(words(said)))
    return 0


def read_out(out: Path) -> "Folder":
    """Read an output folder."""
    from fusion.explain_facts import Folder

    missing = [name for name in FILES if not (out / name).is_file()]
    if missing:
        there = sorted(p.name for p in out.iterdir())[:6] if out.is_dir() else []
        nothing = "an empty folder" if out.is_dir() else "a file" if out.exists() else "no such folder"
        received = f"only {', '.join(there)}" if there else nothing
        raise Unexplained(f"{out}: expected an output folder with {', '.join(missing)}, received {received}")
    receipts, events, evidence = (
        tuple(json.loads(line) for line in (out / name).read_text(encoding="utf-8").splitlines()) for name in FILES
    )
    return Folder(receipts, events, evidence)


def find(what: str, folder: "Folder", out: Path) -> tuple[tuple["Row", ...], tuple["Row", ...]]:
    """Return the receipts and the evidence that WHAT names."""
    from fusion.explain_facts import change_of, rows_of

    rows = tuple(row for row in folder.evidence if row["event"] == change_of(what))
    if rows:
        return (), rows
    whole = _receipts_of(what, folder)
    if whole:
        return whole, tuple(row for receipt in whole for row in rows_of(receipt, None, folder))
    account, _, sku = what.rpartition(":")
    line = _receipts_of(account, folder)
    rows = tuple(row for receipt in line for row in rows_of(receipt, sku, folder))
    if rows:
        return line, rows
    if line:
        skus = sorted({one["sku"] for receipt in line for one in receipt["lines"]})
        raise Unexplained(f"{out}: {account} moved no {sku}; the receipt has {_some(sku, skus)}")
    rows = tuple(row for row in folder.evidence if row["event"].startswith(what))
    if len(rows) == 1:
        return (), rows
    ids = [row["event"] for row in folder.evidence]
    known = [*(str(r["account"] or r["trip"]) for r in folder.receipts), *ids]
    known = ids if ids and what[:3] in {one[:3] for one in ids} else known
    raise Unexplained(
        f"{out}: expected an event, ACCOUNT or ACCOUNT:SKU, received {what}; there is {_some(what, known)}"
    )


def _receipts_of(account: str, folder: "Folder") -> tuple["Row", ...]:
    return tuple(r for r in folder.receipts if account in (r["account"], r["trip"]))


def _is_whole(what: str, receipts: Sequence["Row"]) -> bool:
    return any(what in (r["account"], r["trip"]) for r in receipts)


def _some(wanted: str, known: Sequence[str]) -> str:
    """Return the few of known that are most like what was wanted."""
    close = difflib.get_close_matches(wanted, known, 3, 0.4) or list(known[:3])
    more = f" and {len(known) - len(close)} more" if len(known) > len(close) else ""
    return (", ".join(close) or "nothing") + more


def explained(receipts: Sequence["Row"], rows: Sequence["Row"], folder: "Folder", store: "Store | None") -> "Facts":
    """Return everything there is to say."""
    from fusion.explain_facts import event_facts, receipt_facts

    names = dict(zip(store.products.sku, store.products.name, strict=True)) if store else {}
    return {
        "receipts": [receipt_facts(receipt, folder, names) for receipt in receipts],
        "events": [event_facts(row, folder, names) for row in rows],
    }


def words(said: "Facts") -> list[str]:
    """Return the lines that say it."""
    from fusion.explain_words import WIDTH, event_words, receipt_words

    parts = [*map(receipt_words, said["receipts"]), *map(event_words, said["events"])]
    rule = ["", "-" * WIDTH, ""]
    return [line for i, part in enumerate(parts) for line in ([*rule, *part] if i else part)]


def _draw(png: Path, what: str, rows: Sequence["Row"], store: "Store | None") -> None:
    try:
        from fusion.explain_picture import draw
    except ImportError as error:
        raise Unexplained(f"--png needs matplotlib: pip install 'aisle[pictures]' ({error})") from error
    seen = [row for row in rows if "people" in row]
    if not seen:
        raise Unexplained(f"{what}: no change of a shelf to draw")
    draw(seen, store, png)
