"""Exponents: the slope of the logarithm of cost over the logarithm of size, by least squares."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.stats import linregress

from bench.growth.axes import WHOLE, Axis
from bench.rush.report import STRETCH_S
from bench.rush.stages import ATTRIBUTION, SHELF, STAGES, TRACKING
from fusion.arrays import Floats

EXPONENT_MAX: Final = 1.05
SHOWN: Final = (WHOLE, TRACKING, SHELF, ATTRIBUTION)
FULL: Final = slice(1, 3)  # stretches of store time with everybody inside


@dataclass(frozen=True, slots=True)
class Fit:
    """cost = factor * size ** exponent, with the standard error of the exponent."""

    exponent: float
    error: float
    factor: float


def cost_of(cpu_s: Sequence[Sequence[float]]) -> dict[str, float]:
    """Return seconds of the processor a second of store time, by stage and in all, of (stretches, stages) seconds."""
    per_s = np.array(cpu_s)[FULL].sum(axis=0) / (STRETCH_S * (FULL.stop - FULL.start))
    return dict(zip(STAGES, per_s.tolist(), strict=True)) | {WHOLE: float(per_s.sum())}


def fit(sizes: Sequence[float], costs: Sequence[float]) -> Fit:
    """Return the power law through costs at sizes, three or more, all above zero."""
    found = linregress(np.log(sizes), np.log(costs))
    error = float(np.nan_to_num(found.stderr))  # costs that are all the same leave none, which linregress calls NaN
    return Fit(float(found.slope), error, float(np.exp(found.intercept)))


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """What was measured along one axis."""

    axis: Axis
    costs: dict[str, Floats]  # (sizes,) of each of SHOWN

    def fits(self) -> dict[str, Fit]:
        """Return the fit of each of SHOWN that cost anything."""
        return {name: fit(self.axis.sizes, cost) for name, cost in self.costs.items() if (cost > 0.0).all()}

    def missed(self) -> list[str]:
        """Return the exponents above the bar, in words; beside what stays the same the whole alone would hide them."""
        found = {name: one for name, one in self.fits().items() if name in self.axis.judged}
        return [
            f"{self.axis.title}: exponent of {name} {one.exponent:.2f} (at most {EXPONENT_MAX:g})"
            for name, one in found.items()
            if one.exponent > EXPONENT_MAX
        ]

    def to_json(self) -> dict[str, Any]:
        """Return sizes, costs and fits."""
        fits = {name: [one.exponent, one.error] for name, one in self.fits().items()}
        costs = {name: cost.tolist() for name, cost in self.costs.items()}
        return {"sizes": list(self.axis.sizes), "cpu_s_a_store_s": costs, "exponent_and_error": fits}
