"""A small market for the machine of a store's money: what it sells, on which terms, who pays how."""

from dataclasses import replace
from fractions import Fraction

from till import Goods, store_of

from fusion.checkout.decision import CheckoutConfig
from fusion.config import Config
from fusion.store_terms import ALWAYS, Deposit, PriceTag, Promotion, Scale, Span, Tender, Terms

SELL = (
    Goods("apple", 399, "food", snap=True, grams=150.0),
    Goods("cola", 199, "sweet", snap=True),
    Goods("soap", 333, "general"),
    Goods("wine", 1299, "general", min_age=21),
)
TERMS = Terms(
    prices={"cola": (PriceTag(149, Span(20, 60)), PriceTag(219, Span(60, 90)))},
    promotions=(
        Promotion("three", "multibuy", ("cola", "soap"), 3, Fraction(500), "", "store", ALWAYS),
        Promotion("ripe", "percent", ("apple",), 1, Fraction(10), "", "store", Span(0, 80)),
        Promotion("maker", "amount", ("soap",), 1, Fraction(60), "MAKER", "manufacturer", ALWAYS),
    ),
    deposits={"cola": Deposit(10, 5, "general")},
    tare_g={"apple": 2.0},
    tenders={
        "ann": (Tender("coupon", "MAKER", None), Tender("snap", "s", 1500), Tender("card", "c", None)),
        "bob": (Tender("gift", "g", 900), Tender("card", "d", 1000)),
        "cid": (Tender("snap", "s", 1500), Tender("office", "", None)),
    },
    verified_age={"bob": 30},
    scale=Scale(5.0, 0.5),
)
STORE = store_of(SELL, {"food": 0.0, "sweet": 0.0825, "general": 0.1025}, TERMS)
ROW = {one.sku: row for row, one in enumerate(SELL)}
LIMITS = {"tender:snap:s": 1500, "tender:gift:g": 900, "tender:card:d": 1000, "coupon:MAKER": 60}
CHECKOUT = CheckoutConfig(review_deadline_ns=30, refund_window_ns=90)
CONFIG = replace(Config(), close_lag_ns=5)
