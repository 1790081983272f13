"""The device in the hand of staff, which tells of test weights before they are laid on plates."""

from typing import Final

import numpy as np

from fusion.messages import Health
from sensors.clocks import Clock
from sensors.sending import Sent
from sensors.world import TestTold, World

TELL_S: Final = 0.005  # until a word is out


def scanner_messages(world: World, src: str, clock: Clock, epoch_ns: int, rng: np.random.Generator) -> list[Sent]:
    """Return the words of all test weights of a scenario."""
    return [(one.t_s + TELL_S, _told(src, one, world, clock.read_ns(one.t_s, epoch_ns))) for one in world.tests]


def _told(src: str, one: TestTold, world: World, t_ns: int) -> Health:
    return Health(src, 0, t_ns, "ok", "", ((world.store.plates.plate_id[one.plate], one.grams),))
