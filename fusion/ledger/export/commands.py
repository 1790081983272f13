"""The subcommand `aisle ledger export`."""

import argparse
import sys
from pathlib import Path
from typing import Final

from fusion.ledger.places import PLACE

TEXTS: Final = ("beancount", "hledger")
TABLES: Final = ("parquet", "csv")
EPILOG = """\
beancount, hledger: one file, a transaction for every entry and every transfer of goods, days in UTC; goods are
commodities under Equity:Goods, what is pending stands under Equity:Pending and has the flag ! while it waits. At
the end stand the ledger's own balances as assertions. parquet, csv: a folder with a file for each table.

examples:
  aisle ledger export out/ledger.db --format beancount --out store.beancount && bean-check store.beancount
  aisle ledger export out/ledger.db --format hledger --out store.journal && hledger -f store.journal check -s
  aisle ledger export 'postgresql://aisle@db/ledgers#nano-01' --format parquet --out tables

Exit status: 0 done, 2 bad arguments or no ledger there.
"""


def add_export(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle ledger export`."""
    parser = actions.add_parser(
        "export",
        help="write a ledger as beancount, hledger, parquet or csv",
        description="Write a ledger for other programs.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("ledger", metavar="LEDGER", help=PLACE)
    parser.add_argument("--format", required=True, choices=(*TEXTS, *TABLES), help="what to write")
    parser.add_argument("--out", type=Path, required=True, metavar="PATH", help="file, or folder of tables")
    parser.set_defaults(run=_export)


def _export(args: argparse.Namespace) -> int:
    from fusion.ledger.reading import reading

    is_text = args.format in TEXTS
    if args.out.exists() and args.out.is_dir() == is_text:
        expected, received = ("a file", "a folder") if is_text else ("a folder", "a file")
        print(
            f"aisle ledger export: --out {args.out}: expected {expected} to write, received {received}", file=sys.stderr
        )
        return 2
    with reading(args.ledger) as database:
        if is_text:
            from fusion.ledger.export.writing import LANGUAGES, write_text

            write_text(database, LANGUAGES[args.format], args.out)
        else:
            from fusion.ledger.export.tables import write_tables

            write_tables(database, args.format, args.out)
    print(f"{args.out}: {args.format} of {database.place}")
    return 0
