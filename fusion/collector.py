"""Python's collector of reference cycles, asked seldom.

What the engine makes is freed as it is let go of: states and messages hold no cycles. The collector would look through
all of them all the same, after every 700 that have come to stay: tens of thousands wait for their slice in a large
store, and that took a tenth of a replay there. It would look through everything once more, several times, while the
process ends: half a second to free what the system takes back in one go.
"""

import atexit
import gc
from typing import Final

THRESHOLDS: Final = (50_000, 5, 5)  # objects that have come to stay between two looks at the young, older, all


def collect_seldom() -> None:
    """Let the collector look seldom, in this process and from now on, and not at all once the process ends."""
    gc.set_threshold(*THRESHOLDS)
    atexit.register(gc.freeze)  # what is frozen is not looked at; files and sockets are closed by those who open them
