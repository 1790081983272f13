"""Optimal assignment with a value for staying unassigned.

Shortest augmenting paths on the cost matrix (Jonker and Volgenant 1987; the row-by-row form of Crouse 2016). Every row
owns a private miss column of cost 0, so the problem is always feasible and no infinity ever reaches the solver; a pair
that is not worth it simply has a positive cost.
"""

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints


@njit(cache=True, error_model="numpy")
def assign(cost: Floats) -> Ints:
    """Return, per row of cost (n, m), its column or -1: the set of pairs with the least total cost.

    A pair costs cost[i, j], a row without a pair costs 0. Entries must be finite.
    """
    n, m = cost.shape
    width = m + n
    u = np.zeros(n)
    v = np.zeros(width)
    row_of = np.full(width, -1)
    col_of = np.full(n, -1)
    short, came = np.empty(width), np.empty(width, np.int64)
    done_col, done_row = np.empty(width, np.bool_), np.empty(n, np.bool_)
    for start in range(n):
        short[:], came[:] = np.inf, -1
        done_col[:], done_row[:] = False, False
        i, sink, low = start, -1, 0.0
        while sink < 0:
            done_row[i] = True
            best, best_j = np.inf, -1
            for j in range(width):
                if done_col[j] or (j >= m and j != m + i):
                    if not done_col[j] and short[j] < best:
                        best, best_j = short[j], j
                    continue
                c = cost[i, j] if j < m else 0.0
                reduced = low + c - u[i] - v[j]
                if reduced < short[j]:
                    short[j] = reduced
                    came[j] = i
                if short[j] < best:
                    best, best_j = short[j], j
            low = best
            done_col[best_j] = True
            if row_of[best_j] < 0:
                sink = best_j
            else:
                i = row_of[best_j]
        u[start] += low
        for i in range(n):
            if done_row[i] and i != start:
                u[i] += low - short[col_of[i]]
        for j in range(width):
            if done_col[j]:
                v[j] -= low - short[j]
        j = sink
        while True:
            i = came[j]
            row_of[j] = i
            col_of[i], j = j, col_of[i]
            if i == start:
                break
    return np.where(col_of < m, col_of, -1)
