"""The names that a camera gives to whom it follows: they break, start anew after a gap, and swap between neighbours."""

from collections import defaultdict
from typing import Final

import numpy as np

from fusion.arrays import Ints
from sensors.noticing import overlap
from sensors.views import Views

BREAK_P: Final = 0.004  # a frame
GAP_S: Final = 0.7
SWAP_IOU: Final = 0.25  # boxes that overlap so much can swap their names
SWAP_P: Final = 0.03  # a frame
FIRST_MAX: Final = 500  # a camera has been counting before the scenario began

Swaps = dict[int, list[tuple[int, int]]]


def draw_swaps(views: Views, row: Ints, rng: np.random.Generator) -> Swaps:
    """Draw by frame which two people, detected as these rows, (k,), swap their names."""
    seen = np.zeros(len(views.frame), dtype=bool)
    seen[row] = True
    one, other = views.pair.T
    pair = views.pair[seen[one] & seen[other] & (one < other)]
    pair = pair[overlap(views.box, pair)[1] > SWAP_IOU]
    swaps: Swaps = defaultdict(list)
    for first, second in pair[rng.random(len(pair)) < SWAP_P]:
        swaps[int(views.frame[first])].append((int(views.person[first]), int(views.person[second])))
    return swaps


def name_rows(frame: Ints, who: Ints, period_s: float, swaps: Swaps, rng: np.random.Generator) -> list[str]:
    """Return the camera's own name for each detection, (k,) by frame; `who` is the same number for the same thing."""
    following: dict[int, int] = {}
    last: dict[int, int] = {}
    count = int(rng.integers(FIRST_MAX))
    gap = GAP_S / period_s
    names, before = [], -1
    for at, key, luck in zip(frame.tolist(), who.tolist(), rng.random(len(frame)).tolist(), strict=True):
        if at != before:
            for one, other in swaps.get(at, ()):
                if one in following and other in following:
                    following[one], following[other] = following[other], following[one]
        if key not in following or at - last[key] > gap or luck < BREAK_P:
            count += 1
            following[key] = count
        last[key], before = at, at
        names.append(str(following[key]))
    return names
