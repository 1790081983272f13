"""Shelf: plate samples become shelf changes, each a difference in grams with its variance.

Theory of operation. A plate gives a level with unknown zero, slow drift, noise of its own, touches and ringing.
Samples are averaged robustly to blocks of 0.1 s (means.py; levels.py, with all plate messages of a slice in one
compiled pass, blocks.py), kept in memory that states share and only add to (tails.py). A block far off the level, in
that plate's own noise, starts a disturbance; a run of quiet blocks ends it. Level after minus level before is a
change if the noise cannot explain it, and nothing otherwise: a touch or a press of any strength leaves no trace. What
goes so slowly from a shaking shelf that it passes for noise, or is so light, is found against the level of a while
ago (slow.py); how well a change is known is told by how the plate rests before and after (rest.py). Steps on
neighbouring plates at one moment are one shelf change with a share per plate (changes.py, grouping.py, shares.py),
because packages rest on several plates, and two where a plate at rest lies between, unless one thing was shifted, or
where one followed on the other (apart.py); a bay, whose plates share no goods with others (beside.py), is looked at
again when something may have come of it. No gram is a threshold anywhere: all decisions are in standard deviations
learned per plate. A plate that is still to the last bit, or silent, is dark: goods may go from it unnoticed.
"""

from fusion.shelf.changes import Pending, ShelfChange, group_changes
from fusion.shelf.levels import DARK_S, Levels, PlateChange, dark_plates, empty_levels, observe_batches, observe_plates

__all__ = [
    "DARK_S",
    "Levels",
    "Pending",
    "PlateChange",
    "ShelfChange",
    "dark_plates",
    "empty_levels",
    "group_changes",
    "observe_batches",
    "observe_plates",
]
