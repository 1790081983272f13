"""Fault plans: what they do to any stream of frames, and what they leave alone."""

import argparse
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from gateway_thread import gateway_turning, kept
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.messages import Cart, CartMove, Frame, Gate, Health, Malformed, Message, Plates
from fusion.recording import RecordingError, RecordingWriter, read_recording
from fusion.store import Store
from fusion.wire import decode, encode, topic_of
from scenarios.layout import build_store
from scenarios.shops import shop_named
from sensors.commands import add_disturb, add_publish
from sensors.fault_chance import Timed
from sensors.fault_plan import parse_plan, plan_text, read_plan
from sensors.fault_stream import disturb, disturb_all, since_first
from sensors.faults import KEYS, STORE_FAULTS, WIRE_FAULTS, Fault, FaultPlan, PlanError, check_plan
from sensors.world import generator

SECOND_NS = 10**9
SEED = 7
SPAN_S = 12.0


few = settings(max_examples=60, deadline=None)


@cache
def store() -> Store:
    return build_store(shop_named("corner"), generator(0, 0))


def controller() -> str:
    return store().plates.controller[0]


def plates_of() -> list[str]:
    """Return the plates of the controller, by channel."""
    plates = store().plates
    rows = [row for row, src in enumerate(plates.controller) if src == controller()]
    return [plates.plate_id[row] for row in sorted(rows, key=lambda row: int(plates.channel[row]))]


def frame(message: Message, arrival_s: float) -> Frame:
    return Frame(topic_of(message), encode(message), SECOND_NS + round(arrival_s * 1e9))


@cache
def shop() -> tuple[Timed, ...]:
    """Return twelve seconds of a controller, a cart and a door, in order of arrival."""
    channels = len(plates_of())
    messages: list[tuple[float, Message]] = []
    for at in range(60):
        g = (1000.0 + np.arange(12 * channels).reshape(12, channels) + at).astype("<f4")
        messages.append((0.2 * at + 0.01, Plates(controller(), at, at * SECOND_NS // 5, 16_666_667, g)))
    for at in range(24):
        moves = (CartMove(at * SECOND_NS // 2, 1, (("a", 0.5),), 0.9),)
        messages.append((0.5 * at + 0.02, Cart("cart-01", at, at * SECOND_NS // 2, (float(at), 0.0), 0.1, moves, 5.0)))
    for at in range(12):
        door = Gate("door", at, at * SECOND_NS, "door", "exit", None, 1, "shopper")
        messages.append((1.0 * at + 0.03, door if at % 3 else Health("door", at, at * SECOND_NS, "ok", "")))
    messages.sort(key=lambda one: one[0])
    return tuple(since_first([frame(message, t_s) for t_s, message in messages]))


def of(src: str, timed: tuple[Timed, ...] | list[Timed]) -> list[Timed]:
    return [one for one in timed if one[1].topic.endswith(f"/{src}")]


def heard(timed: list[Timed]) -> list[Message]:
    messages = [decode(one.topic, one.payload) for _, one in timed]
    assert not any(isinstance(message, Malformed) for message in messages)
    return messages


def all_of(*faults: Fault) -> list[Timed]:
    assert check_plan(faults, store()) == []
    return list(disturb_all(faults, shop(), store=store(), seed=SEED))


def a_fault(kind: str) -> st.SearchStrategy[Fault]:
    """Draw a fault of a kind that `check_plan` accepts."""
    numbers = {
        "from_s": st.floats(0.0, SPAN_S),
        "p": st.floats(0.0, 1.0),
        "seconds": st.floats(0.01, 5.0),
        "size": st.floats(0.01, 80.0 if kind == "rotated" else 500.0),
        "jump_s": st.floats(-3.0, 3.0),
        "src": st.sampled_from(["*", "door", "cart-*", controller()]),
        "plates": st.sampled_from([("*",), (plates_of()[0],), (plates_of()[1], plates_of()[3])]),
    }
    keys = sorted(KEYS[kind] - {"kind", "to_s"})
    length = st.floats(0.1, SPAN_S) if "to_s" in KEYS[kind] else st.none()

    def build(values: dict[str, object], lasts_s: float | None) -> Fault:
        fault = Fault(kind, **values)  # type: ignore[arg-type]
        return fault if lasts_s is None else replace(fault, to_s=fault.from_s + lasts_s)

    return st.builds(build, st.fixed_dictionaries({key: numbers[key] for key in keys}), length)


faults = st.sampled_from(WIRE_FAULTS + STORE_FAULTS).flatmap(a_fault)
plans = st.lists(faults, max_size=5).map(tuple)


@few
@given(plans)
def test_a_plan_comes_back_from_its_text_as_it_was(plan: FaultPlan) -> None:
    assert parse_plan(plan_text(plan), "plan", store()) == plan


@few
@given(st.text(max_size=20))
def test_any_name_survives_the_text_of_a_plan(name: str) -> None:
    plan = (Fault("stuck", src=name, plates=(name, "*")),)
    assert parse_plan(plan_text(plan), "plan") == plan


@few
@given(plans, st.integers(0, 2**32))
def test_nothing_comes_earlier_and_the_same_seed_gives_the_same_bytes(plan: FaultPlan, seed: int) -> None:
    out = list(disturb_all(plan, shop(), store=store(), seed=seed))
    assert [t_s for t_s, _ in out] == sorted(t_s for t_s, _ in out)
    arrivals = [one.arrival_ns for _, one in out]
    assert arrivals == sorted(arrivals)
    assert out == list(disturb_all(plan, shop(), store=store(), seed=seed))


@few
@given(plans)
def test_one_source_alone_goes_through_what_it_goes_through_among_all(plan: FaultPlan) -> None:
    together = list(disturb_all(plan, shop(), store=store(), seed=SEED))
    for src in ("door", "cart-01", controller()):
        assert disturb(plan, src, of(src, shop()), store=store(), seed=SEED) == of(src, together)


@few
@given(plans)
def test_a_fault_of_one_source_leaves_the_others_as_they_are(plan: FaultPlan) -> None:
    at_door = tuple(replace(fault, src="door") for fault in plan)
    out = list(disturb_all(at_door, shop(), store=store(), seed=SEED))
    for src in ("cart-01", controller()):
        assert of(src, out) == of(src, shop())


@few
@given(plans, faults)
def test_the_dice_of_a_fault_do_not_hang_on_later_faults(plan: FaultPlan, more: Fault) -> None:
    longer = (*plan, replace(more, src="nowhere"))
    assert list(disturb_all(longer, shop(), store=store(), seed=SEED)) == list(
        disturb_all(plan, shop(), store=store(), seed=SEED)
    )


def test_an_empty_plan_changes_nothing() -> None:
    assert tuple(all_of()) == shop()


@few
@given(st.floats(0.0, 10.0), st.floats(0.1, 5.0))
def test_what_is_dropped_with_certainty_never_comes(from_s: float, seconds: float) -> None:
    for kind in ("drop", "outage"):
        out = all_of(Fault(kind, from_s=from_s, to_s=from_s + seconds))
        assert out == [one for one in shop() if not from_s <= one[0] < from_s + seconds]


@few
@given(a_fault("reorder"), a_fault("duplicate"), a_fault("delay"))
def test_turning_round_and_delaying_lose_nothing_and_doubling_adds_copies(
    reorder: Fault, duplicate: Fault, delay: Fault
) -> None:
    before = Counter(one.payload for _, one in shop())
    assert Counter(one.payload for _, one in all_of(reorder, delay)) == before
    doubled = Counter(one.payload for _, one in all_of(duplicate))
    assert doubled.keys() == before.keys() and all(before[key] <= doubled[key] <= 2 * before[key] for key in before)


@few
@given(a_fault("corrupt"), st.integers(0, 100))
def test_a_broken_payload_is_no_message_and_all_others_stay(fault: Fault, seed: int) -> None:
    out = list(disturb_all((fault,), shop(), store=store(), seed=seed))
    for (_, before), (_, after) in zip(shop(), out, strict=True):
        assert before == after or isinstance(decode(after.topic, after.payload), Malformed)


@few
@given(plans, st.binary(max_size=30))
def test_what_is_no_message_passes_sensor_faults_untouched(plan: FaultPlan, payload: bytes) -> None:
    inner = tuple(fault for fault in plan if fault.kind in (*STORE_FAULTS, "freeze"))
    junk = [(t_s, replace(one, payload=b"\xc1" + payload)) for t_s, one in shop()]
    assert list(disturb_all(inner, junk, store=store(), seed=SEED)) == junk


def test_a_message_turned_round_comes_after_the_next_of_its_source() -> None:
    out = heard(of(controller(), all_of(Fault("reorder", from_s=2.0, to_s=2.3))))
    assert [message.seq for message in out][9:14] == [9, 11, 10, 12, 13]


def test_a_restarted_sensor_counts_from_0_with_another_clock_and_another_zero() -> None:
    out = all_of(Fault("restart", from_s=4.0, seconds=2.0, jump_s=0.5))
    plates = heard(of(controller(), out))
    before, after = plates[:20], plates[20:]
    assert [message.seq for message in before] == list(range(20))
    assert [message.seq for message in after] == list(range(30))
    assert [message.t_ns for message in after] == [at * SECOND_NS // 5 + SECOND_NS // 2 for at in range(30, 60)]
    shift = [
        late.g - (1000.0 + np.arange(late.g.size).reshape(late.g.shape) + 30 + at) for at, late in enumerate(after)
    ]
    assert np.ptp(shift, axis=(0, 1)).max() < 1e-2 and np.std(shift[0][0]) > 50.0
    carts = heard(of("cart-01", out))
    assert [carts[8].seq, carts[8].moves[0].t_ns - carts[8].t_ns] == [0, 0]


def test_what_was_on_its_way_at_a_restart_is_lost_in_it() -> None:
    sent = of("door", shop())
    late = [*sent[:5], *sent[6:9], (8.5, replace(sent[5][1], arrival_ns=SECOND_NS * 9)), *sent[9:]]
    out = heard(disturb((Fault("restart", from_s=5.5),), "door", late, store=None, seed=SEED))
    assert [message.seq for message in out] == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5]


def test_a_recording_that_restarts_by_itself_goes_on_after_a_restart_of_ours() -> None:
    doors = [Gate("door", at % 6, at * SECOND_NS, "door", "exit", None, 1, "shopper") for at in range(12)]
    sent = [(float(at), frame(door, at)) for at, door in enumerate(doors)]
    out = heard(disturb((Fault("restart", from_s=3.5),), "door", sent, store=None, seed=SEED))
    assert [message.seq for message in out] == [0, 1, 2, 3, 0, 1, 0, 1, 2, 3, 4, 5]


def test_a_frozen_sensor_goes_on_counting_and_repeats_itself() -> None:
    carts = heard(of("cart-01", all_of(Fault("freeze", "cart-*", from_s=3.0, to_s=6.0))))
    assert [message.seq for message in carts] == list(range(24))
    frozen = [message for message in carts if 3 * SECOND_NS <= message.t_ns < 6 * SECOND_NS]
    assert {message.pos for message in frozen} == {(5.0, 0.0)}
    assert len({message.t_ns for message in frozen}) == 6
    assert all(message.moves == () for message in frozen), "what happened once happens once"


def test_a_frozen_gate_notices_nobody_and_does_not_let_anybody_in_again() -> None:
    doors = heard(of("door", all_of(Fault("freeze", "door", from_s=3.0, to_s=6.5))))
    assert [message.seq for message in doors] == list(range(12))
    assert all(isinstance(message, Health) for message in doors[3:6])


@pytest.mark.parametrize("fault", [Fault("delay", seconds=1e12), Fault("restart", jump_s=-1e12)])
def test_times_that_no_recording_could_hold_are_refused(fault: Fault) -> None:
    (problem,) = check_plan((fault,))
    assert "3600" in problem.expected


def columns(*sent: Fault) -> np.ndarray:
    """Return what the plates of the controller show, (samples, channels), with these faults."""
    return np.concatenate([message.g for message in heard(of(controller(), all_of(*sent)))])


def test_plate_faults_touch_the_plates_they_name_and_their_time() -> None:
    clean, name = columns(), plates_of()[2]
    begin, end = 12 * 25, 12 * 45  # samples of 5 to 9 s
    for kind, size in (("stuck", 0.0), ("dead", 0.0), ("spiking", 300.0), ("gain", 0.1)):
        shown = columns(Fault(kind, from_s=5.0, to_s=9.0, plates=(name,), size=size))
        others = np.arange(clean.shape[1]) != 2
        np.testing.assert_array_equal(shown[:, others], clean[:, others])
        np.testing.assert_array_equal(
            np.delete(shown[:, 2], np.s_[begin:end]), np.delete(clean[:, 2], np.s_[begin:end])
        )
        own, true, last = shown[begin:end, 2], clean[begin:end, 2], clean[begin - 1, 2]
        if kind == "stuck":
            assert set(own) == {last}
        elif kind == "dead":
            assert np.isnan(own).all() or not own.any()
        elif kind == "spiking":
            off = np.abs(own - true).reshape(20, 12)
            assert np.all(np.sort(off, axis=1)[:, :-1] == 0.0) and np.all(off.max(axis=1) == 300.0)
        else:
            np.testing.assert_allclose(own - last, 1.1 * (true - last), rtol=1e-3)


def test_shares_of_messages_come_out_as_asked() -> None:
    long = [(0.01 * at, frame(Health("x", at, at, "ok", ""), 0.01 * at)) for at in range(20_000)]
    for kind, seconds in (("drop", 0.0), ("duplicate", 0.5), ("corrupt", 0.0)):
        out = disturb((Fault(kind, p=0.1, seconds=seconds),), "x", long, store=None, seed=SEED)
        same = Counter(one.payload for _, one in out) & Counter(one.payload for _, one in long)
        hit = abs(len(out) - len(long)) if kind != "corrupt" else len(long) - same.total()
        assert 1800 < hit < 2200, kind


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[fault]]\nkind = "dorp"', "fault 1, key kind: expected one of drop, delay"),
        ("[[fault]]\np = 1", "fault 1, key kind: expected the kind of the fault, received nothing"),
        ('[[fault]]\nkind = "drop"\nq = 1', "fault 1, key q: expected one of kind, src"),
        ('[[fault]]\nkind = "drop"\np = 2', "fault 1, key p: expected a share from 0 to 1, received 2.0"),
        ('[[fault]]\nkind = "drop"\np = nan', "fault 1, key p: expected a share from 0 to 1, received nan"),
        ('[[fault]]\nkind = "drop"\np = true', "fault 1, key p: expected a number, received True"),
        ('[[fault]]\nkind = "delay"', "fault 1, key seconds: expected a value for delay, received nothing"),
        ('[[fault]]\nkind = "drop"\nsize = 3', "fault 1, key size: expected nothing for drop, received 3.0"),
        ('[[fault]]\nkind = "drop"\nfrom_s = 5\nto_s = 5', "key to_s: expected seconds after from_s = 5, received 5.0"),
        ('[[fault]]\nkind = "drop"\nsrc = "kamera"', "fault 1, key src: expected a pattern of sources of store"),
        ('[[fault]]\nkind = "stuck"\nplates = ["Z9"]', "key plates: expected patterns of plates of store"),
        ('[[fault]]\nkind = "stuck"\nplates = "Z9"', "fault 1, key plates: expected a list of texts, received 'Z9'"),
        ("[[faults]]", "key faults: expected only [[fault]] tables"),
        ("fault = 3", "key fault: expected [[fault]] tables, received 3"),
        ("[[fault]", "text: expected TOML"),
    ],
)
def test_a_wrong_plan_is_refused_with_place_and_reason(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError) as refusal:
        read_plan(path, store())
    assert str(refusal.value).startswith(f"{path}: ") and words in str(refusal.value)


def test_plates_at_fault_need_a_store() -> None:
    with pytest.raises(PlanError, match="fault 1, kind stuck: expected a store"):
        disturb_all((Fault("stuck", plates=("*",)),), shop(), store=None, seed=SEED)


def case(tmp_path: Path, plan: str) -> list[str]:
    """Write a recording and a plan; return the words of a command on them."""
    with RecordingWriter(tmp_path / "in.mcap", "shop-1") as writer:
        for (_, one), message in zip(shop(), heard(list(shop())), strict=True):
            writer.write(one, message.t_ns, message.seq)
    (tmp_path / "plan.toml").write_text(plan, encoding="utf-8")
    return ["disturb", str(tmp_path / "in.mcap"), "--plan", str(tmp_path / "plan.toml")]


def run(words: list[str]) -> int:
    """Run a command as `aisle` does."""
    subparsers = argparse.ArgumentParser().add_subparsers()
    add_disturb(subparsers)
    add_publish(subparsers)
    args = subparsers.choices[words[0]].parse_args(words[1:])
    status: int = args.run(args)
    return status


def test_the_command_writes_a_recording_in_order_of_arrival(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.mcap"
    plan = (Fault("delay", p=0.3, seconds=1.0), Fault("corrupt", "door"), Fault("drop", "cart-*", from_s=6.0))
    assert run([*case(tmp_path, plan_text(plan)), "--seed", str(SEED), "--out", str(out)]) == 0
    recording = read_recording(out)
    assert list(recording) == [one for _, one in disturb_all(plan, shop(), store=None, seed=SEED)]
    assert recording.store_id == "shop-1" and capsys.readouterr().out == f"{out}: 84 messages, 3 faults\n"


def test_the_command_leaves_a_recording_as_it_is_without_faults(tmp_path: Path) -> None:
    out = tmp_path / "out.mcap"
    assert run([*case(tmp_path, ""), "--out", str(out)]) == 0
    assert out.read_bytes() == (tmp_path / "in.mcap").read_bytes()


def test_the_command_refuses_a_wrong_plan_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = case(tmp_path, '[[fault]]\nkind = "stuck"\nplates = ["*"]')
    assert run([*words, "--out", str(tmp_path / "out.mcap")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "expected a store" in said


def test_the_command_does_not_write_a_recording_over_itself(tmp_path: Path) -> None:
    words = case(tmp_path, "")
    with pytest.raises(RecordingError, match="--out: expected another file"):
        run([*words, "--out", words[1]])


def test_publishing_with_faults_sends_what_disturbing_writes(tmp_path: Path) -> None:
    plan = (Fault("drop", p=0.2), Fault("duplicate", p=0.2, seconds=0.5))
    disturb_words = case(tmp_path, plan_text(plan))
    expected = [one for _, one in disturb_all(plan, shop(), store=None, seed=SEED)]
    with gateway_turning(tmp_path / "journal") as gateway:
        words = ["publish", disturb_words[1], "--to", gateway.inbox.endpoint, "--rate", "max"]
        assert run([*words, "--faults", disturb_words[3], "--seed", str(SEED)]) == 0
    heard = kept(tmp_path / "journal")
    assert [(one.topic, one.payload) for one in heard] == [(one.topic, one.payload) for one in expected]
