"""What stands in the way, as half-planes: which straight lines pass convex polygons at a distance, and discs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints

NEAR_M: Final = 0.5  # more than any margin
TOUCH_M: Final = 1e-6  # a line along an edge passes


@dataclass(frozen=True, slots=True, eq=False)
class Barriers:
    """Convex polygons, f of them, with up to e edges; a polygon with fewer edges has its last one again."""

    corners: Floats  # (f, e, 2) m, counter-clockwise
    normals: Floats  # (f, e, 2) unit, outward
    offsets: Floats  # (f, e) a point is inside where normals @ point < offsets for all edges


def barriers_of(outlines: Sequence[Floats]) -> Barriers:
    """Return polygons as half-planes; raises ValueError for an outline that is not convex."""
    edges = max((len(outline) for outline in outlines), default=3)
    corners = np.zeros((len(outlines), edges, 2))
    normals, offsets = np.zeros_like(corners), np.zeros((len(outlines), edges))
    for row, outline in enumerate(outlines):
        turned = outline if signed_area(outline) > 0 else outline[::-1]
        ahead = np.roll(turned, -1, axis=0) - turned
        normal = np.column_stack([ahead[:, 1], -ahead[:, 0]]) / np.linalg.norm(ahead, axis=1, keepdims=True)
        offset = (normal * turned).sum(axis=1)
        if (turned @ normal.T > offset + 1e-6).any():
            raise ValueError(f"outline {row + 1}: expected a convex polygon, received {outline.tolist()}")
        last = [*range(len(turned)), *[len(turned) - 1] * (edges - len(turned))]
        corners[row], normals[row], offsets[row] = turned[last], normal[last], offset[last]
    return Barriers(corners, normals, offsets)


def signed_area(outline: Floats) -> float:
    """Return the area of a polygon, negative where it runs clockwise."""
    x, y = outline.T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2.0


def depths(barriers: Barriers, points: Floats) -> Floats:
    """Return how far points, (m, 2), are outside the nearest half-plane of each polygon, (m, f); negative inside."""
    outside = np.einsum("mk,fek->mfe", points, barriers.normals) - barriers.offsets
    depth: Floats = outside.max(axis=2, initial=-np.inf)
    return depth


def mitred(barriers: Barriers, margin_m: float) -> Floats:
    """Return the corners, (f, e, 2), of the polygons when every edge is moved outward."""
    ahead, behind = barriers.normals, np.roll(barriers.normals, 1, axis=1)
    corners: Floats = barriers.corners + margin_m * (ahead + behind) / (1.0 + (ahead * behind).sum(axis=2))[..., None]
    return corners


def passes(barriers: Barriers, points: Floats, one: Ints, other: Ints, room_m: Floats) -> Bools:
    """Tell which lines, from points[one] to points[other], (m,) each, stay out of all polygons.

    For a line each polygon is as much wider as its two ends, of points (n, 2), both have room, (n, f) m. Each line is
    clipped against the half-planes of each polygon near it (Cyrus and Beck, 1978).
    """
    low, high = barriers.corners.min(axis=1) - NEAR_M, barriers.corners.max(axis=1) + NEAR_M
    free = np.ones(len(one), dtype=np.bool_)
    _stop(points, one, other, room_m, low, high, barriers.normals, barriers.offsets, free)
    return free


@njit(cache=True, error_model="numpy")
def _stop(
    points: Floats,
    one: Ints,
    other: Ints,
    room_m: Floats,
    low: Floats,
    high: Floats,
    normals: Floats,
    offsets: Floats,
    free: Bools,
) -> None:
    """Set free to False for lines that come into a polygon, of those whose box, low to high (f, 2), they meet."""
    for k in range(len(one)):
        a, b = one[k], other[k]
        (x0, y0), (x1, y1) = points[a], points[b]
        for f in range(len(low)):
            if max(x0, x1) < low[f, 0] or min(x0, x1) > high[f, 0]:
                continue
            if max(y0, y1) < low[f, 1] or min(y0, y1) > high[f, 1]:
                continue
            enter, leave, wider_m = 0.0, 1.0, min(room_m[a, f], room_m[b, f]) - TOUCH_M
            for e in range(normals.shape[1]):
                nx, ny = normals[f, e]
                outside = x0 * nx + y0 * ny - (offsets[f, e] + wider_m)
                rate = (x1 - x0) * nx + (y1 - y0) * ny
                if rate < 0.0:
                    enter = max(enter, -outside / rate)
                elif rate > 0.0:
                    leave = min(leave, -outside / rate)
                elif outside >= 0.0:
                    leave = -1.0  # it runs beside this edge
            if enter < leave:
                free[k] = False
                break


@njit(cache=True, error_model="numpy")
def clears(here: Floats, there: Floats, middles: Floats, radii_m: Floats) -> Bools:
    """Tell which lines, (m, 2) to (m, 2), come no nearer to which points, (n, 2), than their radius, (n,); (n, m)."""
    out = np.empty((len(middles), len(here)), dtype=np.bool_)
    for k in range(len(here)):
        (x, y), dx, dy = here[k], there[k, 0] - here[k, 0], there[k, 1] - here[k, 1]
        length2 = max(dx**2 + dy**2, 1e-12)
        for n in range(len(middles)):
            mx, my = middles[n]
            at = min(max(((mx - x) * dx + (my - y) * dy) / length2, 0.0), 1.0)
            out[n, k] = np.sqrt((x + at * dx - mx) ** 2 + (y + at * dy - my) ** 2) >= radii_m[n]
    return out
