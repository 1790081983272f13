"""What a detector makes of the people before a camera: whom it misses, and whom it takes for one.

A detector that missed somebody will likely miss him again in the next frame, so its luck is drawn as noise that lasts.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr

from fusion.arrays import Bools, Floats, Ints
from sensors.habits import Habits
from sensors.views import FOOT, HEAD, Views
from sensors.wander import wander

# Chance to be detected by distance (m): image cameras run out of pixels, depth cameras of range.
IMAGE_P: Final = ((0.0, 3.0, 6.0, 10.0, 14.0), (0.95, 0.95, 0.88, 0.6, 0.0))
DEPTH_P: Final = ((0.0, 3.0, 6.0, 8.0, 10.0), (0.95, 0.95, 0.85, 0.4, 0.0))
WEIGHT: Final = np.array([0.1, 0.15, 0.2, 0.3, 0.25])  # of foot, knee, hip, chest, head for being noticed
SHARE_P: Final = ((0.1, 0.3, 0.6, 0.9), (0.0, 0.25, 0.85, 1.0))  # by the share of a body in the open
CROWDED: Final = 0.3  # lost where somebody nearer covers the whole box
LUCK_S: Final = 0.4
LUCK_SHARE: Final = 0.6  # of a detector's luck that lasts
MERGE_IOU: Final = (0.45, 0.12)  # mean and SD of the overlap from which two boxes are taken for one
MERGE_M: Final = (0.36, 0.07)  # of the distance of two heads under which a depth camera sees one
MERGE_SHARE: Final = 0.2  # of a body in the open, without which it does not disturb the nearer one


@dataclass(frozen=True, slots=True, eq=False)
class Noticed:
    """Detections, k rows by frame."""

    row: Ints  # (k,) in Views
    other: Ints  # (k,) row of somebody farther off who was taken for a part of this one, or -1
    share: Floats  # (k,) of the body in the open


def range_m(is_depth: bool) -> float:
    """Return how far from it, on the floor, a camera detects anybody."""
    return (DEPTH_P if is_depth else IMAGE_P)[0][-1]


def notice(views: Views, habits: Habits, rng: np.random.Generator) -> Noticed:
    """Return who is detected in each frame."""
    share = views.clear @ WEIGHT
    p = np.interp(views.distance_m, *(DEPTH_P if habits.is_depth else IMAGE_P)) * np.interp(share, *SHARE_P)
    p *= 1.0 - CROWDED * _covered(views)
    # Without a head in the picture a depth camera has nobody; an image camera makes do with a foot.
    p *= views.framed[:, HEAD] | (views.clear[:, FOOT] & (not habits.is_depth))
    lasting = lasting_noise(views, 2, LUCK_S, habits.period_s, rng)
    luck = np.sqrt(LUCK_SHARE) * lasting[:, 0] + np.sqrt(1.0 - LUCK_SHARE) * rng.normal(size=p.shape)
    seen = ndtr(luck) < p
    other = _merged(views, habits, seen, share > MERGE_SHARE, lasting[:, 1])
    row = np.flatnonzero(seen & ~np.isin(np.arange(len(p)), other))
    return Noticed(row, other[row], share[row])


def lasting_noise(views: Views, columns: int, tau_s: float, step_s: float, rng: np.random.Generator) -> Floats:
    """Draw noise of unit variance for each row of the views, (m, columns), that lasts from frame to frame."""
    people, column = np.unique(views.person, return_inverse=True)
    return wander((len(views.t_s), len(people), columns), step_s, tau_s, rng)[views.frame, column]


def overlap(box: Floats, pair: Ints) -> tuple[Floats, Floats]:
    """Return of each pair of boxes, (q, 2) rows, the share of the first under the second, and the IoU, both (q,)."""
    one, other = box[pair[:, 0]], box[pair[:, 1]]
    side = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    common = np.maximum(side, 0.0).prod(axis=1)
    area = np.maximum((box[:, 2:] - box[:, :2]).prod(axis=1), 1e-6)
    union = area[pair[:, 0]] + area[pair[:, 1]] - common
    return common / area[pair[:, 0]], common / union


def _covered(views: Views) -> Floats:
    """Return which share of each box somebody nearer covers, (m,)."""
    covered = np.zeros(len(views.frame))
    nearer = views.distance_m[views.pair[:, 1]] < views.distance_m[views.pair[:, 0]]
    pair = views.pair[nearer]
    np.maximum.at(covered, pair[:, 0], overlap(views.box, pair)[0])
    return covered


def _merged(views: Views, habits: Habits, seen: Bools, open_: Bools, mood: Floats) -> Ints:
    """Return for each row which farther row is taken for a part of it, (m,), or -1; one at most."""
    one, other = views.pair.T
    pair = views.pair[seen[one] & open_[other] & (views.distance_m[one] < views.distance_m[other])]
    near, far = pair.T
    if habits.is_depth:
        gap = np.linalg.norm(views.body[near, HEAD] - views.body[far, HEAD], axis=1)
        alike = gap < MERGE_M[0] + MERGE_M[1] * mood[far]
    else:
        alike = overlap(views.box, pair)[1] > MERGE_IOU[0] + MERGE_IOU[1] * mood[far]
    out = np.full(len(views.frame), -1)
    out[near[alike]] = far[alike]
    # Who is a part of somebody else takes nobody in.
    out[out[out >= 0]] = -1
    return out
