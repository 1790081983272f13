"""A past remembers what it was told and finds moments by halving."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from remembered import bodies_at, past_of

from fusion.attribution.bodies import Bodies, bodies_in, no_bodies, with_bodies
from fusion.attribution.past import Past

TIMES = st.lists(st.integers(0, 40), min_size=1, max_size=30, unique=True).map(sorted)


def body_at(t_ns: int) -> Bodies:
    """As many people as nanoseconds have gone, three at most, at places that tell the moment."""
    n = t_ns % 4
    at = np.full((n, 3), float(t_ns))
    one = t_ns, np.arange(n), at, np.zeros((n, 2, 3)), np.zeros((n, 2, 3, 3)), np.zeros(n)
    return bodies_at(*one)


@given(TIMES, st.integers(-5, 45), st.integers(0, 20))
def test_moments_near_an_instant_are_those_that_looking_at_every_one_finds(
    times: list[int], t_ns: int, around_ns: int
) -> None:
    past = past_of(body_at(t) for t in times)
    assert bodies_in(past, past.nearest(t_ns)).t_ns == min(times, key=lambda one: abs(one - t_ns)), "of two the earlier"
    begin, end = past.within(t_ns - around_ns, t_ns + around_ns)
    found = [bodies_in(past, moment) for moment in range(begin, end)]
    assert [one.t_ns for one in found] == [one for one in times if abs(one - t_ns) <= around_ns]
    assert all((one.head == one.t_ns).all() and len(one.head) == one.t_ns % 4 for one in found)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400)), min_size=1, max_size=40), st.integers(1, 150))
def test_pasts_that_go_on_from_one_another_see_what_each_of_them_was_told(steps: list, kept_ns: int) -> None:
    pasts: list[tuple[Past, list[int]]] = [(no_bodies(), [])]
    for which, later_ns in steps:  # any of them goes on: a state may be stepped twice
        past, times = pasts[which % len(pasts)]
        now = (times[-1] if times else 0) + later_ns
        pasts.append((with_bodies(past, body_at(now), now - kept_ns), [*(t for t in times if t >= now - kept_ns), now]))
    for past, times in pasts:
        seen = [bodies_in(past, moment) for moment in range(past.begin, past.end)]
        assert [one.t_ns for one in seen] == times == past.t_ns.tolist()
        assert all((one.head == one.t_ns).all() and len(one.head) == one.t_ns % 4 for one in seen)
