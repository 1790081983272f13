"""What stands on the shelves of a store by its ledger, what is missing, what stands elsewhere; pure."""

from typing import Final

import polars as pl

from fusion.checkout import goods
from fusion.checkout.money import exactly, round_half_up
from fusion.ledger.report.books import Books
from fusion.ledger.report.goods import NOWHERE, on_hand
from fusion.store import Store

_SUMMED: Final = ("unclaimed", "floor", "back", "pieces")


def shelves(books: Books, store: Store) -> pl.DataFrame:
    """Return the stock by facing, in the order of the planogram: pieces planned, pieces there, whether it is out.

    Fewer than none are there where the planogram promised too much.
    """
    stock = {(account, sku): pieces for account, sku, pieces in on_hand(books.transfers).iter_rows()}
    there = dict.fromkeys(range(len(store.facings.facing_id)), 0)
    for (plate, sku), row in homes(store).items():
        there[row] += stock.get((goods.plate(plate), sku), 0)
    facings, products = store.facings, store.products
    rows = [
        {
            "facing": facings.facing_id[row],
            "gondola": store.plates.gondola[facings.plates[row][0]],
            "sku": products.sku[facings.product[row]],
            "product": products.name[facings.product[row]],
            "planned": int(facings.qty[row]),
            "pieces": pieces,
            "state": "out" if pieces <= 0 else "",
        }
        for row, pieces in there.items()
    ]
    return pl.DataFrame(rows, schema=_SHELVES)


def misplaced(books: Books, store: Store) -> pl.DataFrame:
    """Return the goods that stand where no facing has them, or on the floor: place, pieces, the facing they miss."""
    home = homes(store)
    of_sku: dict[str, str] = {}
    for row, product in enumerate(store.facings.product):
        of_sku.setdefault(store.products.sku[product], store.facings.facing_id[row])
    rows = [
        {
            "place": account.removeprefix("plate:"),
            "gondola": gondolas(store).get(account.removeprefix("plate:"), NOWHERE),
            "sku": sku,
            "product": _names(store).get(sku, ""),
            "pieces": pieces,
            "home": of_sku.get(sku, NOWHERE),
        }
        for account, sku, pieces in on_hand(books.transfers).iter_rows()
        if pieces > 0 and (account == goods.FLOOR or account.startswith("plate:"))
        if (account.removeprefix("plate:"), sku) not in home or account == goods.FLOOR
    ]
    return pl.DataFrame(rows, schema=_MISPLACED)


def valued(lost: pl.DataFrame, store: Store) -> pl.DataFrame:
    """Return losses by SKU and gondola, with names and at today's prices; nothing where the store has no price."""
    plates = pl.col("plate").replace_strict(gondolas(store), default=NOWHERE, return_dtype=pl.String)
    sums = lost.group_by("sku", plates.alias("gondola")).agg(pl.col(_SUMMED).sum())
    each = pl.col("sku").replace_strict(prices(store), default=None, return_dtype=pl.Int64)
    product = pl.col("sku").replace_strict(_names(store), default="", return_dtype=pl.String)
    return sums.select(
        "sku", "gondola", *_SUMMED, value_cents=pl.col("pieces") * each, product=product
    ).sort("sku", "gondola")  # fmt: skip


def homes(store: Store) -> dict[tuple[str, str], int]:
    """Return the facing of each plate and SKU; of several, the first has what stands there."""
    home: dict[tuple[str, str], int] = {}
    for row, plates in enumerate(store.facings.plates):
        for plate in plates:
            home.setdefault((store.plates.plate_id[plate], store.products.sku[store.facings.product[row]]), row)
    return home


def gondolas(store: Store) -> dict[str, str]:
    """Return the gondola of each plate."""
    return dict(zip(store.plates.plate_id, store.plates.gondola, strict=True))


def prices(store: Store) -> dict[str, int]:
    """Return cents of one piece by SKU; by weight, of a typical piece, a half cent upwards."""
    products = store.products
    return {
        sku: round_half_up(int(products.price_cents[row]) * exactly(products.mass_g[row]) / 1000)
        if products.by_weight[row]
        else int(products.price_cents[row])
        for row, sku in enumerate(products.sku)
    }


def _names(store: Store) -> dict[str, str]:
    return dict(zip(store.products.sku, store.products.name, strict=True))


_SHELVES: Final = {
    **dict.fromkeys(("facing", "gondola", "sku", "product"), pl.String),
    **dict.fromkeys(("planned", "pieces"), pl.Int64),
    "state": pl.String,
}
_MISPLACED: Final = {
    **dict.fromkeys(("place", "gondola", "sku", "product"), pl.String),
    "pieces": pl.Int64,
    "home": pl.String,
}
