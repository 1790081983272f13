"""Intake: the one order, duplicates, lateness, the frontier."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.config import IntakeConfig
from fusion.intake import Sequencer, Slice
from fusion.messages import Health

CONFIG = IntakeConfig(slice_ns=50, reorder_window_ns=1000, idle_ns=2000, future_ns_max=5000, remembered_ns=5000)


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


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(1, 49), st.integers(20_000, 10**15)),
        max_size=30,
        unique_by=lambda r: r[:2],
    )
)
def test_single_leaps_into_the_future_cost_nobody_else_a_message(leaps: list[tuple[str, int, int]]) -> None:
    far = {(src, i): ahead for src, i, ahead in leaps if (src, i - 1) not in {r[:2] for r in leaps}}
    good = [health(src, i, 100 * i) for i in range(50) for src in "abcd"]
    wrong = [health(m.src, 1000 + m.seq, m.t_ns + far.get((m.src, m.seq), 0)) for m in good if (m.src, m.seq) in far]
    plain, _ = run(good)
    mixed, sequencer = run(sorted(good + wrong, key=lambda m: (m.seq % 1000, m.src, m.seq)))
    assert mixed == plain
    assert sequencer.counts["future"] == len(wrong)
    assert sequencer.counts["late"] == 0


def test_two_clocks_that_were_wrong_for_a_while_stop_nobody() -> None:
    """Both are believed while they last, and what comes after they are set right is in time again."""
    ahead = dict.fromkeys(range(20, 25), 10**9)
    messages = [health(src, i, 100 * i + (ahead.get(i, 0) if src in "ab" else 0)) for i in range(60) for src in "abcd"]
    slices, sequencer = run(messages)
    assert {m.seq for _, _, inside in slices for m in inside if m.src == "c"} >= {*range(20), *range(27, 60)}
    assert sequencer.counts["late"] + sequencer.counts["future"] <= 30


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


def streams(lags: dict[str, int], silent: dict[str, tuple[int, int]], end: int = 20_000) -> list[Health]:
    """Return messages of sources, one each 100 ns, as they arrive: each so late, silent from and to."""
    sent = [
        (t + lag, src, t)
        for src, lag in lags.items()
        for t in range(0, end, 100)
        if not silent.get(src, (end, end))[0] <= t < silent.get(src, (end, end))[1]
    ]
    count: dict[str, int] = {}
    out = []
    for _, src, t in sorted(sent):
        out.append(health(src, count.get(src, 0), t))
        count[src] = count.get(src, 0) + 1
    return out


@given(st.integers(0, 8000), st.integers(0, 12_000), st.integers(0, 900), st.integers(0, 900))
def test_a_silent_source_is_idle_after_its_time_and_comes_back_without_a_loss_or_a_stall(
    begin: int, lasts: int, lag_b: int, lag_c: int
) -> None:
    messages = streams({"a": 0, "b": lag_b, "c": lag_c}, {"c": (begin, begin + lasts)})
    sequencer, behind = Sequencer(CONFIG), 0
    for message in messages:
        for _ in sequencer.push(message, b""):
            pass
        behind = max(behind, sequencer.frontier_ns() - max(sequencer.closed_ns, 0))
    assert behind <= CONFIG.idle_ns + CONFIG.reorder_window_ns + 300
    assert sequencer.counts["late"] == 0
    assert "c" not in sequencer.idle or begin + lasts > 20_000 - CONFIG.idle_ns - 1000
    assert sequencer.counts["idle"] == sequencer.counts["back"] + ("c" in sequencer.idle)


@given(st.integers(1000, 1900))
def test_a_source_that_is_later_than_the_window_but_not_idle_loses_nothing_once_it_is_known(lag: int) -> None:
    messages = [health("c", 0, 0), *streams({"a": 0, "b": 0, "c": lag}, {"c": (0, 1)})]
    _, sequencer = run(messages)
    assert sequencer.counts["late"] == 0


@given(st.integers(1, 6000))
def test_the_last_source_that_speaks_goes_on_alone(begin: int) -> None:
    sequencer = Sequencer(CONFIG)
    for message in streams({"a": 0, "b": 50}, {"b": (begin, 20_000)}):
        for _ in sequencer.push(message, b""):
            pass
    assert sequencer.closed_ns >= 19_900 - CONFIG.reorder_window_ns - 200
    assert sequencer.idle == frozenset("b")


def test_one_jump_into_the_future_is_no_time_that_passes_alone() -> None:
    sequencer = Sequencer(CONFIG)
    ahead = [health("a", 10 + i, 10**9 + 100 * i) for i in range(5)]
    for message in [*streams({"a": 0, "b": 0}, {}, 1000), *ahead, health("b", 10, 1000)]:
        for _ in sequencer.push(message, b""):
            pass
    assert sequencer.counts["late"] == 0 and sequencer.frontier_ns() == 1000


@given(st.permutations("abcd"))
def test_the_names_of_sources_decide_nothing_about_who_is_idle(names: list[str]) -> None:
    messages = streams({"a": 0, "b": 40, "c": 80, "d": 120}, {"d": (3000, 9000), "c": (6000, 12_000)})
    called = dict(zip("abcd", names, strict=True))
    renamed = [health(called[m.src], m.seq, m.t_ns) for m in messages]
    plain, other = run(messages), run(renamed)
    assert [(a, b, len(m)) for a, b, m in plain[0]] == [(a, b, len(m)) for a, b, m in other[0]]
    assert plain[1].counts == other[1].counts
