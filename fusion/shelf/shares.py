"""Shares of goods on plates beside those that changed: too small to be changes of their own, or hidden."""

import numpy as np

from fusion.arrays import Floats
from fusion.config import SECOND_NS, ShelfConfig
from fusion.shelf.levels import Levels, PlateChange
from fusion.shelf.tails import last_of
from fusion.store import Store, facings_of_plate


def goods_beside(group: list[PlateChange], store: Store) -> list[int]:
    """Return the other plates under the facings of those that changed, sorted."""
    rows, moved = facings_of_plate(store.facings), {c.plate for c in group}
    facings = {row for plate in moved for row in rows.get(plate, ())}
    return sorted({plate for row in facings for plate in store.facings.plates[row]} - moved)


def shares_beside(
    group: list[PlateChange], beside: list[int], levels: Levels, config: ShelfConfig
) -> tuple[list[PlateChange], tuple[tuple[int, float, float], ...]]:
    """Look at plates beside a group without a change of their own: shares too small to be changes, and hidden ones.

    A share is hidden where noise is larger than it, or where a hand lay on the plate: (plate, grams, g2) says what is
    known of it, and whoever weighs goods may count it in or leave it out.
    """
    onset, settled = min(c.onset_ns for c in group), max(c.settled_ns for c in group)
    step = int(np.median([c.step_ns for c in group]))
    total_g = sum(c.after_g - c.before_g for c in group)
    shares, hidden = [], []
    for plate in beside:
        (blocks,), times = last_of(levels.history, plate)
        before = blocks[(times < onset) & (times >= onset - SECOND_NS)]
        after = blocks[(times > settled) & (times <= settled + SECOND_NS)]
        noise = max(float(levels.noise_var[plate]), config.noise_sd_g_min**2)
        if levels.disturbed[plate] or not (_quiet(before, noise, config) and _quiet(after, noise, config)):
            # What a hand left behind is no share, and what it covered may be one of any size.
            hidden.append((plate, config.covered_share * total_g, (config.covered_share * total_g) ** 2))
            continue
        var = noise * (1 / min(3, len(before)) + 1 / min(3, len(after)))
        share = PlateChange(plate, onset, step, settled, float(before.mean()), float(after.mean()), var)
        if abs(share.after_g - share.before_g) > 3.0 * np.sqrt(var):
            shares.append(share)
        else:
            hidden.append((plate, share.after_g - share.before_g, var))
    return shares, tuple(hidden)


def _quiet(blocks: Floats, noise_var: float, config: ShelfConfig) -> bool:
    """Tell whether some blocks (n,) are a level, in the plate's own noise."""
    if len(blocks) < config.settle_blocks:
        return False
    return bool(np.ptp(blocks) <= config.disturbed_sds * np.sqrt(noise_var))
