"""What stands in the way, as half-planes: which straight lines pass convex polygons at a distance, and discs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.arrays import Bools, Floats

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


def passes(barriers: Barriers, here: Floats, there: Floats, margin_m: Floats) -> Bools:
    """Tell which lines, (m, 2) to (m, 2), stay out of all polygons, each wider by margin_m, (m, f).

    Each line is clipped against the half-planes of each polygon near it (Cyrus and Beck, 1978).
    """
    line, polygon = np.nonzero(_near(barriers, here, there))
    normals = barriers.normals[polygon]
    wide = barriers.offsets[polygon] + margin_m[line, polygon][:, None] - TOUCH_M
    start = np.einsum("pk,pek->pe", here[line], normals) - wide
    rate = np.einsum("pk,pek->pe", (there - here)[line], normals)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = -start / rate
    enter = np.where(rate < 0, at, 0.0).max(axis=1, initial=0.0)
    leave = np.where(rate > 0, at, 1.0).min(axis=1, initial=1.0)
    aside = ((rate == 0) & (start >= 0)).any(axis=1)
    free = np.ones(len(here), dtype=bool)
    free[line[~aside & (enter < leave)]] = False
    return free


def _near(barriers: Barriers, here: Floats, there: Floats) -> Bools:
    """Tell which lines come into the upright box about each polygon, (m, f), wide enough for any margin."""
    low, high = barriers.corners.min(axis=1) - NEAR_M, barriers.corners.max(axis=1) + NEAR_M
    first, last = np.minimum(here, there), np.maximum(here, there)
    near = np.ones((len(here), len(low)), dtype=bool)
    for axis in range(2):
        near &= (last[:, axis, None] >= low[:, axis]) & (first[:, axis, None] <= high[:, axis])
    return near


def clears(here: Floats, there: Floats, middles: Floats, radii_m: Floats) -> Bools:
    """Tell which lines, (m, 2) to (m, 2), come no nearer to which points, (n, 2), than their radius, (n,); (n, m)."""
    along = there - here
    length2 = np.maximum((along**2).sum(axis=1), 1e-12)
    at = np.clip(((middles[:, None] - here) * along).sum(axis=2) / length2, 0.0, 1.0)
    gap: Floats = np.linalg.norm(here + at[..., None] * along - middles[:, None], axis=2)
    return gap >= radii_m[:, None]
