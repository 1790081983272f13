"""Simulated stores: plans of any size hold together, goods add up, ways never lead through fixtures."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.stage_picture import main as draw_main
from fusion.store import Fixture, load_store
from scenarios.catalogue import ARTICLES, products, row_named
from scenarios.coverage import cameras_seeing, floor_points, share_seen
from scenarios.goods import carriers, extent, opening_loads, spot, stock_up
from scenarios.layout import build_store
from scenarios.paths import CLEARANCE_M, WALL_M, distance_to, is_free, route, survey
from scenarios.planogram import CORE
from scenarios.shops import SHOPS, shop_named
from scenarios.storefile import write_store
from sensors.world import generator

SEEDS = st.integers(min_value=0, max_value=2**32)
AISLE_M = 1.3
STAND_M = 0.42  # before a shelf


def store_of(name, seed=0):
    return build_store(shop_named(name), generator(seed, 0, 0))


def gap_m(one, other):
    """Return how far two outlines are from each other."""
    rim = [np.linspace(a, b, 12) for a, b in pairwise([*one.outline, one.outline[0]])]
    return float(distance_to(np.concatenate(rim), other.outline).min())


# A store of any size


@settings(max_examples=8, deadline=None)
@given(st.one_of(st.sampled_from(SHOPS), st.integers(60, 500).map("{}m2".format)), SEEDS)
def test_any_store_holds_together(name, seed):
    shop = shop_named(name)
    store = build_store(shop, generator(seed, 0, 0))
    plates_are_sound(store)
    shelves_can_be_reached(store)
    cameras_see_the_floor_but_not_the_nook(shop, store)
    assert opening_loads(store, stock_up(store, generator(seed, 0, 1))).max() < store.plates.capacity_g.min()


def plates_are_sound(store):
    plates = store.plates
    keys = list(zip(plates.controller, plates.channel.tolist(), strict=True))
    assert len(set(keys)) == len(keys) == len(set(plates.plate_id))
    assert plates.channel.max() < 64
    assert len(np.unique(plates.centre.round(3), axis=0)) == len(keys)
    lying = np.min([distance_to(plates.centre[:, :2], fixture.outline) for fixture in store.fixtures], axis=0)
    assert (lying < 0.0).all()
    assert distance_to(plates.centre[:, :2], store.outline).max() < 0.0
    spans = [plate for span in store.facings.plates for plate in span]
    assert sorted(spans) == list(range(len(keys)))


def shelves_can_be_reached(store):
    """From every gate one can go to every shelf, and past anybody who stands there."""
    ways = survey(store.outline, store.fixtures)
    fronts = []
    for facing in range(0, len(store.facings.qty), max(1, len(store.facings.qty) // 40)):
        point = spot(store, facing, sum(extent(store, facing)) / 2, STAND_M + 0.2032)
        fronts.append(point[:2])
    assert is_free(np.array(fronts), store.outline, store.fixtures).all()
    for line in store.gates.line:
        start = line.mean(axis=0) + np.array([0.5, 0.0])
        for goal in fronts[:: max(1, len(fronts) // 4)]:
            assert_keeps_clear(route(ways, start, goal), store)
    rows = [fixture for fixture in store.fixtures if fixture.fixture_id.startswith(("isl", "wall"))]
    for one, other in combinations(rows, 2):
        assert gap_m(one, other) > AISLE_M, (one.fixture_id, other.fixture_id)


def assert_keeps_clear(way, store):
    line = np.concatenate([np.linspace(a, b, 60) for a, b in pairwise(way)])
    assert min(distance_to(line, fixture.outline).min() for fixture in store.fixtures) > CLEARANCE_M - 0.01
    assert distance_to(line, store.outline).max() < -WALL_M + 0.01


def cameras_see_the_floor_but_not_the_nook(shop, store):
    nook, counter = shop.places["nook"], shop.places["counter"]
    stand = np.array([nook.stand, counter.stand])
    assert is_free(stand, store.outline, store.fixtures).all()
    about = np.array([(dx, dy, z) for dx in (-0.1, 0.1) for dy in (-0.1, 0.1) for z in (1.0, 1.5, 1.85)])
    assert cameras_seeing(store, np.array([*nook.stand, 0.0]) + about).max() == 0
    assert share_seen(store, apart_from=[nook.stand]) >= 0.9
    route(survey(store.outline, store.fixtures), nook.stand, counter.stand)
    assert 0 < store.cameras.is_depth.sum() < len(store.cameras.camera_id)
    surface = [fixture for fixture in store.fixtures if distance_to(counter.top[:2], fixture.outline) < 0.0]
    assert [fixture.height_m for fixture in surface] == [counter.top[2]]


def test_named_stores_have_the_size_they_are_named_for():
    sizes = {}
    for name in SHOPS:
        store = store_of(name)
        low, high = store.outline.min(axis=0), store.outline.max(axis=0)
        gondolas = len(set(store.plates.gondola))
        sizes[name] = (float(np.prod(high - low)), len(store.plates.plate_id), len(store.cameras.camera_id), gondolas)
    assert sizes["kiosk"][1:] == (36, 4, 1)
    assert sizes["corner"][1:] == (144, 7, 3)
    assert sizes["nano"] == (pytest.approx(25.6), 300, 12, 5)
    assert sizes["go"][:3] == (pytest.approx(170.0, rel=0.02), pytest.approx(1500, rel=0.02), 40)
    assert sizes["market"][:3] == (pytest.approx(800.0, rel=0.02), pytest.approx(4000, rel=0.02), 120)
    assert len(store_of("market").carts) >= 12
    assert {"entry", "exit"} == set(store_of("go").gates.kind)


def test_every_store_has_goods_of_all_kinds():
    for name in SHOPS:
        for seed in range(5):
            store = store_of(name, seed)
            stocked, p = np.unique(store.facings.product), store.products
            assert any(p.epc_prefix[row] for row in stocked) and (~p.snap[stocked]).any()
            first = [span[0] for span in store.facings.plates]
            assert (store.plates.centre[first, 2] < 0.7).any()
            if name != "kiosk":
                assert p.by_weight[stocked].any() and set(range(CORE)) <= set(stocked.tolist())


def test_seeds_are_different_stores_where_the_shop_is_drawn():
    for name in ("nano", "go"):
        orders = [store_of(name, seed).facings.product.tolist() for seed in (1, 2)]
        assert orders[0] != orders[1]
        assert orders[0] == store_of(name, 1).facings.product.tolist()
    assert store_of("corner", 1).facings.product.tolist() == store_of("corner", 2).facings.product.tolist()


def test_produce_of_the_market_lies_on_tables_of_its_own():
    store = store_of("market")
    tables = {store.plates.gondola[span[0]] for span, row in produce_facings(store)}
    others = {store.plates.gondola[span[0]] for span in store.facings.plates} - tables
    assert tables and others
    for span, row in zip(store.facings.plates, store.facings.product.tolist(), strict=True):
        assert (ARTICLES[row].category == "produce") == (store.plates.gondola[span[0]] in tables)


def produce_facings(store):
    pairs = zip(store.facings.plates, store.facings.product.tolist(), strict=True)
    return [(span, row) for span, row in pairs if ARTICLES[row].category == "produce"]


@pytest.mark.parametrize("name", SHOPS)
def test_the_folder_of_a_store_is_the_store(tmp_path, name):
    store = store_of(name, 3)
    write_store(store, tmp_path)
    loaded = load_store(tmp_path)
    assert loaded.plates.plate_id == store.plates.plate_id and loaded.facings.plates == store.facings.plates
    assert loaded.gates.gate_id == store.gates.gate_id and loaded.portals == store.portals
    assert loaded.tax_rates == store.tax_rates and loaded.carts == store.carts
    assert loaded.products.sku == store.products.sku and loaded.products.epc_prefix == store.products.epc_prefix
    for mine, theirs in (
        (store.plates.centre, loaded.plates.centre),
        (store.plates.size, loaded.plates.size),
        (store.cameras.R, loaded.cameras.R),
        (store.cameras.T, loaded.cameras.T),
        (store.cameras.K, loaded.cameras.K),
        (store.gates.line, loaded.gates.line),
        (store.products.min_age, loaded.products.min_age),
        (store.products.mass_g, loaded.products.mass_g),
        (store.facings.qty, loaded.facings.qty),
    ):
        np.testing.assert_array_equal(mine, theirs)
    for mine, theirs in zip(store.fixtures, loaded.fixtures, strict=True):
        np.testing.assert_array_equal(mine.outline, theirs.outline)


def test_an_unknown_store_is_told_what_is_known():
    with pytest.raises(ValueError, match=r"expected one of kiosk, corner, nano, go, market or a size .*'bazaar'"):
        shop_named("bazaar")
    with pytest.raises(ValueError, match='from "60m2"'):
        shop_named("12m2")


def test_masses_crowd_and_rules_of_sale_are_known():
    p = products()
    gap = np.abs(p.mass_g[:, None] - p.mass_g) + np.where(np.eye(len(p.sku)), np.inf, 0.0)
    assert len(p.sku) >= 160 and len(set(p.sku)) == len(p.sku)
    assert 0.6 < np.mean(gap.min(axis=1) <= 3.0) < 0.85
    sold = {a.name: a for a in ARTICLES}
    assert p.min_age[row_named("red wine")] == 21 and not p.snap[row_named("red wine")]
    assert not p.snap[row_named("chicken wrap")] and sold["chicken wrap"].tax_class == "prepared"
    assert p.by_weight.sum() >= 14 and sum(a.tagged for a in ARTICLES) >= 10


# Goods


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(("kiosk", "corner", "nano")), SEEDS)
def test_goods_weigh_what_their_plates_carry(name, seed):
    store = store_of(name, seed)
    goods = stock_up(store, generator(seed, 0, 1))
    load = np.zeros(len(store.plates.plate_id))
    for item in range(goods.product.size):
        width_m = ARTICLES[int(goods.product[item])].width_m
        shares = carriers(store, int(goods.facing[item]), float(goods.along_m[item]), width_m)
        assert sum(share for _, share in shares) == pytest.approx(1.0)
        for plate, share in shares:
            load[plate] += share * goods.mass_g[item]
    np.testing.assert_allclose(opening_loads(store, goods), load, atol=1e-6)
    off = goods.mass_g / store.products.mass_g[goods.product] - 1.0
    packed = ~store.products.by_weight[goods.product]
    assert np.abs(off[packed]).max() <= 0.09 + 1e-9
    assert packed.all() or np.std(off[~packed]) > 0.05


def test_a_stale_planogram_and_a_stockroom():
    store = store_of("nano", 4)
    cola, tea, soup = (row_named(name) for name in ("cola", "iced tea", "tomato soup"))
    goods = stock_up(store, generator(4, 0, 1), stale=((cola, tea),), reserve={cola: 2, soup: 3})
    of_cola = np.flatnonzero(store.facings.product == cola)
    assert (goods.product[goods.on_shelf & np.isin(goods.facing, of_cola)] == tea).all()
    assert not (goods.on_shelf & (goods.product == cola)).any()
    assert goods.product[goods.in_stockroom].tolist() == [cola] * 2 + [soup] * 3
    assert not (goods.on_shelf & goods.in_stockroom).any()
    assert (store.facings.product[goods.facing[goods.in_stockroom]] == goods.product[goods.in_stockroom]).all()


def test_a_reserve_needs_a_place():
    with pytest.raises(ValueError, match="reserve of red wine: expected a product with a facing in kiosk-01"):
        stock_up(store_of("kiosk"), generator(0), reserve={row_named("red wine"): 1})


# Ways

WIDE, DEEP = 12.0, 9.0
OUTLINE = np.array([[0.0, 0.0], [WIDE, 0.0], [WIDE, DEEP], [0.0, DEEP]])
BOXES = st.tuples(st.floats(0.5, 10.5), st.floats(0.5, 7.5), st.floats(0.2, 4.0), st.floats(0.2, 3.0))
POINTS = st.tuples(st.floats(0.3, WIDE - 0.3), st.floats(0.3, DEEP - 0.3)).map(np.array)


def box(x, y, wide, deep):
    outline = [[x, y], [min(x + wide, 11.5), y], [min(x + wide, 11.5), min(y + deep, 8.5)], [x, min(y + deep, 8.5)]]
    return Fixture("box", np.array(outline), 1.8)


@settings(max_examples=150, deadline=None)
@given(st.lists(BOXES, max_size=7), POINTS, POINTS, st.lists(POINTS, max_size=4))
def test_ways_never_lead_through_fixtures(boxes, start, goal, people):
    fixtures = [box(*one) for one in boxes]
    ends = np.array([start, goal])
    assume(all((distance_to(ends, fixture.outline) > 0.03).all() for fixture in fixtures))
    try:
        way = route(survey(OUTLINE, fixtures), start, goal, [(xy, 0.5) for xy in people])
    except ValueError:
        assume(False)
    np.testing.assert_array_equal(way[[0, -1]], ends)
    line = np.concatenate([np.linspace(a, b, 300) for a, b in pairwise(way)])
    gaps = [distance_to(line, fixture.outline).min() for fixture in fixtures]
    assert min(gaps, default=1.0) > 0.0
    if is_free(ends, OUTLINE, fixtures).all():
        assert min(gaps, default=1.0) > CLEARANCE_M - 1e-3
        assert distance_to(line, OUTLINE).max() < -WALL_M + 1e-3


@settings(max_examples=100, deadline=None)
@given(POINTS, POINTS, POINTS)
def test_ways_lead_round_people(start, goal, person):
    assume(min(np.linalg.norm(start - person), np.linalg.norm(goal - person)) > 0.52)
    assume(distance_to(person, OUTLINE) < -1.0)
    way = route(survey(OUTLINE, []), start, goal, [(person, 0.5)])
    line = np.concatenate([np.linspace(a, b, 300) for a, b in pairwise(way)])
    assert np.linalg.norm(line - person, axis=1).min() > 0.499
    straight = float(np.linalg.norm(goal - start))
    assert np.linalg.norm(np.diff(way, axis=0), axis=1).sum() < straight + 0.7


def test_a_way_is_the_shortest():
    wall = Fixture("wall", np.array([[5.0, 2.0], [6.0, 2.0], [6.0, 8.0], [5.0, 8.0]]), 2.0)
    start, goal = np.array([4.0, 4.0]), np.array([7.0, 4.0])
    way = route(survey(OUTLINE, [wall]), start, goal)
    corners = np.array([[4.7, 1.7], [6.3, 1.7]])
    np.testing.assert_allclose(way, [start, *corners, goal])


def test_no_way_and_a_hollow_fixture_are_told():
    across = Fixture("across", np.array([[5.0, 0.0], [6.0, 0.0], [6.0, DEEP], [5.0, DEEP]]), 2.0)
    with pytest.raises(ValueError, match=r"expected a way from \[2.0, 2.0\] to \[9.0, 2.0\], found none"):
        route(survey(OUTLINE, [across]), np.array([2.0, 2.0]), np.array([9.0, 2.0]))
    hollow = Fixture("hollow", np.array([[5.0, 1.0], [6.0, 1.0], [5.2, 1.2], [5.0, 2.0]]), 2.0)
    with pytest.raises(ValueError, match="expected a convex polygon"):
        survey(OUTLINE, [hollow])


# Pictures


def test_a_store_can_be_drawn(tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    png = tmp_path / "nano.png"
    assert draw_main(["-", str(png), "--store", "kiosk"]) == 0
    assert png.read_bytes()[:4] == b"\x89PNG"
    assert draw_main(["-", str(png), "--store", "bazaar"]) == 2
    assert "expected one of kiosk" in capsys.readouterr().err


def test_floor_points_are_where_people_can_stand():
    store = store_of("nano")
    assert is_free(floor_points(store), store.outline, store.fixtures).all()
