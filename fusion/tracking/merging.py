"""Which tracks walk as one person: near, not unlike, and found by turns. Compiled.

Cameras of different kinds and places err differently, so that one person can get two tracks; but a camera that keeps
finding both at once says that there are two. Who bends quickly is found lower and further forward, by a track of their
own, while the first finds nobody: no camera ever shows both.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints, Singles
from fusion.tracking.gating import pairs_within
from fusion.tracking.tracks import LOST


class Oneness(NamedTuple):
    """What makes two tracks one person; see TrackingConfig for the values."""

    distance_m: float
    height_m: float
    bend_m: float  # heads so much higher or lower may be one that bends, which goes forward by half of that,
    bend_frames: int  # where so many frames found the younger
    frames: int  # of each camera tell whether two tracks are found together or by turns
    both_nats: float  # a frame that finds both
    alone_nats: float  # a frame that finds one of them
    look: float  # least cosine of appearance, where no picture shows two
    look_together: float  # and where one does
    looks_sure: int  # appearance of fewer sightings says nothing


@njit(cache=True, error_model="numpy")
def pairs_of_one(
    status: Ints,
    mean: Floats,
    born_ns: Ints,
    found: Ints,
    look: Singles,
    looks: Ints,
    born_before_ns: int,
    one: Oneness,
) -> tuple[Ints, Ints]:
    """Return the older and the younger row of every pair of tracks in sight or just out of it that is one person.

    The younger was born before born_before_ns: who has just come into sight has shown nothing yet.
    """
    row = np.flatnonzero(status < LOST)
    xy = np.empty((len(row), 2))
    for k in range(len(row)):
        xy[k, 0], xy[k, 1] = mean[row[k], 0], mean[row[k], 1]
    first, second = pairs_within(xy, one.distance_m + 0.5 * one.bend_m)
    kept = 0
    for p in range(len(first)):
        a, b = row[first[p]], row[second[p]]
        lower_m, far_m = abs(mean[a, 4] - mean[b, 4]), np.hypot(mean[a, 0] - mean[b, 0], mean[a, 1] - mean[b, 1])
        bends = lower_m >= one.height_m
        reach_m = one.distance_m + (0.5 * lower_m if bends else 0.0)
        if lower_m >= one.bend_m or far_m > reach_m or born_ns[b] >= born_before_ns:
            continue
        both, alone, younger = _found_together(found[a], found[b], one)
        shown = one.both_nats * both > one.alone_nats * alone
        cosine = _cosine(look[a], look[b]) if min(looks[a], looks[b]) >= one.looks_sure else np.nan
        if bends:
            shown = one.both_nats * both > one.alone_nats * (younger - both)
            same = not shown and younger >= one.bend_frames and cosine > one.look_together
        else:
            same = cosine > (one.look_together if shown else one.look) or (np.isnan(cosine) and not shown)
        if same:
            first[kept], second[kept] = a, b
            kept += 1
    return first[:kept], second[:kept]


@njit(cache=True, error_model="numpy")
def _found_together(mine: Ints, theirs: Ints, one: Oneness) -> tuple[int, int, int]:
    """Return in how many of the cameras' last frames, as bits (cameras,), both were found, one was, the second was."""
    recent, both, alone, second = (1 << one.frames) - 1, 0, 0, 0
    for c in range(len(mine)):
        both += _bits(mine[c] & theirs[c] & recent)
        alone += _bits((mine[c] ^ theirs[c]) & recent)
        second += _bits(theirs[c] & recent)
    return both, alone, second


@njit(cache=True, error_model="numpy")
def _bits(word: int) -> int:
    count = 0
    while word:
        word &= word - 1
        count += 1
    return count


@njit(cache=True, error_model="numpy")
def _cosine(a: Singles, b: Singles) -> float:
    """Return the cosine of two mean looks, NaN where one is unknown."""
    dot, aa, bb = 0.0, 0.0, 0.0
    for d in range(len(a)):
        dot += a[d] * b[d]
        aa += a[d] * a[d]
        bb += b[d] * b[d]
    norm = np.sqrt(aa * bb)
    return dot / norm if norm >= 1e-6 else np.nan
