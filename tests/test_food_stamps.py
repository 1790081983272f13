"""Worked examples of public rules on food stamps, coupons and sales tax; each names where its figures come from.

Where a source gives the taxed amount only, the rate is that state's own or 8 percent.
"""

import pytest
from till import Goods, coupon, paid, ring

from fusion.store_terms import Deposit, Tender

CASH = Tender("card", "tok-1", None)


def snap(cents: int) -> Tender:
    return Tender("snap", "ebt-1", cents)


def food(sku: str, cents: int, tax_class: str = "untaxed") -> Goods:
    return Goods(sku, cents, tax_class, snap=True)


MARKET = (  # New York State, guide for food stores: food stamps, cash and coupons in one purchase
    food("bottled-water", 356, "taxed"),
    food("diet-soda", 389, "taxed"),
    food("chips", 209),
    food("fruit-punch", 500, "taxed"),
    food("cold-sandwiches", 697, "taxed"),
    food("canned-vegetables", 1698),
    food("fresh-produce", 902),
)
MARKET_COUPONS = (coupon("MFR50", 50, "diet-soda"), coupon("DELI100", 100, "cold-sandwiches", issuer="store"))
HELD = (Tender("coupon", "MFR50", None), Tender("coupon", "DELI100", None))

EXAMPLES = {
    # 20 NYCRR 528.27, example 1: $50 of eligible food, $20 of it taxable; $25 in food stamps leave nothing to tax.
    "NY 528.27 (1)": ((food("a", 2000, "taxed"), food("b", 3000)), 0.08, (snap(2500), CASH), (), 0, (2500, 2500)),
    # The same goods with fewer stamps than there is taxable food: the rest of that food is taxed.
    "NY 528.27 fewer": ((food("a", 2000, "taxed"), food("b", 3000)), 0.08, (snap(1000), CASH), (), 80, (1000, 4080)),
    # Rhode Island, regulation SU 87-123: a $25 order, $11 taxable; $5 in food stamps leave $6 to tax (7 percent).
    "RI SU 87-123": ((food("soda", 1100, "taxed"), food("bread", 1400)), 0.07, (snap(500), CASH), (), 42, (500, 2042)),
    # New York TB-ST-140: a taxable item at $1.00, a manufacturer's coupon of 25 cents, 8 percent: tax on $1.00.
    "NY ST-140": (
        (Goods("item", 100, "taxed"),),
        0.08,
        (Tender("coupon", "M25", None), CASH),
        (coupon("M25", 25, "item"),),
        8,
        (0, 83),
    ),
    # New York, guide for food stores: $47.51 of food, a manufacturer's coupon of 50 cents on soda, a store's of $1.00
    # on deli goods, $10.00 in food stamps: $7.92 of taxable food and the 50 cents are taxed.
    "NY food store": (MARKET, 0.08, (*HELD, snap(1000), CASH), MARKET_COUPONS, 67, (1000, 3668)),
    # 23VAC10-210-430 A: 80 cents in cash and a manufacturer's coupon of 20: tax on $1.00. A retailer's: on 80 cents.
    "VA manufacturer": (
        (Goods("item", 100, "taxed"),),
        0.05,
        (Tender("coupon", "M20", None), CASH),
        (coupon("M20", 20, "item"),),
        5,
        (0, 85),
    ),
    "VA retailer": (
        (Goods("item", 100, "taxed"),),
        0.05,
        (Tender("coupon", "R20", None), CASH),
        (coupon("R20", 20, "item", issuer="store"),),
        4,
        (0, 84),
    ),
    # The same section: a coupon of 50 cents doubled by the retailer on coffee at $3.00: tax on $2.50, $2.00 is paid.
    "VA doubled": (
        (Goods("coffee", 300, "taxed"),),
        0.06,
        (Tender("coupon", "M50", None), Tender("coupon", "R50", None), CASH),
        (coupon("M50", 50, "coffee"), coupon("R50", 50, "coffee", issuer="store")),
        15,
        (0, 215),
    ),
    # Acme point of sale, guide to food stamps: $50 of taxable food, $20 of goods, 5 percent.
    "Acme 1": ((food("food", 5000, "t"), Goods("ware", 2000, "t")), 0.05, (snap(5000), CASH), (), 100, (5000, 2100)),
    "Acme 2": ((food("food", 5000, "t"), Goods("ware", 2000, "t")), 0.05, (snap(3000), CASH), (), 200, (3000, 4200)),
    # Texas Comptroller, grocery and convenience stores: 10 percent off $150 is taxed on $135 (6.25 percent).
    "TX discount": (
        (Goods("item", 15000, "taxed"),),
        0.0625,
        (Tender("coupon", "TEN", None), CASH),
        (coupon("TEN", 1500, "item", issuer="store"),),
        844,
        (0, 14344),
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_worked_examples(name: str) -> None:
    goods, rate, tenders, promotions, tax, (by_snap, by_card) = EXAMPLES[name]
    rates = dict.fromkeys((one.tax_class for one in goods), rate) | {"untaxed": 0.0}
    receipt = ring(goods, rates, tenders, promotions)
    assert receipt.tax_cents == tax
    assert (paid(receipt).get("snap", 0), paid(receipt).get("card", 0)) == (by_snap, by_card)
    assert (receipt.status, sum(paid(receipt).values())) == ("settled", receipt.total_cents)


def test_tax_on_a_coupons_share_is_paid_by_another_tender() -> None:
    """USDA FNS, SNAP retailer reminder on sales tax, fees and refunds: never by food stamps."""
    goods, terms = (food("soda", 200, "taxed"),), (Tender("coupon", "M", None), snap(9999))
    receipt = ring(goods, {"taxed": 0.08}, (*terms, CASH), (coupon("M", 50, "soda"),))
    assert paid(receipt) == {"coupon": 50, "snap": 150, "card": 4}  # 8 percent of the 50 cents
    unpaid = ring(goods, {"taxed": 0.08}, terms, (coupon("M", 50, "soda"),))
    assert (unpaid.status, unpaid.holds, sum(paid(unpaid).values())) == ("review", ("tender",), 200)


def test_a_state_may_take_manufacturers_coupons_for_a_lower_price() -> None:
    """Texas Comptroller and 830 CMR 64H.1.4 (Massachusetts): nothing is taxed that such a coupon pays."""
    goods, terms = (Goods("item", 100, "taxed"),), (Tender("coupon", "M25", None), CASH)
    receipt = ring(goods, {"taxed": 0.08}, terms, (coupon("M25", 25, "item"),), manufacturer_taxed=False)
    assert (receipt.tax_cents, paid(receipt)) == (6, {"coupon": 25, "card": 81})


@pytest.mark.parametrize(
    ("deposit_cents", "legal_cents", "by_snap"),
    [
        (10, 5, 205),  # a deposit of ten cents where the law asks for five: five are paid in cash
        (500, 0, 200),  # a five-gallon jug that the law does not cover
        (5, 5, 205),
    ],
)
def test_food_stamps_pay_the_deposit_that_the_law_asks_for(deposit_cents: int, legal_cents: int, by_snap: int) -> None:
    """USDA FNS, Agricultural Act of 2014, questions and answers on section 4001, A1 and A2."""
    deposits = {"water": Deposit(deposit_cents, legal_cents, "")}
    receipt = ring((food("water", 200),), {}, (snap(9999), CASH), deposits=deposits)
    assert receipt.total_cents == 200 + deposit_cents
    assert paid(receipt) == {"snap": by_snap} | (
        {"card": receipt.total_cents - by_snap} if by_snap < receipt.total_cents else {}
    )


@pytest.mark.parametrize(
    ("goods", "excluded"),
    [
        (Goods("hot-chicken", 900), ()),  # not marked as food that stamps may pay
        (Goods("wine", 900, snap=True, min_age=21), ()),  # whatever the mark says
        (Goods("cola", 900, snap=True), ("cola",)),  # the state's own list
    ],
)
def test_food_stamps_pay_for_eligible_food_only(goods: Goods, excluded: tuple[str, ...]) -> None:
    basket, tenders = (goods, food("bread", 300)), (snap(9999), CASH)
    receipt = ring(basket, {}, tenders, snap_excluded=frozenset(excluded), verified_age={"ann": 30})
    assert paid(receipt) == {"snap": 300, "card": 900}


def test_a_line_may_be_split_and_what_a_balance_leaves_falls_through() -> None:
    tenders = (snap(120), Tender("snap", "ebt-2", 30), Tender("gift", "g", 100), CASH)
    receipt = ring((food("cheese", 500),), {}, tenders)
    assert [(one.kind, one.token, one.sku, one.amount_cents) for one in receipt.payments] == [
        ("snap", "ebt-1", "cheese", 120),
        ("snap", "ebt-2", "cheese", 30),
        ("gift", "g", "cheese", 100),
        ("card", "tok-1", "cheese", 250),
    ]


def test_the_cash_office_takes_what_is_left() -> None:
    receipt = ring((food("cheese", 500), Goods("soap", 100)), {}, (snap(450), Tender("office", "", None)))
    assert (receipt.status, paid(receipt)) == ("settled", {"snap": 450, "office": 150})


def test_two_food_stamp_cards_pay_no_more_of_a_deposit_than_one() -> None:
    tenders = (snap(203), Tender("snap", "ebt-2", 9999), CASH)
    receipt = ring((food("water", 200),), {}, tenders, deposits={"water": Deposit(10, 5, "")})
    assert paid(receipt) == {"snap": 205, "card": 5}
