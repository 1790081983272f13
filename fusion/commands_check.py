"""The subcommand `aisle check`."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fusion.check import Report

EPILOG = """\
A recording may hold late, repeated and missing messages: they are counted, not faulted. Faults are payloads
that are no messages, a file that was cut or damaged, and sources the store does not know.

examples:
  aisle check shop/store             a store folder
  aisle check shop/recording.mcap    a recording
  aisle check shop                   a folder with both: also whether they belong together
"""


def add_check(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle check PATH`."""
    parser = subparsers.add_parser(
        "check",
        help="validate a store folder or a recording",
        description="Validate a store folder, a recording, or a folder holding store/ and recording.mcap.\n"
        "Exit status: 0 fine, 1 problems found, 2 nothing readable.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="store folder, recording or case folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_check)


def _check(args: argparse.Namespace) -> int:
    from fusion.check import check_path

    report = check_path(args.path)
    print(_as_json(report) if args.json else _as_text(report))
    return 1 if report.problems else 0


def _as_json(report: "Report") -> str:
    return json.dumps(asdict(report), indent=1)


def _as_text(report: "Report") -> str:
    lines = [f"fine     {line}" for line in report.fine]
    lines += [f"problem  {problem}" for problem in report.problems]
    number = len(report.problems)
    lines.append("no problems" if number == 0 else f"{number} problem{'s' if number > 1 else ''}")
    return "\n".join(lines)
