"""Terms of simulated stores: tables that load, offers that hold, payers who can pay, nothing else changed."""

import hashlib
import json
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.accuracy.replaying import settle_what_rules_hold
from bench.judge import replay_case
from fusion.check import check_path
from fusion.checkout.holds import AGE
from fusion.checkout.pricing import price
from fusion.checkout.receipts import Item, TripEnd, receipt_of_json
from fusion.checkout.tariff import lowest_price
from fusion.store import load_store
from fusion.store_terms import MULTIBUY, Span, Terms
from scenarios.articles import ADULT
from scenarios.layout import build_store
from scenarios.payers import UNVERIFIED, draw_ages
from scenarios.shops import SHOPS, shop_named
from scenarios.simulate import EPOCH_NS, Recipe, scenario_truth, simulate, staged, write_scenario_store
from scenarios.staging import stage, terms_of
from scenarios.storefile import write_store
from scenarios.terms import draw_terms
from sensors.world import generator

SEEDS = st.integers(0, 2**32)
ROLES = st.dictionaries(st.from_regex(r"acct-[1-9][0-9]{5}", fullmatch=True), st.just("shopper"), max_size=12)
FULL = frozenset({"prices.csv", "promotions.csv", "deposits.csv", "tares.csv", "tenders.csv", "accounts.csv"})
LINES_MAX = 6

BOTTLES = """
name: bottles
about: three shoppers, each takes a bottle that is sold by age
w: category wine
x: category beer
ann at 2 s
  pick w
  leave
bob at 12 s
  pick x
  leave
cat at 22 s
  pick x
  leave
"""

# What seeds gave before stores had terms. A new numpy may draw other numbers from a seed, a change of the simulator
# other events: then these are taken anew. A change of terms must leave them as they are.
BEFORE = {
    ("single", 1, "kiosk"): "d903cdd416ca1928",
    ("corner", 7, "corner"): "0c8f29ccee365bf0",
    ("family", 4, "nano"): "b70dd876c93ecd1e",
}


@lru_cache(maxsize=16)
def store_of(name, seed):
    return build_store(shop_named(name), generator(seed, 0, 0))


def with_terms(name, shop_seed, roles, seed):
    store = store_of(name, shop_seed)
    return replace(store, terms=draw_terms(store, roles, seed))


STORES = st.builds(
    with_terms,
    st.sampled_from(SHOPS),
    st.integers(0, 2),
    ROLES.map(lambda roles: roles | {"staff-07": "staff"}),
    SEEDS,
)


@settings(max_examples=25)
@given(STORES)
def test_terms_are_loaded_as_they_were_written(tmp_path_factory, store):
    folder = tmp_path_factory.mktemp("store")
    write_store(store, folder)
    assert load_store(folder).terms == store.terms
    assert check_path(folder).problems == ()


@settings(max_examples=40)
@given(STORES)
def test_offers_are_on_goods_that_stand_there_and_save_something(store):
    p, terms = store.products, store.terms
    row_of = {sku: row for row, sku in enumerate(p.sku)}
    stocked = set(np.unique(store.facings.product).tolist())
    assert {one.promotion for one in terms.promotions} == {"pair", "week", "club", "maker", "over"}
    assert [one.promotion for one in terms.promotions if not one.span.meets(EPOCH_NS, EPOCH_NS)] == ["over"]
    for one in terms.promotions:
        rows = [row_of[sku] for sku in one.skus]
        assert set(rows) <= stocked and not p.min_age[rows].any() and not p.by_weight[rows].any()
        assert one.kind != MULTIBUY or 0 < one.value < 2 * min(p.price_cents[rows])
    for sku in terms.prices:
        assert lowest_price(sku, 0, Span(EPOCH_NS, EPOCH_NS + 1), terms) == p.price_cents[row_of[sku]]
    assert {"soda", "wine"} <= {p.category[row_of[sku]] for sku in terms.deposits}


@settings(max_examples=40)
@given(STORES, st.data())
def test_a_tare_leaves_a_true_weight_true(store, data):
    """The judge allows 5 g or a percent; the wrapping of whatever is taken is at most a fifth of a percent."""
    rows = np.flatnonzero(store.products.by_weight).tolist()
    assert set(store.terms.tare_g) == {store.products.sku[row] for row in rows}
    for row in rows:
        assert 0 < store.terms.tare_g[store.products.sku[row]] <= 0.0021 * store.products.mass_g[row] + 0.005
    row, pieces = data.draw(st.sampled_from(rows)), data.draw(st.integers(1, 12))
    true_g = pieces * float(store.products.mass_g[row])
    receipt = receipt_for(store, "acct-100000", [Item(row, pieces, true_g, 1.0, ())])
    assert receipt.lines[0].grams == pytest.approx(true_g, abs=max(1.0, 0.003 * true_g))
    assert receipt.lines[0].grams < true_g


def receipt_for(store, account, items):
    end = TripEnd("trip", account, 1, EPOCH_NS, EPOCH_NS + 10**9, EPOCH_NS + 2 * 10**9)
    return price(end, items, 0.99, "settled", store)


@settings(max_examples=80)
@given(STORES, st.data())
def test_whatever_a_shopper_takes_is_paid_and_held_only_for_age(store, data):
    shoppers = sorted(store.terms.tenders)
    if not shoppers:
        return
    rows = data.draw(st.lists(st.integers(0, len(store.products.sku) - 1), max_size=LINES_MAX, unique=True))
    mass_g = store.products.mass_g
    items = [Item(row, 2, 2 * float(mass_g[row]) if store.products.by_weight[row] else None, 1.0, ()) for row in rows]
    account = data.draw(st.sampled_from(shoppers))
    receipt = receipt_for(store, account, items)
    assert sum(one.amount_cents for one in receipt.payments) == receipt.total_cents
    young = bool(store.products.min_age[rows].any()) and not store.terms.verified_age[account]
    assert receipt.holds == ((AGE,) if young else ())
    off = sum(one.amount_cents for one in receipt.discounts)
    by_piece = sum(line.amount_cents - line.deposit_cents for line in receipt.lines if line.grams is None)
    plain = sum(int(store.products.price_cents[item.product]) * 2 for item in items if item.grams is None)
    assert by_piece + off == plain  # the prices the judge knows, before promotions and deposits


@given(SEEDS, st.integers(0, 40))
def test_ages_are_an_adults_or_unknown(seed, people):
    accounts = [f"acct-{row}" for row in range(people)]
    ages = draw_ages(accounts, generator(seed))
    assert list(ages) == accounts and all(age == 0 or age >= ADULT for age in ages.values())


def test_a_few_accounts_are_not_verified_and_some_pay_with_each_tender():
    store = store_of("corner", 0)
    roles = {f"acct-{row}": "shopper" for row in range(2000)} | {"staff-01": "staff"}
    terms = draw_terms(store, roles, 5)
    unknown = sum(age == 0 for age in terms.verified_age.values()) / len(roles)
    assert terms.verified_age.keys() == roles.keys() and terms.tenders.keys() == roles.keys() - {"staff-01"}
    assert unknown == pytest.approx(UNVERIFIED, abs=0.03)
    kinds = {tender.kind for tenders in terms.tenders.values() for tender in tenders}
    assert kinds == {"coupon", "snap", "gift", "card", "office"}
    assert terms.deposits[store.products.sku[store.products.name.index("red wine")]].cents == 10


# Scenarios


@settings(max_examples=10)
@given(st.sampled_from(["single", "family", "tailgater", "staff-restock", "second-trip"]), st.integers(0, 500))
def test_every_account_of_a_scenario_is_known_to_its_store(tmp_path_factory, name, seed):
    folder = tmp_path_factory.mktemp("store")
    write_scenario_store(name, seed, folder)
    assert {path.name for path in folder.iterdir()} >= FULL
    terms = load_store(folder).terms
    people = scenario_truth(name, seed)["people"]
    assert terms.verified_age.keys() == {one["account"] for one in people} - {None}
    assert terms.tenders.keys() == {one["account"] for one in people if one["role"] == "shopper"} - {None}


def test_terms_of_an_earlier_store_do_not_stay(tmp_path):
    store = store_of("kiosk", 0)
    write_store(replace(store, terms=draw_terms(store, {"ann": "shopper"}, 1)), tmp_path)
    assert FULL - {"tares.csv"} <= {path.name for path in tmp_path.iterdir()}
    write_store(store, tmp_path)
    assert load_store(tmp_path).terms == Terms()
    assert not FULL & {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(("case", "digest"), BEFORE.items(), ids=lambda value: value[0] if len(value) == 3 else "")
def test_a_seed_gives_what_it_gave_before_stores_had_terms(tmp_path, case, digest):
    assert given_by(*case, tmp_path) == digest


def given_by(name, seed, shop, folder):
    """Return a digest of the store and of the truth: nothing in it is nearer to rounding than a millisecond."""
    write_scenario_store(name, seed, folder, shop)
    truth = scenario_truth(name, seed, shop=shop)
    events = [(round(one["t"] / 1e6), one["kind"], one["sku"], one["qty"], one["account"]) for one in truth["events"]]
    told = [(folder / table).read_text() for table in ("planogram.csv", "products.csv", "plates.csv")]
    text = json.dumps([told, events, truth["receipts"], truth["clocks"]])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def test_drawing_terms_changes_nothing_that_is_played(tmp_path):
    """The terms of a scenario, asked for before all else and twice, and not at all: the same recording and truth."""
    names = ("recording.mcap", "truth.json", "truth_tracks.parquet", "store/store.toml", "store/planogram.csv")
    for folder in ("with", "again"):
        staged.cache_clear()
        first = terms_of(staged("single", 4, "kiosk"), 4)
        simulate(Recipe("single", 4, "kiosk"), tmp_path / folder)
        assert load_store(tmp_path / folder / "store").terms == first
    plain = stage("single", 4, "kiosk").world.store
    assert plain.terms == Terms()
    write_store(plain, tmp_path / "plain" / "store")
    for name in names:
        assert (tmp_path / "with" / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name
    for name in names[3:]:
        assert (tmp_path / "with" / name).read_bytes() == (tmp_path / "plain" / name).read_bytes(), name


def test_bottles_of_who_is_not_verified_wait_and_others_are_settled(tmp_path):
    """A seed in which one of three is not verified: replayed, and read as bench.accuracy reads it."""
    (tmp_path / "bottles.txt").write_text(BOTTLES)
    case = tmp_path / "case"
    simulate(Recipe(str(tmp_path / "bottles.txt"), 0, "nano"), case)
    ages = load_store(case / "store").terms.verified_age
    replay_case(case, tmp_path / "out")
    lines = (tmp_path / "out" / "receipts.jsonl").read_text().splitlines()
    receipts = {one.account: one for one in map(receipt_of_json, lines)}
    assert receipts.keys() == ages.keys() and {0 in ages.values(), any(ages.values())} == {True}
    for account, receipt in receipts.items():
        assert receipt.lines and receipt.holds == (() if ages[account] else (AGE,)), account
        assert all(line.deposit_cents for line in receipt.lines) and receipt.tax_cents > 0
        assert sum(one.amount_cents for one in receipt.payments) == receipt.total_cents
    settle_what_rules_hold(tmp_path / "out" / "receipts.jsonl")
    lines = (tmp_path / "out" / "receipts.jsonl").read_text().splitlines()
    assert {json.loads(line)["status"] for line in lines} == {"settled"}
