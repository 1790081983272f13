"""The bench of a rush: stages are timed once each and left as they were, a rush is as full as it was asked to be."""

import json
import types
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.golden import STORE, tape_of
from bench.judge import replay_case
from bench.rush.__main__ import main, replay
from bench.rush.case import Rush, draw_rush, inside_at
from bench.rush.report import BAR, by_stage, fullest, over_time, run_of, shares, verdict
from bench.rush.stages import ATTRIBUTION, COMPOSING, FUNCTIONS, REST, SHELF, STAGES, Stopwatch, stage_of, watched
from scenarios.simulate import staged

SECONDS = st.dictionaries(
    st.tuples(st.integers(0, 3), st.sampled_from(STAGES[:-1])), st.floats(0.0, 9.0), min_size=1, max_size=12
)


def as_it_is() -> dict[str, object]:
    found = {f"{module.__name__}.{name}": value for module in COMPOSING for name, value in vars(module).items()}
    return found | {f"{owner.__name__}.{name}": vars(owner)[name] for owner, name, _ in FUNCTIONS}


def test_what_the_engine_calls_is_timed_while_it_is_watched_and_left_as_it_was() -> None:
    before = as_it_is()
    with watched(Stopwatch()):
        during = as_it_is()
        changed = {name for name, value in before.items() if during[name] is not value}
        for call in (
            "engine.attribute",
            "engine.follow_frames",
            "engine.observe_batches",
            "engine.retime",
            "engine.visits",
        ):
            assert f"fusion.{call}" in changed
        for call in ("settlement.choose", "settlement.weigh_exit", "session.decode", "session.close_book"):
            assert f"fusion.{call}" in changed
        # Nothing that comes from a stage is left out.
        functions = {name: value for name, value in before.items() if isinstance(value, types.FunctionType)}
        assert {name for name, value in functions.items() if stage_of(value.__module__)} <= changed
        assert "fusion.engine.step" not in changed and "fusion.settlement.join" not in changed
    assert as_it_is() == before


def test_an_error_leaves_the_engine_as_it_was() -> None:
    before = as_it_is()
    stopwatch = Stopwatch()
    with pytest.raises(ZeroDivisionError), watched(stopwatch), stopwatch.timing(SHELF):
        raise ZeroDivisionError
    assert as_it_is() == before and not stopwatch.is_running


def test_what_a_stage_calls_is_its_own_time() -> None:
    stopwatch = Stopwatch(at=2)
    inner = stopwatch.timed(SHELF, lambda: 7)
    assert stopwatch.timed(ATTRIBUTION, inner)() == 7
    assert set(stopwatch.wall_s) == set(stopwatch.cpu_s) == {(2, ATTRIBUTION)}
    assert inner() == 7 and set(stopwatch.wall_s) == {(2, ATTRIBUTION), (2, SHELF)}


def test_a_generator_does_its_work_while_it_is_timed() -> None:
    stopwatch, at_work = Stopwatch(), []

    def count(most: int):
        for number in range(most):
            at_work.append(stopwatch.is_running)
            yield number

    assert list(stopwatch.timed(SHELF, count)(3)) == [0, 1, 2] and at_work == [True] * 3
    assert list(stopwatch.each(SHELF, iter("ab"))) == ["a", "b"]


@given(SECONDS, st.floats(0.0, 5.0), st.data())
def test_shares_add_up_to_all_and_the_rest_is_what_nobody_took(spent, more: float, data) -> None:
    total = defaultdict(float)
    for (at, _), seconds in spent.items():
        total[at, REST] += seconds + more
    total[0, REST] += 1.0
    stopwatch = Stopwatch(wall_s=spent, cpu_s=spent)
    run = run_of(stopwatch, total, total, record={"seconds": {"store": 40.0}, "limits": {}, "ledger": "ab"})
    np.testing.assert_allclose(run.wall_s.sum(), sum(total.values()))
    np.testing.assert_allclose(run.wall_s[:, STAGES.index(REST)].sum(), 1.0 + more * len(spent), atol=1e-6)
    assert shares([run]).sum() == pytest.approx(1.0)
    inside = np.array(data.draw(st.lists(st.integers(1, 50), min_size=len(run.wall_s), max_size=len(run.wall_s))))
    assert inside[fullest(inside)].min() >= 0.9 * inside.max()
    share = shares([run])[STAGES.index(ATTRIBUTION)]
    assert ("NOT under" in verdict([run], inside)) == (share >= BAR)
    assert by_stage([run], inside).row_count == len(STAGES)
    assert over_time([run, run], inside).row_count == len(run.wall_s)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=20), st.floats(0, 200))
def test_who_is_inside_came_and_did_not_leave(visits, t_s: float) -> None:
    came, left = np.array([min(v) for v in visits]), np.array([max(v) for v in visits])
    want = sum(min(v) <= t_s < max(v) for v in visits)
    assert inside_at(came, left, np.array([t_s])).tolist() == [want]
    assert inside_at(came, np.full(len(came), np.inf), np.array([1e9])).tolist() == [len(visits)]


def test_a_replay_is_the_same_watched_and_its_time_is_all_accounted_for(tmp_path: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    (case / "store").symlink_to(STORE)
    (case / "recording.mcap").symlink_to(tape_of("single"))
    run = replay(case, tmp_path / "watched")
    replay_case(case, tmp_path / "plain")
    for name in ("receipts.jsonl", "events.jsonl"):
        assert (tmp_path / "watched" / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()
    assert run.ledger == json.loads((tmp_path / "plain" / "run.json").read_text())["ledger"]
    assert (run.wall_s.sum(axis=0) > 0.0).all() and (run.cpu_s > -1e-6).all()


@pytest.mark.parametrize("shoppers", [1, 3])
def test_a_rush_is_as_full_as_it_was_asked_to_be(tmp_path: Path, shoppers: int) -> None:
    script = draw_rush(Rush(shoppers, 5.0, 1, "corner", 0.2), tmp_path)
    assert staged(str(script), 1).world.bodies.present.sum(axis=0).max() >= shoppers


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--store", "bazaar"], "received 'bazaar'"),
        (["--hard", "2", "--store", "kiosk"], "a share of hard behaviour from 0 to 1"),
    ],
)
def test_a_wrong_argument_is_one_line(tmp_path: Path, capsys, words, why) -> None:
    assert main([*words, "--shoppers", "1", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("bench.rush: ") and why in said and said.count("\n") == 1
