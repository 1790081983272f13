"""Money of a ledger: sales, tax and deposits, tenders, refunds; pure."""

from typing import Final

import polars as pl

from fusion.ledger.report.books import REVENUE, Books, total

CENTS: Final = pl.col("amount_cents")
IS_REVENUE: Final = pl.col("kind").is_in(REVENUE)
SAYING: Final = ("refund", "dispute")  # first words of memos that go on: number, pieces, SKU, reason, author
WORDS_MIN: Final = 6
DEBT_KIND: Final = "bad-debt"  # of the accounts that `fusion.purchase.bad_debts` writes
BECAME: Final = {
    "given_back_cents": "refund",
    "paid_cents": "paid",
    "settled_cents": "settled",
}  # by second word
_MARKS: Final = {"debit": CENTS > 0, "credit": CENTS < 0}


def sales(books: Books, zone: str) -> pl.DataFrame:
    """Return sales by day and tax class: sold, given back, net; a day is one of the time zone."""
    of = books.posted.filter(kind="sales").with_columns(day=_day(zone))
    return _earned(of, "day", tax_class="name")


def tax(books: Books) -> pl.DataFrame:
    """Return tax by class, and deposits: charged, given back, net."""
    return _earned(books.posted.filter(pl.col("kind").is_in(REVENUE[1:])), "kind", tax_class="name")


def tenders(books: Books) -> pl.DataFrame:
    """Return by kind of tender what came in, went out, is left, and waits; `receivable` is owed by accounts."""
    # Of a tender's name the first part is its kind: the rest is a token.
    kind = pl.when(kind="tender").then(pl.col("name").str.splitn(":", 2).struct[0]).otherwise("kind")
    paid = books.posted.filter(~IS_REVENUE).with_columns(tender=kind)
    waits = books.pending.filter(~IS_REVENUE, "waits").with_columns(tender=kind)
    sums = paid.group_by("tender").agg(
        in_cents=total("amount_cents", _MARKS["debit"]),
        out_cents=-total("amount_cents", _MARKS["credit"]),
        net_cents=CENTS.sum(),
    )
    pending = waits.group_by("tender").agg(pending_cents=CENTS.sum())
    return sums.join(pending, on="tender", how="full", coalesce=True).fill_null(0).sort("tender")


def refunds(books: Books) -> pl.DataFrame:
    """Return by state, reason and SKU how many refunds there are, their pieces and cents; disputes still wait.

    An entry that gives money back without saying of what has its memo for a reason and no SKU.
    """
    debits = [
        books.posted.filter(IS_REVENUE, CENTS > 0).with_columns(state=pl.lit("given back")),
        # A sale that waits credits revenue: what debits it is a dispute.
        books.pending.filter(IS_REVENUE, CENTS > 0, "waits").drop("waits").with_columns(state=pl.lit("disputed")),
    ]
    one = ("state", "reason", "sku", "trip", "number")
    each = (
        pl.concat(debits, how="diagonal")
        .with_columns(*_said())
        .group_by(one)
        .agg(pieces=pl.col("pieces").max(), amount_cents=CENTS.sum())
    )
    sums = each.group_by(one[:3]).agg(refunds=pl.len().cast(pl.Int64), pieces=total("pieces"), amount_cents=CENTS.sum())
    return sums.sort(one[:3])


def debts(books: Books) -> pl.DataFrame:
    """Return by account what was declined, given back, paid after all, settled some other way, and is still owed."""
    of = books.posted.filter(kind=DEBT_KIND)
    became = pl.col("memo").str.split(" ").list.get(1, null_on_oob=True)
    parts = {name: -total("amount_cents", became == word) for name, word in BECAME.items()}
    return (
        of.group_by(account="name")
        .agg(total("amount_cents", became == "declined").alias("declined_cents"), **parts, owed_cents=CENTS.sum())
        .sort("account")
    )


def _earned(legs: pl.DataFrame, *keys: str, tax_class: str) -> pl.DataFrame:
    return (
        legs.rename({tax_class: "tax_class"})
        .group_by(*keys, "tax_class")
        .agg(
            charged_cents=-total("amount_cents", _MARKS["credit"]),
            given_back_cents=total("amount_cents", _MARKS["debit"]),
            net_cents=-CENTS.sum(),
        )
        .sort(*keys, "tax_class")
    )


def _day(zone: str) -> pl.Expr:
    return pl.from_epoch("t_ns", "ns").dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.date()


def _said() -> tuple[pl.Expr, ...]:
    """Return what the words of a refund's memo say (see `shares`)."""
    words = pl.col("memo").str.split(" ")
    says = (words.list.len() >= WORDS_MIN) & words.list.first().is_in(SAYING)
    word = {name: words.list.get(at, null_on_oob=True) for name, at in (("number", 1), ("sku", 3), ("reason", 4))}
    pieces = words.list.get(2, null_on_oob=True).cast(pl.Int64, strict=False).fill_null(0)
    return (
        pl.when(says).then(word["number"]).otherwise("entry_id").alias("number"),
        pl.when(says).then(pieces).otherwise(0).alias("pieces"),
        pl.when(says).then(word["sku"]).otherwise(pl.lit("")).alias("sku"),
        pl.when(says).then(word["reason"]).otherwise("memo").alias("reason"),
    )
