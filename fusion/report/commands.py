"""The subcommand `aisle report`."""

import argparse
import sys
from pathlib import Path

EPILOG = """\
The file holds everything it shows: it opens from disk, in any browser, on a phone, and asks nothing of any network. It
names accounts and where people walked: keep it as carefully as the output folder.

examples:
  aisle report out/shop --store shop/store                  writes out/shop/report.html
  aisle report out/shop --store shop/store --html shop.html --recording shop/recording.mcap
  aisle report out/shop --store shop/store --truth shop/TRUTH           marks what was right and wrong
"""
SCRIPTS = (
    "draw.js",
    "names.js",
    "floor.js",
    "timeline.js",
    "evidence.js",
    "changes.js",
    "trips.js",
    "run.js",
    "report.js",
)


def add_report(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle report OUT`."""
    parser = subparsers.add_parser(
        "report",
        help="one HTML file of a run: floor, timeline, evidence, receipts, doubts",
        description="Write one self-contained HTML file of what a run decided and why.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="what aisle replay or aisle serve wrote")
    parser.add_argument("--store", type=Path, metavar="DIR", help="store folder, for the map and names of products")
    parser.add_argument("--recording", type=Path, metavar="FILE", help="recording, for rates and lateness of sources")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="what truly happened, for marks and calibration")
    parser.add_argument("--html", type=Path, metavar="FILE", help="where to write (OUT/report.html)")
    parser.set_defaults(run=run_report)


def run_report(args: argparse.Namespace) -> int:
    """Write the report; return the exit status."""
    from fusion.outfolder import read_out
    from fusion.report.gather import gather
    from fusion.report.marks import read_truth
    from fusion.report.page import page
    from fusion.store import load_store

    out = read_out(args.out)
    store = load_store(args.store) if args.store else None
    truth = read_truth(args.truth) if args.truth else None
    said = gather(out, store, truth, args.recording)
    for line in said["lacking"]:
        print(f"aisle report: {line}", file=sys.stderr)
    file = args.html or args.out / "report.html"
    text = page("report.html", f"Aisle report: {said['store']}", said, SCRIPTS)
    file.write_text(text, encoding="utf-8")
    print(f"{file}: {len(said['trips'])} receipts, {len(said['changes'])} changes, {len(text) / 1e6:.1f} MB")
    return 0
