"""What commands do around a decision: the ledger is signed again, and the purchase port hears of it."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from fusion.checkout.rulings import Refusal
from fusion.desk.deciding import Answer, matter_of
from fusion.ledger.book import Book, is_url
from fusion.ledger.sitting import alone_with, sitting

DONE, REFUSED = 0, 1


def sit(args: argparse.Namespace, decide: Callable[[Book], Answer]) -> int:
    """Decide one thing in the ledger that a command names, say what became of it, and tell the purchase port.

    Returns the exit status.
    """
    with sitting(args.ledger, key=args.key, seal=args.seal) as book:
        answer = decide(book)
    if isinstance(answer, Refusal):
        print(f"aisle ledger: {answer}", file=sys.stderr)
        return REFUSED
    print(answer.said)
    tell_port(args)
    return DONE


def when(book: Book, trip: str, at_ns: int | None) -> int:
    """Return the instant of a decision: as told, or now; never before what it follows (clocks differ)."""
    if at_ns is not None:
        return at_ns
    matter = matter_of(book, trip)
    newest_ns = max((entry.t_ns for entry in matter.recorded.entries), default=matter.issue.t_ns)
    return max(time.time_ns(), newest_ns, matter.issue.t_ns)


def tell_port(args: argparse.Namespace) -> None:
    """Let the outbox beside a ledger, or in --out, hear what it says now; ask what is due; book what was declined.

    Without an outbox there is nobody to tell.
    """
    from fusion.purchase.booking import book_debts_of
    from fusion.purchase.courier import deliver_due, only_courier
    from fusion.purchase.outbox import NAME, open_existing
    from fusion.purchase.purchases import catch_up, port_of, tell

    folder = args.out or (None if is_url(args.ledger) else Path(args.ledger).parent)
    if folder is None or not (folder / NAME).is_file():
        return
    with open_existing(folder / NAME) as outbox:
        with alone_with(args.ledger):
            heard = catch_up(outbox, args.ledger)
        if heard:
            with only_courier(folder) as alone:
                if alone:
                    with port_of(outbox, folder) as port:
                        deliver_due(outbox, port, time.time_ns, tell=tell)
            waiting = outbox.waiting()
            said = f"{waiting} trips wait for an answer (aisle purchase list {folder})" if waiting else "heard of it"
            print(f"purchase port: {said}")
        book_debts_of(outbox, folder, args.ledger, args.key)
