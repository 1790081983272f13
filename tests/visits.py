"""Visits for tests of the purchase port: what checkout puts into the ledger of a trip, commit by commit."""

from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import strategies as st
from till import END, Goods, items_of, store_of

from fusion.checkout import goods
from fusion.checkout.adjusting import Adjust
from fusion.checkout.decision import CheckoutConfig
from fusion.checkout.disputes import decide_dispute, disputes
from fusion.checkout.issues import first_issues
from fusion.checkout.postings import close_trip
from fusion.checkout.pricing import price
from fusion.checkout.receipts import Receipt
from fusion.checkout.records import POSTED, Entry, Issue, Transfer
from fusion.checkout.refunds import Claim, dispute, refund
from fusion.checkout.review import Approve, Waive, rule
from fusion.checkout.rulings import Recorded, Refusal, Ruling, recorded_of
from fusion.checkout.tenders import NOTHING_SPENT
from fusion.ledger.book import Book, open_book, open_existing
from fusion.purchase.requests import AdjustPurchase, CreatePurchase, RefundPurchase, Request
from fusion.store import Store
from fusion.store_terms import ALWAYS, Deposit, Promotion, Tender, Terms

BASKET = (
    Goods("cheese", 500, "untaxed", snap=True, qty=3),
    Goods("cola", 200, "taxed", snap=True, qty=2),
    Goods("apple", 399, "untaxed", snap=True, grams=1500.0),
)
WAYS = {
    "one card": (Tender("card", "tok-1", None),),
    "stamps, then a card": (Tender("snap", "ebt-1", 900), Tender("card", "tok-1", None)),
    "a coupon and an empty gift card": (Tender("coupon", "MAKER", None), Tender("gift", "g-1", 700)),
    "at the office": (),
}
COUPON = Promotion("maker", "amount", ("cheese",), 1, 60, "MAKER", "manufacturer", ALWAYS)  # type: ignore[arg-type]
CONFIG = CheckoutConfig(refund_window_ns=1 << 60)
ADJUSTMENTS = {"adjust": {"cheese": 1, "cola": 0}, "empty": {one.sku: 0 for one in BASKET}}
VERDICTS = ("approve", "waive", *ADJUSTMENTS)


@dataclass(frozen=True)
class Commit:
    """What one decision adds to the ledger."""

    transfers: tuple[Transfer, ...]
    entries: tuple[Entry, ...]
    receipts: tuple[Issue, ...] = ()

    def into(self, book: Book) -> None:
        """Commit it."""
        book.commit(self.transfers, self.entries, self.receipts)


def shop(way: str) -> Store:
    """Return a store where ann pays in some way."""
    terms = Terms(tenders={"ann": WAYS[way]}, promotions=(COUPON,), deposits={"cola": Deposit(10, 5, "taxed")})
    return store_of(BASKET, {"taxed": 0.10, "untaxed": 0.0}, terms)


def receipt_of(store: Store, trip: str, status: str, account: str | None = "ann", t_ns: int = 30) -> Receipt:
    """Return the receipt of a trip as it closes."""
    end = replace(END, trip=trip, account=account, closed_ns=t_ns)
    return price(end, items_of(BASKET), 0.9, status, store)


def close(store: Store, receipt: Receipt) -> Commit:
    """Return what a trip's close commits, with the goods it took before."""
    taken = tuple(
        goods.move("till", evidence=f"take:{receipt.trip}:{line.sku}", t_ns=15, sku=line.sku, quantity=line.quantity,
                   grams=line.grams, source=goods.plate("P1"), target=goods.cart(receipt.trip))
        for line in receipt.lines
    )  # fmt: skip
    moved, entries = close_trip(receipt, store)
    return Commit((*taken, *moved), entries, tuple(first_issues([receipt], "till")))


@st.composite
def visits(draw: st.DrawFn, trip: str = "t1", t_ns: int = 30) -> tuple[Store, tuple[Commit, ...]]:
    """Draw one visit: its close, perhaps a verdict, perhaps refunds and disputes."""
    store = shop(draw(st.sampled_from(sorted(WAYS))))
    receipt = receipt_of(store, trip, draw(st.sampled_from(["settled", "review"])), t_ns=t_ns)
    commits = [close(store, receipt)]
    if receipt.status == "review" and (name := draw(st.sampled_from(["", *VERDICTS]))):
        verdict = {"approve": Approve(), "waive": Waive()}.get(name)
        verdict = verdict or Adjust(ADJUSTMENTS[name], store, NOTHING_SPENT)
        ruling = rule(receipt, verdict, _known(trip, commits), "till", author="kim", t_ns=t_ns + 20)
        receipt = _add(commits, ruling, receipt)
    for n in range(draw(st.integers(0, 3))):
        claim = Claim(draw(st.sampled_from(["cheese", "cola"])), draw(st.integers(1, 2)), "returned", "kim", 200 + n)
        act = draw(st.sampled_from([refund, dispute]))
        ruling = act(receipt, replace(claim, t_ns=t_ns + 100 + n), _known(trip, commits), store, CONFIG)
        receipt = _add(commits, ruling, receipt)
        if act is dispute and isinstance(ruling, Ruling) and (answer := draw(st.sampled_from(["", "yes", "no"]))):
            known = _known(trip, commits)
            what = next(one for one in disputes(known.entries) if not one.answer)
            granted = answer == "yes"
            given = decide_dispute(receipt, what, known, "till", granted=granted, author="lee", t_ns=t_ns + 150 + n)
            receipt = _add(commits, given, receipt)
    return store, tuple(commits)


def charged_cents(entries: tuple[Entry, ...], trip: str) -> int:
    """Return what the ledger charges a trip, refunds taken off: what is posted on accounts that are owed nothing."""
    posted = [leg for one in entries if one.trip == trip and one.state == POSTED for leg in one.legs]
    return -sum(leg.amount_cents for leg in posted if leg.account.startswith(("sales:", "tax:", "deposits")))


def asked_cents(requests: tuple[Request, ...]) -> int:
    """Return what requests charge in the end, refunds taken off."""
    bills = [r.bill.total_cents for r in requests if isinstance(r, AdjustPurchase)]
    bills += [r.bill.total_cents for r in requests if isinstance(r, CreatePurchase) and not r.held]
    return sum(bills) - sum(r.total_cents for r in requests if isinstance(r, RefundPurchase))


def _known(trip: str, commits: list[Commit]) -> Recorded:
    transfers = tuple(one for commit in commits for one in commit.transfers)
    return recorded_of(trip, transfers, tuple(one for commit in commits for one in commit.entries))


def _add(commits: list[Commit], ruling: Ruling | Refusal, receipt: Receipt) -> Receipt:
    """Add what was decided; a decision that cannot be changes nothing."""
    if isinstance(ruling, Refusal):
        return receipt
    commits.append(Commit(ruling.transfers, ruling.entries))
    return ruling.receipt


def open_ledger(path: Path) -> Book:
    """Open the ledger of these visits."""
    return open_book(path, "till", "USD")


def ledger_entries(path: Path) -> tuple[Entry, ...]:
    """Return the entries of every trip of a ledger."""
    with open_existing(path) as book:
        return tuple(entry for issue in book.receipts() for entry in book.recorded(issue.trip).entries)
