"""The bench of a rush: its clock counts every stage once, and leaves the engine as it was."""

import time
from pathlib import Path

import pytest

import fusion.engine
from bench.golden import STORE, tape_of
from bench.rush import STAGES, Clock, measuring, replay, report


def test_every_stage_is_counted_once_and_the_engine_is_as_before(tmp_path: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    (case / "store").symlink_to(STORE)
    (case / "recording.mcap").symlink_to(tape_of("single"))
    before = [getattr(module, name) for calls in STAGES.values() for module, name in calls]
    run = replay(case, tmp_path / "out")
    assert [getattr(module, name) for calls in STAGES.values() for module, name in calls] == before
    assert set(run.clock.total) == set(STAGES)
    assert 0.0 < sum(run.clock.total.values()) < run.wall_s
    assert sum(run.clock.by_time.values()) == pytest.approx(sum(run.clock.total.values()))


def test_a_stage_within_a_stage_counts_once() -> None:
    clock = Clock()
    inner = clock.timed("shelf", lambda: time.sleep(0.01))
    clock.timed("attribution", inner)()
    assert set(clock.total) == {"attribution"}


def test_an_error_leaves_the_engine_as_it_was() -> None:
    kept = fusion.engine.attribute
    with pytest.raises(ZeroDivisionError), measuring(Clock()):
        assert fusion.engine.attribute is not kept
        raise ZeroDivisionError
    assert fusion.engine.attribute is kept


def test_the_report_names_every_stage_and_the_bar(tmp_path: Path) -> None:
    import polars as pl

    case = tmp_path / "rush"
    case.mkdir()
    pl.DataFrame({"t": [0, 0, 10**9], "person": ["a", "b", "a"]}).write_parquet(case / "truth_tracks.parquet")
    from bench.rush import Run

    text = "\n".join(report([Run(2.0, 4.0, Clock({"attribution": 0.1}), {"attribution.hypotheses_max": 3})], case))
    assert all(stage in text for stage in STAGES)
    assert "at most 2 people" in text and "5.0%  (bar 5%)" in text and "reached 3 times" in text
