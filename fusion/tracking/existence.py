"""Whether a track is a person at all, and whether a camera can see them where they are. Compiled.

Existence and perceivability after Musicki and Evans (integrated probabilistic data association, 2004, Markov chain
two): a track exists with probability r, and while it does each camera has it in sight or hidden, a two-state Markov
chain of its own. A run of misses is mostly one occlusion, so that a second miss says less than the first, and somebody
hidden does not compete for the detections of those in sight. A camera that could not show the person says nothing.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.tracking.measurement import DEPTH_MIN_M, View


class Chances(NamedTuple):
    """What a frame of one camera makes likely."""

    detection_p: float  # of somebody in sight
    hidden_p: float  # of somebody hidden
    back_p: float  # of somebody hidden coming back, at the least
    sure_p: float  # who exists with this probability is associated first
    clutter_per_m2: float  # false detections a frame
    most: float  # existence comes no nearer to 0 or 1 than 1 - most
    gate_nats: float  # half the squared Mahalanobis distance beyond which a pair is not considered
    same_id_nats: float
    other_id_nats: float


@njit(cache=True, error_model="numpy")
def in_picture(mean: Floats, view: View) -> Bools:
    """Return whose heads the camera's picture would show, were nothing in the way (n,)."""
    out, R, T, edge = np.zeros(mean.shape[0], np.bool_), view.R, view.T, view.bounds
    for i in range(mean.shape[0]):
        x, y, h = mean[i, 0], mean[i, 1], mean[i, 4]
        depth = R[2, 0] * x + R[2, 1] * y + R[2, 2] * h + T[2]
        if depth > DEPTH_MIN_M:
            u = (R[0, 0] * x + R[0, 1] * y + R[0, 2] * h + T[0]) / depth
            v = (R[1, 0] * x + R[1, 1] * y + R[1, 2] * h + T[1]) / depth
            out[i] = edge[0] <= u <= edge[2] and edge[1] <= v <= edge[3]
    return out


@njit(cache=True, error_model="numpy")
def drift_sight(sight: Floats, dt_s: float, sight_p: float, sight_s: float) -> None:
    """Let the chance (n,) that a camera has somebody in sight go back to sight_p with time constant sight_s."""
    keep = np.exp(-dt_s / sight_s)
    for i in range(sight.shape[0]):
        sight[i] = sight_p + (sight[i] - sight_p) * keep


@njit(cache=True, error_model="numpy")
def weigh(exist: Floats, sight: Floats, column: Ints, gain: Floats, shown: Bools, chances: Chances) -> None:
    """Update existence and sight (n,) in place by a frame.

    column (n,) is each track's detection, -1 for none, and gain (n,) its likelihood ratio, track against clutter. A
    miss counts only where the picture would have shown the person.
    """
    for i in range(exist.shape[0]):
        if column[i] >= 0 or shown[i]:
            exist[i], sight[i] = weighed(exist[i], sight[i], gain[i] if column[i] >= 0 else 0.0, chances)


@njit(cache=True, error_model="numpy")
def weighed(exist: float, sight: float, ratio: float, chances: Chances) -> tuple[float, float]:
    """Return existence and sight after a detection of this likelihood ratio, 0 for a miss that counts."""
    p, hidden_p, most = chances.detection_p, chances.hidden_p, chances.most
    in_sight, hidden = 1.0 - p + p * ratio, 1.0 - hidden_p + hidden_p * ratio
    both = sight * in_sight + (1.0 - sight) * hidden
    return min(max(exist * both / (1.0 - exist + exist * both), 1.0 - most), most), sight * in_sight / both
