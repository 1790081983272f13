"""Plates that jump: steps no hand makes are told from goods, named, and charge nobody without a person."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import Action, frames, run, tape, tiny_store

from fusion.attribution.explanations import PICK, Explanation, Part
from fusion.attribution.settled import Settled
from fusion.engine import Outputs
from fusion.health.jumps import (
    COLUMNS,
    Jumpy,
    Sharp,
    check_settled,
    check_sharp,
    follow_jumps,
    jumped,
    not_sharp,
    thawed,
)
from fusion.health.settings import HealthConfig
from fusion.messages import Message
from fusion.shelf import ShelfChange
from fusion.wire import decode
from sensors.fault_stream import disturb_all, since_first
from sensors.faults import Fault

S = 10**9
HZ = 60
DT_NS = S // HZ
CONFIG = HealthConfig()
STORE = tiny_store()
few = settings(deadline=None, max_examples=4)


def followed(g: np.ndarray, cuts: list[int], dt_ns: int = DT_NS) -> Sharp:
    """Return what samples of a plate leave that come in batches."""
    sharp, before = thawed(not_sharp(1)), np.nan
    for a, b in zip([0, *cuts], [*cuts, len(g)], strict=True):
        own = np.ascontiguousarray(g[a:b])
        follow_jumps(*[getattr(sharp, name) for name in COLUMNS], 0, before, own, S + a * dt_ns, dt_ns, 4.0, 30.0)
        before = own[-1]
    return sharp


def stepping(at: int, size_g: float, over: int, seed: int) -> np.ndarray:
    """Return two seconds of a plate that goes to another level over some samples."""
    rng = np.random.default_rng(seed)
    gone = np.clip((np.arange(2 * HZ) - at + 1.0) / over, 0.0, 1.0)
    return np.asarray(5000.0 + size_g * gone + rng.normal(0.0, 0.5, 2 * HZ))


sizes = st.floats(60.0, 900.0).flatmap(lambda g: st.sampled_from([g, -g]))
cuts = st.sets(st.integers(1, 2 * HZ - 1), max_size=30).map(sorted)


@given(st.integers(10, 2 * HZ - 10), sizes, st.integers(0, 99), cuts)
def test_a_step_between_two_samples_is_found_at_its_moment_however_samples_are_cut_into_batches(
    at: int, size_g: float, seed: int, where: list[int]
) -> None:
    sharp = followed(stepping(at, size_g, 1, seed), where)
    assert abs(sharp.jump_g[0] - size_g) < 5.0
    assert abs(sharp.jump_ns[0] - (S + at * DT_NS)) <= DT_NS


@given(st.integers(10, 2 * HZ - 20), sizes, st.integers(3, 12), st.integers(0, 99), cuts)
def test_goods_that_a_hand_takes_are_no_such_step(
    at: int, size_g: float, over: int, seed: int, where: list[int]
) -> None:
    assert followed(stepping(at, size_g, over, seed), where).jump_ns[0] == 0


@given(sizes, st.integers(0, 99))
def test_samples_too_far_apart_to_see_a_hand_tell_nothing(size_g: float, seed: int) -> None:
    assert followed(stepping(60, size_g, 1, seed), [30, 60, 90], DT_NS * 2).jump_ns[0] == 0


def change(plate: int, t_ns: int, g: float) -> ShelfChange:
    return ShelfChange(t_ns - S // 10, t_ns + S // 2, t_ns, (plate,), (g,), (1.0,))


def settled(trip: str, p: float, g: float = -260.0) -> Settled:
    """Return a pick that is of a trip, "" for nobody's, with a probability, or else of another."""
    by, other = (Explanation((Part(who, PICK, 2, 1, 260.0),), 0.0) for who in (trip, "" if trip else "a"))
    return Settled("ev", change(2, 9 * S, g), by, p, ((other, 1.0 - p),))


LEAST_G = np.full(6, 260.0)


@given(st.lists(st.floats(0.0, 1.0), max_size=12))
def test_changes_that_are_somebodys_never_speak_against_a_plate_and_doubtful_ones_say_nothing(ps: list[float]) -> None:
    jumpy = check_settled(Jumpy(), [settled("a", max(p, 0.21)) for p in ps], LEAST_G, {}, CONFIG)
    assert not jumped(jumpy) and all(doubt.nats <= 0.0 for doubt in jumpy.of.values())
    assert set(jumpy.of) == ({2} if any(p >= 0.8 for p in ps) else set())


def test_two_changes_that_are_nobodys_name_a_plate_and_somebodys_clear_it() -> None:
    one = check_settled(Jumpy(), [settled("", 0.95)], LEAST_G, {}, CONFIG)
    two = check_settled(one, [settled("", 0.95)], LEAST_G, {}, CONFIG)
    assert not jumped(one) and jumped(two) == {2} and two.most_g[2] == 260.0
    well = check_settled(two, [settled("a", 0.99)] * 8, LEAST_G, {}, CONFIG)
    assert not jumped(well) and well.most_g[2] == 0.0
    assert not check_settled(Jumpy(), [settled("", 0.95)] * 2, LEAST_G, {2: (0, 9 * S)}, CONFIG).of  # it drifted
    assert not check_settled(Jumpy(), [settled("", 1.0, g=-20.0)] * 5, LEAST_G, {}, CONFIG).of  # too little to be goods


@given(st.floats(-0.4, 0.4), st.floats(-2.0, 2.0))
def test_a_jump_is_the_change_only_where_it_is_as_large_and_then(off: float, late_s: float) -> None:
    sharp = replace(not_sharp(6), jump_g=np.full(6, -260.0), jump_ns=np.full(6, 9 * S))
    found = check_sharp(Jumpy(), [change(2, 9 * S + int(late_s * S), -260.0 * (1.0 + off))], sharp, {}, CONFIG)
    assert jumped(found) == ({2} if abs(off) <= 0.1 and -1.5 <= late_s <= 1.1 else set())


def with_jumps(messages: list[Message], *jumps: tuple[float, float, float]) -> list[Message]:
    """Return messages in which P2 jumps: when (s), by how many g, within how many s."""
    plan = tuple(Fault("jumping", from_s=t, plates=("P2",), size=g, seconds=w) for t, g, w in jumps)
    out = disturb_all(plan, since_first(frames(messages)), store=STORE, seed=5)
    return [decode(one.topic, one.payload) for _, one in out]  # type: ignore[misc]


def named(outputs: tuple[Outputs, ...]) -> dict[str, str]:
    return {one.src: one.text for out in outputs for one in out.health}


# Ann takes one from P1 at 12.1 s, beside P2, and Bob one from P5.
SHOPPING = [Action(0, 1, -1), Action(1, 5, -1), Action(0, 0, -1)]


@few
@given(st.floats(-0.2, 0.6))
def test_a_jump_by_a_piece_just_when_a_hand_is_beside_charges_nobody_without_a_person(late_s: float) -> None:
    outputs = run(STORE, with_jumps(tape(SHOPPING), (12.1 + late_s, -260.0, 0.0)))
    receipts = {one.account: one for out in outputs for one in out.receipts}
    assert named(outputs) == {"P2": "jumps: 1 change that no goods made, of up to 260 g"}
    assert receipts["ann"].status == "review" and "P2 jumps" in receipts["ann"].holds[-1]
    assert receipts["bob"].status == "settled"


@pytest.mark.parametrize("within_s", [0.0, 0.05])
def test_jumps_with_nobody_near_name_the_plate_and_nobody_pays_for_them(within_s: float) -> None:
    quiet = [Action(1, 5, -1)] * 8
    jumps = [(14.0 + 4.0 * k, (-1) ** (k + 1) * 260.0, within_s) for k in range(6)]
    outputs = run(STORE, with_jumps(tape(quiet), *jumps))
    assert set(named(outputs)) == {"P2"} and "jumps" in named(outputs)["P2"]
    lines = {one.account: [(line.sku, line.quantity) for line in one.lines] for out in outputs for one in out.receipts}
    assert lines["bob"] == [("f", 8)] and lines["ann"] == []
