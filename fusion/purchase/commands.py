"""The subcommands of `aisle purchase`: what was asked for, asking again, settling a debt, and who may enter."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion.arguments import name

if TYPE_CHECKING:
    from fusion.purchase.debts import Entry
    from fusion.purchase.outbox import Outbox

REFUSED = 1
EPILOG = """\
OUT is where aisle replay or aisle serve put its outputs. A charge that was declined is a debt: its account is not let
in (`enter`) until the charge is accepted after all (`retry`) or was paid some other way (`settle`).

examples:
  aisle purchase list out/today                             what needs somebody: owed, declined, without an answer
  aisle purchase retry out/today                            ask again for everything that has no answer, now
  aisle purchase retry out/today nano-01-0f83a2b1c4d5       also what was declined, of one trip
  aisle purchase settle out/today acct-171762 --author kim  paid at the office
  aisle purchase enter out/today acct-171762                may this account enter? 0 yes, 1 no
  aisle purchase enter out/today acct-171762 --token tok-9 --limit 5000 --visit door-8812
"""


def add_purchase(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `aisle purchase`."""
    parser = subparsers.add_parser(
        "purchase",
        help="what was asked of whoever takes the money, who owes, who may enter",
        description="What was asked of whoever takes the money, who owes, and who may enter.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=subparsers._parser_class)
    listing = _action(actions, "list", _list, "show purchases that need somebody")
    listing.add_argument("--all", action="store_true", help="every purchase")
    listing.add_argument("--json", action="store_true", help="print one JSON object a purchase")
    retry = _action(actions, "retry", _retry, "ask again, now")
    retry.add_argument("trips", nargs="*", type=name, metavar="TRIP", help="these, also where they were declined")
    settle = _action(actions, "settle", _settle, "say that a debt was paid some other way")
    settle.add_argument("who", type=name, metavar="TRIP|ACCOUNT", help="whose debt")
    settle.add_argument("--author", type=name, required=True, metavar="NAME", help="who says so")
    enter = _action(actions, "enter", _enter, "tell whether an account may enter")
    enter.add_argument("account", type=name, metavar="ACCOUNT")
    enter.add_argument("--token", type=name, metavar="TOKEN", help="ask also whether this token is good")
    enter.add_argument("--limit", type=_cents, metavar="CENTS", help="for so much")
    enter.add_argument("--visit", type=name, metavar="ID", help="the gate's name for this visit: asking again is free")
    deliver = _action(actions, "deliver", _deliver, "ask whatever is due, until stopped")
    deliver.add_argument("--attached", action="store_true", help=argparse.SUPPRESS)
    for one in (retry, settle, deliver):
        one.add_argument("--ledger", metavar="LEDGER", help="where the run's ledger is (OUT/ledger.db)")
        one.add_argument("--key", type=Path, metavar="FILE", help="key that signs it again (OUT/ledger.key)")


def _action(actions: Any, word: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(word, help=text, description=text.capitalize() + ".")
    parser.add_argument("out", type=Path, metavar="OUT", help="output folder of aisle replay or aisle serve")
    parser.set_defaults(run=run)
    return parser


def _cents(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**9):
        raise argparse.ArgumentTypeError(f"expected a whole number of cents above 0, received {text[:20]!r}")
    return int(text)


def _list(args: argparse.Namespace) -> int:
    from fusion.purchase.listing import as_json, as_text

    with _opened(args.out) as outbox:
        print("\n".join((as_json if args.json else as_text)(outbox, everything=args.all)))
    return 0


def _retry(args: argparse.Namespace) -> int:
    from fusion.purchase.courier import deliver_due, only_courier
    from fusion.purchase.operating import retry
    from fusion.purchase.purchases import LEDGER, catch_up, port_of, tell

    with _opened(args.out) as outbox:
        missed = catch_up(outbox, args.ledger or args.out / LEDGER)
        trips = args.trips or [one.trip for one in outbox.purchases() if one.open]
        again = sum(retry(outbox, trip, time.time_ns(), declined=bool(args.trips)) for trip in trips)
        print(f"{missed + again} requests to ask")
        with only_courier(args.out) as alone:
            if not alone:
                print("a run or courier is at work here and asks them")
                return 0
            with port_of(outbox, args.out) as port:
                answered = deliver_due(outbox, port, time.time_ns, tell=tell)
        _book(outbox, args)
        print(f"{answered} answered, {outbox.waiting()} trips wait (aisle purchase list {args.out})")
    return 0


def _settle(args: argparse.Namespace) -> int:
    from fusion.purchase.life import Status
    from fusion.purchase.operating import settle

    with _opened(args.out) as outbox:
        owing = [one.trip for one in outbox.purchases(args.who) if one.status is Status.OWED]
        for trip in owing or [args.who]:
            cents = settle(outbox, trip, args.author, time.time_ns())
            print(f"{trip}: {cents / 100:.2f} {outbox.currency} settled by {args.author}")
        _book(outbox, args)
    return 0


def _enter(args: argparse.Namespace) -> int:
    from fusion.purchase.debts import Refused

    with _opened(args.out) as outbox:
        entry = _entry(outbox, args)
    print(f"{args.account}: {entry.reason}" if isinstance(entry, Refused) else f"{args.account}: may enter")
    return REFUSED if isinstance(entry, Refused) else 0


def _entry(outbox: "Outbox", args: argparse.Namespace) -> "Entry":
    from fusion.purchase.authorisations import authorise, enter
    from fusion.purchase.debts import AuthoriseEntry, authorisation_id
    from fusion.purchase.outbox_file import OutboxError
    from fusion.purchase.purchases import port_of

    if (args.token is None) != (args.limit is None):
        raise OutboxError("--token and --limit: expected both or none, received one")
    if args.token is None:
        return enter(outbox, args.account)
    now_ns = time.time_ns()
    ask_id = authorisation_id(outbox.store_id, args.account, args.visit or str(now_ns))
    terms = (args.account, args.token, args.limit, outbox.currency, now_ns)
    with port_of(outbox, args.out) as port:
        return authorise(outbox, port, AuthoriseEntry(ask_id, outbox.store_id, *terms), time.time_ns)


def _deliver(args: argparse.Namespace) -> int:
    from fusion.live.stopping import stop_on_signals
    from fusion.purchase.booking import book_debts_of
    from fusion.purchase.courier import only_courier, run
    from fusion.purchase.purchases import LEDGER, catch_up, port_of, tell
    from fusion.purchase.waiting import stop_with_input, wait_for_turn

    with _opened(args.out) as outbox, stop_on_signals() as asked:
        stopping = stop_with_input(asked) if args.attached else asked
        with wait_for_turn(lambda: only_courier(args.out), stopping) as is_mine:
            if is_mine:
                catch_up(outbox, args.ledger or args.out / LEDGER)
                with port_of(outbox, args.out) as port:
                    run(outbox, port, stopping=stopping, tell=tell)
                if not args.attached:  # a service has its ledger open, and books when it has closed it
                    book_debts_of(outbox, args.out, args.ledger, args.key)
    return 0


def _book(outbox: "Outbox", args: argparse.Namespace) -> None:
    """Put what became of declined charges into the ledger, and say of which trips that cannot be."""
    from fusion.purchase.booking import book_debts_of

    for trip in book_debts_of(outbox, args.out, args.ledger, args.key):
        said = "expected its receipt in the ledger, to book its debt there, received none: give --ledger LEDGER"
        print(f"aisle purchase: trip {trip}: {said}", file=sys.stderr)


def _opened(out: Path) -> "Outbox":
    from fusion.purchase.outbox import NAME, open_existing
    from fusion.purchase.outbox_file import OutboxError

    if not (out / NAME).is_file():
        raise OutboxError(f"{out / NAME}: expected the outbox that aisle replay and aisle serve make, received none")
    return open_existing(out / NAME)
