"""`aisle ledger refund` and `aisle ledger dispute`: money back by line, at once or after somebody has looked."""

import argparse
from typing import TYPE_CHECKING

from fusion import arguments
from fusion.desk.commands import add_common, refuse
from fusion.ledger.places import PLACE

if TYPE_CHECKING:
    from fusion.checkout.refunds import Claim
    from fusion.desk.deciding import Answer
    from fusion.ledger.book import Book
    from fusion.store import Store

NTH_MAX = 1000
EPILOG = """\
RECEIPT is its trip. Each tender gets back what it paid for the pieces, within the store's window after the trip closed,
and never more than was paid. Asking for the same again (product, pieces, reason, author) gives nothing twice: --nth 2
says that it is the second time.

examples:
  aisle ledger refund out/ledger.db nano-01-0f83a2b1c4d5 cola --store shop/store --reason damaged --author kim
  aisle ledger dispute out/ledger.db nano-01-0f83a2b1c4d5 cola=2 --open --store shop/store --reason not-taken \\
    --author ann
  aisle ledger dispute out/ledger.db nano-01-0f83a2b1c4d5 cola --uphold --author kim         or --reject

Exit status: 0 done or done before, 1 refused, 2 bad arguments or nothing of that name there.
"""


def add_claims(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle ledger refund` and `aisle ledger dispute`."""
    refund = _add(actions, "refund", "give back what was paid for pieces of a line")
    refund.set_defaults(run=_refund)
    dispute = _add(actions, "dispute", "hold what was paid for pieces of a line until somebody decides, and decide")
    act = dispute.add_mutually_exclusive_group(required=True)
    act.add_argument("--open", action="store_true", help="somebody wants it back")
    act.add_argument("--uphold", action="store_true", help="give it back")
    act.add_argument("--reject", action="store_true", help="do not")
    dispute.add_argument("--number", type=_count, metavar="N", help="which dispute of the line, if there are several")
    dispute.set_defaults(run=_dispute)


def _add(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        name,
        help=text,
        description=text.capitalize() + ".",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("ledger", metavar="LEDGER", help=PLACE)
    parser.add_argument("receipt", type=arguments.trip, metavar="RECEIPT", help="its trip")
    parser.add_argument("line", type=arguments.pieces, metavar="SKU[=N]", help="the product, and how many pieces (1)")
    parser.add_argument(
        "--reason", type=arguments.reason, metavar="CODE", help="not-taken, returned, damaged, wrong-price"
    )
    parser.add_argument("--nth", type=_count, default=1, metavar="N", help="the how-manieth that says the same (1)")
    add_common(parser, "for taxes and tenders")
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= NTH_MAX):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {NTH_MAX}, received {text[:20]!r}")
    return int(text)


def _refund(args: argparse.Namespace) -> int:
    from fusion.desk.claims import give_back

    return _claim(args, "refund", give_back)


def _dispute(args: argparse.Namespace) -> int:
    from fusion.desk.claims import answer_dispute, open_dispute
    from fusion.desk.sitting import sit, when

    if args.open:
        return _claim(args, "dispute", open_dispute)
    if args.author is None or args.reason is not None:
        expected = "--author NAME, and a --reason only with --open"
        return refuse("dispute", expected, "no author" if args.author is None else "a reason")

    def decide(book: "Book") -> "Answer":
        t_ns = when(book, args.receipt, args.at)
        sku, by = args.line.sku, args.author
        return answer_dispute(book, args.receipt, sku, granted=args.uphold, author=by, t_ns=t_ns, number=args.number)

    return sit(args, decide)


def _claim(args: argparse.Namespace, command: str, act: "Act") -> int:
    from fusion.checkout.refunds import Claim
    from fusion.config import Config
    from fusion.desk.deciding import check_store
    from fusion.desk.sitting import sit, when
    from fusion.store import load_store

    missing = [f"--{name}" for name in ("store", "reason", "author") if getattr(args, name) is None]
    if missing:
        return refuse(command, "--store DIR, --reason CODE and --author NAME", f"no {', '.join(missing)}")
    store = load_store(args.store)

    def decide(book: "Book") -> "Answer":
        check_store(book, store)
        t_ns = when(book, args.receipt, args.at)
        claim = Claim(args.line.sku, args.line.quantity, args.reason, args.author, t_ns)
        return act(book, store, args.receipt, claim, Config().checkout, nth=args.nth)

    return sit(args, decide)


if TYPE_CHECKING:
    from typing import Protocol

    from fusion.checkout.decision import CheckoutConfig

    class Act(Protocol):
        """A refund given or a dispute opened."""

        def __call__(
            self, book: Book, store: Store, trip: str, claim: Claim, config: CheckoutConfig, *, nth: int
        ) -> Answer:
            """Decide."""
            ...
