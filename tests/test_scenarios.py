"""Scenarios: goods are conserved, bodies stay out of fixtures, hands are where weight changes."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.store import Fixture, load_store
from scenarios.acting import act
from scenarios.catalogue import ARTICLES
from scenarios.goods import opening_loads, stock_up
from scenarios.layout import CORNER, build_store
from scenarios.library import SCRIPTS, script_named
from scenarios.paths import CLEARANCE_M, distance_to, route, survey
from scenarios.performance import INTO_CART
from scenarios.planogram import CORE
from scenarios.script import IntoCart, Leave, Pick, PutBack, Script, Shopper
from scenarios.script_check import check_script
from scenarios.simulate import scenario_truth, simulate, source_messages, source_names, staged
from scenarios.staging import Staging, stage
from scenarios.storefile import write_store
from sensors.world import RATE_HZ, generator

NAMES = [script.name for script in SCRIPTS]
SEEDS = st.integers(min_value=0, max_value=2**32)


def checks(staging: Staging) -> None:
    conserves_goods(staging)
    stays_out_of_fixtures(staging)
    hands_are_at_the_plates(staging)


def conserves_goods(staging: Staging) -> None:
    """What stood there at opening is on plates now or was carried out; plate loads add up to it."""
    world, goods = staging.world, staging.goods
    out = [item for visit in staging.performance.visits for item in visit.items]
    assert len(out) == len(set(out))
    assert sorted(out) == np.flatnonzero(~goods.on_shelf).tolist()
    closing = world.opening_g.copy()
    np.add.at(closing, world.steps.plate, world.steps.delta_g)
    np.testing.assert_allclose(closing, opening_loads(world.store, goods), atol=1e-6)
    assert closing.min() > -1e-6


def stays_out_of_fixtures(staging: Staging) -> None:
    bodies = staging.world.bodies
    foot = bodies.foot[bodies.present]
    for fixture in staging.world.store.fixtures:
        assert distance_to(foot, fixture.outline).min() > CLEARANCE_M - 0.06
    step_m = np.linalg.norm(np.diff(bodies.foot, axis=1), axis=-1)
    assert step_m.max() * RATE_HZ < 1.6


def hands_are_at_the_plates(staging: Staging) -> None:
    world = staging.world
    for move in staging.performance.moves:
        if move.facing >= 0:
            plate = max(move.loads, key=lambda load: abs(load[1]))[0]
            at = int(world.rows_at(np.array(move.t_s)))
            hand = world.bodies.hands[move.person, at, move.hand]
            assert np.linalg.norm(hand - world.store.plates.centre[plate]) < 0.15


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(NAMES), SEEDS)
def test_any_named_scenario_holds_together(name, seed):
    checks(stage(name, seed))


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, CORE - 1), st.integers(1, 2), st.booleans()), min_size=1, max_size=3),
    st.integers(0, 50),
)
def test_any_drawn_trip_holds_together(trip, seed):
    does = []
    for product, qty, back in trip:
        name = ARTICLES[product].name
        does += [Pick(name, qty)] + [PutBack(name)] * back
    other = (Pick("iced tea"), PutBack("iced tea", beside="butter"), Leave())
    script = Script("drawn", "drawn", (Shopper("a", 2.0, (*does, Leave())), Shopper("b", 3.0, other)))
    assert check_script(script) == []
    store = build_store(CORNER, generator(seed, 0))
    goods = stock_up(store, generator(seed, 1))
    opening = opening_loads(store, goods)
    performance = act(script, store, goods, np.zeros((2, 2)), generator(seed, 2))
    for move in performance.moves:
        for plate, grams in move.loads:
            opening[plate] += grams
    np.testing.assert_allclose(opening, opening_loads(store, goods), atol=1e-6)


def test_people_keep_apart():
    bodies = staged("corner", 1).world.bodies
    for one in range(len(bodies.person)):
        for other in range(one):
            both = bodies.present[one] & bodies.present[other]
            gap = np.linalg.norm(bodies.foot[one] - bodies.foot[other], axis=-1)[both]
            assert gap.size == 0 or gap.min() > 0.3


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


@pytest.mark.parametrize("seed", [0, 7])
def test_the_store_folder_is_the_store(tmp_path, seed):
    store = build_store(CORNER, generator(seed, 0))
    write_store(store, tmp_path)
    loaded = load_store(tmp_path)
    assert loaded.plates.plate_id == store.plates.plate_id
    assert loaded.products.sku == store.products.sku
    assert loaded.products.epc_prefix == store.products.epc_prefix
    assert loaded.facings.plates == store.facings.plates
    assert loaded.tax_rates == store.tax_rates and loaded.portals == store.portals
    for mine, theirs in (
        (store.cameras.R, loaded.cameras.R),
        (store.cameras.T, loaded.cameras.T),
        (store.cameras.K, loaded.cameras.K),
        (store.plates.centre, loaded.plates.centre),
        (store.products.mass_g, loaded.products.mass_g),
    ):
        np.testing.assert_array_equal(mine, theirs)


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        staged.cache_clear()
        (tmp_path / folder).mkdir()
        simulate("single", 5, tmp_path / folder)
    names = (
        "recording.mcap",
        "truth.json",
        "truth_tracks.parquet",
        "store/store.toml",
        "store/planogram.csv",
    )
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    (tmp_path / "c").mkdir()
    simulate("single", 6, tmp_path / "c")
    assert (tmp_path / "a" / names[0]).read_bytes() != (tmp_path / "c" / names[0]).read_bytes()


def test_a_source_alone_says_what_it_says_among_others():
    src = source_names("single", 2)[0]
    among = source_messages("single", 2, src)
    staged.cache_clear()
    alone = source_messages("single", 2, src)
    assert [(t, m.t_ns, m.seq) for t, m in among] == [(t, m.t_ns, m.seq) for t, m in alone]


def test_ways_lead_round_fixtures():
    store = build_store(CORNER, generator(1, 0))
    corner = store.fixtures[2].outline
    low, high = corner.min(axis=0), corner.max(axis=0)
    start, goal = np.array([low[0] - 0.4, low[1] - 0.5]), np.array([low[0] - 0.4, high[1] + 0.5])
    post = Fixture("post", np.array([[4.9, 2.6], [5.4, 2.6], [5.4, 2.9], [4.9, 2.9]]), 2.0)
    way = route(survey(store.outline, (*store.fixtures, post)), start, goal)
    line = np.concatenate([np.linspace(a, b, 50) for a, b in pairwise(way)])
    assert len(way) > 2
    assert distance_to(line, post.outline).min() > CLEARANCE_M - 0.01


def test_a_wrong_script_is_told_place_and_reason():
    does = (PutBack("cola"), Pick("gold bar"), IntoCart("cola"))
    wrong = check_script(Script("bad", "bad", (Shopper("ann", 1.0, does),)))
    assert any("bad, ann, step 1: expected a product that is carried" in text for text in wrong)
    assert any("step 2: product: expected" in text and "'gold bar'" in text for text in wrong)
    assert any("TakeCart() before" in text for text in wrong)
    assert any("Leave() as the last step" in text for text in wrong)
    with pytest.raises(ValueError, match="expected one of corner"):
        script_named("cornr")
