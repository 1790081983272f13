"""What waits for a person: the cases of a ledger, the most urgent first."""

from fusion.checkout.decision import CheckoutConfig
from fusion.checkout.issues import receipt_of
from fusion.checkout.receipts import REVIEW
from fusion.checkout.review import Case, queue
from fusion.ledger.book import Book


def waiting_cases(book: Book, config: CheckoutConfig) -> tuple[Case, ...]:
    """Return the cases that nobody has decided."""
    receipts = [receipt for receipt in map(receipt_of, book.receipts()) if receipt.status == REVIEW]
    return queue(receipts, {receipt.trip: book.recorded(receipt.trip) for receipt in receipts}, config)
