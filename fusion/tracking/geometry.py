"""Lines and floors in the plane."""

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats


def line_distance(points: Floats, line: Floats) -> Floats:
    """Return the distance of points (n, 2) to the segment line (2, 2), m."""
    a, b = line
    along = b - a
    share = np.clip((points - a) @ along / max(float(along @ along), 1e-9), 0.0, 1.0)
    return np.asarray(np.linalg.norm(points - a - share[:, None] * along, axis=1))


@njit(cache=True, error_model="numpy")
def is_facing(x: float, y: float, line: Floats, aside_m: float) -> bool:
    """Tell whether a point lies before or behind the segment line (2, 2), or at most aside_m beside that."""
    dx, dy = line[1, 0] - line[0, 0], line[1, 1] - line[0, 1]
    length_m = max(np.sqrt(dx * dx + dy * dy), 1e-9)
    along_m = ((x - line[0, 0]) * dx + (y - line[0, 1]) * dy) / length_m
    return bool(-aside_m <= along_m <= length_m + aside_m)


@njit(cache=True, error_model="numpy")
def inside(points: Floats, outline: Floats) -> Bools:
    """Return which points (n, 2) lie in the polygon (v, 2), by the even-odd rule."""
    out = np.zeros(len(points), np.bool_)
    for i in range(len(points)):
        x, y = points[i]
        for k in range(len(outline)):
            ax, ay = outline[k]
            bx, by = outline[(k + 1) % len(outline)]
            if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
                out[i] = not out[i]
    return out


@njit(cache=True, error_model="numpy")
def segment_distance(x: float, y: float, line: Floats) -> float:
    """Return the distance of a point to the segment line (2, 2), m."""
    ax, ay = line[0]
    dx, dy = line[1, 0] - ax, line[1, 1] - ay
    share = min(max(((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-9), 0.0), 1.0)
    return float(np.sqrt((x - ax - share * dx) ** 2 + (y - ay - share * dy) ** 2))


@njit(cache=True, error_model="numpy")
def line_distances(points: Floats, lines: Floats) -> Floats:
    """Return the distance of each of points (n, 2) to each of the segments lines (g, 2, 2), (n, g) m."""
    out = np.empty((len(points), len(lines)))
    for i in range(len(points)):
        for g in range(len(lines)):
            out[i, g] = segment_distance(points[i, 0], points[i, 1], lines[g])
    return out


@njit(cache=True, error_model="numpy")
def outside_by(x: float, y: float, outline: Floats) -> float:
    """Return how far a point lies outside the polygon (v, 2), m; 0 inside."""
    is_inside, far2 = False, np.inf
    v = len(outline)
    for k in range(v):
        ax, ay = outline[k]
        bx, by = outline[(k + 1) % v]
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            is_inside = not is_inside
        dx, dy = bx - ax, by - ay
        share = min(max(((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-18), 0.0), 1.0)
        far2 = min(far2, (x - ax - share * dx) ** 2 + (y - ay - share * dy) ** 2)
    return 0.0 if is_inside else float(np.sqrt(far2))
