"""Moments near an instant, found by halving, are those that looking at every one finds; of a past those it saw."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from remembered import bodies_at, past_of

from fusion.attribution.bodies import Bodies, Past, and_then, no_past
from fusion.attribution.moments import within


@dataclass(frozen=True)
class At:
    """A moment of nothing."""

    t_ns: int


TIMES = st.lists(st.integers(0, 40), min_size=1, max_size=30, unique=True).map(sorted)


@given(TIMES, st.integers(-5, 45), st.integers(0, 20))
def test_within_are_all_within_and_no_others(times: list[int], t_ns: int, around_ns: int) -> None:
    moments = tuple(At(t) for t in times)
    found = within(moments, t_ns - around_ns, t_ns + around_ns)
    assert list(found) == [one for one in moments if abs(one.t_ns - t_ns) <= around_ns]


def body_at(t_ns: int) -> Bodies:
    """As many people as nanoseconds have gone, three at most, at places that tell the moment."""
    n = t_ns % 4
    at = np.full((n, 3), float(t_ns))
    one = t_ns, np.arange(n), at, np.zeros((n, 2, 3)), np.zeros((n, 2, 3, 3)), np.zeros(n)
    return bodies_at(*one)


@given(TIMES, st.integers(-5, 45), st.integers(0, 20))
def test_a_past_finds_the_same(times: list[int], t_ns: int, around_ns: int) -> None:
    past, moments = past_of(body_at(t) for t in times), [At(t) for t in times]
    assert past.at(past.nearest(t_ns)).t_ns == min(times, key=lambda one: abs(one - t_ns)), "of two the earlier"
    begin, end = past.within(t_ns - around_ns, t_ns + around_ns)
    found = [past.at(moment) for moment in range(begin, end)]
    assert [one.t_ns for one in found] == [one.t_ns for one in within(moments, t_ns - around_ns, t_ns + around_ns)]
    assert all((one.head == one.t_ns).all() and len(one.head) == one.t_ns % 4 for one in found)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400)), min_size=1, max_size=40), st.integers(1, 150))
def test_pasts_that_go_on_from_one_another_see_what_each_of_them_was_told(steps: list, kept_ns: int) -> None:
    pasts: list[tuple[Past, list[int]]] = [(no_past(), [])]
    for which, later_ns in steps:  # any of them goes on: a state may be stepped twice
        past, times = pasts[which % len(pasts)]
        now = (times[-1] if times else 0) + later_ns
        pasts.append((and_then(past, body_at(now), now - kept_ns), [*(t for t in times if t >= now - kept_ns), now]))
    for past, times in pasts:
        seen = [past.at(moment) for moment in range(past.begin, past.end)]
        assert [one.t_ns for one in seen] == times == past.t_ns.tolist()
        assert all((one.head == one.t_ns).all() and len(one.head) == one.t_ns % 4 for one in seen)
