"""The goods of the simulated shop: what they are called, weigh and cost, and how wide a package is."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.store import Products


@dataclass(frozen=True, slots=True)
class Article:
    """One product as its maker describes it."""

    name: str
    category: str
    mass_g: float
    price_cents: int
    width_m: float  # of a package on the shelf
    mass_sd_g: float = 0.6
    tax_class: str = "grocery"
    by_weight: bool = False  # price per kilogram, mass of a typical piece
    snap: bool = True
    tagged: bool = False  # carries an RFID tag


def _candy(name: str, mass_g: float, price_cents: int, width_m: float) -> Article:
    return Article(name, "candy", mass_g, price_cents, width_m, tax_class="general")


def _drink(name: str, mass_g: float, price_cents: int) -> Article:
    return Article(name, "drink", mass_g, price_cents, 0.068, mass_sd_g=1.5)


def _household(name: str, mass_g: float, price_cents: int, width_m: float) -> Article:
    return Article(name, "household", mass_g, price_cents, width_m, tax_class="general", snap=False, tagged=True)


def _produce(name: str, mass_g: float, price_cents: int, mass_sd_g: float) -> Article:
    return Article(name, "produce", mass_g, price_cents, 0.08, mass_sd_g, by_weight=True)


# Masses crowd round the usual package sizes, as they do in shops: mass alone names few of these products.
ARTICLES: Final = (
    Article("sea salt crisps", "crisps", 42.5, 199, 0.17),
    Article("paprika crisps", "crisps", 42.5, 199, 0.17),
    Article("corn chips", "crisps", 105.0, 289, 0.20, 1.0),
    Article("pretzel sticks", "crisps", 70.5, 229, 0.12),
    Article("popcorn", "crisps", 100.0, 249, 0.18, 1.0),
    Article("rice crackers", "crisps", 127.0, 329, 0.15),
    Article("oat cookies", "biscuit", 198.0, 349, 0.15),
    Article("ginger cookies", "biscuit", 200.0, 359, 0.15),
    Article("wafer rolls", "biscuit", 115.0, 279, 0.11),
    Article("granola bars", "biscuit", 212.0, 399, 0.13),
    _candy("milk chocolate", 100.5, 219, 0.09),
    _candy("dark chocolate", 100.0, 239, 0.09),
    _candy("mint drops", 38.0, 129, 0.06),
    _candy("fruit gums", 175.0, 249, 0.12),
    _candy("caramel bar", 52.0, 139, 0.06),
    _candy("nougat bar", 51.0, 139, 0.06),
    _drink("cola", 524.0, 189),
    _drink("lemonade", 526.0, 189),
    _drink("still water", 512.0, 129),
    _drink("sparkling water", 513.0, 139),
    _drink("orange juice", 353.0, 279),
    _drink("apple juice", 352.0, 269),
    _drink("iced tea", 516.0, 209),
    _drink("cold coffee", 281.0, 319),
    Article("plain yogurt", "dairy", 162.0, 159, 0.075, 1.2),
    Article("berry yogurt", "dairy", 163.0, 169, 0.075, 1.2),
    Article("cream cheese", "dairy", 226.0, 329, 0.10, 1.0),
    Article("butter", "dairy", 254.0, 449, 0.12, 0.8),
    Article("tomato soup", "pantry", 372.0, 249, 0.075, 1.5),
    Article("lentil soup", "pantry", 430.0, 279, 0.075, 1.5),
    Article("tuna can", "pantry", 183.0, 229, 0.085),
    Article("cup noodles", "pantry", 64.0, 149, 0.10),
    Article("ramen bag", "pantry", 85.5, 119, 0.13),
    Article("peanut butter", "pantry", 503.0, 489, 0.085, 1.5),
    _household("hand soap", 287.0, 399, 0.08),
    _household("batteries", 96.0, 899, 0.09),
    _household("tooth paste", 121.0, 349, 0.16),
    _produce("nectarine", 150.0, 549, 14.0),
    _produce("zucchini", 220.0, 349, 25.0),
    _produce("red apple", 182.0, 399, 18.0),
)

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
        min_age=np.zeros(len(ARTICLES), dtype=np.int64),
        epc_prefix=tuple(f"{EPC_HEADER}{row:012X}" if article.tagged else "" for row, article in enumerate(ARTICLES)),
    )


def row_named(name: str) -> int:
    """Return the row of an article; raises ValueError with the nearest names if there is none."""
    for row, article in enumerate(ARTICLES):
        if article.name == name:
            return row
    close = ", ".join(a.name for a in ARTICLES if set(a.name.split()) & set(name.split())) or "a catalogue name"
    raise ValueError(f"product: expected {close}, received {name!r}")


def _sku(row: int) -> str:
    """Return a bar code of twelve digits with a right check digit."""
    digits = f"{20_140_300_000 + 7_919 * row:011d}"
    odd, even = sum(map(int, digits[::2])), sum(map(int, digits[1::2]))
    return f"{digits}{(10 - (3 * odd + even) % 10) % 10}"
