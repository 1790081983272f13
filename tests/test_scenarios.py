"""Scenarios: goods and money are conserved, bodies stay out of fixtures, hands are where weight changes."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.check import check_path
from scenarios.bills import PICKER, bills
from scenarios.goods import opening_loads
from scenarios.layout import build_store
from scenarios.library import SCRIPTS
from scenarios.paths import CLEARANCE_M, distance_to
from scenarios.performance import EAT, INTO_CART, PICK, PUT
from scenarios.script_text import write_script
from scenarios.shops import shop_named
from scenarios.simulate import Recipe, scenario_truth, simulate, source_messages, source_names, staged
from scenarios.staging import Staging, play, stage
from sensors.world import RATE_HZ, generator
from tests.drawn import drawn_scripts

NAMES = [script.name for script in SCRIPTS]
QUICK = [script.name for script in SCRIPTS if script.crowd is None and script.store in ("nano", "corner", "kiosk")]
SEEDS = st.integers(min_value=0, max_value=2**32)


def checks(staging: Staging) -> None:
    conserves_goods(staging)
    conserves_money(staging)
    stays_out_of_fixtures(staging)
    hands_are_at_the_plates(staging)


def conserves_goods(staging: Staging) -> None:
    """Plate loads add up to what was taken and put back, and nobody carries out what another does."""
    world, goods = staging.world, staging.goods
    out = [item for visit in staging.performance.visits for item in visit.items]
    eaten = [item for move in staging.performance.moves if move.kind == EAT for item in move.items]
    assert len(out + eaten) == len(set(out + eaten))
    assert not goods.on_shelf[out + eaten].any()
    closing = world.opening_g.copy()
    np.add.at(closing, world.steps.plate, world.steps.delta_g)
    np.testing.assert_allclose(closing, opening_loads(world.store, goods), atol=1e-6)
    assert closing.min() > -1e-6


def conserves_money(staging: Staging) -> None:
    """Every package that is gone is on exactly one bill, under either policy."""
    store, performance, goods = staging.world.store, staging.performance, staging.goods
    gone = [item for visit in performance.visits for item in visit.items]
    gone += [item for move in performance.moves if move.kind == EAT for item in move.items]
    staff = {person for trip in staging.trips if trip.role == "staff" for person in trip.people}
    if staff:
        return  # what staff take away is on nobody's bill
    amount = Counter()
    for item in gone:
        product = int(goods.product[item])
        amount[store.products.sku[product]] += goods.mass_g[item] if store.products.by_weight[product] else 1
    for policy in ("holder", PICKER):
        receipts, unaccounted = bills(staging.trips, performance, goods, store.products, policy)
        billed = Counter(unaccounted)
        for receipt in receipts:
            billed.update(receipt["lines"])
        assert billed.keys() == amount.keys()
        for sku, quantity in amount.items():
            assert billed[sku] == pytest.approx(quantity, abs=0.051 * len(receipts) + 0.051)


def stays_out_of_fixtures(staging: Staging) -> None:
    bodies = staging.world.bodies
    foot = bodies.foot[bodies.present]
    for fixture in staging.world.store.fixtures:
        assert distance_to(foot, fixture.outline).min() > CLEARANCE_M - 0.06
    for row, present in enumerate(bodies.present):
        step_m = np.linalg.norm(np.diff(bodies.foot[row, present], axis=0), axis=-1)
        assert step_m.max() * RATE_HZ < 1.8


def people_keep_apart(staging: Staging) -> None:
    """Nobody walks through anybody; in a crowd people brush past each other."""
    bodies = staging.world.bodies
    for one in range(len(bodies.person)):
        for other in range(one):
            both = bodies.present[one] & bodies.present[other]
            gap = np.linalg.norm(bodies.foot[one] - bodies.foot[other], axis=-1)[both]
            assert gap.size == 0 or gap.min() > 0.25


def hands_are_at_the_plates(staging: Staging) -> None:
    """When a weight changes, the hand that changes it is at the middle of what it takes."""
    world = staging.world
    for move in staging.performance.moves:
        if move.kind in (PICK, PUT):
            plates = [plate for plate, _ in move.loads]
            at = int(world.rows_at(np.array(move.t_s)))
            hand = world.bodies.hands[move.person, at, move.hand]
            assert np.linalg.norm(world.store.plates.centre[plates] - hand, axis=1).min() < 0.25, move


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(QUICK), SEEDS)
def test_any_named_scenario_holds_together(name, seed):
    checks(stage(name, seed))


@settings(max_examples=8, deadline=None)
@given(st.data(), st.integers(0, 50))
def test_any_drawn_scenario_holds_together(data, seed):
    shop = shop_named(data.draw(st.sampled_from(["corner", "nano"])))
    store = build_store(shop, generator(seed, 0, 0))
    checks(play(data.draw(drawn_scripts(store)), shop, store, seed))


@settings(max_examples=4, deadline=None)
@given(st.sampled_from(QUICK), st.integers(0, 1000))
def test_any_scenario_yields_a_recording_the_contract_allows(tmp_path_factory, name, seed):
    folder = tmp_path_factory.mktemp("case")
    case = simulate(Recipe(name, seed), folder)
    report = check_path(folder)
    corrupted = any(fault.kind == "corrupt" for fault in staged(name, seed).script.faults)
    assert corrupted or not report.problems, report.problems
    assert case.messages > 500
    staged.cache_clear()


@settings(max_examples=3, deadline=None)
@given(st.data(), st.integers(0, 1000))
def test_any_drawn_scenario_yields_a_recording_the_contract_allows(tmp_path_factory, data, seed):
    """Written as a person would write it, read from the file, simulated and checked as a whole."""
    folder = tmp_path_factory.mktemp("drawn")
    script = data.draw(drawn_scripts(build_store(shop_named("corner"), generator(seed, 0, 0))))
    (folder / "drawn.txt").write_text(write_script(replace(script, store="corner")))
    simulate(Recipe(str(folder / "drawn.txt"), seed), folder / "case")
    assert check_path(folder / "case").problems == ()
    staged.cache_clear()


@pytest.mark.parametrize("name", NAMES)
def test_every_named_scenario_can_be_staged(name):
    """On one seed each, the big stores too: what the library promises is there."""
    staging = stage(name, 1)
    assert len(staging.performance.visits) == len(staging.script.shoppers)
    conserves_goods(staging)
    people_keep_apart(staging)


def test_the_corner_is_a_demo_of_about_a_minute():
    staging = staged("corner", 1)
    store = staging.world.store
    kinds = Counter(move.kind for move in staging.performance.moves)
    assert 45.0 < staging.world.seconds < 75.0
    assert len(staging.performance.visits) == 4
    assert kinds["put"] == 2 and kinds["pick"] >= 8 and kinds[INTO_CART] >= 2
    assert 100 <= len(store.plates.plate_id) <= 150
    assert 0 < store.cameras.is_depth.sum() < len(store.cameras.camera_id)


def test_truth_tells_the_script():
    truth = scenario_truth("corner", 1)
    store = staged("corner", 1).world.store
    name_of = dict(zip(store.products.sku, store.products.name, strict=True))
    baskets = [{name_of[sku]: amount for sku, amount in r["lines"].items()} for r in truth["receipts"]]
    assert {"sea salt crisps": 1, "cola": 2} in baskets
    assert {"orange juice": 1, "hand soap": 1, "peanut butter": 1} in baskets
    assert [e["misplaced"] for e in truth["events"] if e["kind"] == "put"].count(True) == 1


def test_produce_is_charged_by_the_gram():
    truth = scenario_truth("produce", 1)
    grams = [amount for receipt in truth["receipts"] for amount in receipt["lines"].values()]
    assert len(grams) == 2 and all(isinstance(amount, float) and amount > 50.0 for amount in grams)


def test_a_full_put_back_leaves_an_empty_receipt():
    assert [receipt["lines"] for receipt in scenario_truth("put-back", 3)["receipts"]] == [{}]


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        staged.cache_clear()
        simulate(Recipe("single", 5, "corner"), tmp_path / folder)
    names = (
        "recording.mcap",
        "truth.json",
        "truth_tracks.parquet",
        "store/store.toml",
        "store/planogram.csv",
    )
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    simulate(Recipe("single", 6, "corner"), tmp_path / "c")
    assert (tmp_path / "a" / names[0]).read_bytes() != (tmp_path / "c" / names[0]).read_bytes()


def test_a_source_alone_says_what_it_says_among_others():
    src = source_names("single", 2)[0]
    among = source_messages("single", 2, src)
    staged.cache_clear()
    alone = source_messages("single", 2, src)
    assert [(t, m.t_ns, m.seq) for t, m in among] == [(t, m.t_ns, m.seq) for t, m in alone]
