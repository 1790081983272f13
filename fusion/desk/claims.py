"""Refunds and disputes, by line: given, opened and answered once, however often they are asked for."""

from fusion.checkout.decision import CheckoutConfig
from fusion.checkout.disputes import GRANT, REFUSE, Dispute, decide_dispute, disputes
from fusion.checkout.refunds import Claim, alike, dispute, refund
from fusion.checkout.rulings import Refusal, Ruling
from fusion.checkout.shares import DISPUTE, REFUND, given_back, taken_back
from fusion.desk.deciding import Answer, Decision, DeskError, Done, Matter, decide
from fusion.ledger.book import Book
from fusion.store import Store


def give_back(book: Book, store: Store, trip: str, claim: Claim, config: CheckoutConfig, *, nth: int = 1) -> Answer:
    """Refund pieces of a line; `nth` counts refunds that say just the same: asking again gives nothing twice."""
    return _claim(book, store, trip, claim, config, REFUND, nth)


def open_dispute(book: Book, store: Store, trip: str, claim: Claim, config: CheckoutConfig, *, nth: int = 1) -> Answer:
    """Hold what was paid for pieces of a line until somebody answers; `nth` as of `give_back`."""
    return _claim(book, store, trip, claim, config, DISPUTE, nth)


def answer_dispute(
    book: Book, trip: str, sku: str, *, granted: bool, author: str, t_ns: int, number: int | None = None
) -> Answer:
    """Uphold or reject a dispute of a line; `number` says which, where there are several.

    Raises DeskError where there is no such dispute, or several and no number.
    """

    def judge(matter: Matter) -> Decision | Done | Refusal:
        which = _which(matter, sku, number)
        what = f"{trip}: dispute {which.number} of {which.pieces} {sku}"
        if which.answer:
            if which.answer.split(" ")[0] == (GRANT if granted else REFUSE):
                return Done(f"{what}: answered before: {which.answer}", is_new=False)
            return Refusal(f"an open dispute of {sku} in {trip}", f"{which.number}, answered: {which.answer}")
        ruling = decide_dispute(
            matter.receipt, which, matter.recorded, book.store_id, granted=granted, author=author, t_ns=t_ns
        )
        if isinstance(ruling, Refusal):
            return ruling
        done = f"upheld by {author}, {_cents(ruling, book)} back" if granted else f"rejected by {author}"
        return Decision(f"{what}: {done}", ruling)

    return decide(book, trip, judge, t_ns)


def _claim(book: Book, store: Store, trip: str, claim: Claim, config: CheckoutConfig, word: str, nth: int) -> Answer:
    what = f"{trip}: {word} of {claim.quantity} {claim.sku}, {claim.reason}, by {claim.author}"

    def judge(matter: Matter) -> Decision | Done | Refusal:
        if all(line.sku != claim.sku for line in matter.receipt.lines):
            raise DeskError(f"{book.place}: {trip}: expected a product of this receipt, received {claim.sku}")
        before = alike(matter.recorded.entries, word, claim)
        if nth <= before:
            return Done(f"{what}: in the ledger already (--nth {before + 1} makes another)", is_new=False)
        if nth > before + 1:
            return Refusal(f"{before + 1} as the next that says the same", f"--nth {nth}")
        act = refund if word == REFUND else dispute
        ruling = act(matter.receipt, claim, matter.recorded, store, config)
        if isinstance(ruling, Refusal):
            return ruling
        number = given_back(matter.recorded.entries, claim.sku).number + 1
        return Decision(f"{what}: number {number}, {_cents(ruling, book)}", ruling)

    return decide(book, trip, judge, claim.t_ns)


def _which(matter: Matter, sku: str, number: int | None) -> Dispute:
    """Return the dispute that is meant."""
    of_line = [one for one in disputes(matter.recorded.entries) if one.sku == sku]
    found = [one for one in of_line if number in (None, one.number)]
    if len(found) == 1:
        return found[0]
    numbers = ", ".join(str(one.number) for one in of_line) or "none"
    wanted = "the --number of a dispute" if of_line else "a dispute"
    raise DeskError(f"{matter.receipt.trip}: expected {wanted} of {sku} ({numbers}), received {number or 'none'}")


def _cents(ruling: Ruling, book: Book) -> str:
    # Of a tender's share one entry lowers the sale and another pays back: the sale's say how much it is.
    cents = sum(leg.amount_cents for entry in ruling.entries for leg in taken_back(entry))
    return f"{cents / 100:.2f} {book.currency}"
