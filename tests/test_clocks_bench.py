"""The bench of clocks: one clock is set off and nothing else, and what is found of it is counted right."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.clock_faults import ClockFault, Run, set_off
from bench.clocks import alike, found, lines_of, main
from bench.golden import STORE, tape_of
from fusion.messages import Cart, CartMove, Frame, Health
from fusion.wire import decode, encode, topic_of

S = 10**9
FAULT = ClockFault("some", "camera", -0.1, 50.0)


def health(src: str, seq: int, t_ns: int) -> Frame:
    message = Health(src, seq, t_ns, "ok", "")
    return Frame(topic_of(message), encode(message), t_ns + 5)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 10**6)), max_size=20))
def test_one_clock_is_set_off_and_nothing_else(sent: list[tuple[str, int]]) -> None:
    frames = [health(src, seq, 100 * S + ms * S // 1000) for seq, (src, ms) in enumerate(sent)]
    frames.append(Frame("health/a", b"no message", 7))
    off = list(set_off(frames, "a", FAULT))
    assert off[-1] == frames[-1]
    for (src, ms), before, after in zip(sent, frames, off, strict=False):
        since_s = (ms - sent[0][1]) / 1000
        ahead_s = (decode(after.topic, after.payload).t_ns - decode(before.topic, before.payload).t_ns) / S
        assert ahead_s == pytest.approx(-0.1 + 50e-6 * since_s if src == "a" else 0.0, abs=1e-8)
        assert replace(after, payload=before.payload) == before


def test_a_cart_dates_its_moves_by_its_clock() -> None:
    cart = Cart("cart-1", 0, 9 * S, (1.0, 2.0), 0.1, (CartMove(8 * S, 1, (("a", 0.5),), 0.9),), None)
    frame = Frame(topic_of(cart), encode(cart), 9 * S)
    (after,) = set_off([frame], "cart-1", ClockFault("ahead", "cart", 0.2))
    message = decode(after.topic, after.payload)
    assert (message.t_ns, message.moves[0].t_ns) == (9 * S + S // 5, 8 * S + S // 5)


def test_found_is_what_is_found_beyond_the_replay_without_the_fault() -> None:
    times = [k * S for k in range(5)]
    whole = Run({"a": (times, [0.05] * 5)}, [], 1.0)
    run = Run({"a": (times, [0.05, 0.1, 0.22, 0.24, 0.25])}, [], 1.0)
    fault = ClockFault("ahead", "camera", 0.2)
    ahead_s, found_s, within_s = found(fault, "a", whole, run)
    assert (ahead_s, found_s, within_s) == (0.2, pytest.approx(0.2), 2.0)
    assert found(fault, "a", whole, whole)[2] == float("inf")
    assert found(fault, "b", whole, run) == (0.2, 0.0, float("inf"))


def test_trips_are_told_apart_by_account_and_order_and_grams_agree_nearly() -> None:
    def receipt(entered: int, **grams: float) -> dict:
        lines = [{"sku": sku, "qty": 1, "g": g} for sku, g in grams.items()]
        return {"account": "ann", "entered": entered, "lines": lines}

    trips = lines_of([receipt(2, plum=400.0), receipt(1, fig=200.0)])
    assert trips == {("ann", 0): {"fig": 200.0}, ("ann", 1): {"plum": 400.0}}
    assert alike({"plum": 400.0}, {"plum": 403.0})
    assert not alike({"plum": 400.0}, {"plum": 410.0})
    assert not alike({"cola": 1}, {"cola": 2}) and not alike({"cola": 1}, {})


def test_the_bench_prints_a_table_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    case = tmp_path / "one"
    shutil.copytree(STORE, case / "store")
    shutil.copy(tape_of("single"), case / "recording.mcap")
    assert main([str(case)]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert max(map(len, lines)) <= 100 and not said.err
    assert all(any(line.startswith(name) for line in lines) for name in ("camera +200 ms", "controller +200 ms"))
    assert main([str(tmp_path / "none")]) == 2
    assert "expected a case" in capsys.readouterr().err
