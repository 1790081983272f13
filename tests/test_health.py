"""Health: nobody is accused on a healthy tape, faults are named, and what has been mended is well again."""

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import Action, frames, run, tape, tiny_store

from fusion.config import Config
from fusion.engine import Outputs
from fusion.health.alarms import no_alarms, watch
from fusion.health.doubts import GOOD_NAME, Doubt, doubted
from fusion.health.middles import medians, medians_since
from fusion.health.modes import CLOSED, DEGRADED, OPEN, mode_of
from fusion.health.plates import LONG, drifts, may_walk, walk
from fusion.health.settings import HealthConfig
from fusion.messages import Gate, Health, Message, People, Plates
from fusion.wire import decode
from scenarios.layout import build_store
from scenarios.shops import shop_named
from sensors.fault_stream import disturb_all, since_first
from sensors.faults import Fault
from sensors.world import generator

SLOW = settings(deadline=None, max_examples=3, suppress_health_check=[HealthCheck.too_slow])
CONFIG = HealthConfig()
S = 10**9
STORE = tiny_store()
DOORS = len(STORE.gates.gate_id)

actions = st.lists(
    st.builds(Action, shopper=st.integers(0, 1), plate=st.integers(0, 5), pieces=st.sampled_from([-1, -2])),
    min_size=1,
    max_size=4,
)


def faulty(messages: list[Message], *faults: Fault) -> list[Message]:
    """Return the messages of a tape as they are with these faults."""
    timed = since_first(frames(messages))
    return [decode(one.topic, one.payload) for _, one in disturb_all(faults, timed, store=STORE, seed=5)]  # type: ignore[return-value]


def said(outputs: tuple[Outputs, ...]) -> list[Health]:
    return [one for out in outputs for one in out.health]


def last_states(outputs: tuple[Outputs, ...]) -> dict[str, str]:
    return {one.src: one.state for one in said(outputs)}


@SLOW
@given(actions)
def test_health_names_nobody_on_a_healthy_tape(doing: list[Action]) -> None:
    outputs = run(STORE, tape(doing))
    assert said(outputs) == []
    assert [mode for out in outputs for mode in out.modes] == []


FAULTS: dict[str, Callable[[float, float], Fault]] = {
    "stuck": lambda a, b: Fault("stuck", from_s=a, to_s=b, plates=("P2",)),
    "dead": lambda a, b: Fault("dead", from_s=a, to_s=b, plates=("P2",)),
    "spiking": lambda a, b: Fault("spiking", from_s=a, to_s=b, plates=("P2",), size=800.0, p=0.3),
    "drifting": lambda a, b: Fault("drifting", from_s=a, to_s=b, plates=("P2",), size=2.0),
    "outage": lambda a, b: Fault("outage", src="ctl", from_s=a, to_s=b),
    "freeze": lambda a, b: Fault("freeze", src="cam", from_s=a, to_s=b),
}
CULPRIT = {"outage": "ctl", "freeze": "cam"}
WORDS = {
    "stuck": "to the last bit", "dead": "", "spiking": "spikes", "drifting": "drifts by", "outage": "said nothing",
    "freeze": "the same picture",
}  # fmt: skip
SHOPPING = [Action(0, 0, -1), Action(1, 4, -1), Action(0, 1, -1), Action(1, 5, -2), Action(0, 3, -1)]
# Long enough for spikes to be forgotten.
QUIET = [Action(0, 0, -1) for _ in range(16)]


@pytest.mark.parametrize("kind", FAULTS)
@settings(deadline=None, max_examples=1)
@given(begin_s=st.floats(9.0, 14.0))
def test_a_fault_is_named_alone_and_what_has_been_mended_is_well_again(kind: str, begin_s: float) -> None:
    end_s = begin_s + (25.0 if kind in ("drifting", "spiking") else 12.0)
    outputs = run(STORE, faulty(tape(QUIET), FAULTS[kind](begin_s, end_s)))
    culprit = CULPRIT.get(kind, "P2")
    assert {one.src for one in said(outputs)} == {culprit}
    first = said(outputs)[0]
    assert first.state != "ok" and WORDS[kind] in first.text
    assert last_states(outputs) == {culprit: "ok"}
    modes = [mode.mode for out in outputs for mode in out.modes]
    assert not modes or modes[-1] == OPEN


def shaky(messages: list[Message], sd_g: float, begin_s: float) -> list[Message]:
    """Return messages in which P2 is noisy from begin_s on."""
    rng, out, first_ns = np.random.default_rng(1), list(messages), min(message.t_ns for message in messages)
    for row, message in enumerate(messages):
        if isinstance(message, Plates) and message.t_ns >= first_ns + begin_s * S:
            g = message.g.copy()
            g[:, 2] += rng.normal(0.0, sd_g, len(g))
            out[row] = replace(message, g=g)
    return out


@pytest.mark.parametrize("begin_s", [0.0, 25.0])
def test_a_plate_too_noisy_to_weigh_its_goods_is_named_alone_and_soon(begin_s: float) -> None:
    messages = shaky(tape([Action(0, 0, -1)] * 20), 400.0, begin_s)
    outputs = run(STORE, messages)
    assert {one.src: one.state for one in said(outputs)} == {"P2": "down"}
    first = said(outputs)[0]
    assert "is too noisy to weigh what stands on it" in first.text
    assert first.t_ns - min(message.t_ns for message in messages) < (begin_s + 20.0) * S


def test_a_crowd_that_shakes_a_gondola_makes_no_plate_of_it_noisy() -> None:
    rng, messages = np.random.default_rng(2), tape([Action(0, 0, -1)] * 20)
    for row, message in enumerate(messages):
        if isinstance(message, Plates):
            g = message.g + rng.normal(0.0, 400.0, (len(message.g), 1)) * rng.uniform(0.5, 1.5, message.g.shape[1])
            messages[row] = replace(message, g=g.astype(np.float32))
    assert not [one for one in said(run(STORE, messages)) if "noisy" in one.text]


@pytest.mark.parametrize("begin_s", [0.0, 25.0])
@pytest.mark.parametrize("sd_g", [20.0, 60.0, 150.0, 400.0])
def test_what_is_taken_from_a_noisy_plate_is_charged_or_waits_for_a_person(sd_g: float, begin_s: float) -> None:
    """Its noise was learned anew after 25 s and then only doubled: six pieces of 260 g went, and nobody was asked."""
    doing = [Action(0, 0, -1)] * 6 + [Action(0, 2, -1)] * 6
    outputs = run(STORE, shaky(tape(doing), sd_g, begin_s))
    receipt = next(r for out in outputs for r in out.receipts if r.account == "ann")
    lines = [(line.sku, line.quantity) for line in receipt.lines]
    assert receipt.status == "review" if sd_g > 100.0 else lines == [("a", 6), ("c", 6)]


@SLOW
@given(st.sampled_from(sorted(FAULTS)), st.integers(0, 2**32 - 1))
def test_the_order_of_arrival_inside_the_window_decides_nothing(kind: str, seed: int) -> None:
    messages = faulty(tape(SHOPPING), FAULTS[kind](12.0, 20.0))
    shuffled = [messages[i] for i in np.random.default_rng(seed).permutation(len(messages))]
    plain, other = run(STORE, messages), run(STORE, sorted(shuffled, key=lambda m: m.t_ns // S))
    assert said(plain) == said(other)
    assert [out.receipts for out in plain if out.receipts] == [out.receipts for out in other if out.receipts]


def test_who_reached_over_a_stuck_plate_waits_for_a_person_and_the_others_do_not() -> None:
    doing = [Action(0, 0, -1), Action(1, 4, -1), Action(0, 2, -1), Action(1, 5, -1)]
    outputs = run(STORE, faulty(tape(doing), FAULTS["stuck"](9.0, 200.0)))
    receipts = {r.account: r for out in outputs for r in out.receipts}
    assert receipts["ann"].status == "review" and any("P2" in hold for hold in receipts["ann"].holds)
    assert receipts["bob"].status == "settled" and receipts["bob"].holds == ()
    assert [line.sku for line in receipts["bob"].lines] == ["e", "f"]


def test_who_was_never_seen_waits_for_a_person() -> None:
    names = iter(["ann", "bob"])  # the gate reads their cards at the exit too
    messages = [
        replace(m, account=next(names)) if isinstance(m, Gate) and m.event == "exit" else m
        for m in tape([Action(0, 0, -1)])
        if not isinstance(m, People)
    ]
    receipts = {r.account: r for out in run(STORE, messages) for r in out.receipts}
    assert {r.status for r in receipts.values()} == {"review"}
    assert all("seen for 0 s" in r.holds[0] for r in receipts.values())


def test_a_plate_that_dies_charges_nobody_for_what_it_bore() -> None:
    doing = [Action(0, 0, -1), Action(1, 4, -1)]
    faults = (replace(FAULTS["dead"](13.0, 200.0), p=1.0),)
    outputs = run(STORE, faulty(tape(doing), *faults))
    assert all(event.plates != ("P2",) for out in outputs for event in out.events)
    assert all(line.sku != "c" for out in outputs for r in out.receipts for line in r.lines)


@given(st.lists(st.sampled_from(["wrong", "right", ""]), max_size=60), st.integers(0, 5), st.integers(0, 8))
def test_an_alarm_needs_time_to_come_and_time_to_go(looks: list[str], enter: int, leave: int) -> None:
    alarms, on, wrong, right = no_alarms(1), False, None, None
    for t, one in enumerate(looks, 1):
        said_wrong, said_right = (np.array([one == word]) for word in ("wrong", "right"))
        alarms = watch(alarms, said_wrong, said_right, t * S, enter, leave)
        wrong = None if one == "right" else t if one == "wrong" and wrong is None else wrong
        right = None if one == "wrong" else t if one == "right" and right is None else right
        if not on and wrong is not None and t - wrong >= enter:
            on = True
        elif on and right is not None and t - right >= leave:
            on = False
        assert bool(alarms.on[0]) == on


@given(st.integers(0, 2**32 - 1))
def test_a_drift_that_noise_hides_for_a_while_is_found_and_goods_that_go_one_by_one_are_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = np.arange(LONG * CONFIG.drift_s + 1.0)
    looks = rng.normal(0.0, 1.0, (3, len(t)))
    looks[0] += t  # a gram a second, on a plate of 4 g noise: a look is the middle of several blocks
    looks[1] -= 70.0 * (t > 9) + 70.0 * (t > 22) + 70.0 * (t > 35)
    rate, walks, stays = drifts(looks, np.full(3, 4.0), CONFIG)
    assert walks.tolist() == [True, False, False] and not stays[0]
    assert abs(rate[0] - 1.0) < 0.2


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 3.0), st.sampled_from([0.0, 1.0, 10.0]))
def test_whatever_walks_may_walk(seed: int, share: float, noise_g: float) -> None:
    rng = np.random.default_rng(seed)
    t = np.arange(LONG * CONFIG.drift_s + 1.0)
    parts, noise = (len(t) // 4) * CONFIG.look_s, np.full(20, noise_g)
    least_g_per_s = max(CONFIG.drift_g_per_s, 1.25 * noise_g / parts)  # of a walk
    looks = share * least_g_per_s * CONFIG.look_s * t * rng.choice([-1.0, 1.0], (20, 1)) + rng.normal(0, 0.1, (20, 1))
    looks += rng.normal(0, 0.3 * noise_g, looks.shape)
    looks[rng.random(20) < 0.1, rng.integers(0, 4)] = np.nan
    walks, may = walk(looks, noise, CONFIG)[1], may_walk(looks, noise, CONFIG)
    assert not (walks & ~may).any()
    assert may.any() or share < 1.5


@given(st.lists(st.booleans(), max_size=80))
def test_doubt_stays_within_bounds_and_goes_when_enough_is_borne_out(wrongs: list[bool]) -> None:
    doubt = Doubt()
    for wrong in wrongs:
        doubt = doubted(doubt, wrong, (0.3, 0.8), 6.0, S)
        assert GOOD_NAME <= doubt.nats <= 8.0
    for _ in range(8):
        doubt = doubted(doubt, False, (0.3, 0.8), 6.0, 2 * S)
    assert not doubt.on
    for _ in range(12):
        doubt = doubted(doubt, True, (0.3, 0.8), 6.0, 3 * S)
    assert doubt.on and doubt.began_ns == 3 * S


def test_modes_say_what_is_blind_and_close_where_too_much_is() -> None:
    store = build_store(shop_named("corner"), generator(0, 0))
    plates, cameras = len(store.plates.plate_id), len(store.cameras.camera_id)
    none_p, none_c = np.zeros(plates, bool), np.zeros(cameras, bool)
    assert mode_of(none_p, none_c, [], S, store, CONFIG).mode == OPEN
    one = none_p.copy()
    one[0] = True
    degraded = mode_of(one, none_c, [], S, store, CONFIG)
    assert degraded.mode == DEGRADED and degraded.blind == (f"gondola {store.plates.gondola[0]}: 1 of 48 plates",)
    assert mode_of(~none_p, none_c, [], S, store, CONFIG).mode == CLOSED
    blind = mode_of(none_p, ~none_c, [], S, store, CONFIG)
    assert blind.mode == CLOSED and "no camera sees 100% of the floor" in blind.reasons[0]
    assert mode_of(none_p, none_c, ["door"], S, store, CONFIG).reasons == ("no gate says who comes in",)
    for c in range(cameras):
        without = none_c.copy()
        without[c] = True
        assert mode_of(none_p, without, [], S, store, CONFIG).mode != CLOSED


@given(st.lists(st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), min_size=5, max_size=5), min_size=1, max_size=9))
def test_middles_are_those_of_numpy(rows: list[list[float]]) -> None:
    table = np.array(rows)
    for some in (table, np.ascontiguousarray(table[:, :4])):
        np.testing.assert_array_equal(medians(some), np.median(some, axis=1))


@given(
    st.lists(
        st.tuples(st.integers(3, 9), st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), min_size=9, max_size=9)),
        min_size=1,
        max_size=9,
    ),
    st.integers(0, 9),
)
def test_the_middle_of_what_plates_showed_lately_is_that_of_numpy(
    rows: list[tuple[int, list[float]]], since: int
) -> None:
    end, g = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    ns = np.tile(np.arange(9), (len(g), 1))
    asked = (ns > since) & (ns < end[:, None]) & (ns >= end[:, None] - 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # numpy warns of rows without anything
        expected = np.nanmedian(np.where(asked, g, np.nan), axis=1)
    np.testing.assert_array_equal(medians_since(g, ns, end, 3, since), expected)


def unseen_after(t_s: float, messages: list[Message], *, silent: bool) -> list[Message]:
    """Return the messages with nobody in any picture from t_s on, or no word of the camera, and none of an exit."""
    out: list[Message] = []
    for m in messages:
        late = m.src == "cam" and m.t_ns > messages[0].t_ns + int(t_s * S)
        if (isinstance(m, Gate) and m.event == "exit") or (late and silent):
            continue
        if late and isinstance(m, People):
            n0 = {name: getattr(m, name)[:0] for name in ("head", "hands", "sd", "score", "look", "ids", "held")}
            m = People.of(m.src, m.seq, m.t_ns, **n0)
        out.append(m)
    return out


@pytest.mark.parametrize("silent", [False, True])
def test_whom_nobody_has_seen_for_long_has_left_unless_the_store_is_blind(silent: bool) -> None:
    """Found by a million mutants: a lost exit kept a trip open, and every later visit of the account joined it."""
    messages = unseen_after(15.0, tape([Action(0, k, -1) for k in range(5)], shoppers=1), silent=silent)
    config = replace(Config(), health=replace(Config().health, lost_s=14.0))
    (receipt,) = [r for out in run(STORE, messages, config) for r in out.receipts]
    assert receipt.account == "ann" and receipt.status == ("open" if silent else "review")
    assert ("nobody saw them leave" in receipt.holds) != silent


def test_a_while_in_which_the_store_is_blind_does_not_count_and_what_was_before_it_does() -> None:
    """Found by a million mutants: each night without a picture began the wait for somebody long gone anew."""
    messages = unseen_after(12.0, tape([Action(0, k, -1) for k in range(5)], shoppers=1), silent=False)
    first_ns, last_ns = messages[0].t_ns, messages[-1].t_ns
    blind = [m for m in messages if m.src != "cam" or not last_ns - 24 * S < m.t_ns < last_ns - 14 * S]
    unseen_s = (last_ns - first_ns) / S - 12.0

    def ended(seen: list[Message], lost_s: float) -> bool:
        config = replace(Config(), health=replace(Config().health, lost_s=lost_s))
        (receipt,) = [r for out in run(STORE, seen, config) for r in out.receipts]
        return receipt.status != "open"

    assert ended(messages, unseen_s - 8.0) and not ended(blind, unseen_s - 5.0), "it does not count"
    assert ended(blind, unseen_s - 14.0), "and nothing is forgotten"


@pytest.mark.parametrize("silent", [False, True])
def test_who_is_let_in_again_and_was_unseen_has_left_unless_the_store_is_blind(silent: bool) -> None:
    """Found by a million mutants: with a lost exit each visit of the account became one with the next, for ever."""
    messages = unseen_after(15.0, tape([Action(0, k, -1) for k in range(5)], shoppers=1), silent=silent)
    enter = next(m for m in messages if isinstance(m, Gate))
    again = replace(enter, seq=enter.seq + 1, t_ns=messages[-1].t_ns)
    messages.append(again)
    config = replace(Config(), health=replace(Config().health, again_s=8.0))
    found = [r for out in run(STORE, messages, config) for r in out.receipts]
    one = [("open", ())] if silent else [("open", ()), ("review", ("nobody saw them leave",))]
    assert sorted((r.status, r.holds[:1]) for r in found) == one and {r.account for r in found} == {"ann"}
