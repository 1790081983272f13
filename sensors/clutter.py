"""Detections of nobody: a coat or a poster that is taken for a person for seconds, and ghosts of one frame."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.store import Store
from sensors.occlusion import behind_fixtures
from sensors.optics import Eye, project
from sensors.shelving import inside, obstacles_of
from sensors.wander import spells

SPOTS_MEAN: Final = 0.3  # a camera
TRIES: Final = 20  # to find a spot that the camera can see
SPOT_RANGE_M: Final = 8.0
ON_S: Final = 3.0  # how long one is taken for a person, and how long it then is not
OFF_S: Final = 45.0
FLICKER_P: Final = 0.7  # of frames of such a spell
SPOT_SD_M: Final = 0.03
WALL_M: Final = 0.15  # from an edge of the floor or of a fixture
GATE_M: Final = 1.0  # nobody hangs a coat or a poster in a doorway
HEAD_Z_M: Final = (1.2, 1.8)
GHOST_P: Final = 0.004  # a frame
LOOK_NOISE: Final = 0.4  # length of the error beside a unit vector


@dataclass(frozen=True, slots=True, eq=False)
class Clutter:
    """Detections of nobody, c rows."""

    frame: Ints  # (c,)
    thing: Ints  # (c,) the same number for one thing as long as it is followed
    head: Floats  # (c, 3) m
    look: Floats  # (c, d) unit


def clutter(store: Store, eye: Eye, frames: int, period_s: float, look_d: int, rng: np.random.Generator) -> Clutter:
    """Draw what a camera takes for people over all its frames."""
    ghosts = _ghosts(store, frames, look_d, rng)
    parts = [ghosts]
    for spot in _spots(store, eye, rng):
        look = _unit(rng.normal(size=(1, look_d)))
        for first, last in spells(frames, period_s, ON_S, OFF_S, rng):
            frame = np.arange(first, last)[rng.random(last - first) < FLICKER_P]
            thing = np.full(len(frame), len(ghosts.frame) + len(parts))  # each ghost is a thing of its own
            head = spot + rng.normal(0.0, SPOT_SD_M, (len(frame), 3))
            noise = rng.normal(0.0, LOOK_NOISE / np.sqrt(max(look_d, 1)), (len(frame), look_d))
            parts.append(Clutter(frame, thing, head, _unit(look + noise)))
    columns = [np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Clutter)]
    framed = project(eye, columns[2])[1]
    return Clutter(*(column[framed] for column in columns))


def _ghosts(store: Store, frames: int, look_d: int, rng: np.random.Generator) -> Clutter:
    frame = np.flatnonzero(rng.random(frames) < GHOST_P)
    low, high = store.outline.min(axis=0), store.outline.max(axis=0)
    xy = rng.uniform(low, high, (len(frame), 2))
    head = np.column_stack([xy, rng.uniform(*HEAD_Z_M, len(frame))])
    return Clutter(frame, np.arange(len(frame)), head, _unit(rng.normal(size=(len(frame), look_d))))


def _spots(store: Store, eye: Eye, rng: np.random.Generator) -> Floats:
    """Draw places, (s, 3) m, at walls and fixtures that this camera sees and takes for people now and then."""
    outlines = [store.outline, *(fixture.outline for fixture in store.fixtures)]
    wanted = int(rng.poisson(SPOTS_MEAN))
    found = []
    for _ in range(TRIES * wanted):
        outline = outlines[rng.integers(len(outlines))]
        edge = int(rng.integers(len(outline)))
        along = outline[edge] + rng.random() * (outline[(edge + 1) % len(outline)] - outline[edge])
        spot = np.append(along + rng.normal(0.0, WALL_M, 2), rng.uniform(*HEAD_Z_M))
        near = np.linalg.norm(spot - eye.place) < SPOT_RANGE_M
        seen = project(eye, spot)[1] and not behind_fixtures(eye.place, spot, obstacles_of(store).solid)
        if near and seen and _is_open_floor(store, spot[:2]):
            found.append(spot)
    return np.array(found[:wanted]).reshape(-1, 3)


def _is_open_floor(store: Store, xy: Floats) -> bool:
    """Return whether a place, (2,) m, is on the floor, in no fixture and in no doorway."""
    start, end = store.gates.line[:, 0], store.gates.line[:, 1]
    way = end - start
    along = np.clip(((xy - start) * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1e-9), 0.0, 1.0)
    at_gate = np.linalg.norm(xy - start - along[:, None] * way, axis=1) < GATE_M
    taken = any(inside(xy[None], fixture.outline)[0] for fixture in store.fixtures)
    return bool(inside(xy[None], store.outline)[0] and not taken and not at_gate.any())


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return unit
