"""Medians of many short rows at once, as numpy gives them. Compiled: numpy's own take longer to begin than to end."""

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints


@njit(cache=True)
def medians(rows: Floats) -> Floats:
    """Return the median of each row (n, k), (n,); NaN where there is one in it."""
    n, k = rows.shape
    out, known = np.full(n, np.nan), np.empty(k)
    for i in range(n):
        if _gathered(rows, i, known) == k:
            out[i] = _middle(known, k)
    return out


@njit(cache=True)
def medians_since(g: Floats, ns: Ints, end: Ints, kept: int, since_ns: int) -> Floats:
    """Return the median of what each plate showed after since_ns, (p,), NaN where it showed nothing.

    Asked are the last `kept` columns of g (p, width) and ns (p, width) in front of end (p,), as a Tail has them.
    """
    p = len(end)
    out, known = np.full(p, np.nan), np.empty(kept)
    for i in range(p):
        count = 0
        for j in range(end[i] - kept, end[i]):
            if ns[i, j] > since_ns and np.isfinite(g[i, j]):
                known[count] = g[i, j]
                count += 1
        if count:
            out[i] = _middle(known, count)
    return out


@njit(cache=True)
def _gathered(rows: Floats, i: int, known: Floats) -> int:
    """Write what is no NaN in a row into known (k,); return how many numbers that is."""
    count = 0
    for j in range(rows.shape[1]):
        if not np.isnan(rows[i, j]):
            known[count] = rows[i, j]
            count += 1
    return count


@njit(cache=True)
def _middle(of: Floats, count: int) -> float:
    """Return the median of the first numbers of an array, which are put into another order."""
    half = count // 2
    _select(of, count, half)
    if count % 2:
        return float(of[half])
    below = of[0]
    for j in range(1, half):
        below = max(below, of[j])
    return float((below + of[half]) / 2.0)


@njit(cache=True)
def _select(of: Floats, count: int, at: int) -> None:
    """Move the numbers so that the one at a place is that of the sorted ones, with no larger ones before it (Hoare)."""
    low, high = 0, count - 1
    while low < high:
        pivot, i, j = of[at], low, high
        while i <= j:
            while of[i] < pivot:
                i += 1
            while of[j] > pivot:
                j -= 1
            if i <= j:
                of[i], of[j] = of[j], of[i]
                i += 1
                j -= 1
        if j < at:
            low = i
        if i > at:
            high = j
