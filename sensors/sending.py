"""From single readings to what a sensor puts on the wire: health in between, one counter over all of it."""

from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np

from fusion.messages import Health, Message
from sensors.clocks import Clock

Sent: TypeAlias = tuple[float, Message]  # seconds since the scenario began, and the message

HEALTH_PERIOD_S: Final = 0.9  # the contract asks for one a second at least
HEALTH_COST_S: Final = 0.002


def health_reports(src: str, seconds: float, clock: Clock, epoch_ns: int, rng: np.random.Generator) -> list[Sent]:
    """Return the regular word of a healthy sensor about itself."""
    times = np.arange(rng.uniform(0.0, HEALTH_PERIOD_S), seconds, HEALTH_PERIOD_S)
    return [(float(t) + HEALTH_COST_S, Health(src, 0, clock.read_ns(float(t), epoch_ns), "ok", "")) for t in times]


def number(sent: list[Sent]) -> list[Sent]:
    """Put messages of one source in the order of sending and count them from 0."""
    ordered = sorted(sent, key=lambda pair: (pair[0], pair[1].t_ns, type(pair[1]).__name__))
    return [(t, replace(message, seq=seq)) for seq, (t, message) in enumerate(ordered)]
