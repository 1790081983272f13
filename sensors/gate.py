"""Gates that let people in by account, and out by a beam that knows nobody; the RFID portal beside them."""

from typing import Final

import numpy as np

from fusion.messages import Gate, Portal
from sensors.clocks import Clock
from sensors.sending import Sent
from sensors.world import World

READ_BEFORE_S: Final = 0.9  # a portal reads a tag from here before the crossing
READ_AFTER_S: Final = 0.6
READ_PERIOD_S: Final = 0.35
READ_P: Final = 0.7  # an inventory round


def gate_messages(world: World, gate: str, clock: Clock, epoch_ns: int, rng: np.random.Generator) -> list[Sent]:
    """Return what one gate says: who was let in, and that somebody went out."""
    sent: list[Sent] = []
    for crossing in world.crossings:
        if crossing.gate != gate:
            continue  # another gate's
        t = crossing.t_s + float(rng.uniform(-0.05, 0.05))
        account = crossing.account if crossing.event == "enter" else None
        message = Gate(
            gate, 0, clock.read_ns(t, epoch_ns), gate, crossing.event, account, crossing.party, crossing.role
        )
        sent.append((t + float(rng.uniform(0.002, 0.01)), message))
    return sent


def portal_messages(world: World, portal: str, clock: Clock, epoch_ns: int, rng: np.random.Generator) -> list[Sent]:
    """Return the inventory rounds in which one RFID portal read any tag."""
    gate = dict(world.store.portals)[portal]
    passing = [tag for tag in world.tags if tag.gate == gate]
    sent: list[Sent] = []
    for t in np.arange(rng.uniform(0.0, READ_PERIOD_S), world.seconds, READ_PERIOD_S):
        near = [tag for tag in passing if tag.t_s - READ_BEFORE_S < t < tag.t_s + READ_AFTER_S]
        read = tuple(
            (tag.epc, round(-48.0 - 9.0 * abs(tag.t_s - float(t)) + float(rng.normal(0.0, 3.0)), 1))
            for tag in near
            if rng.random() < READ_P
        )
        if read:
            message = Portal(portal, 0, clock.read_ns(float(t), epoch_ns), portal, read)
            sent.append((float(t) + 0.03, message))
    return sent
