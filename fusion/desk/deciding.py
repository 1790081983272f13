"""The one way to decide: read what the ledger holds of a trip, rule, and commit what follows, once."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from fusion.cards import NOT_SHOWN, holds_card_number
from fusion.checkout.issues import receipt_of, reissue
from fusion.checkout.receipts import Receipt
from fusion.checkout.records import Issue
from fusion.checkout.rulings import Recorded, Refusal, Ruling
from fusion.ledger.book import Book
from fusion.ledger.database import BookError
from fusion.store import Store


class DeskError(Exception):
    """What was asked for is not there: said in one line."""


@dataclass(frozen=True, slots=True)
class Done:
    """A decision that stands in the ledger."""

    said: str
    is_new: bool  # False where the ledger had it already


@dataclass(frozen=True, slots=True)
class Matter:
    """All that the ledger holds of one trip."""

    issue: Issue
    receipt: Receipt  # as it stands
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Decision:
    """The records of a decision; a new receipt only where it changes the one that stands."""

    said: str
    ruling: Ruling
    memo: str = ""  # of the new receipt; "" where there is none


Answer: TypeAlias = Done | Refusal
Judge: TypeAlias = Callable[[Matter], Decision | Done | Refusal]


def decide(book: Book, trip: str, judge: Judge, t_ns: int) -> Answer:
    """Let `judge` rule on a trip, and commit what it decides in one transaction.

    Raises DeskError where the ledger has no such receipt, BookError where the ledger cannot be written.
    """
    refused: tuple[Decision, BookError] | None = None
    while True:
        matter = matter_of(book, trip)
        decision = judge(matter)
        if not isinstance(decision, Decision):
            return decision
        if refused is not None and refused[0] == decision:
            raise refused[1]
        ruling = decision.ruling
        issued = (reissue(matter.issue, ruling.receipt, decision.memo, t_ns),) if decision.memo else ()
        try:
            book.commit(ruling.transfers, ruling.entries, issued)
        except BookError as error:
            refused = decision, error  # somebody else may have decided in between: look again
        else:
            return Done(decision.said, is_new=True)


def matter_of(book: Book, trip: str) -> Matter:
    """Return what the ledger holds of a trip; raises DeskError where it has no receipt."""
    issue = book.receipt(trip)
    if issue is None:
        near = get_close_matches(trip, [one.trip for one in book.receipts()], 1)
        hint = f", such as {near[0]}" if near else ""
        received = NOT_SHOWN if holds_card_number(trip) else trip
        raise DeskError(f"{book.place}: expected a trip with a receipt{hint}, received {received}")
    return Matter(issue, receipt_of(issue), book.recorded(trip))


def check_store(book: Book, store: Store) -> None:
    """Raise DeskError where a store folder is not the one of the ledger."""
    expected, received = (book.store_id, book.currency), (store.store_id, store.currency)
    if expected != received:
        raise DeskError(f"{book.place}: expected the store of this ledger, {' in '.join(expected)}, "
                        f"received {' in '.join(received)}")  # fmt: skip
