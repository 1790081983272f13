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
STAGES = (FIRST, SETTLED, RECEIPT)
SHARES = {"p50": 0.5, "p99": 0.99, "p999": 0.999}


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
    """The waits of a run, up to an instant by a clock: the wall's in a service, arrivals in a replay.

    Most of a wait is event time that has to pass: for late messages, for a change to be over, for a trip to close. The
    engine's own share begins when the message came with which enough had passed: network, journal, queue and steps.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.waits = {stage: Waits() for stage in STAGES}
        self.own = {stage: Waits() for stage in STAGES}

    def hear(self, outputs: Outputs, came_ns: int) -> None:
        """Count what one step says that a message has brought about; it came at came_ns by the same clock."""
        if not (outputs.provisional or outputs.events or outputs.receipts):
            return
        now_ns = self._clock()
        for stage, events in ((FIRST, outputs.provisional), (SETTLED, outputs.events)):
            for event in events:
                self._add(stage, event.t1_ns, came_ns, now_ns)
        for receipt in outputs.receipts:
            if receipt.left_ns is not None:
                self._add(RECEIPT, receipt.left_ns, came_ns, now_ns)

    def _add(self, stage: str, happened_ns: int, came_ns: int, now_ns: int) -> None:
        self.waits[stage].add((now_ns - happened_ns) / SECOND_NS)
        self.own[stage].add(max(0, now_ns - came_ns) / SECOND_NS)

    def report(self) -> dict[str, dict[str, float]]:
        """Return for each stage that happened how often, and in how many seconds they were done; own_ is our share."""
        return {
            stage: {"n": int(waits.counts.sum())} | _told(waits, "") | _told(self.own[stage], "own_")
            for stage, waits in self.waits.items()
            if waits.counts.any()
        }


def _told(waits: Waits, whose: str) -> dict[str, float]:
    shares = {f"{whose}{name}_s": round(waits.within_s(share), 4) for name, share in SHARES.items()}
    return shares | {f"{whose}max_s": round(waits.most_s, 4)}
