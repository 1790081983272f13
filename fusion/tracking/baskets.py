"""What goes into a basket, or out of it, behind its camera's back: the scale steps, and no move was reported."""

from collections.abc import Mapping, Sequence

import numpy as np

from fusion.config import SECOND_NS, CartConfig
from fusion.frozen import record

WEIGHTS = 3  # before a step and after it
LATE = 1  # reports after those: a step is told when it has begun to look smaller


@record(eq=False)
class Report:
    """One weight of a basket, and who was with the cart then."""

    t_ns: int
    grams: float
    pairing: Mapping[str, float]  # trip -> probability that the cart is theirs
    near: Mapping[str, float]  # trip -> distance of its nearest person to the cart, m


@record(eq=False)
class Scale:
    """The last reports of one basket, oldest first, and when its camera saw moves."""

    reports: tuple[Report, ...] = ()
    moves_ns: tuple[int, ...] = ()


@record(eq=False)
class Step:
    """A change of a basket's weight that no reported move accounts for."""

    t_ns: int
    grams: float
    at: Report  # the first one after it


def weigh_basket(
    scale: Scale, report: Report, moves_ns: tuple[int, ...], config: CartConfig
) -> tuple[Scale, Step | None]:
    """Take in one report and the moves that came with it; return the step that was complete by now, if any.

    The means of a few weights before and after every report are compared: a step is where they differ most. Reports
    that come late say nothing new.
    """
    old = scale.reports
    since_ns = report.t_ns - int(config.basket_step_s * SECOND_NS)
    moves_ns = tuple(t for t in (*scale.moves_ns, *moves_ns) if t > since_ns - SECOND_NS)
    if old and report.t_ns <= old[-1].t_ns:
        return Scale(old, moves_ns), None
    reports = tuple(one for one in (*old, report) if one.t_ns > since_ns)[-2 * WEIGHTS - LATE - 1 :]
    scale = Scale(reports, moves_ns)
    first = len(reports) - WEIGHTS - LATE  # after the step, if it was just there
    if first < WEIGHTS + 1:
        return scale, None
    grams = np.array([one.grams for one in reports])
    step_g = _step_g(grams, first)
    if abs(step_g) <= abs(_step_g(grams, first - 1)) or abs(step_g) < abs(_step_g(grams, first + LATE)):
        return scale, None
    if abs(step_g) < config.basket_step_sds * _sd_g(grams, first, config):
        return scale, None
    t_ns = (reports[first - 1].t_ns + reports[first].t_ns) // 2
    if any(abs(t - t_ns) < config.basket_seen_s * SECOND_NS for t in moves_ns):
        return scale, None
    return scale, Step(t_ns, step_g, reports[first])


def _step_g(grams: Sequence[float] | np.ndarray, first: int) -> float:
    return float(np.mean(grams[first : first + WEIGHTS]) - np.mean(grams[first - WEIGHTS : first]))


def _sd_g(grams: np.ndarray, first: int, config: CartConfig) -> float:
    """Return the standard deviation of a step, g: carts that roll are weighed worse than those that stand."""
    within = [grams[first - WEIGHTS : first], grams[first : first + WEIGHTS]]
    var = max(config.basket_sd_g**2, float(np.mean([np.var(one, ddof=1) for one in within])))
    return float(np.sqrt(2.0 * var / WEIGHTS))
