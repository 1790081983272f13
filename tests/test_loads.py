"""Reference loads: the stores are of the size they say, scenarios are broken off, figures are what was measured."""

import json
from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.loads.loads import LOADS, Load, loads_named
from bench.loads.making import drawn, made
from bench.rush.stages import STAGES
from bench.throughput.__main__ import main
from bench.throughput.figures import figures_of
from bench.throughput.report import costs, floors, speeds
from bench.throughput.runs import counted
from fusion.messages import Plates
from fusion.recording import read_recording
from fusion.store import load_store
from fusion.wire import decode
from scenarios.barriers import clears
from scenarios.layout import build_store
from scenarios.paths import is_free
from scenarios.script_check import check_script
from scenarios.script_text import read_script, write_script
from scenarios.shops import shop_named
from scenarios.simulate import Recipe, simulate, source_messages, staged
from sensors.world import generator

SIZES = {  # plates, cameras, frames a second, people, carts
    "S": (306, 12, 10.0, 4, 2),
    "M": (2_000, 100, 15.0, 50, 0),
    "L": (10_000, 800, 10.0, 200, 50),
    "XL": (30_000, 1_500, 15.0, 500, 150),
}
SMALL = Load("S", "kiosk", people=2, come_s=0.5, seconds=14.0, bar=1.0)
RUN = {"wall_s": 2.0, "cpu_s": 1.0, "store_s": 60.0, "ledger": "a", "half_mib": 100.0, "peak_mib": 100.0}
FLOOR = {"wall_s": 0.5, "cpu_s": 0.5, "messages": 600, "samples": 12_000_000, "detections": 900}
TIMED = {"stages": dict.fromkeys(STAGES, 0.25)}


# Loads


@pytest.mark.parametrize("name", ["S", "M", "L"])
def test_a_load_is_of_the_size_it_says(name: str) -> None:
    load, (plates, cameras, fps, people, carts) = LOADS[name], SIZES[name]
    store = build_store(shop_named(load.shop), generator(load.seed, 0, 0))
    assert (len(store.plates.plate_id), len(store.cameras.camera_id), len(store.carts)) == (plates, cameras, carts)
    assert (store.cameras.fps == fps).all() and load.people == people
    # Gates stand in the walls, and behind each there is room to stand.
    line = store.gates.line
    assert np.isin(line[..., 0], [0.0, store.outline[:, 0].max()]).all()
    inward = np.where(line[:, 0, 0] == 0.0, 0.6, -0.6)
    steps_in = line.mean(axis=1) + np.column_stack([inward, np.zeros(len(line))])
    assert is_free(steps_in, store.outline, store.fixtures).all()


def test_a_load_is_a_script_that_can_be_played() -> None:
    script = read_script(drawn(LOADS["M"]), "drawn")
    assert len(script.shoppers) == 50 and script.lasts_s == 60.0 and check_script(script) == []


def test_loads_are_chosen_by_name() -> None:
    assert [load.name for load in loads_named("L,S")] == ["L", "S"]
    with pytest.raises(ValueError, match=r"expected some of S, M, L, XL, received 'Q'"):
        loads_named("S,Q")


def test_a_load_is_kept_until_what_makes_it_changes(tmp_path) -> None:
    case = made(SMALL, tmp_path)
    first = (case / "recording.mcap").stat().st_mtime_ns
    assert made(SMALL, tmp_path) == case and (case / "recording.mcap").stat().st_mtime_ns == first
    (case / "made-from.txt").write_text("something else")
    before = (case / "recording.mcap").read_bytes()
    assert made(SMALL, tmp_path) == case
    assert (case / "recording.mcap").stat().st_mtime_ns > first and (case / "recording.mcap").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [SMALL.key]


# Breaking off


def kiosk_script(tmp_path, lasts_s: float):
    script = replace(read_script(drawn(SMALL), "drawn"), lasts_s=lasts_s)
    path = tmp_path / f"for-{lasts_s:g}.txt"
    path.write_text(write_script(script))
    return str(path)


@settings(max_examples=6, deadline=None)
@given(st.floats(8.0, 40.0).map(lambda one: round(one, 1)))
def test_all_before_the_end_is_as_if_there_were_none(tmp_path_factory, lasts_s: float) -> None:
    folder = tmp_path_factory.mktemp("scripts")
    whole = staged(kiosk_script(folder, inf), 1)
    cut = staged(kiosk_script(folder, lasts_s), 1)
    assert cut.world.seconds == min(lasts_s, whole.world.seconds)
    assert [move.t_s for move in cut.performance.moves] == [
        move.t_s for move in whole.performance.moves if move.t_s < lasts_s
    ]
    assert [one for one in cut.world.crossings if one.t_s >= lasts_s] == []
    assert cut.world.crossings == tuple(one for one in whole.world.crossings if one.t_s < lasts_s)
    ticks = int(min(lasts_s, whole.world.seconds) * 60)
    assert (cut.world.bodies.present[:, :ticks] == whole.world.bodies.present[:, :ticks]).all()
    there = cut.performance.present[:, :ticks]
    assert (cut.performance.foot[:, :ticks][there] == whole.performance.foot[:, :ticks][there]).all()
    ends = [
        t for src in ("cam-01", "ctl-G1", "door") for t, _ in source_messages(kiosk_script(folder, lasts_s), 1, src)
    ]
    assert max(ends) < lasts_s + 1.0


def test_what_no_scenario_can_last_is_told_by_line() -> None:
    text = "name: one\nabout: one\nlasts: {}\nann at 1 s\n  leave\n"
    with pytest.raises(ValueError, match=r"one:3: expected seconds, received 'soon'"):
        read_script(text.format("soon"), "one")
    assert read_script(text.format("2.5 s"), "one").lasts_s == 2.5
    assert check_script(read_script(text.format("0 s"), "one")) == ["one: lasts: expected more than 0 s, received 0"]


def test_people_spread_over_many_gates(tmp_path) -> None:
    load = replace(SMALL, shop="300m2-480plates-12cameras", people=20, seconds=14.0)
    path = tmp_path / "many.txt"
    path.write_text(drawn(load))
    visits = staged(str(path), 1).performance.visits
    # With so many gates hardly anybody finds hers taken twice; each lets one in about every two seconds.
    assert len({visit.entry for visit in visits}) >= 8 and max(visit.entered_s for visit in visits) < 10.0


def test_who_would_come_in_too_late_is_named(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"lasts: expected everybody inside"):
        staged(kiosk_script(tmp_path, 0.6), 1)


# Simulating


def test_several_processes_simulate_the_same_bytes(tmp_path) -> None:
    script = kiosk_script(tmp_path, 10.0)
    for workers in (1, 3):
        simulate(Recipe(script, 1), tmp_path / str(workers), workers=workers)
    assert (tmp_path / "1/recording.mcap").read_bytes() == (tmp_path / "3/recording.mcap").read_bytes()


POINTS = st.tuples(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0))


@given(st.lists(st.tuples(POINTS, POINTS), min_size=1, max_size=6), st.lists(POINTS, max_size=4), st.floats(0.1, 1.0))
def test_lines_clear_discs_one_by_one_or_all_at_once(lines, middles, radius: float) -> None:
    here, there = np.array([one for one, _ in lines]), np.array([other for _, other in lines])
    found = clears(here, there, np.array(middles).reshape(-1, 2), np.full(len(middles), radius))
    for row, middle in enumerate(middles):
        along = np.linspace(0.0, 1.0, 4001)[:, None, None]
        gap = np.linalg.norm(here + along * (there - here) - middle, axis=2).min(axis=0)
        sure = np.abs(gap - radius) > 0.01
        assert (found[row] == (gap >= radius))[sure].all()


# Figures


def test_figures_are_medians_and_say_which_bars_are_missed() -> None:
    runs = [RUN, RUN | {"wall_s": 3.0}, RUN | {"wall_s": 9.0}]
    one = figures_of(LOADS["M"], runs, [FLOOR], [TIMED])
    assert (one.replay_s, one.speed, one.ratio) == (3.0, 20.0, 6.0)
    assert one.per_s(one.messages) == 200.0 and one.plate_path == 48e6
    assert one.missed() == ["load M: replay 20.0 x real time (at least 30)"]
    grown = figures_of(LOADS["L"], [RUN | {"peak_mib": 200.0}], [FLOOR | {"wall_s": 0.2}], [TIMED])
    assert [text.split(" ", 3)[2] for text in grown.missed()] == ["pipeline", "peak"]


def test_replays_that_differ_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="2 different ledgers"):
        figures_of(LOADS["S"], [RUN, RUN | {"ledger": "b"}], [FLOOR], [TIMED])


def test_tables_have_a_load_a_row() -> None:
    found = [figures_of(LOADS[name], [RUN], [FLOOR], [TIMED]) for name in ("S", "M")]
    assert speeds(found).row_count == costs(found).row_count == 2


def test_what_the_floor_leaves_of_a_bar_is_told() -> None:
    out_of_reach, in_reach = floors([figures_of(LOADS[name], [RUN], [FLOOR], [TIMED]) for name in ("S", "M")])
    assert (
        out_of_reach.startswith("load S: the floor alone runs at 120.0 x") and "200 x is out of reach" in out_of_reach
    )
    assert in_reach.endswith("a bar of 30 x leaves the engine 25.0 ms a store second, it takes 8.3")


def test_what_is_in_a_recording_is_counted(tmp_path) -> None:
    case = made(SMALL, tmp_path)
    found = counted(read_recording(case / "recording.mcap"))
    messages = [decode(frame.topic, frame.payload) for frame in read_recording(case / "recording.mcap")]
    assert found["messages"] == len(messages)
    assert found["samples"] == sum(one.g.size for one in messages if isinstance(one, Plates))
    plates = len(load_store(case / "store").plates.plate_id)
    assert found["samples"] == pytest.approx(60 * plates * SMALL.seconds, rel=0.06)


def test_an_unknown_load_is_told_in_one_line(capsys) -> None:
    assert main(["--loads", "Z"]) == 2
    assert capsys.readouterr().err == "bench.throughput: --loads: expected some of S, M, L, XL, received 'Z'\n"


def test_json_holds_the_derived_figures() -> None:
    one = json.loads(json.dumps(figures_of(LOADS["S"], [RUN], [FLOOR], [TIMED]).to_json()))
    assert (one["speed"], one["ratio"], one["stages"]["shelf"]) == (30.0, 4.0, 0.25)
