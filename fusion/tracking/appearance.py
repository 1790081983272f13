"""What appearance vectors say about a pair of track and detection, in nats. Compiled."""

import numpy as np
from numba import njit

from fusion.arrays import Ints, Singles


@njit(cache=True, error_model="numpy")
def look_nats_of(known: Singles, seen: Singles, likeness: tuple[float, float, float, float, float]) -> float:
    """Return the log-likelihood ratio of appearance, same person against another; 0 where one is unknown.

    known (d,) is a mean look, seen (d,) a unit look, either (0,) where no camera knows any; likeness gives the means
    and standard deviations of the cosine for the same person and for another, and the cap. Beyond the mean of "same" a
    likeness is not less alike.
    """
    same_mean, same_sd, other_mean, other_sd, cap = likeness
    dot, norm2, size = 0.0, 0.0, 0.0
    for k in range(min(known.shape[0], seen.shape[0])):
        dot += known[k] * seen[k]
        norm2 += known[k] * known[k]
        size += abs(seen[k])
    if norm2 < 1e-12 or size == 0.0:
        return 0.0
    cosine = dot / np.sqrt(norm2)
    same = -0.5 * (min(cosine - same_mean, 0.0) / same_sd) ** 2 - np.log(same_sd)
    other = -0.5 * ((cosine - other_mean) / other_sd) ** 2 - np.log(other_sd)
    return float(min(max(same - other, -cap), cap))


@njit(cache=True, error_model="numpy")
def learn_looks(look: Singles, looks: Ints, rows: Ints, seen: Singles, columns: Ints, rate: float) -> None:
    """Move mean looks (n, d) towards what was seen (m, d), pair by pair, in place: a plain mean first, then fading."""
    for k in range(rows.shape[0]):
        i, j = rows[k], columns[k]
        size = 0.0
        for d in range(seen.shape[1]):
            size += abs(seen[j, d])
        if size == 0.0:
            continue
        looks[i] += 1
        share = max(rate, 1.0 / looks[i])
        for d in range(seen.shape[1]):
            look[i, d] += share * (seen[j, d] - look[i, d])
