"""Python's collector of reference cycles, asked seldom.

What the engine makes is freed as it is let go of: states and messages hold no cycles. The collector would look through
all of them all the same, after every 700 that have come to stay: tens of thousands wait for their slice in a large
store, and that took a tenth of a replay there.
"""

import gc
from typing import Final

THRESHOLDS: Final = (50_000, 5, 5)  # objects that have come to stay between two looks at the young, older, all


def collect_seldom() -> None:
    """Let the collector look seldom, in this process and from now on."""
    gc.set_threshold(*THRESHOLDS)
