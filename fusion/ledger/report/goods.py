"""Goods of a ledger: what went through review, and what is lost; pure."""

from typing import Final

import polars as pl

from fusion.checkout import goods
from fusion.ledger.report.books import REVENUE, Books, parts, total

LOST: Final = (goods.UNCLAIMED, goods.FLOOR)  # what arrives there has left its place, and nobody has paid
NOWHERE: Final = "-"  # no plate is known
_PLATE: Final = "plate:"
_CARRIED: Final = ("cart", "hand")
_KEPT: Final = ("source", "target", "sku", "quantity", "plate")
_CENTS: Final = pl.col("amount_cents")


def reviews(books: Books) -> pl.DataFrame:
    """Return by trip what was held: pieces, where they went, pieces added, cents proposed and charged, the verdict.

    `opened_ns` is when the first piece was held. A verdict is "open" while a piece waits, otherwise what became of
    the pieces: "approved" (all sold, none added), "waived" (all unclaimed), "adjusted".
    """
    held, left = (_suspense(books.transfers, end) for end in ("target", "source"))
    sold, lost = pl.col("target").str.starts_with("sold:"), pl.col("target") == goods.UNCLAIMED
    came = held.group_by("trip").agg(opened_ns=pl.col("t_ns").min(), pieces=total("quantity"))
    went = left.group_by("trip").agg(
        sold=total("quantity", sold), lost=total("quantity", lost), back=total("quantity", ~sold, ~lost)
    )
    joined = came.join(went, on="trip", how="left").join(_added(books.transfers), on="trip", how="left")
    for name, legs in (("proposed_cents", books.pending), ("charged_cents", books.posted)):
        credits_ = legs.filter(pl.col("kind").is_in(REVENUE), _CENTS < 0)
        joined = joined.join(credits_.group_by("trip").agg((-_CENTS.sum()).alias(name)), on="trip", how="left")
    all_sold = (pl.col("sold") == pl.col("pieces")) & (pl.col("added") == 0)
    waits = pl.col("pieces") - pl.sum_horizontal("sold", "lost", "back")
    verdict = (
        pl.when(waits > 0).then(pl.lit("open")).when(all_sold).then(pl.lit("approved"))
        .when(pl.col("lost") == pl.col("pieces")).then(pl.lit("waived")).otherwise(pl.lit("adjusted"))
    )  # fmt: skip
    return joined.fill_null(0).with_columns(waiting=waits, verdict=verdict).sort("opened_ns", "trip")


def _added(transfers: pl.DataFrame) -> pl.DataFrame:
    """Return by trip the pieces that were sold to it from elsewhere than what it carried or what was held."""
    is_sold, (kind, _) = pl.col("target").str.starts_with("sold:"), parts("source")
    others = transfers.filter(is_sold, ~kind.is_in([*_CARRIED, "suspense"]))
    trip = pl.col("target").str.strip_prefix("sold:")
    return others.group_by(trip.alias("trip")).agg(added=total("quantity"))


def lost(books: Books) -> pl.DataFrame:
    """Return by SKU and plate how many pieces became unclaimed or lay on the floor, came back from there, are lost.

    Goods that a trip carried count for the plate where it last took that SKU before; those that came back, for the
    plate they were put on.
    """
    gone = _from_plates(books.transfers.filter(pl.col("target").is_in(LOST), ~pl.col("source").is_in(LOST)), books)
    back = books.transfers.filter(pl.col("source").is_in(LOST), ~pl.col("target").is_in(LOST))
    back = back.with_columns(plate=_plate("target"))
    found = pl.concat([gone.select(_KEPT), back.select(_KEPT)])
    is_back = pl.col("source").is_in(LOST)
    sums = found.group_by("sku", "plate").agg(
        unclaimed=total("quantity", pl.col("target") == goods.UNCLAIMED),
        floor=total("quantity", pl.col("target") == goods.FLOOR),
        back=total("quantity", is_back),
    )
    return sums.with_columns(pieces=pl.col("unclaimed") + pl.col("floor") - pl.col("back")).sort("sku", "plate")


def on_hand(transfers: pl.DataFrame) -> pl.DataFrame:
    """Return pieces by account and SKU, of accounts that are not empty."""
    came = transfers.select("sku", "quantity", account="target")
    went = transfers.select("sku", -pl.col("quantity"), account="source")
    sums = pl.concat([came, went]).group_by("account", "sku").agg(pieces=total("quantity"))
    return sums.filter(pl.col("pieces") != 0).sort("account", "sku")


def _suspense(transfers: pl.DataFrame, end: str) -> pl.DataFrame:
    return transfers.with_columns(*parts(end)).filter(kind="suspense").rename({"name": "trip"})


def _from_plates(gone: pl.DataFrame, books: Books) -> pl.DataFrame:
    """Tell of goods that are gone which plate they came from."""
    from_plate = pl.col("source").str.starts_with(_PLATE)
    picks = books.transfers.filter(from_plate).with_columns(*parts("target")).filter(pl.col("kind").is_in(_CARRIED))
    took = picks.with_columns(plate=_plate("source"), is_gone=False)
    went = gone.with_columns(*parts("source")).with_columns(plate=pl.lit(None, pl.String), is_gone=True)
    # Of one instant, what was taken comes before what went.
    known = pl.concat([took, went]).sort("t_ns", "is_gone", "transfer_id")
    traced = known.with_columns(pl.col("plate").forward_fill().over("sku", "name")).filter("is_gone")
    own = pl.when(from_plate).then(_plate("source")).when(pl.col("name") != "").then("plate")
    return traced.with_columns(plate=own.otherwise(None).fill_null(NOWHERE))


def _plate(account: str) -> pl.Expr:
    """Return the plate of a column of accounts."""
    is_plate = pl.col(account).str.starts_with(_PLATE)
    return pl.when(is_plate).then(pl.col(account).str.strip_prefix(_PLATE)).otherwise(pl.lit(NOWHERE))
