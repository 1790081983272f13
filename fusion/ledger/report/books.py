"""The rows of a ledger as frames."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from fusion.checkout.records import PENDING, POSTED
from fusion.ledger.book import owner
from fusion.ledger.database import Database
from fusion.ledger.export.tables import read_table

REVENUE: Final = ("sales", "tax", "deposits")  # kinds of accounts that a sale credits


@dataclass(frozen=True, slots=True, eq=False)
class Books:
    """A ledger's rows; an account's `kind` is what stands before its first colon, its `name` the rest."""

    store_id: str
    currency: str
    transfers: pl.DataFrame  # as in the ledger
    posted: pl.DataFrame  # legs that count: entry_id, t_ns, trip, memo, account, kind, name, amount_cents
    pending: pl.DataFrame  # legs of every entry that waits or has waited, and whether it `waits`


def read_books(database: Database) -> Books:
    """Read a ledger; inside a snapshot."""
    store_id, currency = owner(database)
    entries, legs = read_table(database, "entries"), read_table(database, "legs")
    resolved = entries.select(entry_id="resolves").drop_nulls().unique().with_columns(waits=False)
    joined = (
        legs.join(entries.drop("resolves", "reverses"), on="entry_id")
        .join(resolved, on="entry_id", how="left")
        .with_columns(pl.col("waits").fill_null(True), *parts("account"))
    )
    posted = joined.filter(state=POSTED).drop("waits")
    return Books(store_id, currency, read_table(database, "transfers"), posted, joined.filter(state=PENDING))


def parts(account: str) -> tuple[pl.Expr, pl.Expr]:
    """Return the kind and the name of a column of accounts."""
    split = pl.col(account).str.splitn(":", 2)
    return split.struct[0].alias("kind"), split.struct[1].fill_null("").alias("name")


def total(column: str, *conditions: pl.Expr) -> pl.Expr:
    """Return the sum of a column over the rows that meet all conditions."""
    return pl.col(column).filter(*conditions).sum() if conditions else pl.col(column).sum()
