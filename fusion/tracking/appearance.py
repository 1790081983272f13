"""What appearance vectors and device ids say about a pair of track and detection, in nats."""

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.tracking.association import FAR


@njit(cache=True)
def look_nats(known: Floats, seen: Floats, likeness: tuple[float, float, float, float, float]) -> Floats:
    """Return the log-likelihood ratio of appearance, same person against another, (n, m); 0 where one is unknown.

    known (n, d) mean looks, seen (m, d) unit looks, likeness the means and standard deviations of the cosine for the
    same person and for another, and the cap. Beyond the mean of "same" a likeness is not less alike.
    """
    same_mean, same_sd, other_mean, other_sd, cap = likeness
    n, m, d = known.shape[0], seen.shape[0], known.shape[1]
    out = np.zeros((n, m))
    for i in range(n):
        norm = np.sqrt((known[i] * known[i]).sum())
        for j in range(m):
            dot, size = 0.0, 0.0
            for k in range(d):
                dot += known[i, k] * seen[j, k]
                size += abs(seen[j, k])
            if norm < 1e-6 or size == 0.0:
                continue
            cosine = dot / norm
            same = -0.5 * (min(cosine - same_mean, 0.0) / same_sd) ** 2 - np.log(same_sd)
            other = -0.5 * ((cosine - other_mean) / other_sd) ** 2 - np.log(other_sd)
            out[i, j] = min(max(same - other, -cap), cap)
    return out


@njit(cache=True)
def add_witnesses(
    cost: Floats, looks: Floats, last_id: Ints, device_id: Ints, same_nats: float, other_nats: float
) -> None:
    """Lower the costs (n, m) inside the gate by appearance and by the device's own ids, in place; id 0 is none."""
    for i in range(cost.shape[0]):
        for j in range(cost.shape[1]):
            if cost[i, j] >= FAR:
                continue
            cost[i, j] -= looks[i, j]
            if last_id[i] != 0 and device_id[j] != 0:
                cost[i, j] -= same_nats if last_id[i] == device_id[j] else other_nats


@njit(cache=True)
def learn_looks(look: Floats, looks: Ints, rows: Ints, seen: Floats, columns: Ints, rate: float) -> None:
    """Move mean looks (n, d) towards what was seen (m, d), pair by pair, in place: a plain mean first, then fading."""
    for k in range(rows.shape[0]):
        i, j = rows[k], columns[k]
        if np.abs(seen[j]).sum() == 0.0:
            continue
        looks[i] += 1
        look[i] += max(rate, 1.0 / looks[i]) * (seen[j] - look[i])
