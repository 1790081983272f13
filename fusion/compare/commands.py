"""The subcommand `aisle compare`."""

import argparse
import json
from pathlib import Path
from typing import Final

SAME: Final = 0
DIFFERENT: Final = 1
EPILOG = """\
Exit status: 0 the same receipts and events, 1 different, 2 bad input.

examples:
  aisle compare out/before out/after            what did a change of ours change?
  aisle compare out/before out/after --json     for programs: every field, [of the first, of the second]
"""


def add_compare(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle compare OUT_A OUT_B`."""
    parser = subparsers.add_parser(
        "compare",
        help="what changed between two runs, receipt by receipt and event by event",
        description="Show what changed between two runs, receipt by receipt and event by event.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("first", type=Path, metavar="OUT_A", help="what aisle replay or aisle serve wrote")
    parser.add_argument("second", type=Path, metavar="OUT_B", help="another such folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run_compare)


def run_compare(args: argparse.Namespace) -> int:
    """Compare two output folders; return the exit status."""
    from fusion.compare.differences import differences
    from fusion.outputs import read_outputs

    first, second = (read_outputs(out, evidence=False) for out in (args.first, args.second))
    found = differences(first, second)
    if args.json:
        print(json.dumps(found, indent=1))
    else:
        from fusion.compare.table import print_differences

        print_differences(found, str(args.first), str(args.second))
    return SAME if found["same"] else DIFFERENT
