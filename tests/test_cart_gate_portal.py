"""Carts, gates and portals: true to what happened, wrong in the ways and as often as real ones are."""

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.messages import Cart, Gate, Malformed, Portal
from fusion.wire import decode, encode, topic_of
from scenarios.layout import build_store
from scenarios.shops import shop_named
from sensors.cart import cart_messages
from sensors.cart_basket import MISS_P, scale_g
from sensors.cart_place import localise
from sensors.clocks import LOOSE_MAX_S, OFFSET_MAX_S, Clock, draw_clock
from sensors.gate import BEAM_MERGE_S, SCAN_LEAD_MAX_S, SLOW_READER_S, gate_messages
from sensors.portal import portal_messages
from sensors.sending import Sent
from sensors.world import (
    RATE_HZ,
    BasketMove,
    Bodies,
    Bumps,
    Carts,
    Crossing,
    LoadSteps,
    Presses,
    TagPassing,
    World,
    generator,
)

RIGHT = Clock(0.0, 0.0)
SEED = 5
few = settings(max_examples=30, deadline=None)


@cache
def empty(seconds: float = 120.0) -> World:
    """Return a store with a cart that circles in it, and nobody."""
    store, samples = build_store(shop_named("corner"), generator(0, 0)), round(seconds * RATE_HZ)
    angle = 0.3 * np.arange(samples) / RATE_HZ
    circle = np.column_stack([3.0 + np.cos(angle), 2.0 + np.sin(angle)])
    carts = len(store.carts)
    return World(
        store=store,
        seconds=seconds,
        bodies=Bodies(
            (), (), (), np.zeros(0), np.zeros((0, 4)), np.zeros((0, samples), np.int64), np.zeros((0, samples), bool),
            np.zeros((0, samples, 2)), np.zeros((0, samples, 3)), np.zeros((0, samples, 2, 3)),
            np.zeros((0, samples, 2), np.int64),
        ),
        opening_g=np.zeros(len(store.plates.plate_id)),
        steps=LoadSteps(np.zeros(0), np.zeros(0, np.int64), np.zeros(0), np.zeros(0)),
        presses=Presses(np.zeros(0), np.zeros(0), np.zeros(0, np.int64), np.zeros(0)),
        bumps=Bumps(np.zeros(0), (), np.zeros(0)),
        carts=Carts(np.repeat(circle[None], carts, axis=0), np.full(carts, np.inf), np.ones(carts, bool), ()),
        crossings=(),
        tags=(),
    )  # fmt: skip


def with_moves(world: World, moves: list[BasketMove], **changes: object) -> World:
    ordered = tuple(sorted(moves, key=lambda move: move.t_s))
    return replace(world, carts=replace(world.carts, moves=ordered, **changes))


def carts(world: World, seed: int) -> list[Cart]:
    """Return the reports of the first cart."""
    sent = cart_messages(world, world.store.carts[0], RIGHT, 0, generator(seed, 1))
    return [message for _, message in sent if isinstance(message, Cart)]


def at_gate(world: World, *crossings: Crossing, seed: int = SEED) -> list[Gate]:
    ordered = tuple(sorted(crossings, key=lambda one: one.t_s))
    sent = gate_messages(replace(world, crossings=ordered), crossings[0].gate, RIGHT, 10**9, generator(seed, 2))
    return [message for _, message in sent if isinstance(message, Gate)]


def reads(tags: int, *, next_lane: bool, seed: int) -> Counter[str]:
    """Return how often each tag of a full trolley was read."""
    world = empty()
    portal, gate = world.store.portals[0]
    passing = tuple(TagPassing(40.0 + 0.02 * at, gate, f"{at:08X}", next_lane) for at in range(tags))
    sent = portal_messages(replace(world, tags=passing), portal, RIGHT, 0, generator(seed, 3))
    return Counter(epc for _, message in sent if isinstance(message, Portal) for epc, _ in message.tags)


def check_sent(sent: list[Sent]) -> None:
    """Hold that every message survives the wire and is sent after it was measured."""
    for t_s, message in sent:
        assert message.t_ns * 1e-9 <= t_s
        assert not isinstance(decode(topic_of(message), encode(message)), Malformed)


moves = st.builds(
    BasketMove,
    t_s=st.floats(1.0, 110.0),
    cart=st.integers(0, 1),
    direction=st.sampled_from([1, -1]),
    product=st.integers(0, 5),
    mass_g=st.floats(10.0, 2000.0),
    hidden=st.booleans(),
)


@few
@given(st.lists(moves, max_size=30), st.integers(0, 1000), st.floats(2.0, 200.0))
def test_any_cart_reports_what_the_contract_allows_until_a_little_after_it_left(
    drawn: list[BasketMove], seed: int, gone_s: float
) -> None:
    world = with_moves(empty(), drawn, gone_s=np.full(len(empty().store.carts), gone_s))
    sent = cart_messages(world, world.store.carts[0], RIGHT, 0, generator(seed, 1))
    check_sent(sent)
    times = np.array([message.t_ns * 1e-9 for _, message in sent])
    assert times.size and times[-1] < gone_s + 2.0 and np.diff(times).max(initial=0.0) <= 2.0 + 1e-6
    for _, message in sent:
        assert [move.t_ns for move in message.moves] == sorted(move.t_ns for move in message.moves)


@few
@given(st.lists(moves, max_size=30), st.integers(0, 1000))
def test_a_cart_does_not_hear_of_the_moves_of_another(drawn: list[BasketMove], seed: int) -> None:
    own = [move for move in drawn if move.cart == 0]
    assert carts(with_moves(empty(), drawn), seed) == carts(with_moves(empty(), own), seed)


def test_most_moves_are_seen_right_and_those_done_past_the_camera_never() -> None:
    world = empty(1200.0)
    shown = [BasketMove(4.0 + 2.0 * at, 0, 1 if at % 2 == 0 else -1, at % 7, 100.0) for at in range(590)]
    hidden = [replace(move, t_s=move.t_s + 1.0, hidden=True) for move in shown]
    seen = [move for report in carts(with_moves(world, shown + hidden), SEED) for move in report.moves]
    assert abs(len(seen) / len(shown) - (1.0 - MISS_P)) < 0.03
    names, right, way = world.store.products.sku, 0, 0
    for move in seen:
        true = shown[round((move.t_ns * 1e-9 - 4.0) / 2.0)]
        right += move.beliefs[0][0] == names[true.product]
        way += move.direction == true.direction
    assert 0.7 < right / len(seen) < 0.9 and way / len(seen) > 0.97


def test_goods_waved_past_a_cart_are_now_and_then_taken_for_a_move() -> None:
    world = empty(600.0)
    samples = world.carts.xy.shape[1]
    hands = np.zeros((1, samples, 2, 3))
    hands[0, :, 0, :2] = world.carts.xy[0]
    held = np.full((1, samples, 2), -1)
    held[0, :, 0] = 3
    here = np.ones((1, samples), bool)
    bodies = replace(world.bodies, person=("p",), present=here, hands=hands, held=held)
    seen = [move for report in carts(replace(world, bodies=bodies), SEED) for move in report.moves]
    top = Counter(move.beliefs[0][0] for move in seen).most_common(1)[0][0]
    assert 5 < len(seen) < 60 and top == world.store.products.sku[3]
    assert all(move.score < 0.7 for move in seen)


@few
@given(st.integers(0, 10_000))
def test_positions_are_as_wrong_as_they_say_and_wrong_alike_for_a_while(seed: int) -> None:
    t_s = np.arange(0.0, 1800.0, 0.5)
    place = localise(np.zeros((1800 * RATE_HZ, 2)), t_s, generator(seed, 4))
    unit = place.xy / place.sd_m[:, None]
    assert abs(unit.std() - 1.0) < 0.15 and place.sd_m.min() >= 0.1 and place.sd_m.max() <= 0.2
    together = np.mean(unit[1:] * unit[:-1])
    assert 0.6 < together < 0.9
    edges = np.flatnonzero(np.diff(np.concatenate([[0], place.lost.astype(int), [0]])))
    lasted_s = 0.5 * (edges[1::2] - edges[::2])
    assert 0.005 < place.lost.mean() < 0.12 and np.mean(lasted_s) > 1.0


def test_a_scale_weighs_what_the_camera_did_not_see() -> None:
    heavy = [BasketMove(20.0, 0, 1, 2, 800.0, hidden=True), BasketMove(60.0, 0, -1, 2, 300.0)]
    g = scale_g(with_moves(empty(), heavy), 0, np.arange(0.0, 100.0, 0.5), generator(SEED, 5))
    assert g is not None
    assert abs(np.mean(g[50:110]) - np.mean(g[:38]) - 800.0) < 10.0
    assert abs(np.mean(g[130:]) - np.mean(g[50:110]) + 300.0) < 10.0
    bare = with_moves(empty(), heavy, has_scale=np.zeros(len(empty().store.carts), bool))
    assert {report.g for report in carts(bare, SEED)} == {None}


def test_a_cart_left_alone_reports_seldom_and_one_with_goods_goes_on() -> None:
    world = empty()
    still = replace(world.carts, xy=np.full_like(world.carts.xy, 2.0))
    idle = replace(world, carts=still)
    assert np.median(np.diff([report.t_ns for report in carts(idle, SEED)])) == pytest.approx(2e9)
    loaded = with_moves(idle, [BasketMove(10.0, 0, 1, 0, 100.0), BasketMove(60.0, 0, -1, 0, 100.0)])
    steps = {round(report.t_ns * 1e-9): 0 for report in carts(loaded, SEED) if 12.0 < report.t_ns * 1e-9 < 58.0}
    assert len(steps) > 40


def test_a_scan_lets_a_party_in_shortly_before_they_cross() -> None:
    world = empty(1000.0)
    gate = world.store.gates.gate_id[0]
    crossings = [Crossing(5.0 + 4.0 * at, gate, "enter", f"acct-{at}", 1 + at % 3, "shopper") for at in range(200)]
    heard = at_gate(world, *crossings)
    assert [(one.account, one.party) for one in heard] == [(one.account, one.party) for one in crossings]
    lead = np.array([one.t_s + 1.0 - said.t_ns * 1e-9 for one, said in zip(crossings, heard, strict=True)])
    assert lead.max() <= SCAN_LEAD_MAX_S + 1e-6 and lead.min() >= -SLOW_READER_S - 1e-6
    assert 0.3 < np.median(lead) < 0.8 and 0.02 < np.mean(lead < 0.0) < 0.2


def test_staff_are_known_by_their_badge_and_tailgaters_only_break_the_beam() -> None:
    gate = empty().store.gates.gate_id[0]
    heard = at_gate(
        empty(),
        Crossing(10.0, gate, "enter", "staff-1", 1, "staff"),
        Crossing(20.0, gate, "enter", None, 1, "shopper"),
        Crossing(30.0, gate, "exit", "staff-1", 1, "staff"),
    )
    told = [(one.event, one.account, one.role) for one in heard]
    assert told == [("enter", "staff-1", "staff"), ("enter", None, "shopper"), ("exit", None, "shopper")]


def test_an_exit_beam_knows_nobody_and_seldom_miscounts() -> None:
    world = empty(1000.0)
    gate = world.store.gates.gate_id[0]
    apart = [Crossing(2.0 + 0.9 * at, gate, "exit", f"acct-{at}", 1, "shopper") for at in range(1000)]
    heard = at_gate(world, *apart)
    assert {(one.account, one.party) for one in heard} == {(None, 1)}
    counts = Counter(round((one.t_ns * 1e-9 - 3.0 + 0.1) / 0.9 - 0.2) for one in heard)
    assert 990 < len(counts) < 1000 and 0 < sum(count > 1 for count in counts.values()) < 25
    pairs = [replace(one, t_s=one.t_s + 0.5 * BEAM_MERGE_S) for one in apart]
    assert 1500 < len(at_gate(world, *apart, *pairs)) < 1800


def test_a_portal_reads_most_tags_of_a_few_and_fewer_of_very_many() -> None:
    for tags, low, high in ((5, 0.9, 0.995), (97, 0.85, 0.995), (180, 0.66, 0.95)):
        share = np.mean([len(reads(tags, next_lane=False, seed=seed)) / tags for seed in range(30)])
        assert low < share < high, (tags, share)


def test_tags_of_the_next_lane_are_read_less_often_and_weaker() -> None:
    own = sum((reads(20, next_lane=False, seed=seed) for seed in range(10)), Counter())
    other = sum((reads(20, next_lane=True, seed=seed) for seed in range(10)), Counter())
    assert 0 < other.total() < 0.3 * own.total()


@few
@given(st.lists(st.tuples(st.floats(0.0, 120.0), st.booleans()), max_size=40), st.integers(0, 1000))
def test_any_portal_says_what_the_contract_allows_and_only_of_tags_that_are_near(
    drawn: list[tuple[float, bool]], seed: int
) -> None:
    portal, gate = empty().store.portals[0]
    tags = tuple(TagPassing(t_s, gate, f"{at:04X}", lane) for at, (t_s, lane) in enumerate(drawn))
    sent = portal_messages(replace(empty(), tags=tags), portal, RIGHT, 0, generator(seed, 3))
    check_sent(sent)
    for _, message in sent:
        assert isinstance(message, Portal) and message.tags
        assert len({epc for epc, _ in message.tags}) == len(message.tags)
        for epc, _ in message.tags:
            assert abs(tags[int(epc, 16)].t_s - message.t_ns * 1e-9) < 2.5


def test_most_clocks_keep_network_time_and_a_few_are_a_quarter_second_off() -> None:
    clocks = [draw_clock(generator(seed, 6)) for seed in range(2000)]
    offsets = np.abs([clock.offset_s for clock in clocks])
    assert offsets.max() <= LOOSE_MAX_S and 0.03 < np.mean(offsets > OFFSET_MAX_S) < 0.12
    assert max(abs(clock.drift_ppm) for clock in clocks) <= 50.0
    assert np.median(offsets) < 0.02
