"""What all samples of a slice say of the health of their plates, in one pass. Compiled; plates.py is its caller."""

from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints, Singles
from fusion.health.jumps import JUMP_SDS, REST_SDS, follow_jumps, follows
from fusion.health.repeats import follow_plate


class Rules(NamedTuple):
    """What makes a lone sample a spike, and a step a sharp one; see HealthConfig and ShelfConfig."""

    spike_sds: float
    spike_g_min: float
    spikes_max: float  # more would only make it longer until they are forgotten
    change_sds: float
    noise_var_min: float  # g2
    shaken: float


@njit(cache=True)
def feel_batches(
    last_g: Floats,
    since_ns: Ints,
    longest_ns: Ints,
    repeated: Floats,
    samples: Floats,
    tenths: Bools,
    rest_ns: Ints,
    last_ns: Ints,
    waits_g: Floats,
    jump_g: Floats,
    jump_ns: Ints,
    spikes: Floats,
    spike_g: Floats,
    still: Bools,
    noise_var: Floats,
    disturbed: Bools,
    rules: Rules,
    t_ns: Ints,
    dt_ns: Ints,
    first: Ints,
    begin: Ints,
    rows: Ints,
    g: Singles,
) -> None:
    """Follow all batches in place: columns of Repeats, Sharp, PlateHealth, of Noise per channel, and of Batches."""
    for batch in range(len(t_ns)):
        ch = first[batch + 1] - first[batch]
        n = (begin[batch + 1] - begin[batch]) // max(ch, 1)
        own = np.empty(n)
        for c in range(ch):
            at = first[batch] + c
            row = rows[at]
            if row < 0 or n == 0:
                continue
            was, most_step = last_g[row], 0.0
            for k in range(n):
                own[k] = g[begin[batch] + k * ch + c]
                most_step = max(most_step, abs(own[k] - was))
                was = own[k]
            var = max(noise_var[at], rules.noise_var_min)
            hidden_g = rules.change_sds * np.sqrt(var * 2.0 / 3.0)
            sd_g = np.sqrt(var)
            least_g = max(rules.spike_sds * sd_g, rules.spike_g_min)
            rests = most_step <= REST_SDS * sd_g and waits_g[row] == 0.0
            if rests and follows(last_ns[row], t_ns[batch], dt_ns[batch]):
                # A plate at rest, as nearly all are: to hand the columns on costs more than to follow them.
                rest_ns[row] += n * dt_ns[batch]
                last_ns[row] = t_ns[batch] + (n - 1) * dt_ns[batch]
            else:
                follow_jumps(
                    rest_ns, last_ns, waits_g, jump_g, jump_ns, row, last_g[row], own, t_ns[batch], dt_ns[batch],
                    REST_SDS * sd_g, max(JUMP_SDS * sd_g, 0.5 * rules.spike_g_min),
                )  # fmt: skip
            follow_plate(
                last_g, since_ns, longest_ns, repeated, samples, tenths, row, own, t_ns[batch], dt_ns[batch],
                hidden_g, not still[row],
            )  # fmt: skip
            if not disturbed[at]:
                most = _spike_of(own, least_g, rules.shaken)
                if most > 0.0:
                    spikes[row] = min(spikes[row] + 1.0, rules.spikes_max)
                    spike_g[row] = max(spike_g[row], most)


@njit(cache=True)
def _spike_of(own: Floats, least_g: float, shaken: float) -> float:
    """Return the largest lone sample, g off its neighbours, of samples (n,); 0.0 where there is none."""
    most = 0.0
    middle = -1.0  # of all that samples are off their neighbours; asked for seldom
    for k in range(1, len(own) - 1):
        off = abs(own[k] - 0.5 * (own[k - 1] + own[k + 1]))
        if not (off > least_g and off > 4.0 * abs(own[k + 1] - own[k - 1])):
            continue
        if middle < 0.0:
            middle = np.median(np.abs(own[1:-1] - 0.5 * (own[:-2] + own[2:])))
            if np.isnan(middle):
                return 0.0
        if off > shaken * middle:
            most = max(most, off)
    return most
