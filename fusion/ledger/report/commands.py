"""The subcommand `aisle ledger report`."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fusion.ledger.places import PLACE

if TYPE_CHECKING:
    from fusion.store import Store

EPILOG = """\
Money is what is posted; what waits has columns of its own. With --store, days are those of the store's time zone,
losses are by gondola and at today's prices, and stock is shown by facing. Everything is summed up from the ledger's
rows: `aisle ledger verify` tells whether those are as they were written.

examples:
  aisle ledger report out/ledger.db
  aisle ledger report out/ledger.db --store shop/store
  aisle ledger report 'postgresql://aisle@db/ledgers#nano-01' --json

Exit status: 0 done, 2 bad arguments or no ledger there.
"""


def add_report(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle ledger report`."""
    parser = actions.add_parser(
        "report",
        help="sales, tax, tenders, reviews, refunds, losses, stock",
        description="Report on what a ledger holds: sales, tax, tenders, reviews, refunds, losses, stock on hand.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("ledger", metavar="LEDGER", help=PLACE)
    parser.add_argument("--store", type=Path, metavar="DIR", help="the store folder, for facings, prices and time zone")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_report)


def _report(args: argparse.Namespace) -> int:
    from fusion.ledger.reading import reading
    from fusion.ledger.report.books import read_books
    from fusion.ledger.report.printing import as_json, print_report
    from fusion.ledger.report.sections import NEED_STORE, sections
    from fusion.store import load_store

    store = load_store(args.store) if args.store else None
    with reading(args.ledger) as database:
        books = read_books(database)
    if store and (wrong := _misfit(store, books.store_id, books.currency)):
        print(f"aisle ledger report: --store {args.store}: {wrong}", file=sys.stderr)
        return 2
    found = sections(books, store)
    if args.json:
        print(as_json(books, found))
        return 0
    print_report(books, found)
    if store is None:
        sections_left = ", ".join(NEED_STORE).replace("_", " ")
        print(f"\nleft out without --store DIR: {sections_left}, gondolas and values of losses")
    return 0


def _misfit(store: "Store", store_id: str, currency: str) -> str | None:
    """Say why a store is not the ledger's, or cannot date its sales."""
    import polars as pl

    if (store.store_id, store.currency) != (store_id, currency):
        expected, received = f"{store_id} in {currency}", f"{store.store_id} in {store.currency}"
        return f"expected the store of this ledger, {expected}, received {received}; name its folder"
    try:
        pl.Series([0]).cast(pl.Datetime("ns", "UTC")).dt.convert_time_zone(store.timezone)
    except pl.exceptions.PolarsError:
        return f"store.toml, key timezone: expected a name such as Europe/Berlin, received {store.timezone!r}; mend it"
    return None
