"""Means of the samples of a block that one spike does not move. Compiled."""

import numpy as np
from numba import njit

from fusion.arrays import Floats, Singles

USUAL = 6  # samples of a block: those of a tenth of a second


@njit(cache=True, error_model="numpy")
def robust_means(samples: Singles, ch: int, start: int, end: int, means: Floats, scratch: Floats) -> None:
    """Write each channel's mean of its middle samples, from the least on: one spike in a block is no evidence.

    NaN counts as the largest.
    """
    n = end - start
    low, high = (1, n - 1) if n > 2 else (0, n)
    if n == USUAL:
        for c in range(ch):
            means[c] = _mean_of_four(
                samples[start * ch + c], samples[(start + 1) * ch + c], samples[(start + 2) * ch + c],
                samples[(start + 3) * ch + c], samples[(start + 4) * ch + c], samples[(start + 5) * ch + c],
            )  # fmt: skip
    for c in range(ch):
        if n == USUAL and not np.isnan(means[c]):
            continue
        for k in range(n):
            one = float(samples[(start + k) * ch + c])
            at = k
            while at > 0 and (scratch[at - 1] > one or (np.isnan(scratch[at - 1]) and not np.isnan(one))):
                scratch[at] = scratch[at - 1]
                at -= 1
            scratch[at] = one
        total = 0.0
        for k in range(low, high):
            total += scratch[k]
        means[c] = total / (high - low)


@njit(cache=True, error_model="numpy")
def _mean_of_four(a: float, b: float, c: float, d: float, e: float, f: float) -> float:
    """Return the mean of six numbers but for the least and the most, added up from the least on; NaN if one is.

    Sorted by a network of twelve exchanges: there is nothing in it to branch on.
    """
    whole = float(a) + float(b) + float(c) + float(d) + float(e) + float(f)
    a, f = min(a, f), max(a, f)
    b, d = min(b, d), max(b, d)
    c, e = min(c, e), max(c, e)
    b, c = min(b, c), max(b, c)
    d, e = min(d, e), max(d, e)
    a, d = min(a, d), max(a, d)
    c, f = min(c, f), max(c, f)
    a, b = min(a, b), max(a, b)
    c, d = min(c, d), max(c, d)
    e, f = min(e, f), max(e, f)
    b, c = min(b, c), max(b, c)
    d, e = min(d, e), max(d, e)
    mean = (0.0 + float(b) + float(c) + float(d) + float(e)) / 4
    return mean if not np.isnan(whole) else np.nan
