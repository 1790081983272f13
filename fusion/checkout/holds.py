"""Why a receipt waits for a person although nobody doubts what was taken."""

from fusion.checkout.receipts import REVIEW, Receipt
from fusion.store import Store, product_rows
from fusion.store_terms import COUPON

DOUBT = "doubt"  # what was taken is too uncertain; where it is the only reason, the receipt does not spell it out
AGE = "age"  # goods sold by age, and nobody has verified that of the account
TENDER = "tender"  # the account's tenders leave something unpaid


def held(receipt: Receipt, store: Store) -> tuple[str, ...]:
    """Return the reasons that the store's rules hold a receipt for, after doubt if it is held for that too.

    Nothing holds a receipt that charges nobody or is still open.
    """
    if receipt.account is None or receipt.closed_ns is None:
        return ()
    rules = {AGE: _too_young(receipt, store), TENDER: _unpaid(receipt, store)}
    broken = tuple(reason for reason, holds in rules.items() if holds)
    return (DOUBT, *broken) if broken and receipt.status == REVIEW else broken


def reasons(receipt: Receipt) -> tuple[str, ...]:
    """Return every reason of a receipt in review."""
    return receipt.holds or ((DOUBT,) if receipt.status == REVIEW else ())


def _too_young(receipt: Receipt, store: Store) -> bool:
    rows = product_rows(store.products)
    needed = max((int(store.products.min_age[rows[line.sku]]) for line in receipt.lines), default=0)
    return needed > store.terms.verified_age.get(receipt.account or "", 0)


def _unpaid(receipt: Receipt, store: Store) -> bool:
    """Tell whether tenders leave something; an account with nothing but coupons pays later, as one with nothing."""
    tenders = store.terms.tenders.get(receipt.account or "", ())
    paid_cents = sum(one.amount_cents for one in receipt.payments)
    return any(tender.kind != COUPON for tender in tenders) and paid_cents < receipt.total_cents
