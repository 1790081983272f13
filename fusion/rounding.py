"""Many numbers rounded at once, each to what `round` makes of it."""

import numpy as np

from fusion.arrays import Floats

NEAR_HALF = 1e-4  # of a last digit: nearer to a half, the product of two floats does not tell on which side a number is
LARGEST = 1e9  # of last digits; beyond it that product errs by more


def rounded(values: Floats, digits: int) -> Floats:
    """Return finite numbers (n,) rounded to some digits behind the point: `round` writes each out to do so."""
    last = 10.0**digits
    scaled = values * last
    out = np.rint(scaled) / last
    sure = (np.abs(np.abs(scaled - np.rint(scaled)) - 0.5) > NEAR_HALF) & (np.abs(scaled) < LARGEST)
    if not sure.all():
        out[~sure] = [round(value, digits) for value in values[~sure].tolist()]
    return np.asarray(out)
