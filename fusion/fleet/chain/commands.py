"""The command `aisle fleet ledger` and its actions."""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fusion.commands_journal import age_ns

if TYPE_CHECKING:
    from collections.abc import Callable

    from fusion.fleet.chain.asking import Rows
    from fusion.ledger.postgres import PostgresSchema

CHAIN: Final = "postgresql://... of the chain's ledger, or the STORES.toml that names it"
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
SECOND_NS: Final = 1_000_000_000
EPILOG = """\
examples:
  aisle fleet ledger take STORES.toml                     what is new in the ledger of each store, once it is verified
  aisle fleet ledger sales STORES.toml --from 2026-03-01 --to 2026-04-01
  aisle fleet ledger reviews postgresql://aisle@db/chain --json
  aisle fleet ledger heads STORES.toml --older 2h         whose head is behind, or does not verify?

Exit status: 0 nothing found, 1 a store is behind or does not verify, 2 bad arguments or no ledger there.
"""


def add_chain(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle fleet ledger`."""
    parser = actions.add_parser(
        "ledger",
        help="the ledger of a chain: take what stores have, ask about all of them",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    asked = parser.add_subparsers(metavar="ACTION", required=True, parser_class=actions._parser_class)
    take = asked.add_parser("take", help="verify what is new in each store's ledger and take it")
    take.add_argument("stores", type=Path, metavar="STORES.toml", help="names the chain's ledger and the stores")
    take.set_defaults(run=_take)
    sales = asked.add_parser("sales", help="sales and tax by store and day")
    sales.add_argument("--from", dest="since", type=_day, metavar="DATE", help="the first day, YYYY-MM-DD")
    sales.add_argument("--to", dest="until", type=_day, metavar="DATE", help="the day after the last")
    reviews = asked.add_parser("reviews", help="receipts that wait for a person")
    heads = asked.add_parser("heads", help="each store's last head; exit status 1 where one is behind or wrong")
    heads.add_argument("--older", type=age_ns, default=86_400 * SECOND_NS, metavar="AGE", help="is behind (1d)")
    for action, run in ((sales, _sales), (reviews, _reviews), (heads, _heads)):
        action.add_argument("chain", metavar="CHAIN", help=CHAIN)
        action.add_argument("--json", action="store_true", help="print one JSON array")
        action.set_defaults(run=run)


def _day(text: str) -> str:
    from datetime import date

    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"expected a day such as 2026-03-01, received {text[:40]!r}")


def _take(args: argparse.Namespace) -> int:
    from contextlib import closing

    from fusion.cli import explained
    from fusion.fleet.chain.tables import open_chain
    from fusion.fleet.chain.taking import ledger_of, take
    from fusion.fleet.stores import read_plan
    from fusion.ledger.database import BookError
    from fusion.progress import watched
    from fusion.store import load_store

    plan = read_plan(args.stores)
    wrong = 0
    with closing(open_chain(_url(str(args.stores)))) as chain:
        for one in watched(plan.stores, "taking", len(plan.stores), "stores"):
            place = ledger_of(one.args.out, one.store_id, one.args.ledger)
            try:
                taken = take(chain, place, load_store(one.args.store).timezone)
            except (BookError, OSError) as error:  # the others have theirs all the same
                wrong += 1
                print(f"aisle fleet ledger take: {one.store_id}: {explained(error)}", file=sys.stderr)
                continue
            wrong += bool(taken.fault)
            print(f"{taken.store_id}: {taken.new} new, {taken.records} records" + (taken.fault and f": {taken.fault}"))
    return 1 if wrong else 0


def _sales(args: argparse.Namespace) -> int:
    from fusion.fleet.chain.asking import sales

    return _asked(args, "sales by store and day", lambda chain: sales(chain, args.since, args.until))


def _reviews(args: argparse.Namespace) -> int:
    from fusion.fleet.chain.asking import reviews

    return _asked(args, "receipts in review", reviews)


def _heads(args: argparse.Namespace) -> int:
    from fusion.fleet.chain.asking import VERIFIED, heads

    found: list[dict[str, Any]] = []

    def ask(chain: "PostgresSchema") -> "Rows":
        found.extend(heads(chain, args.older / SECOND_NS))
        return found

    _asked(args, "heads", ask)
    return 0 if all(row["state"] == VERIFIED for row in found) else 1


def _asked(args: argparse.Namespace, title: str, question: "Callable[[PostgresSchema], Rows]") -> int:
    from contextlib import closing

    from fusion.fleet.chain.tables import open_chain

    with closing(open_chain(_url(args.chain))) as chain:
        rows = question(chain)
    if args.json:
        print(json.dumps(rows, indent=1))
        return 0
    import polars as pl

    from fusion.ledger.report.printing import print_rows

    print_rows(title, pl.DataFrame(rows, infer_schema_length=None))
    return 0


def _url(chain: str) -> str:
    """Return the URL of the chain's ledger, from the file that names it where a file is given."""
    from fusion.fleet.machines import FleetError
    from fusion.fleet.stores import read_plan
    from fusion.ledger.book import is_url

    if is_url(chain):
        return chain
    url = read_plan(Path(chain)).chain
    if url is None:
        raise FleetError(f'{chain}: expected chain = "postgresql://..." above the stores, received none')
    return url
