"""The optional files of a store folder: read into terms of sale, or every problem named by file and place."""

from fractions import Fraction
from pathlib import Path

import pytest
from corner_store import TOML, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion.cards import is_card_number
from fusion.check import check_path
from fusion.store import StoreError, load_store
from fusion.store_terms import ALWAYS, EVER_NS, Deposit, PriceTag, Scale, Span, Tender, Terms

HOUR_NS = 3600 * 10**9
NEW_YEAR_NS = 1_767_254_400 * 10**9  # 2026-01-01T00:00 in Los Angeles, 08:00 UTC
FILES = {
    "prices": "sku,price,valid_from,valid_to\n0123,179,2026-01-01,2026-01-08\n0123,189,2026-01-08T00:00-08:00,\n",
    "promotions": "promotion,kind,skus,qty,value,code,issuer,valid_from,valid_to\n"
    "three,multibuy,0123 099,3,500,,store,,\n"
    "ripe,percent,0123,1,12.5,RIPE,store,2026-01-01,\n"
    "soda,amount,0123,1,50,SODA50,manufacturer,,\n",
    "deposits": "sku,deposit,legal,tax_class\n0123,10,5,\n099,5,5,general\n",
    "tares": "sku,tare_g\n0123,4.5\n",
    "tenders": "account,kind,token,limit\nann,coupon,SODA50,\nann,snap,ebt-7,2500\nann,card,tok_1,\nbob,office,,\n",
    "accounts": "account,verified_age\nann,21\nbob,\n",
}
SALE = "[sale]\nmanufacturer_coupons_taxed = false\n[scale]\ninterval_g = 5\nsd_g = 0.8\n"
STATE = '[snap]\nexclude_categories = ["drink"]\nexclude_skus = ["4011"]\n'


def shop(folder: Path, toml: str = SALE + STATE, **changed: str) -> Path:
    """Write the example store with its optional files."""
    write(folder, store=TOML + toml)
    for stem, text in (FILES | changed).items():
        (folder / f"{stem}.csv").write_text(text, encoding="utf-8")
    return folder


def problems(folder: Path) -> list[str]:
    with pytest.raises(StoreError) as caught:
        load_store(folder)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_terms_are_read(tmp_path: Path) -> None:
    terms = load_store(shop(tmp_path / "s")).terms
    week = 7 * 24 * HOUR_NS
    assert terms.prices["0123"] == (
        PriceTag(179, Span(NEW_YEAR_NS, NEW_YEAR_NS + week)),
        PriceTag(189, Span(NEW_YEAR_NS + week, EVER_NS)),
    )
    three, ripe, soda = terms.promotions
    assert (three.kind, three.skus, three.qty, three.value, three.code) == ("multibuy", ("0123", "099"), 3, 500, "")
    assert (ripe.value, ripe.span) == (Fraction(25, 2), Span(NEW_YEAR_NS, EVER_NS))
    assert (soda.code, soda.issuer) == ("SODA50", "manufacturer")
    assert terms.deposits == {"0123": Deposit(10, 5, ""), "099": Deposit(5, 5, "general")}
    assert terms.tenders["ann"] == (
        Tender("coupon", "SODA50", None),
        Tender("snap", "ebt-7", 2500),
        Tender("card", "tok_1", None),
    )
    assert terms.verified_age == {"ann": 21, "bob": 0}
    assert (terms.scale, terms.tare_g, terms.manufacturer_taxed) == (Scale(5.0, 0.8), {"0123": 4.5}, False)
    assert terms.snap_excluded == {"0123", "099", "4011"}


def test_a_store_without_these_files_has_no_terms(tmp_path: Path) -> None:
    assert load_store(write(tmp_path / "s")).terms == Terms()


def test_a_check_counts_what_the_files_hold(tmp_path: Path) -> None:
    report = check_path(shop(tmp_path / "s"))
    assert "prices 2, promotions 3, deposits 2, tenders 4" in report.fine[0] and not report.problems
    assert "promotions" not in check_path(write(tmp_path / "plain")).fine[0]


BAD = [
    ("prices", "179", "-179", "prices.csv: line 2, column price: expected an integer of 0 or more, in cents"),
    ("prices", "179", "1.79", "line 2, column price"),
    ("prices", "0123,179", "9,179", "line 2, column sku: expected a SKU of products.csv, received '9'"),
    ("prices", "01-08\n", "01-09\n", "line 3, column valid_from: expected a time at which the price of line 2 is over"),
    ("prices", "2026-01-08\n", "\n", "line 3, column valid_from: expected a time at which the price of line 2"),
    ("prices", "2026-01-01", "2026-01-08", "line 2, column valid_to: expected a time after valid_from"),
    ("prices", "2026-01-01", "1 Jan", "line 2, column valid_from: expected an ISO time"),
    ("prices", "2026-01-01", "2026-13-01", "line 2, column valid_from"),
    ("prices", "2026-01-01", "2025-11-02T01:30", "one that clocks of America/Los_Angeles show once"),
    ("prices", "2026-01-01", "2025-03-09T02:30", "one that clocks of America/Los_Angeles show once"),
    ("promotions", "multibuy", "bogof", "promotions.csv: line 2, column kind: expected 'multibuy' or 'percent'"),
    ("promotions", "0123 099", "0123 098", "line 2, column skus: expected SKUs of products.csv, received '098'"),
    ("promotions", "3,500", "0,500", "line 2, column qty: expected an integer of 1 or more"),
    ("promotions", "3,500", "3,499.5", "line 2, column value: expected whole cents, received 499.5"),
    ("promotions", "3,500", "3,-500", "line 2, column value: expected a number above 0"),
    ("promotions", "12.5", "112.5", "line 3, column value: expected at most 100 percent, received 112.5"),
    ("promotions", "500,,store", "500,THREE,store", "column kind: expected 'percent' or 'amount' for a coupon"),
    ("promotions", "SODA50", "", "line 4, column code: expected the code of the manufacturer's coupon"),
    ("promotions", "SODA50", "RIPE", "line 4, column code: expected a code used once, received 'RIPE', as in line 3"),
    ("promotions", "ripe", "three", "line 3, column promotion: expected an id used once"),
    ("deposits", "10,5", "4,5", "deposits.csv: line 2, column legal: expected at most the deposit of 4"),
    ("deposits", "general", "luxury", "line 3, column tax_class: expected a tax class that [tax] in store.toml names"),
    ("deposits", "099,", "0123,", "line 3, column sku: expected an id used once"),
    ("tares", "4.5", "-4.5", "tares.csv: line 2, column tare_g: expected a number above 0"),
    ("tenders", "snap", "stamps", "tenders.csv: line 3, column kind: expected 'coupon' or 'snap'"),
    ("tenders", "2500", "", "line 3, column limit: expected the balance of a snap card, in cents"),
    ("tenders", "2500", "-1", "line 3, column limit: expected an integer of 0 or more"),
    ("tenders", "SODA50", "SODA55", "line 2, column token: expected a code of promotions.csv"),
    ("tenders", "tok_1", "", "line 4, column token: expected the token of a card, received nothing"),
    ("tenders", "snap,ebt-7,2500", "gift,ebt-7,1\nann,snap,ebt-8,1", "line 4, column kind: expected the order coupon"),
    ("tenders", "card,tok_1", "snap,ebt-7", "line 4, column token: expected a tender named once in an account"),
    ("accounts", "21", "-21", "accounts.csv: line 2, column verified_age: expected an integer of 0 or more"),
    ("accounts", "bob", "ann", "line 3, column account: expected an id used once"),
]


@pytest.mark.parametrize(("stem", "old", "new", "expected"), BAD)
def test_a_problem_names_its_place(tmp_path: Path, stem: str, old: str, new: str, expected: str) -> None:
    assert old in FILES[stem]
    found = problems(shop(tmp_path / "s", **{stem: FILES[stem].replace(old, new, 1)}))
    assert any(expected in problem for problem in found), found


def test_a_multibuy_of_goods_by_weight_is_refused(tmp_path: Path) -> None:
    folder = shop(tmp_path / "s")
    products = (folder / "products.csv").read_text().replace("Ale,599,each", "Ale,599,kg")
    (folder / "products.csv").write_text(products)
    assert "expected products sold by the piece, received '099', sold by weight" in problems(folder)[0]


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ("[sale]\nmanufacturer_coupons_taxed = 1\n", "[sale], key manufacturer_coupons_taxed: expected true or false"),
        ('[sale]\ntax_classes = "some"\n', "[sale], key tax_classes: expected 'any' or 'named'"),
        ("[scale]\ninterval_g = -5\n", "[scale], key interval_g: expected a number of 0 or more"),
        ("[snap]\nexclude_skus = 4011\n", "[snap], key exclude_skus: expected a list of names"),
        ('snap = "CA"\n', "[snap]"),
    ],
)
def test_a_bad_switch_names_its_place(tmp_path: Path, toml: str, expected: str) -> None:
    folder = write(tmp_path / "s", store=toml + TOML if toml.startswith("snap =") else TOML + toml)
    assert any(expected in problem for problem in problems(folder))


def test_a_store_can_ask_that_every_tax_class_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "s", store=TOML.replace("general = 0.0825", '[sale]\ntax_classes = "named"'))
    expected = "products.csv: line 4, column tax_class: expected a tax class that [tax] in store.toml names"
    assert problems(folder) == [f"{expected}, received 'general'"]


def test_an_unknown_time_zone_matters_where_there_are_times(tmp_path: Path) -> None:
    folder = shop(tmp_path / "s")
    toml = (folder / "store.toml").read_text().replace("America/Los_Angeles", "Mars/Olympus")
    (folder / "store.toml").write_text(toml)
    assert "key timezone: expected a time zone of the IANA database, received 'Mars/Olympus'" in problems(folder)[0]
    for name in ("prices", "promotions", "tenders"):
        (folder / f"{name}.csv").unlink()
    assert load_store(folder).timezone == "Mars/Olympus"


@pytest.mark.parametrize(
    "row", ["ann,snap,{},2500,", "{},snap,ebt-7,2500,", "ann,{},ebt-7,2500,", "ann,snap,ebt-7,{},", "ann,snap,e,1,{}"]
)
@pytest.mark.parametrize("pan", ["4111111111111111", "4111-1111-1111-1111", "4111 1111 1111 1111", "378282246310005"])
def test_a_card_number_is_refused_anywhere_and_never_repeated(tmp_path: Path, row: str, pan: str) -> None:
    tenders = f"account,kind,token,limit,note\nbob,office,,,\n{row.format(pan)}\n"
    found = problems(shop(tmp_path / "s", tenders=tenders))
    assert found == ["tenders.csv: line 3: expected a payment token, received a card number, not shown"]


@given(st.text("0123456789", min_size=12, max_size=18))
def test_one_last_digit_of_ten_makes_a_card_number(digits: str) -> None:
    passing = [digit for digit in "0123456789" if is_card_number(digits + digit)]
    assert len(passing) == 1
    assert not is_card_number(f"tok_{digits}{passing[0]}") and not is_card_number((digits + passing[0])[:12])


@pytest.mark.parametrize("early", ["0001-01-01", "0001-01-01T00:00+14:00"])
def test_the_ends_of_the_calendar_are_open_ends(tmp_path: Path, early: str) -> None:
    prices = f"sku,price,valid_from,valid_to\n0123,1,{early},9999-12-31T23:59:59-12:00\n"
    assert load_store(shop(tmp_path / "s", prices=prices)).terms.prices["0123"] == (PriceTag(1, ALWAYS),)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_a_mangled_file_is_read_or_refused(tmp_path: Path, stem: str, data: st.DataObject) -> None:
    text = FILES[stem]
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 12)))
    mangled = text[:start] + data.draw(st.text('0x,"-:T.\n\x00 é', max_size=6)) + text[stop:]
    try:
        load_store(shop(tmp_path / "s", **{stem: mangled}))
    except StoreError as error:
        assert error.problems
