"""Faults of sensors and of the network, as data: what goes wrong, where, from when to when."""

from dataclasses import dataclass
from math import inf
from typing import Final

WIRE_FAULTS: Final = ("drop", "delay", "reorder", "duplicate", "corrupt", "restart", "freeze", "outage")
PLATE_FAULTS: Final = ("stuck", "dead", "spiking", "gain")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    kind: str  # one of WIRE_FAULTS or PLATE_FAULTS
    src: str = "*"  # which sources, a pattern as in a shell
    from_s: float = 0.0  # since the scenario or the recording began
    to_s: float = inf
    p: float = 1.0  # share of the messages it happens to
    seconds: float = 0.0  # how long a delay, or a restart, takes at most
    plates: tuple[str, ...] = ()  # which plates, patterns; only for PLATE_FAULTS
    size: float = 0.0  # of a spike in grams, of a wrong gain as a share (0.05 is five percent too much)
    jump_s: float = 0.0  # of the clock after a restart


FaultPlan = tuple[Fault, ...]
