"""The subcommand `aisle report`."""

import argparse
from pathlib import Path

EPILOG = """\
The report is one file: it opens from disk, asks nobody for anything, and can be sent as it is. It shows what waits for
a person first, then every receipt, the floor with people's paths, every change of goods by gondola with its evidence,
and what the run dropped or left out. With what really happened beside it, it marks right and wrong.

examples:
  aisle report out/shop --store shop/store                            writes out/shop/report.html
  aisle report out/shop --store shop/store --html shop.html
  aisle report out/shop --store shop/store --truth FILE                with what really happened
"""


def add_report(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle report OUT`."""
    parser = subparsers.add_parser(
        "report",
        help="one HTML file of a run: receipts, doubts, floor, every event with its evidence",
        description="Write one HTML file of a run: receipts, doubts, floor, every event with its evidence.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="what aisle replay or aisle serve wrote")
    parser.add_argument("--store", type=Path, metavar="DIR", help="store folder, for the floor and names of products")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="what really happened, to mark right and wrong")
    parser.add_argument("--html", type=Path, metavar="FILE", help="where the report goes (OUT/report.html)")
    parser.set_defaults(run=run_report)


def run_report(args: argparse.Namespace) -> int:
    """Write one report; return the exit status."""
    from fusion.outputs import read_outputs
    from fusion.report.contents import contents
    from fusion.report.page import page
    from fusion.report.truths import read_truth
    from fusion.store import load_store

    store = load_store(args.store) if args.store else None
    outputs = read_outputs(args.out, evidence=True)
    truth = read_truth(args.truth) if args.truth else None
    title = args.out.resolve().name
    text = page(contents(outputs, args.out / "tracks.parquet", store, truth, title))
    target = args.html or args.out / "report.html"
    target.write_text(text, encoding="utf-8")
    receipts, events = len(outputs.receipts), len(outputs.events)
    print(f"{receipts} receipts, {events} events; report of {len(text.encode()) / 1e6:.1f} MB in {target}")
    return 0
