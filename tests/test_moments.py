"""Moments near an instant, found by halving, are those that looking at every one finds."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from fusion.attribution.moments import nearest, within


@dataclass(frozen=True)
class At:
    """A moment of nothing."""

    t_ns: int


TIMES = st.lists(st.integers(0, 40), min_size=1, max_size=30, unique=True).map(sorted)


@given(TIMES, st.integers(-5, 45))
def test_nearest_is_the_nearest_and_of_two_the_earlier(times: list[int], t_ns: int) -> None:
    moments = tuple(At(t) for t in times)
    assert nearest(moments, t_ns) is min(moments, key=lambda one: abs(one.t_ns - t_ns))


@given(TIMES, st.integers(-5, 45), st.integers(0, 20))
def test_within_are_all_within_and_no_others(times: list[int], t_ns: int, around_ns: int) -> None:
    moments = tuple(At(t) for t in times)
    found = within(moments, t_ns - around_ns, t_ns + around_ns)
    assert list(found) == [one for one in moments if abs(one.t_ns - t_ns) <= around_ns]
