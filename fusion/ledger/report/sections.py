"""A report: its sections in order, each a frame that says what its columns are."""

from typing import Final, NamedTuple

import polars as pl

from fusion.ledger.report import goods, money, stock
from fusion.ledger.report.books import Books
from fusion.store import Store

UTC: Final = "UTC"
NEED_STORE: Final = ("stock", "out_of_stock", "misplaced")


class Section(NamedTuple):
    """One part of a report. Columns named `..._cents` are money, `..._ns` instants, other numbers are counts."""

    key: str
    title: str
    rows: pl.DataFrame


def sections(books: Books, store: Store | None) -> tuple[Section, ...]:
    """Return every section there is; without a store, days are of UTC and three sections are left out.

    Losses are by plate, and have no price, where there is no store to tell of gondolas and prices.
    """
    zone = store.timezone if store else UTC
    reviews = goods.reviews(books)
    lost = goods.lost(books)
    always = (
        Section("sales", f"Sales by day ({zone}) and tax class", money.sales(books, zone)),
        Section("tax", "Tax by class, and deposits", money.tax(books)),
        Section("tenders", "Tenders: in, out, left, and what waits", money.tenders(books)),
        Section("debts", "Bad debts: charges that were declined", money.debts(books)),
        Section("reviews", "Reviews by verdict", _by_verdict(reviews)),
        Section("open_reviews", "Reviews that wait", _open(reviews)),
        Section("refunds", "Refunds and disputes", money.refunds(books)),
        Section(
            "lost", "Goods unclaimed or on the floor, and shrink", stock.valued(lost, store) if store else lost
        ),
    )  # fmt: skip
    return (*always, *_shelves(books, store)) if store else always


def _shelves(books: Books, store: Store) -> tuple[Section, ...]:
    shelves = stock.shelves(books, store)
    out = shelves.filter(state="out").drop("state")
    return (
        Section("stock", "Stock on hand by facing", shelves),
        Section("out_of_stock", "Facings that are out of stock", out),
        Section("misplaced", "Goods in other places than theirs", stock.misplaced(books, store)),
    )


def _by_verdict(reviews: pl.DataFrame) -> pl.DataFrame:
    summed = ("pieces", "waiting", "sold", "lost", "back", "added", "proposed_cents", "charged_cents")
    counted = reviews.group_by("verdict").agg(pl.len().cast(pl.Int64).alias("reviews"), pl.col(summed).sum())
    return counted.sort("verdict")


def _open(reviews: pl.DataFrame) -> pl.DataFrame:
    return reviews.filter(verdict="open").select("trip", "opened_ns", "pieces", "waiting", "proposed_cents")
