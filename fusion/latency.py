"""How long after it happened something is said: by stage, in memory that does not grow."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from fusion.arrays import Ints
from fusion.config import SECOND_NS
from fusion.settlement import Outputs

STEPS = 50  # bins a power of ten: a percentile is at most 4.7 % too high
DECADES = (-3, 6)  # of seconds
FIRST, SETTLED, RECEIPT = "change to first reading", "change to settled event", "exit to receipt"


@dataclass(slots=True)
class Waits:
    """How often something took how long."""

    counts: Ints = field(default_factory=lambda: np.zeros((DECADES[1] - DECADES[0]) * STEPS, np.int64))
    most_s: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one; less than a millisecond counts as one."""
        step = int(np.ceil((np.log10(max(seconds, 1e-9)) - DECADES[0]) * STEPS)) - 1
        self.counts[min(max(step, 0), len(self.counts) - 1)] += 1
        self.most_s = max(self.most_s, seconds)

    def within_s(self, share: float) -> float:
        """Return in how many seconds so large a share of them was done, at most."""
        step = int(np.searchsorted(np.cumsum(self.counts), share * self.counts.sum()))
        return min(float(10.0 ** (DECADES[0] + (step + 1) / STEPS)), self.most_s)


class Latencies:
    """The waits of a run, up to an instant by a clock: the wall's in a service, arrivals in a replay."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.waits = {stage: Waits() for stage in (FIRST, SETTLED, RECEIPT)}

    def hear(self, outputs: Outputs) -> None:
        """Count what one step says."""
        if not (outputs.provisional or outputs.events or outputs.receipts):
            return
        now_ns = self._clock()
        for stage, events in ((FIRST, outputs.provisional), (SETTLED, outputs.events)):
            for event in events:
                self.waits[stage].add((now_ns - event.t1_ns) / SECOND_NS)
        for receipt in outputs.receipts:
            if receipt.left_ns is not None:
                self.waits[RECEIPT].add((now_ns - receipt.left_ns) / SECOND_NS)

    def report(self) -> dict[str, dict[str, float]]:
        """Return for each stage that happened how often, and seconds at the median, for 99 of 100, and at most."""
        return {
            stage: {
                "n": int(waits.counts.sum()),
                "p50_s": round(waits.within_s(0.5), 3),
                "p99_s": round(waits.within_s(0.99), 3),
                "max_s": round(waits.most_s, 3),
            }
            for stage, waits in self.waits.items()
            if waits.counts.any()
        }
