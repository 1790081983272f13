"""What was paid for each line of a receipt, and what the ledger says was given back of it.

A share is what one payer paid for one purpose: sales of a tax class, its tax, or deposits. What is given back undoes a
part of the sale, which the account owes less for, and of the tender that paid it. The memo of such entries has seven
words: `refund <number> <pieces> <sku> <reason> <author> <payer>`; those that are disputed begin with `dispute`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from fusion.checkout.postings import DEPOSITS, OWED
from fusion.checkout.receipts import DEPOSIT, DEPOSIT_TAX, GOODS, TAX, Payment, Receipt
from fusion.checkout.records import Entry, Leg
from fusion.checkout.rulings import let_go
from fusion.checkout.taxes import class_of, tax_parts
from fusion.store import Store
from fusion.store_terms import OFFICE

MEMO_WORDS = 7
REFUND, DISPUTE = "refund", "dispute"  # the first of them
Shares: TypeAlias = Mapping[tuple[str, str], int]  # cents by (account that paid, account it was paid for)


@dataclass(frozen=True, slots=True)
class Given:
    """What has been given back or is disputed of one line."""

    number: int  # of refunds and disputes so far
    pieces: int
    shares: Shares


def paid_for(receipt: Receipt, sku: str, store: Store) -> Shares:
    """Return what was paid for a line, tax included; what no tender paid is owed by the account."""
    assert receipt.account is not None
    shares: dict[tuple[str, str], int] = {}
    for one in all_payments(receipt, store):
        if one.sku == sku:
            key = (one.account(receipt.account), _revenue(one, store))
            shares[key] = shares.get(key, 0) + one.amount_cents
    return shares


def all_payments(receipt: Receipt, store: Store) -> tuple[Payment, ...]:
    """Return the payments of a receipt and, as payments at the cash office, what they leave."""
    due = {(line.sku, GOODS): line.amount_cents - line.deposit_cents for line in receipt.lines}
    due |= {(line.sku, DEPOSIT): line.deposit_cents for line in receipt.lines}
    due |= tax_parts(receipt.lines, receipt.payments, store)
    for one in receipt.payments:
        due[one.sku, one.part] = due.get((one.sku, one.part), 0) - one.amount_cents
    rest = tuple(Payment(OFFICE, "", sku, part, cents) for (sku, part), cents in sorted(due.items()) if cents > 0)
    return (*receipt.payments, *rest)


def given_back(entries: Iterable[Entry], sku: str) -> Given:
    """Return what the ledger says was given back, or is disputed, of one line of a trip."""
    entries = tuple(entries)
    mine = [e for e in entries if e.reverses and len(words(e)) == MEMO_WORDS and words(e)[3] == sku]
    gone = let_go(entries)
    counted = [entry for entry in mine if entry.entry_id not in gone]
    shares: dict[tuple[str, str], int] = {}
    for entry in counted:
        for leg in taken_back(entry):
            key = (words(entry)[6], leg.account)
            shares[key] = shares.get(key, 0) + leg.amount_cents
    numbers = {int(words(entry)[1]) for entry in mine}
    pieces = {int(words(entry)[1]): int(words(entry)[2]) for entry in counted}
    return Given(max(numbers, default=0), sum(pieces.values()), shares)


def words(entry: Entry) -> list[str]:
    """Return the words of an entry's memo."""
    return entry.memo.split(" ")


def taken_back(entry: Entry) -> Iterable[Leg]:
    """Return the legs that take back what was sold; those of the tender's own entry are the same money again."""
    return (leg for leg in entry.legs if leg.amount_cents > 0 and not leg.account.startswith(OWED))


def _revenue(payment: Payment, store: Store) -> str:
    """Return the account that a payment was credited to."""
    if payment.part == DEPOSIT:
        return DEPOSITS
    kind = {GOODS: "sales", TAX: "tax", DEPOSIT_TAX: "tax"}[payment.part]
    return f"{kind}:{class_of((payment.sku, payment.part), store)}"
