"""Intake: the one order, duplicates, lateness, the frontier."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.config import IntakeConfig
from fusion.intake import Sequencer, Slice
from fusion.messages import Health

CONFIG = IntakeConfig(slice_ns=50, reorder_window_ns=1000, future_ns_max=5000, remembered_ns=5000)


def health(src: str, seq: int, t_ns: int) -> Health:
    return Health(src, seq, t_ns, "ok", "")


def run(messages: list[Health]) -> tuple[list[tuple[int, int, tuple[Health, ...]]], Sequencer]:
    sequencer = Sequencer(CONFIG)
    slices: list[Slice] = [s for m in messages for s in sequencer.push(m, b"")]
    slices += sequencer.flush()
    return [(s.start_ns, s.end_ns, s.messages) for s in slices], sequencer


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4000)), min_size=1, max_size=60),
    st.integers(0, 2**32 - 1),
    st.floats(0, 0.5),
)
def test_any_order_inside_the_window_gives_the_same_slices(
    rows: list[tuple[str, int]], seed: int, twice: float
) -> None:
    rng = np.random.default_rng(seed)
    messages = [health(src, i, t) for i, (src, t) in enumerate(sorted(rows, key=lambda r: (r[1], r[0])))]
    arrivals = [(m.t_ns + float(rng.uniform(0, 999)), m) for m in messages]
    arrivals += [(m.t_ns + float(rng.uniform(0, 999)), m) for m in messages if rng.random() < twice]
    plain, _ = run(messages)
    shuffled, sequencer = run([m for _, m in sorted(arrivals, key=lambda a: a[0])])
    assert shuffled == plain
    assert sequencer.counts["late"] == 0
    assert sequencer.counts["duplicate"] == len(arrivals) - len(messages)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 20_000)), max_size=80))
def test_every_message_is_in_one_slice_or_counted(rows: list[tuple[str, int]]) -> None:
    messages = [health(src, i, t) for i, (src, t) in enumerate(rows)]
    slices, sequencer = run(messages)
    out = sum(len(m) for _, _, m in slices)
    assert out + sequencer.counts["late"] + sequencer.counts["future"] == len(messages)
    ends = [end for _, end, _ in slices]
    assert ends == sorted(set(ends))
    for start, end, inside in slices:
        assert all(start <= m.t_ns < end for m in inside)
        keys = [(m.t_ns, m.src, m.seq) for m in inside]
        assert keys == sorted(keys)


def test_one_clock_in_the_future_does_not_make_the_others_late() -> None:
    messages = [health("bad", 0, 10**15)]
    messages += [health(src, i, 100 * i) for i in range(50) for src in "ab"]
    slices, sequencer = run(messages)
    assert sum(len(m) for _, _, m in slices) == 100
    assert sequencer.counts["late"] == 0 and sequencer.counts["future"] == 1


def test_gaps_and_restarts_are_counted() -> None:
    _, sequencer = run([health("a", s, 100 * i) for i, s in enumerate([0, 1, 4, 5, 0, 1])])
    assert sequencer.missing() == 2 and sequencer.counts["restart"] == 1


def test_messages_of_one_source_out_of_their_numbers_order_are_no_gap() -> None:
    _, sequencer = run([health("a", s, 100 * i) for i, s in enumerate([1, 0, 3, 2, 5, 4, 6])])
    assert sequencer.missing() == 0 and sequencer.counts["restart"] == 0


def test_a_late_message_is_told_from_a_late_duplicate() -> None:
    stream = [health(src, i, 100 * i) for i in range(40) for src in "ab"]
    _, sequencer = run([*stream, health("a", 0, 0), health("c", 0, 0)])
    assert sequencer.counts["duplicate"] == 1 and sequencer.counts["late"] == 1
