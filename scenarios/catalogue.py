"""The catalogue of the simulated stores: every store knows all of it, its planogram holds a part."""

from functools import lru_cache
from typing import Final

import numpy as np

from fusion.store import Products
from scenarios.articles import ARTICLES, Article

__all__ = ["ARTICLES", "Article", "products", "row_named"]

EPC_HEADER: Final = "3034"


def products() -> Products:
    """Return the catalogue as a store holds it, one row an article in the same order."""
    return Products(
        sku=tuple(_sku(row) for row in range(len(ARTICLES))),
        name=tuple(article.name for article in ARTICLES),
        price_cents=np.array([article.price_cents for article in ARTICLES], dtype=np.int64),
        by_weight=np.array([article.by_weight for article in ARTICLES]),
        mass_g=np.array([article.mass_g for article in ARTICLES]),
        mass_sd_g=np.array([article.mass_sd_g for article in ARTICLES]),
        category=tuple(article.category for article in ARTICLES),
        tax_class=tuple(article.tax_class for article in ARTICLES),
        snap=np.array([article.snap for article in ARTICLES]),
        min_age=np.array([article.min_age for article in ARTICLES], dtype=np.int64),
        epc_prefix=tuple(f"{EPC_HEADER}{row:012X}" if article.tagged else "" for row, article in enumerate(ARTICLES)),
    )


def row_named(name: str) -> int:
    """Return the row of an article; raises ValueError with the nearest names if there is none."""
    row = _rows().get(name)
    if row is not None:
        return row
    close = ", ".join(a.name for a in ARTICLES if set(a.name.split()) & set(name.split())) or "a catalogue name"
    raise ValueError(f"product: expected {close}, received {name!r}")


@lru_cache(maxsize=1)
def _rows() -> dict[str, int]:
    return {article.name: row for row, article in enumerate(ARTICLES)}


def _sku(row: int) -> str:
    """Return a bar code of twelve digits with a right check digit."""
    digits = f"{20_140_300_000 + 7_919 * row:011d}"
    odd, even = sum(map(int, digits[::2])), sum(map(int, digits[1::2]))
    return f"{digits}{(10 - (3 * odd + even) % 10) % 10}"
