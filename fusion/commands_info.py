"""The subcommand `aisle info`."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from fusion.survey import Survey

ROWS_MAX = 40  # sources shown one by one; more are grouped by kind
WIDTH_MAX = 100  # columns of text
# Heading, column, decimals (none for text).
SHOWN: tuple[tuple[str, str, int | None], ...] = (
    ("source", "src", None),
    ("kind", "kinds", None),
    ("count", "count", 0),
    ("Hz", "rate_hz", 2),
    ("span s", "span_s", 1),
    ("restarts", "restarts", 0),
    ("gaps", "gaps", 0),
    ("dupl.", "duplicates", 0),
    ("late p50", "late_p50_ms", 0),
    ("p90", "late_p90_ms", 0),
    ("max ms", "late_max_ms", 0),
)
EPILOG = """\
Lateness is arrival minus measurement, so a batch of samples is late by its own length. Gaps are messages that
never came, by sequence number; a sensor that restarted counts from 0 again and that is no gap.

examples:
  aisle info shop/recording.mcap           a table of sources, grouped by kind when there are many
  aisle info shop/recording.mcap --json    every source, for programs
"""


def add_info(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle info RECORDING`."""
    parser = subparsers.add_parser(
        "info",
        help="show the sources of a recording: rates, gaps, lateness",
        description="Show the sources of a recording: rates, spans, gaps, duplicates, lateness.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="an MCAP file")
    parser.add_argument("--all", action="store_true", help="every source, however many")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_info)


def _info(args: argparse.Namespace) -> int:
    from fusion.survey import by_kind, sources, survey

    found = survey(args.recording)
    table = sources(found.messages)
    if args.json:
        print(json.dumps(_summary(found) | {"sources": table.to_dicts()}, indent=1))
        return 0
    many = table.height > ROWS_MAX and not args.all
    _print(args.recording, found, by_kind(table) if many else table)
    return 0


def _summary(found: "Survey") -> dict[str, Any]:
    t = found.messages["t"]
    return {
        "store_id": found.store_id,
        "messages": found.messages.height,
        "malformed": len(found.refusals),
        "damage": found.damage,
        "first_t": t.min(),
        "last_t": t.max(),
    }


def _print(path: Path, found: "Survey", table: "pl.DataFrame") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal or console.width > WIDTH_MAX:
        console = Console(width=WIDTH_MAX, highlight=False)
    view = Table(box=None, pad_edge=False, header_style="bold")
    for heading, _, decimals in SHOWN:
        view.add_column(heading, justify="left" if decimals is None else "right", no_wrap=True)
    for row in table.iter_rows(named=True):
        view.add_row(*(_cell(row[column], decimals) for _, column, decimals in SHOWN))
    console.print(view)
    summary = _summary(found)
    span_s = (summary["last_t"] - summary["first_t"]) / 1e9 if found.messages.height else 0.0
    store = f"store {found.store_id}" if found.store_id else "no store named"
    text = f"{summary['messages']} messages over {span_s:.1f} s, {summary['malformed']} malformed, {store}"
    console.print(f"{path}: {text}", markup=False, soft_wrap=True)
    if found.damage:
        console.print(f"{path}: {found.damage}", markup=False, soft_wrap=True)


def _cell(value: Any, decimals: int | None) -> str:
    if value is None:
        return "-"
    return str(value) or "health" if decimals is None else f"{value:.{decimals}f}"
