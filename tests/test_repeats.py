"""Stuck plates: following what repeats equals a plain count, and a plate that rests on a value is not stuck."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.health.repeats import Repeats, follow_repeats, no_repeats, rests, stuck
from fusion.health.settings import HealthConfig

CONFIG = HealthConfig()
DT, S = 16_666_667, 10**9
HIDDEN = 3.0
values = st.lists(st.sampled_from([100.0, 100.25, 100.5, 300.0]), min_size=1, max_size=60)


def follow(samples: list[float], cuts: list[int], repeats: Repeats | None = None, start: int = 1) -> Repeats:
    """Follow one plate's samples, in messages as long as the cuts say."""
    out, at = repeats or no_repeats(1), 0
    for cut in [*cuts, len(samples)]:
        part = np.array(samples[at : at + cut])[:, None]
        if len(part):
            out = follow_repeats(out, np.array([0]), part, start + at * DT, DT, np.array([HIDDEN]), np.array([True]))
        at += cut
    return out


@given(values, st.lists(st.integers(1, 9), max_size=20))
def test_following_equals_counting_however_messages_are_cut(samples: list[float], cuts: list[int]) -> None:
    out = follow(samples, cuts)
    starts = [i for i in range(len(samples)) if i == 0 or samples[i] != samples[i - 1]]
    assert out.last_g[0] == samples[-1] and out.since_ns[0] == 1 + starts[-1] * DT
    lawful = [(b - a) * DT for a, b in pairwise(starts) if abs(samples[b] - samples[a]) < HIDDEN]
    # A stretch that begins and ends within one message is too short to matter, and is not looked for.
    assert out.longest_ns[0] <= max(lawful, default=0)
    assert follow(samples, [1] * len(samples)).longest_ns[0] == max(lawful, default=0)


def quantised(seed: int, sd: float, seconds: float) -> list[float]:
    """Return samples with noise of some sd, in steps of 0.25 g, whose level wanders."""
    rng = np.random.default_rng(seed)
    n = int(seconds * S / DT)
    level = 100.0 + np.cumsum(rng.normal(0.0, 0.006, n))
    return [float(g) for g in np.round((level + rng.normal(0.0, sd, n)) * 4.0) / 4.0]


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.08, 0.12, 0.4, 1.0]))
def test_narrow_noise_that_rests_on_a_step_is_not_stuck_and_a_dead_cell_is(seed: int, sd: float) -> None:
    samples = quantised(seed, sd, 12.0)
    out, stretch = no_repeats(1), 30
    for at in range(0, len(samples), stretch):
        out = follow(samples[at : at + stretch], [12, 12], out, 1 + at * DT)
        last_ns = np.array([1 + min(at + stretch, len(samples)) * DT])
        assert not stuck(out, last_ns, CONFIG)[0]
    dead = follow([97.0] * 1800, [12] * 149, out, 1 + len(samples) * DT)
    assert stuck(dead, dead.since_ns + 30 * S, CONFIG)[0]
    assert not stuck(dead, dead.since_ns + 2 * S, CONFIG)[0]


def test_whole_tenths_may_rest_for_ever() -> None:
    out = follow([100.1] * 3000, [10] * 299)
    assert rests(out, CONFIG)[0] and not stuck(out, np.array([60 * S]), CONFIG)[0]
