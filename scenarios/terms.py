"""Terms of sale of a simulated store: who pays with what and how old they are, offers, deposits, tares, a price list.

Nothing of them changes what people do or what sensors say: every table is drawn from a random stream of its own.
The prices in force are those of products.csv, so a truth in pieces and grams is worth what it was.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from fusion.store import Products, Store
from fusion.store_terms import Deposit, Terms
from scenarios.offers import draw_prices, draw_promotions
from scenarios.payers import draw_ages, draw_tenders
from sensors.world import generator

AGES, TENDERS, PROMOTIONS, PRICES = range(4)  # last key of the random streams of terms
BOTTLED: Final = frozenset({"soda", "drink", "beer", "wine"})
CARTONS: Final = frozenset({"oat drink", "almond drink"})  # milk of any kind bears no deposit
LARGE_G: Final = 710.0  # about 24 fl oz, from where California's redemption value doubles
SMALL_CENTS, LARGE_CENTS = 5, 10
TARE_SHARE: Final = 0.002  # sticker, net or film of a piece of produce, of its mass


def draw_terms(store: Store, roles: Mapping[str, str], seed: int, *stream: int) -> Terms:
    """Return the terms of a store; `roles` has every account, "shopper" or "staff", `stream` the first random keys."""
    promotions = draw_promotions(store, generator(seed, *stream, PROMOTIONS))
    shoppers = [account for account in sorted(roles) if roles[account] == "shopper"]
    codes = tuple(one.code for one in promotions if one.code)
    return Terms(
        prices=draw_prices(store, generator(seed, *stream, PRICES)),
        promotions=promotions,
        deposits=_deposits(store.products),
        tare_g=_tares(store.products),
        tenders=draw_tenders(shoppers, codes, generator(seed, *stream, TENDERS)),
        verified_age=draw_ages(sorted(roles), generator(seed, *stream, AGES)),
    )


def _deposits(products: Products) -> dict[str, Deposit]:
    """Return the deposit on each bottle and can, after California's: all of it law, taxed as the drink is."""
    rows = zip(products.sku, products.name, products.category, products.mass_g, products.tax_class, strict=True)
    found = {}
    for sku, name, category, mass_g, tax_class in rows:
        if category in BOTTLED and name not in CARTONS:
            cents = LARGE_CENTS if mass_g >= LARGE_G else SMALL_CENTS
            found[sku] = Deposit(cents, cents, tax_class)
    return found


def _tares(products: Products) -> dict[str, float]:
    """Return what the wrapping of a piece weighs, of all that is sold by weight.

    A truth in grams has the wrapping in it, so a tare stays far below the percent that a charge may be off.
    """
    rows = np.flatnonzero(products.by_weight).tolist()
    return {products.sku[row]: round(TARE_SHARE * float(products.mass_g[row]), 2) for row in rows}
