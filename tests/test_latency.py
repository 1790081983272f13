"""Latencies: percentiles are those of the waits, within the width of a bin, and a run tells them."""

import json
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tiny import Action, frames, tape, tiny_store

from fusion.latency import FIRST, RECEIPT, SETTLED, STEPS, Waits
from fusion.session import Session


@given(st.lists(st.floats(0.002, 1e5), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.99]))
def test_percentiles_are_of_what_was_counted_and_never_too_low(seconds: list[float], share: float) -> None:
    waits = Waits()
    for one in seconds:
        waits.add(one)
    true = float(np.sort(seconds)[max(0, int(np.ceil(share * len(seconds))) - 1)])
    assert true * (1 - 1e-9) <= waits.within_s(share) <= max(true * 10 ** (1 / STEPS), 0.001) * (1 + 1e-9)
    assert waits.most_s == max(seconds)


def test_a_run_tells_how_long_after_it_happened_it_said_so(tmp_path: Path) -> None:
    session = Session(tiny_store(), tmp_path)
    said = [out for frame in frames(tape([Action(0, 0, -1), Action(1, 4, -1)])) for out in session.feed(frame)]
    session.finish()
    session.close()
    latency = json.loads((tmp_path / "run.json").read_text())["latency"]
    assert latency[FIRST]["n"] == sum(len(out.provisional) for out in said) > 0
    assert latency[RECEIPT]["n"] == sum(len(out.receipts) for out in said) > 0
    assert 0.0 < latency[FIRST]["p50_s"] < 10.0 and latency[SETTLED]["max_s"] >= latency[RECEIPT]["p50_s"]


def test_the_share_of_the_engine_begins_with_the_message_that_brought_it_about(tmp_path: Path) -> None:
    late_ns, now = 250_000_000, [0]
    session = Session(tiny_store(), tmp_path, clock=lambda: now[0])
    for frame in frames(tape([Action(0, 0, -1), Action(1, 4, -1)])):
        now[0] = frame.arrival_ns + late_ns  # by the clock of the service each frame is read so much after it came
        session.feed(frame)
    session.finish()
    latency = session.close()["latency"]
    assert set(latency) == {FIRST, SETTLED, RECEIPT}
    for told in latency.values():
        assert told["own_max_s"] == 0.25 and 0.25 <= told["own_p50_s"] <= 0.25 * 10 ** (1 / STEPS)
        assert told["p50_s"] > told["own_p999_s"]
