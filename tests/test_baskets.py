"""What a basket's scale noticed and its camera did not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.config import SECOND_NS, CartConfig
from fusion.tracking.baskets import Report, Scale, Step, weigh_basket

CONFIG = CartConfig()
seeds = st.integers(0, 2**32 - 1)


def steps(grams: np.ndarray, moves_s: tuple[float, ...] = (), every_s: float = 0.5) -> list[Step]:
    """Report these weights one after the other; a move is told with the report 0.9 s after it."""
    scale, out = Scale(), []
    for k, one in enumerate(grams.tolist()):
        t_s = k * every_s
        told = tuple(round(m * SECOND_NS) for m in moves_s if t_s - every_s < m + 0.9 <= t_s)
        report = Report(round(t_s * SECOND_NS), one, {f"trip {k}": 1.0}, {f"trip {k}": 0.5})
        scale, step = weigh_basket(scale, report, told, CONFIG)
        out += [step] if step is not None else []
    return out


def weights(seed: int, n: int = 60) -> np.ndarray:
    return 300.0 + np.random.default_rng(seed).normal(0.0, 0.5 * CONFIG.basket_sd_g, n)


@given(seeds, st.floats(60, 3000), st.booleans(), st.integers(8, 45))
def test_a_step_that_no_camera_saw_is_told_once_as_it_was(seed: int, step_g: float, out: bool, at: int) -> None:
    grams = weights(seed)
    grams[at:] += -step_g if out else step_g
    (step,) = steps(grams)
    assert abs(step.grams - (-step_g if out else step_g)) < 4 * CONFIG.basket_sd_g
    assert abs(step.t_ns - (at - 0.5) * SECOND_NS / 2) <= SECOND_NS / 2
    assert step.at.t_ns >= step.t_ns and step.at.pairing == {f"trip {round(step.at.t_ns / SECOND_NS * 2)}": 1.0}


@given(seeds, st.floats(60, 3000), st.integers(8, 45))
def test_a_step_that_the_camera_saw_is_no_second_one(seed: int, step_g: float, at: int) -> None:
    grams = weights(seed)
    grams[at:] += step_g
    assert steps(grams, moves_s=(at * 0.5 - 0.2,)) == []


@given(seeds)
def test_a_basket_that_rests_or_rolls_steps_nowhere(seed: int) -> None:
    assert steps(weights(seed)) == []
    rolling = np.random.default_rng(seed).normal(300.0, CONFIG.basket_sd_g, 60)
    assert len(steps(rolling)) <= 1


@given(seeds, st.floats(60, 900))
def test_what_is_lifted_for_a_moment_was_not_moved(seed: int, swing_g: float) -> None:
    grams = weights(seed)
    grams[30] += swing_g  # a hand on the rim in one report
    assert all(abs(step.grams) < swing_g for step in steps(grams))


def test_a_report_that_comes_late_says_nothing_new() -> None:
    scale, _ = weigh_basket(Scale(), Report(20 * SECOND_NS, 300.0, {}, {}), (), CONFIG)
    after, step = weigh_basket(scale, Report(10 * SECOND_NS, 9999.0, {}, {}), (), CONFIG)
    assert after.reports == scale.reports and step is None
