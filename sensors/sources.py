"""All sources of a store by name; each can be run alone, in a process of its own."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np

from fusion.store import Store
from sensors.cameras import camera_messages
from sensors.cart import cart_messages
from sensors.clocks import Clock, draw_clock
from sensors.gate import gate_messages
from sensors.plates import controller_messages
from sensors.portal import portal_messages
from sensors.scanner import scanner_messages
from sensors.sending import Sent, health_reports, number
from sensors.world import World, generator

SCANNER: Final = "scanner"
STREAM: Final = 1  # first key of the random streams of sensors; 0 belongs to the scenario

Sensor: TypeAlias = Callable[[World, str, Clock, int, np.random.Generator], list[Sent]]


def sources_of(world: World) -> list[str]:
    """Return the sources of a scenario, in the order of their names; last the device of staff, if it says something."""
    return [src for src in _sensors(world.store) if src != SCANNER or world.tests]


def messages_of(world: World, src: str, *, seed: int, epoch_ns: int) -> list[Sent]:
    """Return all that one source sends, in the order of sending, counted from 0."""
    rng = generator(seed, STREAM, _rows(world.store)[src])
    clock = clock_of(world.store, src, seed=seed)
    readings = _sensors(world.store)[src](world, src, clock, epoch_ns, rng)
    return number(readings + health_reports(src, world.seconds, clock, epoch_ns, rng))


def clock_of(store: Store, src: str, *, seed: int) -> Clock:
    """Return the clock of one source."""
    return draw_clock(generator(seed, STREAM, _rows(store)[src], 0))


@lru_cache(maxsize=8)
def _rows(store: Store) -> dict[str, int]:
    return {src: row for row, src in enumerate(_sensors(store))}


@lru_cache(maxsize=8)
def _sensors(store: Store) -> dict[str, Sensor]:
    found: dict[str, Sensor] = {}
    found.update(dict.fromkeys(store.plates.controller, controller_messages))
    found.update(dict.fromkeys(store.cameras.camera_id, camera_messages))
    found.update(dict.fromkeys(store.carts, cart_messages))
    found.update(dict.fromkeys(store.gates.gate_id, gate_messages))
    found.update(dict.fromkeys((portal for portal, _ in store.portals), portal_messages))
    return {**dict(sorted(found.items())), SCANNER: scanner_messages}  # last: the others keep their random streams
