"""How well a change is known once its plate has come to rest.

When a disturbance has settled, all that is known of the new level is a few blocks, and real plates wander: more blocks
do not make their mean as much more certain as noise alone would let them. By the time a change is told there is more to
see: what means of half a second strayed by in the seconds before the hand came is noise and wandering both. A hand that
comes or leaves presses by little more from block to block, and teaches a plate to be noisy; the seconds before it came
tell better, as long as the level it left is the one of those seconds.
"""

import numpy as np

from fusion.arrays import Floats
from fusion.config import SECOND_NS, ShelfConfig
from fusion.shelf.levels import Levels, PlateChange
from fusion.shelf.slow import EVERY_NS, RECENT, drift_var
from fusion.shelf.tails import last_of

LEAST = 8  # half seconds before, and blocks after, that tell what a plate strays by at rest
MEANS = 3  # a level is believed to be as certain as the mean of so many half seconds
NORMAL_MAD = 1.4826  # of a normal distribution: standard deviation by median absolute deviation


def rest_var(change: PlateChange, levels: Levels, config: ShelfConfig) -> float:
    """Return the variance of a change, g2, by what its plate strayed by before and after; infinite where not known."""
    plate = change.plate
    (means, noises), means_ns = last_of(levels.slow.tail, plate)
    ago = (means_ns <= change.onset_ns - EVERY_NS) & (means_ns > change.onset_ns - config.slow_s * SECOND_NS)
    ago &= np.isfinite(means)
    (blocks,), blocks_ns = last_of(levels.history, plate)
    now = blocks[(blocks_ns > change.settled_ns) & np.isfinite(blocks)][-int(levels.level_blocks[plate]) :]
    if ago.sum() < LEAST or len(now) < LEAST:
        return np.inf
    strays = max(_robust_var(means[ago]), float(np.median(noises[ago])) / RECENT, float(now.var()) / RECENT)
    off_g = change.before_g - float(np.median(means[ago]))
    drift = drift_var((change.settled_ns - change.onset_ns) / SECOND_NS, config)
    return 2.0 / MEANS * max(strays, config.noise_sd_g_min**2) + off_g * off_g + drift


def _robust_var(values: Floats) -> float:
    """Return the variance of most of some values: a level that went meanwhile makes it large, a touch does not."""
    return float((NORMAL_MAD * np.median(np.abs(values - np.median(values)))) ** 2)
