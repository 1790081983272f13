"""Deciding on receipts in review: approve, adjust, waive, and what becomes of those that nobody decided in time.

The receipt that is issued says in its memo what was decided, by whom, which lines were put right, and why:
`adjust kim cola=2 soap=0: the bottle was full`. Whether somebody asks for the same again is read from that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from fusion.checkout import goods
from fusion.checkout.adjusting import Adjust
from fusion.checkout.decision import CheckoutConfig
from fusion.checkout.issues import CLOSE, receipt_of
from fusion.checkout.receipts import Receipt
from fusion.checkout.review import BY_DEADLINE, NAMES, Approve, Waive, default_verdict, rule
from fusion.checkout.rulings import Refusal
from fusion.checkout.tenders import Spent, spend
from fusion.desk.deciding import Answer, Decision, Done, Matter, decide
from fusion.desk.queue import waiting_cases
from fusion.ledger.book import Book
from fusion.store import Store


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What a person says the lines should be; lines that are not named stay."""

    quantities: Mapping[str, int]
    store: Store
    grams: Mapping[str, float] = field(default_factory=dict)  # of products sold by weight, wrapped

    def lines(self) -> list[str]:
        """Return the lines as words, in order of SKU."""
        grams = {sku: f":{grams!r}" for sku, grams in self.grams.items()}
        return [f"{sku}={quantity}{grams.get(sku, '')}" for sku, quantity in sorted(self.quantities.items())]


Wish: TypeAlias = Approve | Correction | Waive


def review(book: Book, trip: str, wish: Wish, *, author: str, t_ns: int, note: str = "") -> Answer:
    """Decide on a receipt in review; once, whoever asks for the same again."""
    name, lines = (NAMES[Adjust], wish.lines()) if isinstance(wish, Correction) else (NAMES[type(wish)], [])

    def judge(matter: Matter) -> Decision | Done | Refusal:
        if matter.issue.memo != CLOSE:
            return _again(matter, [name, *lines])
        verdict = _adjust(book, trip, wish) if isinstance(wish, Correction) else wish
        ruling = rule(matter.receipt, verdict, matter.recorded, book.store_id, author=author, t_ns=t_ns)
        if isinstance(ruling, Refusal):
            return ruling
        memo = " ".join([name, author, *lines]) + (f": {note}" if note else "")
        return Decision(f"{trip}: {memo}, {_total(ruling.receipt, book)}", ruling, memo)

    return decide(book, trip, judge, t_ns)


def sweep(book: Book, config: CheckoutConfig, *, t_ns: int, author: str = BY_DEADLINE) -> Iterable[tuple[str, Answer]]:
    """Decide every case that is past its deadline by the store's default; yield each trip and what became of it."""
    for case in waiting_cases(book, config):
        verdict = default_verdict(case, t_ns, config)
        if verdict is not None and not isinstance(verdict, Adjust):
            yield case.trip, review(book, case.trip, verdict, author=author, t_ns=t_ns, note="overdue")


def spent_by_others(book: Book, trip: str) -> Spent:
    """Return what the receipts of all other trips took from balances."""
    return spend({}, (receipt_of(issue) for issue in book.receipts() if issue.trip != trip))


def _adjust(book: Book, trip: str, wish: Correction) -> Adjust:
    spent, unclaimed = spent_by_others(book, trip), book.stock(goods.UNCLAIMED)
    return Adjust(wish.quantities, wish.store, spent, wish.grams, unclaimed)


def _again(matter: Matter, wanted: list[str]) -> Done | Refusal:
    """Say what was decided before: the same, or something else."""
    said = matter.issue.memo
    name, _, *lines = said.split(": ")[0].split(" ")
    if [name, *lines] != wanted:
        return Refusal("a receipt that waits for a decision", f"{matter.issue.trip}, decided: {said}")
    return Done(f"{matter.issue.trip}: decided before: {said}", is_new=False)


def _total(receipt: Receipt, book: Book) -> str:
    return f"{receipt.total_cents / 100:.2f} {book.currency} charged"
