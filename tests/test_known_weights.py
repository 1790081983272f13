"""Test weights: they tell a plate's gain, are no goods of anybody, and hide none."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import ENTER_S, EPOCH, MASSES, STEP_S, Action, run, tape, tiny_store

from bench.clock_faults import frames_of
from fusion.cli import main
from fusion.engine import Outputs
from fusion.health.gains import Gains
from fusion.health.known_weights import AWAITED_MAX, await_weights, take_out
from fusion.health.settings import HealthConfig
from fusion.health.sources import first_sources
from fusion.messages import Health, Message, Plates
from fusion.session import Session
from fusion.store import load_store
from scenarios.layout import build_store
from scenarios.shops import shop_named
from scenarios.simulate import Recipe, simulate
from sensors.fault_stream import disturb_all, since_first
from sensors.faults import Fault
from sensors.world import generator

STORE, CONFIG, S = tiny_store(), HealthConfig(), 10**9
KIOSK = Path(__file__).parents[1] / "docs" / "examples" / "kiosk"
SLOW = settings(deadline=None, max_examples=4, suppress_health_check=[HealthCheck.too_slow])
SHOPPERS = 2
BEGIN_S = ENTER_S + 3.0 * SHOPPERS  # of what they do
TAKES = [Action(0, 3, -1), Action(1, 1, -1), Action(0, 4, -1)]
AFTER_S = BEGIN_S + STEP_S * len(TAKES) + 1.0
TOLD_G = 500.0


def weighed(messages: list[Message], plate: int, factor: float, came_s: float, went_s: float) -> list[Message]:
    """Return messages with a test weight on a plate for a while, which shows it times a factor."""
    out = []
    for one in messages:
        if isinstance(one, Plates):
            t_s = (one.t_ns - EPOCH) / S + np.arange(len(one.g)) / 60
            g = one.g.copy()
            g[(t_s >= came_s) & (t_s < went_s), plate] += TOLD_G * factor
            one = replace(one, g=g)
        out.append(one)
    return out


def told(plate: int, at_s: float, src: str = "scanner") -> Health:
    """Return the word of a test weight to come."""
    return Health(src, 10**6, EPOCH + round(at_s * 1e3) * 1_000_000, "ok", "", ((f"P{plate}", TOLD_G),))


SCRIPT = """\
name: weighed
about: somebody of the staff weighs a plate with a test weight while a shopper is there
store: nano

ann at 1 s
  look 12 s
  leave

tess at 3 s, staff
  weigh {plate} with 500 g
  leave
"""


def receipts(outputs: tuple[Outputs, ...]) -> list[tuple[str | None, list[tuple[str, int]]]]:
    rows = [one for out in outputs for one in out.receipts]
    return sorted((one.account, [(line.sku, line.quantity) for line in one.lines]) for one in rows)


def shelf_events(outputs: tuple[Outputs, ...]) -> list[tuple[str, tuple[str, ...]]]:
    return sorted((one.sku, one.plates) for out in outputs for one in out.events)


def words(outputs: tuple[Outputs, ...]) -> list[tuple[str, str, str]]:
    return [(one.src, one.state, one.text) for out in outputs for one in out.health]


@SLOW
@given(st.integers(0, 5), st.floats(-0.4, 0.6), st.sampled_from([0.0, 6.0]))
def test_a_test_weight_tells_the_gain_of_its_plate_and_is_no_goods(plate: int, gain: float, later_s: float) -> None:
    clean = run(STORE, tape(TAKES, SHOPPERS))
    came_s = AFTER_S + later_s
    messages = [*weighed(tape(TAKES, SHOPPERS), plate, 1.0 + gain, came_s, came_s + 5.0), told(plate, came_s - 4.0)]
    outputs = run(STORE, messages)
    assert receipts(outputs) == receipts(clean) and shelf_events(outputs) == shelf_events(clean)
    said = words(outputs)
    (shown,) = [text for src, _, text in said if src == f"P{plate}" and "for a test weight of 500 g" in text]
    assert float(shown.split()[1]) == pytest.approx(TOLD_G * (1.0 + gain), abs=3.0)
    named = {src: text for src, state, text in said if state == "degraded"}
    if abs(gain) > 0.08:
        assert named.keys() == {f"P{plate}"} and named[f"P{plate}"].endswith(", by a test weight")
    elif abs(gain) < 0.03:
        assert not named


def test_without_a_word_or_where_it_stays_it_is_a_change_like_any_other() -> None:
    clean = shelf_events(run(STORE, tape(TAKES, SHOPPERS)))
    came_s = AFTER_S
    untold = run(STORE, weighed(tape(TAKES, SHOPPERS), 5, 1.0, came_s, came_s + 5.0))
    assert len(shelf_events(untold)) > len(clean)
    stays = run(STORE, [*weighed(tape(TAKES, SHOPPERS), 5, 1.0, came_s, 1e9), told(5, came_s - 4.0)])
    assert len(shelf_events(stays)) > len(clean)


def test_goods_that_go_are_charged_whatever_was_said_of_a_weight_as_heavy() -> None:
    clean = run(STORE, tape(TAKES, SHOPPERS))
    assert MASSES[4] == pytest.approx(TOLD_G, rel=0.05)
    outputs = run(STORE, [*tape(TAKES, SHOPPERS), told(4, BEGIN_S + 2 * STEP_S)])
    assert receipts(outputs) == receipts(clean) and receipts(clean)[0][1]


def test_goods_put_back_and_taken_by_another_where_a_weight_was_falsely_told_wait_for_a_person() -> None:
    """Found by the fuzz: who had put them back paid for them, and who took them did not."""
    doing = [Action(0, 3, -1), Action(0, 3, 1), Action(1, 3, -1)]
    for words, status in (([], "settled"), ([told(3, BEGIN_S + STEP_S)], "review")):
        outputs = run(STORE, [*tape(doing, SHOPPERS), *words])
        assert [one.status for out in outputs for one in out.receipts] == [status] * SHOPPERS


def test_no_sensor_of_the_store_speaks_of_test_weights() -> None:
    came_s = AFTER_S
    messages = weighed(tape(TAKES, SHOPPERS), 5, 1.3, came_s, came_s + 5.0)
    for src, plate in (("ctl", 5), ("cam", 5), ("door", 5), ("scanner", 77)):
        outputs = run(STORE, [*messages, told(plate, came_s - 4.0, src)])
        assert not [text for _, _, text in words(outputs) if "test weight" in text]
        assert shelf_events(outputs) == shelf_events(run(STORE, messages))


@pytest.mark.parametrize(
    ("plate", "grams", "says"),
    [("P9", "500", "plates.csv: expected a plate of it, received P9"), ("G1-s1-p02", "0", "expected grams, 1 or more")],
)
def test_the_command_refuses_what_no_weight_can_lie_on(
    plate: str, grams: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["weigh", plate, grams, "--store", str(KIOSK), "--to", "tcp://127.0.0.1:9"]) == 2
    assert says in capsys.readouterr().err


def test_no_flood_of_words_is_kept() -> None:
    store = build_store(shop_named("corner"), generator(1, 0, 0))
    names = store.plates.plate_id
    floods = [Health("scanner", n, n, "ok", "", tuple((name, 100.0 + n) for name in names)) for n in range(3)]
    awaited, odd = await_weights((), floods, first_sources(store), store)
    assert len(awaited) == AWAITED_MAX < len(names) and {one.g for one in awaited} == {102.0}
    assert len(odd) == 3 * (len(names) - AWAITED_MAX)
    assert take_out(awaited, (), Gains(), 200 * S, CONFIG)[1] == ()


def test_staff_of_a_script_weigh_a_plate_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    script, plate = tmp_path / "script.txt", "G1-s2-p02"
    script.write_text(SCRIPT.format(plate=plate), encoding="utf-8")
    simulate(Recipe(str(script), 4), tmp_path)
    assert json.loads((tmp_path / "truth.json").read_text())["events"] == []
    store = load_store(tmp_path / "store")
    session = Session(store, tmp_path / "out")
    plan = (Fault("gain", plates=(plate,), size=-0.2),)
    for _, frame in disturb_all(plan, since_first(frames_of(tmp_path)), store=store, seed=1):
        session.feed(frame)
    session.finish()
    health = session.close()["health"]
    assert health["sensors"][plate]["text"] == "weighs 20% too little, by a test weight" and not health["suspects"]
    assert not (tmp_path / "out" / "events.jsonl").read_text()
    other = tmp_path / "other.txt"
    other.write_text(SCRIPT.format(plate="P9"), encoding="utf-8")
    with pytest.raises(ValueError, match="tess: expected a plate of this store with goods on it, received 'P9'"):
        simulate(Recipe(str(other), 4), tmp_path / "again")
