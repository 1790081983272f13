"""What each tender pays of each line.

Theory of operation. A receipt is split into parts: of each line its goods, its deposit, and the tax on either.
Tenders come in the order of point-of-sale guides: coupons of manufacturers, then food stamps, then everything else
as the account lists it. Each pays what it may as far as its balance goes; what is left falls through to the next.

Food stamps (USDA FNS retailer guidance) pay for eligible food only and never for tax; of a deposit they pay what the
state's law requires and no more. They go first to what would be taxed at the highest rate, as New York (20 NYCRR
528.27), Texas (Tax Code 151.3141), California (RTC 6373), Ohio and Rhode Island require; a line may be split. Tax is
reckoned when they have paid, so tax on a coupon's share is left for the tenders after them.

`spent` holds what earlier receipts took from each balance: a token is the same card on whichever account it stands.
"""

from collections.abc import Iterable, Mapping, Sequence

from fusion.checkout.receipts import DEPOSIT, GOODS, OPEN, Discount, Line, Payment, Receipt
from fusion.checkout.taxes import Part, class_of, rate_of, tax_parts
from fusion.store import Store, product_rows
from fusion.store_terms import COUPON, OFFICE, SNAP, Tender

Spent = Mapping[str, int]  # cents by tender, or 1 by coupon that is used
NOTHING_SPENT: Spent = {}


def held_coupons(account: str | None, store: Store, spent: Spent) -> tuple[str, ...]:
    """Return the codes of the coupons that an account holds and has not used, in its order."""
    tenders = store.terms.tenders.get(account, ()) if account is not None else ()
    codes = (tender.token for tender in tenders if tender.kind == COUPON)
    return tuple(code for code in codes if _coupon_key(code, account) not in spent)


def coupon_payments(discounts: Iterable[Discount]) -> tuple[Payment, ...]:
    """Return what manufacturers pay for the coupons that were used."""
    return tuple(Payment(COUPON, one.code, one.sku, GOODS, one.amount_cents) for one in discounts)


def pay(
    account: str | None, lines: Sequence[Line], coupons: tuple[Payment, ...], store: Store, spent: Spent
) -> tuple[Payment, ...]:
    """Return all payments of an account's tenders for some lines, coupons included; what they leave is owed."""
    tenders = [t for t in store.terms.tenders.get(account or "", ()) if t.kind != COUPON]
    due = {(line.sku, part): cents for line in lines for part, cents in _split(line).items() if cents}
    payments, due = coupons, _less(due, coupons)
    payable = {part: min(due[part], most) for part, most in _payable_by_snap(lines, store).items() if part in due}
    for tender in (t for t in tenders if t.kind == SNAP):
        paid = _pay(tender, payable, spent)
        payments, payable, due = (*payments, *paid), _less(payable, paid), _less(due, paid)
    due |= tax_parts(lines, payments, store)
    due = dict(sorted(due.items()))
    for tender in (t for t in tenders if t.kind != SNAP):
        paid = _pay(tender, due, spent)
        payments, due = (*payments, *paid), _less(due, paid)
    return payments


def is_snap_eligible(sku: str, store: Store) -> bool:
    """Tell whether food stamps may pay for a product: nothing sold by age, nothing on the state's own list."""
    row = product_rows(store.products)[sku]
    allowed = bool(store.products.snap[row]) and not store.products.min_age[row]
    return allowed and sku not in store.terms.snap_excluded


def spend(spent: Spent, receipts: Iterable[Receipt]) -> Spent:
    """Return what is spent after some receipts; one in review keeps what it asks for, so that it can be paid."""
    total = dict(spent)
    for receipt in (receipt for receipt in receipts if receipt.status != OPEN):
        codes = [one.token for one in receipt.payments if one.kind == COUPON]
        codes += [one.code for one in receipt.discounts if one.code]
        total |= {_coupon_key(code, receipt.account): 1 for code in codes}
        for one in (one for one in receipt.payments if one.kind not in (COUPON, OFFICE)):
            key = one.account("")
            total[key] = total.get(key, 0) + one.amount_cents
    return total


def _split(line: Line) -> dict[str, int]:
    return {GOODS: line.amount_cents - line.deposit_cents, DEPOSIT: line.deposit_cents}


def _payable_by_snap(lines: Iterable[Line], store: Store) -> dict[Part, int]:
    """Return the most that food stamps may pay of each part, in the order in which they pay: highest rate first."""
    most: dict[Part, int] = {}
    for line in (line for line in lines if is_snap_eligible(line.sku, store)):
        most[line.sku, GOODS] = line.amount_cents - line.deposit_cents
        if line.deposit_cents:
            most[line.sku, DEPOSIT] = store.terms.deposits[line.sku].legal_cents * line.quantity
    return dict(sorted(most.items(), key=lambda item: (-rate_of(class_of(item[0], store), store), item[0])))


def _pay(tender: Tender, due: Mapping[Part, int], spent: Spent) -> tuple[Payment, ...]:
    """Pay parts in order, as far as the balance goes."""
    payments: list[Payment] = []
    left = _left(tender, spent)
    for (sku, part), cents in due.items():
        paid = cents if left is None else min(cents, left)
        if paid:
            payments.append(Payment(tender.kind, tender.token, sku, part, paid))
            left = None if left is None else left - paid
    return tuple(payments)


def _left(tender: Tender, spent: Spent) -> int | None:
    if tender.limit_cents is None:
        return None
    return max(0, tender.limit_cents - spent.get(f"tender:{tender.kind}:{tender.token}", 0))


def _less(due: Mapping[Part, int], payments: Iterable[Payment]) -> dict[Part, int]:
    left = dict(due)
    for one in payments:
        left[one.sku, one.part] -= one.amount_cents
    return {part: cents for part, cents in left.items() if cents}


def _coupon_key(code: str, account: str | None) -> str:
    return f"coupon:{code}:{account}"
