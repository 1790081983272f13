"""What a simulated store asks for its goods beside products.csv: a few promotions and a list of old and new prices.

Times are those of recorded scenarios. What is in force then has no end, so it is in force live as well.
"""

from datetime import datetime
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from fusion.arrays import Ints
from fusion.store import Store
from fusion.store_terms import (
    AMOUNT,
    BY_MANUFACTURER,
    BY_STORE,
    EVER_NS,
    MULTIBUY,
    PERCENT,
    PriceTag,
    Promotion,
    Span,
)

OLD_LIST, NEW_LIST = (2025, 12, 1), (2025, 12, 29)  # days, at whose midnight a price list begins
RELISTED: Final = 0.2  # share of products whose price the new list changed
OLD_OVER_NEW: Final = (0.8, 1.2)
PERCENTS: Final = (10, 15, 20, 25)
PAIR_SHARE: Final = 0.85  # what two cost together, over twice the cheapest
ALIKE_CENTS: Final = 20  # goods that one can pair differ no more in price
CLUB_CODE, MAKER_CODE = "club-ten", "maker-fifty"  # coupons
CLUB_PERCENT, MAKER_CENTS, OVER_PERCENT = 10, 50, 30


def draw_prices(store: Store, rng: np.random.Generator) -> dict[str, tuple[PriceTag, ...]]:
    """Return for some stocked products what they did cost and, as products.csv says, what they cost now."""
    old, new = _lists(store)
    stocked = np.unique(store.facings.product)
    rows = stocked[rng.random(stocked.size) < RELISTED]
    now_cents = store.products.price_cents[rows]
    old_cents = np.maximum(1, np.rint(now_cents * rng.uniform(*OLD_OVER_NEW, rows.size))).astype(np.int64)
    prices = zip(rows.tolist(), old_cents.tolist(), now_cents.tolist(), strict=True)
    return {store.products.sku[row]: (PriceTag(was, old), PriceTag(now, new)) for row, was, now in prices}


def draw_promotions(store: Store, rng: np.random.Generator) -> tuple[Promotion, ...]:
    """Return up to five promotions, each on another category: two for everybody, two by coupon, one that is over.

    Goods sold by age are in none. A store of fewer categories has fewer promotions.
    """
    old, new = _lists(store)
    goods = _by_category(store)
    order = [goods[name] for name in rng.permutation(sorted(goods)).tolist()]
    percent = Fraction(int(rng.choice(PERCENTS)))
    drawn = [_pair(store, rows, new, rng) for rows in order[:1]]
    drawn += [_percent_off("week", percent, _skus(store, rows), new) for rows in order[1:2]]
    drawn += [_percent_off("club", Fraction(CLUB_PERCENT), _skus(store, rows), new, CLUB_CODE) for rows in order[2:3]]
    drawn += [_of_maker(store, rows, new, rng) for rows in order[3:4]]
    drawn += [_percent_off("over", Fraction(OVER_PERCENT), _skus(store, rows), old) for rows in order[4:5]]
    return tuple(drawn)


def _lists(store: Store) -> tuple[Span, Span]:
    """Return when the old and when the new price list is in force."""
    zone = ZoneInfo(store.timezone)
    old_ns, new_ns = (round(datetime(*day, tzinfo=zone).timestamp()) * 10**9 for day in (OLD_LIST, NEW_LIST))
    return Span(old_ns, new_ns), Span(new_ns, EVER_NS)


def _by_category(store: Store) -> dict[str, Ints]:
    """Return the rows of the goods on the shelves that are sold by the piece and to anybody, by category."""
    p = store.products
    rows = np.unique(store.facings.product)
    rows = rows[~p.by_weight[rows] & (p.min_age[rows] == 0)]
    names = np.array([p.category[row] for row in rows.tolist()])
    return {str(name): rows[names == name] for name in np.unique(names)}


def _pair(store: Store, rows: Ints, span: Span, rng: np.random.Generator) -> Promotion:
    """Two of some goods of about one price for less."""
    cents = store.products.price_cents
    cheapest = int(cents[rng.choice(rows)])
    alike = rows[(cents[rows] >= cheapest) & (cents[rows] <= cheapest + ALIKE_CENTS)]
    together = Fraction(max(1, round(PAIR_SHARE * 2 * cheapest)))
    return Promotion("pair", MULTIBUY, _skus(store, alike), 2, together, "", BY_STORE, span)


def _percent_off(name: str, percent: Fraction, skus: tuple[str, ...], span: Span, code: str = "") -> Promotion:
    return Promotion(name, PERCENT, skus, 1, percent, code, BY_STORE, span)


def _of_maker(store: Store, rows: Ints, span: Span, rng: np.random.Generator) -> Promotion:
    """A manufacturer's coupon for one of its goods."""
    sku = store.products.sku[int(rng.choice(rows))]
    return Promotion("maker", AMOUNT, (sku,), 1, Fraction(MAKER_CENTS), MAKER_CODE, BY_MANUFACTURER, span)


def _skus(store: Store, rows: Ints) -> tuple[str, ...]:
    return tuple(store.products.sku[row] for row in rows.tolist())
