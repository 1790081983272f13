"""Clocks that learn from several messages at once are what they are after one message after the other."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from test_clocks import CONFIG, S, seeds, walkers

from fusion.intake.clock_filter import Clock, Stamp, compare, compare_each


@given(seeds, st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4)), min_size=1, max_size=8), st.booleans())
def test_messages_at_once_teach_clocks_what_one_after_the_other_does(
    seed: int, told: list[tuple[str, int]], knows_a: bool
) -> None:
    rng = np.random.default_rng(seed)
    first = np.concatenate([[0], np.cumsum([people for _, people in told])])
    seen = walkers(rng, 0.05, np.zeros(2), rng.uniform(-3, 3, int(first[-1])), 0.05)
    stamps = [Stamp(src, int(rng.integers(10 * S)), float(rng.normal(0, 0.1))) for src, _ in told]
    clocks: dict[str, Clock] = {"a": Clock(5 * S, (0.1, 0, 0, 0), 0.01 * np.eye(4))} if knows_a else {}
    at_once = compare_each(clocks, stamps, seen, first, CONFIG)

    apart = dict(clocks)
    for one, a, b in zip(stamps, first[:-1].tolist(), first[1:].tolist(), strict=True):
        own = replace(seen, **{name: getattr(seen, name)[a:b] for name in ("off", "per_s", "beside", "cov")})
        apart[one.src] = compare(apart.get(one.src), one.t_ns, own, one.by_s, CONFIG)

    assert at_once.keys() == {src for src, _ in told}
    for src, clock in at_once.items():
        other = apart[src]
        assert clock.mean == other.mean and (clock.cov == other.cov).all()
        assert (clock.surprise, clock.steps, clock.mutual) == (other.surprise, other.steps, other.mutual)
