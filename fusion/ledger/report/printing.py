"""A report as text that fits 100 columns, and as JSON."""

import json
from typing import Any, Final

import polars as pl
from rich.console import Console
from rich.table import Table

from fusion.checkout.money import decimal
from fusion.ledger.report.books import Books
from fusion.ledger.report.sections import Section

WIDTH_MAX: Final = 100  # columns of text
ROWS_MAX: Final = 40  # of a section; --json has them all
NOT_SUMMED: Final = ("planned",)


def as_json(books: Books, found: tuple[Section, ...]) -> str:
    """Return a report as one JSON object: the ledger's store and currency, then rows by section."""
    head = {"store_id": books.store_id, "currency": books.currency}
    return json.dumps(head | {one.key: one.rows.to_dicts() for one in found}, indent=1, default=str)


def print_report(books: Books, found: tuple[Section, ...]) -> None:
    """Print every section as a table, the last row of which is the sum."""
    console = _console()
    console.print(f"store {books.store_id}, amounts in {books.currency}", markup=False)
    for one in found:
        console.print()
        _print_section(console, one.title, one.rows)


def print_rows(title: str, rows: pl.DataFrame) -> None:
    """Print one table, as those of a report are."""
    _print_section(_console(), title, rows)


def _console() -> Console:
    console = Console(highlight=False)
    if not console.is_terminal or console.width > WIDTH_MAX:
        console = Console(width=WIDTH_MAX, highlight=False)
    return console


def _print_section(console: Console, title: str, rows: pl.DataFrame) -> None:
    console.print(title, style="bold", markup=False)
    console.print(_table(rows) if rows.height else "  none", markup=False)
    if rows.height > ROWS_MAX:
        console.print(f"  and {rows.height - ROWS_MAX} more; --json has them all", markup=False)


def _table(rows: pl.DataFrame) -> Table:
    table = Table(box=None, pad_edge=False, show_footer=rows.height > 1, header_style="dim", footer_style="bold")
    for name, kind in rows.schema.items():
        heading = name.removesuffix("_cents").removesuffix("_ns").replace("_", " ")
        side: Any = "right" if kind.is_integer() else "left"
        table.add_column(heading, _footer(rows[name]), justify=side, no_wrap=True, overflow="ellipsis")
    for row in rows.head(ROWS_MAX).iter_rows():
        cells = zip(rows.columns, row, strict=True)
        table.add_row(*(_plain(_cell(name, value)) for name, value in cells))
    return table


def _footer(column: pl.Series) -> str:
    """Return the sum of a column of amounts or counts."""
    is_summed = column.dtype.is_integer() and not column.name.endswith("_ns") and column.name not in NOT_SUMMED
    return _cell(column.name, int(column.sum())) if is_summed else ""


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name.endswith("_cents"):
        return decimal(value)
    if name.endswith("_ns"):
        return str(pl.Series([value]).cast(pl.Datetime("ns")).dt.strftime("%Y-%m-%d %H:%M:%S UTC")[0])
    return str(value)


def _plain(cell: str) -> str:
    """Return a cell that rich takes as it is, in one line."""
    from rich.markup import escape

    return escape(cell if cell.isprintable() else ascii(cell)[1:-1])
