"""Log densities of normal distributions: of one number, and of arrays."""

import numpy as np

from fusion.arrays import Floats


def normal_nats(x: float, mean: float, var: float) -> float:
    """Return the log density of a normal distribution."""
    return float(-0.5 * (x - mean) ** 2 / var - 0.5 * np.log(2 * np.pi * var))


def log_normal(gap: Floats, var: Floats | float) -> Floats:
    """Return the log density of gaps from the mean, of normal distributions of these variances; arrays broadcast."""
    return np.asarray(-0.5 * gap**2 / var - 0.5 * np.log(2 * np.pi * var))
