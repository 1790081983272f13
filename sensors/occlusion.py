"""What stands between a camera and a point: fixtures as upright prisms, people as upright cylinders."""

from collections.abc import Sequence

import numpy as np

from fusion.arrays import Bools, Floats
from fusion.store import Fixture

ALMOST = 0.97  # of the way to the point: what a hand touches does not hide the hand


def behind_fixtures(place: Floats, points: Floats, fixtures: Sequence[Fixture]) -> Bools:
    """Return which points, (..., 3) m, a camera at `place`, (3,) m, cannot see for fixtures."""
    hidden = np.zeros(points.shape[:-1], dtype=bool)
    for fixture in fixtures:
        hidden |= _behind_prism(place, points, fixture)
    return hidden


def _behind_prism(place: Floats, points: Floats, fixture: Fixture) -> Bools:
    """Clip each sight line against a convex prism; outlines run counter-clockwise or clockwise."""
    outline = fixture.outline if _area(fixture.outline) > 0 else fixture.outline[::-1]
    ray = points - place
    enter = np.zeros(points.shape[:-1])
    leave = np.full(points.shape[:-1], ALMOST)
    for here, there in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        normal = np.array([there[1] - here[1], here[0] - there[0]])  # outward
        enter, leave = _clip(normal @ (place[:2] - here), ray[..., :2] @ normal, enter, leave)
    enter, leave = _clip(place[2] - fixture.height_m, ray[..., 2], enter, leave)
    hidden: Bools = enter < leave
    return hidden


def _clip(start: float, rate: Floats, enter: Floats, leave: Floats) -> tuple[Floats, Floats]:
    """Keep of each line the part where start + rate * s is below zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        s = -start / rate
    enter = np.where(rate < 0, np.maximum(enter, s), enter)
    leave = np.where(rate > 0, np.minimum(leave, s), leave)
    return enter, np.where((rate == 0) & (start >= 0), -1.0, leave)


def _area(outline: Floats) -> float:
    x, y = outline.T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2.0


def behind_people(place: Floats, points: Floats, foot: Floats, top_m: Floats, radius_m: float) -> Bools:
    """Return by whom points, (..., 3) m, are hidden, (..., n): people at foot, (..., n, 2), top_m, (n,)."""
    ray = points[..., None, :2] - place[:2]
    length = np.maximum(np.linalg.norm(ray, axis=-1), 1e-6)
    aside = foot - place[:2]
    along = (aside * ray).sum(axis=-1) / length
    off = np.abs(aside[..., 0] * ray[..., 1] - aside[..., 1] * ray[..., 0]) / length
    half_chord = np.sqrt(np.maximum(radius_m**2 - off**2, 0.0))
    # The sight line falls from camera to point, so it is lowest in the cylinder where it leaves it.
    exit_at = np.clip((along + half_chord) / length, 0.0, 1.0)
    height = place[2] + exit_at * (points[..., None, 2] - place[2])
    between = (along > 0.0) & (along + half_chord < length)
    hidden: Bools = (off < radius_m) & between & (height < top_m)
    return hidden
