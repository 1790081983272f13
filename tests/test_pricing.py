"""Prices, weights, promotions and tenders: exact, bounded, and never more than the plain price."""

from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from till import END, Goods, items_of, paid, ring, store_of

from fusion.checkout.holds import reasons
from fusion.checkout.money import part_of, spread
from fusion.checkout.postings import close_trip
from fusion.checkout.pricing import price
from fusion.checkout.receipts import Receipt, receipt_of_json
from fusion.checkout.tariff import charged_mg, lowest_price
from fusion.checkout.tenders import is_snap_eligible, spend
from fusion.store_terms import ALWAYS, Deposit, PriceTag, Promotion, Scale, Span, Tender, Terms

SKUS = ("ale", "apple", "bread", "cola", "soap")
BY_WEIGHT = ("apple",)
RATES = {"a": 0.0825, "b": 0.0, "c": 0.1025}

goods = st.builds(
    Goods,
    sku=st.sampled_from(SKUS),
    cents=st.integers(0, 2000),
    tax_class=st.sampled_from(["a", "b", "c", "unknown"]),
    snap=st.booleans(),
    qty=st.integers(1, 7),
    min_age=st.sampled_from([0, 0, 0, 21]),
).map(lambda one: replace(one, grams=float(one.qty * 97)) if one.sku in BY_WEIGHT else one)
baskets = st.lists(goods, max_size=5, unique_by=lambda one: one.sku)
tenders = st.lists(
    st.one_of(
        st.sampled_from(["HALF", "OFF", "MAKER"]).map(lambda code: Tender("coupon", code, None)),
        st.builds(Tender, st.just("snap"), st.sampled_from(["s1", "s2"]), st.integers(0, 3000)),
        st.builds(Tender, st.just("gift"), st.just("g1"), st.integers(0, 3000)),
        st.builds(Tender, st.just("card"), st.just("c1"), st.sampled_from([None, 500])),
    ),
    max_size=6,
    unique_by=lambda tender: (tender.kind, tender.token),
).map(lambda drawn: sorted(drawn, key=lambda tender: ("coupon", "snap", "gift", "card").index(tender.kind)))
PROMOTIONS = (
    Promotion("three", "multibuy", ("ale", "bread", "cola"), 3, Fraction(500), "", "store", ALWAYS),
    Promotion("pair", "amount", ("cola", "soap"), 2, Fraction(75), "", "store", ALWAYS),
    Promotion("ripe", "percent", ("apple", "soap"), 1, Fraction(25, 2), "", "store", ALWAYS),
    Promotion("half", "percent", ("apple", "bread"), 1, Fraction(50), "HALF", "store", ALWAYS),
    Promotion("off", "amount", ("cola", "ale"), 1, Fraction(130), "OFF", "store", ALWAYS),
    Promotion("maker", "amount", ("soap", "bread"), 2, Fraction(60), "MAKER", "manufacturer", ALWAYS),
)
promotions = st.lists(st.sampled_from(PROMOTIONS), max_size=6, unique_by=lambda one: one.promotion)
deposits = st.dictionaries(
    st.sampled_from(SKUS),
    st.builds(Deposit, st.just(10), st.integers(0, 10), st.sampled_from(["", "a", "b"])),
    max_size=3,
)


@st.composite
def receipts(draw: st.DrawFn) -> tuple[Receipt, list[Goods], dict]:
    basket = draw(baskets)
    terms = {
        "tenders": draw(tenders),
        "promotions": draw(promotions),
        "deposits": draw(deposits),
        "manufacturer_taxed": draw(st.booleans()),
    }
    return ring(basket, RATES, **terms), basket, terms


@given(receipts())
def test_a_total_is_its_lines_and_its_tax_and_nobody_pays_more(drawn: tuple[Receipt, list[Goods], dict]) -> None:
    receipt, _, terms = drawn
    assert receipt.total_cents == sum(line.amount_cents for line in receipt.lines) + receipt.tax_cents
    assert all(line.amount_cents >= line.deposit_cents >= 0 for line in receipt.lines)
    assert sum(one.amount_cents for one in receipt.payments) <= receipt.total_cents
    for tender in terms["tenders"]:
        total = sum(p.amount_cents for p in receipt.payments if (p.kind, p.token) == (tender.kind, tender.token))
        assert tender.limit_cents is None or total <= tender.limit_cents
    per_part = {}
    for one in receipt.payments:
        per_part[one.sku, one.part] = per_part.get((one.sku, one.part), 0) + one.amount_cents
    for line in receipt.lines:
        assert per_part.get((line.sku, "goods"), 0) <= line.amount_cents - line.deposit_cents
        assert per_part.get((line.sku, "deposit"), 0) <= line.deposit_cents


@given(receipts())
def test_a_held_receipt_is_one_with_age_or_something_unpaid(drawn: tuple[Receipt, list[Goods], dict]) -> None:
    receipt, basket, terms = drawn
    pays = any(tender.kind != "coupon" for tender in terms["tenders"])
    unpaid = pays and sum(one.amount_cents for one in receipt.payments) < receipt.total_cents
    aged = any(one.min_age for one in basket)
    assert receipt.holds == (("age",) if aged else ()) + (("tender",) if unpaid else ())
    assert receipt.status == ("review" if receipt.holds else "settled")


@given(receipts())
def test_food_stamps_pay_no_tax_and_nothing_but_food(drawn: tuple[Receipt, list[Goods], dict]) -> None:
    receipt, basket, _ = drawn
    store = store_of(basket, RATES)
    for one in (one for one in receipt.payments if one.kind == "snap"):
        assert one.part in ("goods", "deposit") and is_snap_eligible(one.sku, store)


@given(receipts())
def test_promotions_only_lower_and_are_spread_within_their_lines(drawn: tuple[Receipt, list[Goods], dict]) -> None:
    receipt, basket, terms = drawn
    plain = ring(basket, RATES, deposits=terms["deposits"])
    off = {}
    for one in receipt.discounts:
        assert one.amount_cents > 0
        off[one.sku] = off.get(one.sku, 0) + one.amount_cents
    for line, before in zip(receipt.lines, plain.lines, strict=True):
        assert line.amount_cents == before.amount_cents - off.get(line.sku, 0)
    assert receipt.tax_cents <= plain.tax_cents and receipt.total_cents <= plain.total_cents


@given(receipts())
def test_the_books_balance_and_show_what_is_owed(drawn: tuple[Receipt, list[Goods], dict]) -> None:
    receipt, basket, terms = drawn
    terms = Terms(deposits=terms["deposits"], manufacturer_taxed=terms["manufacturer_taxed"])
    _, entries = close_trip(receipt, store_of(basket, RATES, terms))
    legs = [leg for entry in entries for leg in entry.legs]
    owed = sum(leg.amount_cents for leg in legs if leg.account == "receivable:ann")
    assert owed == receipt.total_cents - sum(one.amount_cents for one in receipt.payments)
    assert -sum(leg.amount_cents for leg in legs if leg.account.startswith("tax:")) == receipt.tax_cents
    assert len({entry.entry_id for entry in entries}) == len(entries)
    assert {entry.state for entry in entries} <= {"settled": {"posted"}, "review": {"pending"}}[receipt.status]


@given(receipts())
def test_a_receipt_is_read_back_as_it_was_written(drawn: tuple[Receipt, list[Goods], dict]) -> None:
    receipt, _, _ = drawn
    assert receipt_of_json(receipt.to_json()) == receipt


def coupons_of(receipt: Receipt) -> set[str]:
    used = {one.code for one in receipt.discounts if one.code}
    return used | {one.token for one in receipt.payments if one.kind == "coupon"}


@given(baskets, tenders)
def test_a_balance_and_a_coupon_are_spent_once(basket: list[Goods], held: list[Tender]) -> None:
    store = store_of(basket, RATES, Terms(tenders={"ann": tuple(held)}, promotions=PROMOTIONS))
    one = price(END, items_of(basket), 1.0, "settled", store)
    other = price(replace(END, trip="t2"), items_of(basket), 1.0, "settled", store, spend({}, [one]))
    for tender in (tender for tender in held if tender.limit_cents is not None):
        both = [p for p in (*one.payments, *other.payments) if (p.kind, p.token) == (tender.kind, tender.token)]
        assert sum(p.amount_cents for p in both) <= tender.limit_cents
    assert not coupons_of(one) & coupons_of(other)


@given(st.integers(0, 5000), st.dictionaries(st.text(max_size=2), st.integers(0, 900), min_size=1, max_size=6))
def test_shares_add_up_and_are_within_a_cent(cents: int, weights: dict[str, int]) -> None:
    total = sum(weights.values())
    cents = cents if total else 0
    shares = spread(cents, weights)
    assert sum(shares.values()) == cents and list(shares) == list(weights)
    for key, share in shares.items():
        assert abs(share - (Fraction(cents * weights[key], total) if total else 0)) < 1
        assert cents > total or share <= weights[key]


@given(st.integers(0, 5000), st.integers(1, 9))
def test_parts_of_an_amount_rise_to_the_whole(cents: int, pieces: int) -> None:
    parts = [part_of(cents, n, pieces) for n in range(pieces + 1)]
    assert parts == sorted(parts) and (parts[0], parts[-1]) == (0, cents)


@pytest.mark.parametrize(
    ("basket", "off"),
    [
        ((Goods("cola", 199, qty=3),), {"cola": 97}),  # three for 5.00
        ((Goods("cola", 199, qty=7),), {"cola": 194}),  # twice, and one at its price
        ((Goods("cola", 199, qty=2), Goods("bread", 299)), {"bread": 85, "cola": 112}),  # 1.97 by price
        ((Goods("cola", 199, qty=3), Goods("bread", 299)), {"bread": 85, "cola": 112}),  # the dearest three
        ((Goods("cola", 150, qty=3),), {}),  # dearer together: they stay apart
        ((Goods("cola", 199, qty=2),), {}),
    ],
)
def test_multi_buys(basket: tuple[Goods, ...], off: dict[str, int]) -> None:
    receipt = ring(basket, promotions=(PROMOTIONS[0],))
    assert {one.sku: one.amount_cents for one in receipt.discounts} == off


def test_a_coupon_takes_what_is_left_of_one_piece_and_no_more() -> None:
    half = replace(PROMOTIONS[3], skus=("cola",), code="")
    receipt = ring(
        (Goods("cola", 199, qty=2),), promotions=(half, PROMOTIONS[4]), tenders=[Tender("coupon", "OFF", None)]
    )
    assert [(one.promotion, one.amount_cents) for one in receipt.discounts] == [("half", 199), ("off", 99)]
    assert receipt.total_cents == 398 - 199 - 99


TAGS = (PriceTag(180, Span(100, 200)), PriceTag(150, Span(200, 300)), PriceTag(250, Span(400, 500)))


@pytest.mark.parametrize(
    ("first", "last", "cents"),
    [
        (0, 50, 200),  # only the price of products.csv
        (50, 150, 180),
        (120, 180, 180),
        (150, 250, 150),  # it fell while somebody shopped
        (250, 350, 150),  # it rose, and they may have read the old label
        (420, 480, 250),  # dearer than products.csv all along
        (350, 450, 200),
        (450, 500, 200),
        (199, 200, 150),
        (299, 299, 150),
        (300, 300, 200),
    ],
)
def test_the_lowest_price_of_the_visit_counts(first: int, last: int, cents: int) -> None:
    assert lowest_price("cola", 200, Span(first, last + 1), Terms(prices={"cola": TAGS})) == cents


@given(st.integers(0, 600), st.integers(0, 300))
def test_the_lowest_price_is_that_of_some_instant(first: int, length: int) -> None:
    def at(t_ns: int) -> int:
        return next((tag.price_cents for tag in TAGS if tag.span.meets(t_ns, t_ns)), 200)

    expected = min(at(t_ns) for t_ns in range(first, first + length + 1))
    assert lowest_price("cola", 200, Span(first, first + length + 1), Terms(prices={"cola": TAGS})) == expected


@pytest.mark.parametrize(
    ("weighed_g", "pieces", "scale", "tare_g", "charged_g"),
    [
        (1234.9, 1, Scale(), 0.0, 1234.9),  # no scale is stated
        (1234.9, 1, Scale(5.0), 0.0, 1230),  # whole intervals only
        (1235.0, 1, Scale(5.0), 0.0, 1235),
        (1234.9, 1, Scale(5.0, 1.0), 0.0, 1230),  # 1232.9
        (1231.9, 1, Scale(5.0, 1.0), 0.0, 1225),  # 1229.9: the doubt is the shopper's
        (1234.9, 4, Scale(5.0, 1.0), 0.0, 1225),  # 1226.9
        (1234.9, 2, Scale(5.0), 4.5, 1225),  # 1225.9 without its wrapping
        (3.0, 1, Scale(5.0), 0.0, 0),
        (3.0, 1, Scale(5.0), 4.5, 0),
        (0.3, 1, Scale(0.1), 0.0, 0.3),  # decimals as written: 0.3 // 0.1 is 2 in binary
        (10.0, 1, Scale(), 4.5, 5.5),
    ],
)
def test_masses_are_charged_in_whole_intervals(
    weighed_g: float, pieces: int, scale: Scale, tare_g: float, charged_g: float
) -> None:
    terms = Terms(scale=scale, tare_g={"apple": tare_g})
    assert charged_mg("apple", weighed_g, pieces, terms) == round(charged_g * 1000)


@given(st.floats(0, 5000), st.integers(1, 9), st.sampled_from([1.0, 2.0, 5.0]), st.sampled_from([0.0, 0.7, 3.0]))
def test_no_mass_is_charged_that_a_scale_leaves_in_doubt(g: float, pieces: int, e: float, sd: float) -> None:
    charged_g = charged_mg("apple", g, pieces, Terms(scale=Scale(e, sd))) / 1000
    least_g = g - 2 * sd * pieces
    assert charged_g <= max(0.0, least_g) + 1e-9 and charged_g > least_g - e - 1e-9 and charged_g % e == 0


def test_one_token_on_two_accounts_is_one_card() -> None:
    card, soap = Tender("gift", "shared", 500), (Goods("soap", 400),)
    store = store_of(soap, {}, Terms(tenders={"ann": (card,), "bob": (card,)}))
    ann = price(END, items_of(soap), 1.0, "settled", store)
    bob = price(replace(END, trip="t2", account="bob"), items_of(soap), 1.0, "settled", store, spend({}, [ann]))
    assert (paid(ann), paid(bob), bob.holds) == ({"gift": 400}, {"gift": 100}, ("tender",))


def test_nothing_holds_a_receipt_that_charges_nobody_or_is_open() -> None:
    wine = (Goods("wine", 900, min_age=21),)
    store = store_of(wine, {})
    for end, status in ((replace(END, account=None), "settled"), (replace(END, left_ns=None, closed_ns=None), "open")):
        receipt = price(end, items_of(wine), 1.0, status, store)
        assert (receipt.holds, receipt.status) == ((), status)


@pytest.mark.parametrize(
    ("verified", "status", "holds"),
    [(21, "settled", ()), (20, "settled", ("age",)), (20, "review", ("doubt", "age")), (21, "review", ())],
)
def test_goods_sold_by_age_wait_for_a_check(verified: int, status: str, holds: tuple[str, ...]) -> None:
    wine = (Goods("wine", 900, min_age=21),)
    receipt = price(END, items_of(wine), 0.9, status, store_of(wine, {}, Terms(verified_age={"ann": verified})))
    assert (receipt.holds, receipt.status) == (holds, "review" if holds else status)
    assert reasons(receipt) == (holds or (("doubt",) if status == "review" else ()))


@given(baskets, tenders, st.randoms())
def test_the_order_of_goods_does_not_matter(basket: list[Goods], held: list[Tender], random: Random) -> None:
    store = store_of(basket, RATES, Terms(tenders={"ann": tuple(held)}, promotions=PROMOTIONS))
    items = items_of(basket)
    shuffled = random.sample(items, len(items))
    assert price(END, items, 1.0, "settled", store) == price(END, shuffled, 1.0, "settled", store)
