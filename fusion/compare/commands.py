"""The subcommand `aisle compare`."""

import argparse
import json
from pathlib import Path

SAME, DIFFERENT = 0, 1
SCRIPTS = ("draw.js", "names.js", "compare.js")
EPILOG = """\
Exit status: 0 the two runs say the same, 1 something differs, 2 bad input.

examples:
  aisle compare out/before out/after --store shop/store
  aisle compare out/before out/after --truth shop/TRUTH        what was mended, what was broken
  aisle compare out/before out/after --html changed.html
"""


def add_compare(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle compare OUT_A OUT_B`."""
    parser = subparsers.add_parser(
        "compare",
        help="what changed between two runs: receipts, events, totals",
        description="Say what changed from one run's output folder to another's, receipt by receipt, event by event.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("a", type=Path, metavar="OUT_A", help="output folder, the earlier one")
    parser.add_argument("b", type=Path, metavar="OUT_B", help="output folder, the later one")
    parser.add_argument("--store", type=Path, metavar="DIR", help="store folder, for names of products")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="what truly happened: says which run is right")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page as well")
    parser.set_defaults(run=run_compare)


def run_compare(args: argparse.Namespace) -> int:
    """Compare two output folders; return the exit status."""
    from fusion.compare.differences import compare
    from fusion.compare.words import compared_words
    from fusion.outfolder import read_out
    from fusion.report.marks import read_truth
    from fusion.report.page import page
    from fusion.store import load_store

    a, b = read_out(args.a), read_out(args.b)
    products = load_store(args.store).products if args.store else None
    names = dict(zip(products.sku, products.name, strict=True)) if products else {}
    said = compare(a, b, names, read_truth(args.truth) if args.truth else None)
    if args.html:
        text = page("compare.html", f"Aisle: from {args.a} to {args.b}", said, SCRIPTS)
        args.html.write_text(text, encoding="utf-8")
    print(json.dumps(said, indent=1) if args.json else "\n".join(compared_words(said)))
    return SAME if said["same"] else DIFFERENT
