"""Ways round fixtures: the shortest line between two points that keeps a body's width from everything."""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Final

import numpy as np

from fusion.arrays import Bools, Floats
from fusion.store import Fixture

CLEARANCE_M: Final = 0.28  # from the middle of a body to a fixture
WALL_M: Final = 0.22
TURN_M: Final = 0.42  # ways turn this far off a fixture's corner
STRIDE_M: Final = 0.04  # how finely a line is looked at


def distance_to(points: Floats, outline: Floats) -> Floats:
    """Return how far points, (..., 2) m, are from a polygon; negative inside."""
    nearest = np.full(points.shape[:-1], np.inf)
    inside = np.zeros(points.shape[:-1], dtype=bool)
    for here, there in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        edge, aside = there - here, points - here
        along = np.clip(aside @ edge / (edge @ edge), 0.0, 1.0)
        nearest = np.minimum(nearest, np.linalg.norm(aside - along[..., None] * edge, axis=-1))
        straddles = (here[1] > points[..., 1]) != (there[1] > points[..., 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            at_x = here[0] + (points[..., 1] - here[1]) / (there[1] - here[1]) * edge[0]
        inside ^= straddles & (points[..., 0] < at_x)
    return np.where(inside, -nearest, nearest)


def is_free(points: Floats, outline: Floats, fixtures: Sequence[Fixture]) -> Bools:
    """Return which points a body can stand on."""
    free: Bools = distance_to(points, outline) <= -WALL_M
    for fixture in fixtures:
        free &= distance_to(points, fixture.outline) >= CLEARANCE_M
    return free


def route(start: Floats, goal: Floats, outline: Floats, fixtures: Sequence[Fixture]) -> Floats:
    """Return the corners of the shortest free way, (m, 2) m; a straight line where there is none."""
    straight = np.array([start, goal])
    if _free_lines(start, straight[1:], outline, fixtures)[0]:
        return straight
    turns = np.concatenate([_turning_points(fixture) for fixture in fixtures])
    nodes = np.concatenate([straight, turns[is_free(turns, outline, fixtures)]])
    cost, before, done = {0: 0.0}, {0: 0}, set[int]()
    queue = [(0.0, 0)]
    while queue:
        _, node = heappop(queue)
        if node == 1:
            break
        if node in done:
            continue  # a shorter way here was found since
        done.add(node)
        reach = cost[node] + np.linalg.norm(nodes - nodes[node], axis=1)
        for other in np.flatnonzero(_free_lines(nodes[node], nodes, outline, fixtures)).tolist():
            if reach[other] < cost.get(other, np.inf):
                cost[other], before[other] = float(reach[other]), node
                heappush(queue, (cost[other], other))
    return _unwind(nodes, before) if 1 in before else straight


def _turning_points(fixture: Fixture) -> Floats:
    """Return points off the corners of a convex outline, (v, 2)."""
    middle = fixture.outline.mean(axis=0)
    ahead = np.roll(fixture.outline, -1, axis=0) - fixture.outline
    behind = np.roll(fixture.outline, 1, axis=0) - fixture.outline
    away = -ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
    away -= behind / np.linalg.norm(behind, axis=1, keepdims=True)
    assert (((fixture.outline - middle) * away).sum(axis=1) > 0).all(), "a fixture's outline is convex"
    points: Floats = fixture.outline + TURN_M * away / np.linalg.norm(away, axis=1, keepdims=True)
    return points


def _free_lines(here: Floats, there: Floats, outline: Floats, fixtures: Sequence[Fixture]) -> Bools:
    """Tell which lines from one point to others, (m, 2), are free all the way, their ends left out."""
    longest = float(np.linalg.norm(there - here, axis=1).max())
    steps = np.linspace(0.0, 1.0, max(3, int(longest / STRIDE_M)))[1:-1]
    lines = here + steps[:, None, None] * (there - here)
    free: Bools = np.logical_and.reduce(is_free(lines, outline, fixtures), axis=0)
    return free


def _unwind(nodes: Floats, before: dict[int, int]) -> Floats:
    way = [1]
    while way[-1] != 0:
        way.append(before[way[-1]])
    points: Floats = nodes[way[::-1]]
    return points


def pace(way: Floats, *, speed_mps: float, accel_mps2: float, rate_hz: float) -> Floats:
    """Return positions along a way, (k, 2) at rate_hz: from standing to walking to standing."""
    legs = np.linalg.norm(np.diff(way, axis=0), axis=1)
    length = float(legs.sum())
    top = min(speed_mps, float(np.sqrt(length * accel_mps2)))
    ramp_s = top / accel_mps2 if top > 0 else 0.0
    cruise_s = max(length / top - ramp_s, 0.0) if top > 0 else 0.0
    t = np.arange(1, int(np.ceil((2 * ramp_s + cruise_s) * rate_hz)) + 1) / rate_hz
    rising = 0.5 * accel_mps2 * np.minimum(t, ramp_s) ** 2
    cruising = top * np.clip(t - ramp_s, 0.0, cruise_s)
    late = np.clip(t - ramp_s - cruise_s, 0.0, ramp_s)
    done = np.minimum(rising + cruising + top * late - 0.5 * accel_mps2 * late**2, length)
    at = np.concatenate([[0.0], np.cumsum(legs)])
    return np.column_stack([np.interp(done, at, way[:, axis]) for axis in range(2)])
