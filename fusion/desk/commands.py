"""`aisle ledger review`: the queue, and deciding on what stands in it."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion import arguments
from fusion.ledger.places import PLACE

if TYPE_CHECKING:
    from fusion.checkout.receipts import Line
    from fusion.checkout.review import Case
    from fusion.desk.reviews import Wish
    from fusion.ledger.book import Book

EPILOG = """\
RECEIPT is its trip, as receipts.jsonl and the list have it. --adjust names the lines that are wrong and how many pieces
there are: fewer, none, more, or a product that the receipt does not have; the price is the one of the visit. Of a
product sold by weight that becomes more, say what all of it weighs: apple=3:412.5. Deciding the same again changes
nothing. Past its deadline a receipt is waived by --overdue. The purchase port beside the ledger hears of it.

examples:
  aisle ledger review out/ledger.db --store shop/store                      what waits, why, until when
  aisle explain out ev-3399e9edbbb9c6e7                                     the evidence behind it
  aisle ledger review out/ledger.db nano-01-0f83a2b1c4d5 --approve --author kim
  aisle ledger review out/ledger.db nano-01-0f83a2b1c4d5 --store shop/store --adjust cola=2 soap=0 --author kim
  aisle ledger review out/ledger.db nano-01-0f83a2b1c4d5 --waive --author kim --note 'camera was down'
  aisle ledger review out/ledger.db --overdue --author kim

Exit status: 0 done or done before, 1 refused: it was decided otherwise, 2 bad arguments or nothing of that name there.
"""


def add_review(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle ledger review`."""
    parser = actions.add_parser(
        "review",
        help="receipts that wait for a person: list them, approve, adjust, waive",
        description="List the receipts that wait for a person, or decide on one.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("ledger", metavar="LEDGER", help=PLACE)
    parser.add_argument("receipt", nargs="?", type=arguments.trip, metavar="RECEIPT", help="the trip to decide on")
    wish = parser.add_mutually_exclusive_group()
    wish.add_argument("--approve", action="store_true", help="charge what was proposed")
    wish.add_argument(
        "--adjust", action="extend", nargs="+", type=arguments.line, metavar="SKU=N", help="charge so many (:GRAMS)"
    )
    wish.add_argument("--waive", action="store_true", help="charge nothing")
    wish.add_argument("--overdue", action="store_true", help="decide what is past its deadline by the store's default")
    parser.add_argument("--note", type=arguments.note, metavar="TEXT", help="why, in words")
    parser.add_argument("--json", action="store_true", help="print the list as one JSON object a receipt")
    add_common(parser, "for the names of goods, and what --adjust costs")
    parser.set_defaults(run=_run)


def add_common(parser: argparse.ArgumentParser, store_for: str) -> None:
    """Add the flags that the desk's commands share."""
    parser.add_argument("--store", type=Path, metavar="DIR", help=f"the store folder, {store_for}")
    parser.add_argument("--author", type=arguments.name, metavar="NAME", help="who decides")
    parser.add_argument(
        "--at", type=arguments.instant, metavar="TIME", help="when (now): ns since 1970, or date and time"
    )
    parser.add_argument("--out", type=Path, metavar="OUT", help="the folder with purchases.db (beside a ledger file)")
    parser.add_argument("--key", type=Path, metavar="FILE", help="key that signs a closed ledger again (beside a file)")
    parser.add_argument("--seal", type=Path, metavar="FILE", help="its seal (LEDGER.seal)")


def refuse(command: str, expected: str, received: str) -> int:
    """Say what is missing among the arguments; return the exit status."""
    print(f"aisle ledger {command}: expected {expected}, received {received} (see --help)", file=sys.stderr)
    return 2


def _run(args: argparse.Namespace) -> int:
    decides = bool(args.approve or args.adjust or args.waive)
    if args.overdue and not args.receipt:
        return _sweep(args)
    if args.receipt and decides:
        return _decide(args)
    if args.receipt or decides or args.overdue:
        expected = "RECEIPT with --approve, --adjust or --waive, or --overdue without one, or neither for the list"
        return refuse("review", expected, "another mix")
    return _list(args)


def _decide(args: argparse.Namespace) -> int:
    from fusion.desk.deciding import check_store
    from fusion.desk.reviews import review
    from fusion.desk.sitting import sit, when

    if args.author is None:
        return refuse("review", "--author NAME", "none")
    if args.adjust and args.store is None:
        return refuse("review", "--store DIR with --adjust", "none")
    if args.adjust and len({one.sku for one in args.adjust}) != len(args.adjust):
        return refuse("review", "--adjust once for each product", "one twice")
    wish = _wish(args)

    def decide(book: "Book") -> Any:
        if args.adjust:
            check_store(book, wish.store)  # type: ignore[union-attr]
        t_ns = when(book, args.receipt, args.at)
        return review(book, args.receipt, wish, author=args.author, t_ns=t_ns, note=args.note or "")

    return sit(args, decide)


def _wish(args: argparse.Namespace) -> "Wish":
    from fusion.checkout.review import Approve, Waive
    from fusion.desk.reviews import Correction
    from fusion.store import load_store

    if not args.adjust:
        return Approve() if args.approve else Waive()
    quantities = {one.sku: one.quantity for one in args.adjust}
    grams = {one.sku: one.grams for one in args.adjust if one.grams is not None}
    return Correction(quantities, load_store(args.store), grams)


def _sweep(args: argparse.Namespace) -> int:
    from fusion.checkout.review import BY_DEADLINE
    from fusion.checkout.rulings import Refusal
    from fusion.config import Config
    from fusion.desk.reviews import sweep
    from fusion.desk.sitting import tell_port
    from fusion.ledger.sitting import sitting

    t_ns, author, count = _now(args), args.author or BY_DEADLINE, 0
    with sitting(args.ledger, key=args.key, seal=args.seal) as book:
        for trip, answer in sweep(book, Config().checkout, t_ns=t_ns, author=author):
            count += 1
            print(f"{trip}: {answer}" if isinstance(answer, Refusal) else answer.said)
    print(f"{count} overdue")
    if count:
        tell_port(args)
    return 0


def _list(args: argparse.Namespace) -> int:
    from fusion.config import Config
    from fusion.desk.deciding import check_store, matter_of
    from fusion.desk.queue import waiting_cases
    from fusion.ledger.reading import reading_book
    from fusion.store import load_store

    store = load_store(args.store) if args.store else None
    with reading_book(args.ledger) as book:
        if store is not None:
            check_store(book, store)
        cases, currency = waiting_cases(book, Config().checkout), book.currency
        lines = {case.trip: matter_of(book, case.trip).receipt.lines for case in cases}
    names = {} if store is None else dict(zip(store.products.sku, store.products.name, strict=True))
    now_ns = _now(args)
    if args.json:
        for case in cases:
            print(json.dumps(_fields(case, now_ns, currency, lines[case.trip])))
        return 0
    for case in cases:
        late = ", overdue" if now_ns >= case.deadline_ns else ""
        print(f"{case.trip}  {case.account}  {case.proposed_cents / 100:.2f} {currency}  {', '.join(case.reasons)}")
        print(f"  decide by {arguments.shown(case.deadline_ns)}{late}")
        for line in lines[case.trip]:
            print(
                f"  {line.quantity:>4} x {line.sku}  {line.amount_cents / 100:.2f}  {names.get(line.sku, '')}".rstrip()
            )
            print("".join(f"         {event}\n" for event in line.events), end="")
    overdue = sum(now_ns >= case.deadline_ns for case in cases)
    print(f"{len(cases)} receipts wait, {overdue} of them overdue")
    return 0


def _fields(case: "Case", now_ns: int, currency: str, lines: "tuple[Line, ...]") -> dict[str, Any]:
    return {
        "receipt": case.trip,
        "account": case.account,
        "reasons": list(case.reasons),
        "evidence": list(case.events),
        "amount": case.proposed_cents,
        "currency": currency,
        "opened": case.opened_ns,
        "deadline": case.deadline_ns,
        "overdue": now_ns >= case.deadline_ns,
        "lines": [{"sku": line.sku, "qty": line.quantity, "amount": line.amount_cents} for line in lines],
    }


def _now(args: argparse.Namespace) -> int:
    return time.time_ns() if args.at is None else int(args.at)
