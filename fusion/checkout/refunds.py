"""Refunds and disputes, by line, with a reason and a time limit.

Theory of operation. A refund of some pieces of a line gives each tender back its own share (see `shares`) and
nobody else's: what food stamps paid goes back to that card alone (USDA FNS: never cash), a manufacturer's coupon is
simply not billed. What has been given back is read from the ledger. After so many pieces of a line, refunds of each
share add up to that part of it, a half cent upwards, whatever their order: never more than was paid, and all of it
after the last piece.

A dispute is a refund that waits: the same entries, pending, under the word `dispute`. It counts against the line
until it is decided.
"""

from dataclasses import dataclass

from fusion.checkout import goods
from fusion.checkout.decision import CheckoutConfig
from fusion.checkout.money import part_of
from fusion.checkout.receipts import SETTLED, Line, Receipt
from fusion.checkout.records import PENDING, POSTED, Entry, Leg, Transfer, derive_id
from fusion.checkout.rulings import Recorded, Refusal, Ruling, close, post, transfer, unnamed, waiting
from fusion.checkout.shares import all_payments, given_back, paid_for, words
from fusion.store import Store

# Why money is given back, and where the goods are then; None: they stay with the shopper.
REASONS: dict[str, str | None] = {
    "not-taken": goods.UNCLAIMED,
    "returned": goods.FLOOR,
    "damaged": None,
    "wrong-price": None,
}
REFUND, DISPUTE, GRANT, REFUSE = "refund", "dispute", "grant", "refuse"
NOTHING_PAID = Refusal("pieces that something was paid for", "0 cents")


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody wants back."""

    sku: str
    quantity: int  # pieces, also of products sold by weight
    reason: str
    author: str  # who decides on a refund, who opens a dispute
    t_ns: int


def refund(
    receipt: Receipt, claim: Claim, recorded: Recorded, store: Store, config: CheckoutConfig
) -> Ruling | Refusal:
    """Give back what was paid for some pieces of a line, or say why not."""
    refusal = _refusal(receipt, claim, recorded, store, config)
    if refusal:
        return refusal
    number = given_back(recorded.entries, claim.sku).number + 1
    entries = _entries(receipt, claim, recorded, store, _memo(REFUND, number, claim), POSTED)
    return Ruling(receipt, _moved(receipt, claim, number, store), entries) if entries else NOTHING_PAID


def dispute(
    receipt: Receipt, claim: Claim, recorded: Recorded, store: Store, config: CheckoutConfig
) -> Ruling | Refusal:
    """Hold what was paid for some pieces of a line until somebody decides."""
    refusal = _refusal(receipt, claim, recorded, store, config)
    if refusal:
        return refusal
    number = given_back(recorded.entries, claim.sku).number + 1
    entries = _entries(receipt, claim, recorded, store, _memo(DISPUTE, number, claim), PENDING)
    return Ruling(receipt, (), entries) if entries else NOTHING_PAID


def decide_dispute(
    receipt: Receipt, sku: str, recorded: Recorded, store: Store, *, granted: bool, author: str, t_ns: int
) -> Ruling | Refusal:
    """Decide the oldest open dispute of a line: granted it becomes a refund, refused it ends."""
    disputed = [
        entry for entry in waiting(recorded.entries) if words(entry)[:1] == [DISPUTE] and words(entry)[3] == sku
    ]
    if refusal := unnamed(author):
        return refusal
    if not disputed:
        return Refusal(f"an open dispute of {sku} in {receipt.trip}", "none")
    _, number, pieces, _, reason, _ = words(disputed[0])
    disputed = [entry for entry in disputed if words(entry)[1] == number]
    closing = tuple(close(entry, GRANT if granted else REFUSE, author, t_ns) for entry in disputed)
    if not granted:
        return Ruling(receipt, (), closing)
    claim = Claim(sku, int(pieces), reason, author, t_ns)
    memo = _memo(REFUND, int(number), claim)
    posted = tuple(post(entry, memo, t_ns) for entry in disputed)
    return Ruling(receipt, _moved(receipt, claim, int(number), store), (*closing, *posted))


def _refusal(
    receipt: Receipt, claim: Claim, recorded: Recorded, store: Store, config: CheckoutConfig
) -> Refusal | None:
    line = next((line for line in receipt.lines if line.sku == claim.sku), None)
    if receipt.status != SETTLED or receipt.account is None or receipt.closed_ns is None:
        return Refusal("a settled receipt of an account", f"{receipt.trip}, {receipt.status}")
    if line is None:
        return Refusal(f"a product of {receipt.trip}", claim.sku)
    if claim.reason not in REASONS:
        return Refusal(f"a reason of {', '.join(REASONS)}", repr(claim.reason))
    if not 0 <= claim.t_ns - receipt.closed_ns <= config.refund_window_ns:
        return Refusal(f"a time up to {config.refund_window_ns} ns after {receipt.closed_ns}", str(claim.t_ns))
    left = line.quantity - given_back(recorded.entries, claim.sku).pieces
    if not 0 < claim.quantity <= left:
        return Refusal(f"1 to {left} pieces of {claim.sku}", str(claim.quantity))
    return unnamed(claim.author) or _not_charged(receipt, recorded, store)


def _not_charged(receipt: Receipt, recorded: Recorded, store: Store) -> Refusal | None:
    """Refuse a receipt that is not the one the ledger charged, or that the store's tables no longer explain."""
    sales = [entry for entry in recorded.entries if entry.state == POSTED and words(entry)[0] == "sale"]
    charged_cents = sum(leg.amount_cents for entry in sales for leg in entry.legs if leg.amount_cents > 0)
    if charged_cents != receipt.total_cents:
        return Refusal(
            f"the receipt that the ledger charged, of {charged_cents} cents", f"one of {receipt.total_cents}"
        )
    known_cents = sum(one.amount_cents for one in all_payments(receipt, store))
    if known_cents != receipt.total_cents:
        return Refusal(
            f"tax as the receipt has it, {receipt.total_cents} cents with it", f"{known_cents} by today's rates"
        )
    return None


def _entries(
    receipt: Receipt, claim: Claim, recorded: Recorded, store: Store, memo: str, state: str
) -> tuple[Entry, ...]:
    """Return one entry for each share of a line that some of its pieces give back."""
    given = given_back(recorded.entries, claim.sku)
    quantity = _line(receipt, claim.sku).quantity
    due = {
        share: part_of(paid_cents, given.pieces + claim.quantity, quantity) - given.shares.get(share, 0)
        for share, paid_cents in paid_for(receipt, claim.sku, store).items()
    }
    evidence = (store.store_id, receipt.trip, "refund", claim.sku, str(given.number + 1))
    return tuple(
        Entry(
            entry_id=derive_id("entry", *evidence, payer, revenue),
            t_ns=claim.t_ns,
            trip=receipt.trip,
            memo=memo,
            state=state,
            legs=(Leg(revenue, cents), Leg(payer, -cents)),
        )
        for (payer, revenue), cents in sorted(due.items())
        if cents > 0
    )


def _moved(receipt: Receipt, claim: Claim, number: int, store: Store) -> tuple[Transfer, ...]:
    """Return where the goods of a line's refund of this number go."""
    target = REASONS[claim.reason]
    if target is None:
        return ()
    moved = transfer(
        _line(receipt, claim.sku),
        receipt,
        store.store_id,
        evidence=f"refund:{number}",
        t_ns=claim.t_ns,
        quantity=claim.quantity,
        source=goods.sold(receipt.trip),
        target=target,
    )
    return (moved,)


def _line(receipt: Receipt, sku: str) -> Line:
    return next(line for line in receipt.lines if line.sku == sku)


def _memo(word: str, number: int, claim: Claim) -> str:
    return f"{word} {number} {claim.quantity} {claim.sku} {claim.reason} {claim.author}"
