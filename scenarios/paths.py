"""Ways round fixtures and standing people: the shortest line between two points that keeps a body's width from all.

The corners that ways turn at, and which of them see each other, are found once a store (`survey`); a way is then
the shortest path from corner to corner (`route`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from fusion.arrays import Bools, Floats, Ints
from fusion.store import Fixture
from scenarios.barriers import Barriers, barriers_of, clears, depths, mitred, passes

CLEARANCE_M: Final = 0.28  # from the middle of a body to a fixture
WALL_M: Final = 0.22
TURN_M: Final = 0.02  # ways turn this much farther off a fixture's corner
RING: Final = 8  # points that ways turn at round a standing person
PUSHES_MAX: Final = 12
FIRST, SECOND = np.array([0]), np.array([1])

Post: TypeAlias = tuple[Floats, float]  # a standing person: (2,) m, and how near her the middle of a body may come


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """A floor as walkers know it: n corners to turn at."""

    walls: Barriers  # one polygon, the outline, seen from within
    barriers: Barriers  # the fixtures, f of them
    corners: Floats  # (n, 2) m
    room_m: Floats  # (n, f) that lines to a corner keep from fixtures
    edges: Ints  # (2, e) corners that see each other, the lower number first, sorted
    lengths: Floats  # (e,) m


def survey(outline: Floats, fixtures: Sequence[Fixture]) -> Ways:
    """Return the ways of a floor, made once a store; raises ValueError where a polygon is not convex."""
    walls, barriers = barriers_of([outline]), barriers_of([fixture.outline for fixture in fixtures])
    corners = mitred(barriers, CLEARANCE_M + TURN_M).reshape(-1, 2)
    corners = corners[_is_inside(walls, corners) & (depths(barriers, corners) >= CLEARANCE_M).all(axis=1)]
    one, other = np.triu_indices(len(corners), 1)
    room_m = np.full((len(corners), len(barriers.normals)), CLEARANCE_M)
    free = passes(barriers, corners, one, other, room_m)
    edges = np.array([one[free], other[free]])
    return Ways(walls, barriers, corners, _room_m(barriers, corners), edges, _lengths(corners, *edges))


def route(ways: Ways, start: Floats, goal: Floats, posts: Sequence[Post] = ()) -> Floats:
    """Return the corners of the shortest free way, (m, 2) m, start and goal included.

    It keeps `CLEARANCE_M` from fixtures. A start or goal nearer to one than that is left by the shortest way out;
    one nearer to a post than its radius may keep that nearness. People who cannot be passed are walked through
    rather than waited for: that is the caller's choice. Raises ValueError where fixtures leave no way at all.
    """
    out, into = _push_out(ways, start), _push_out(ways, goal)
    open_posts = _opened(posts, out, into)
    way = _shortest(ways, out, into, [])
    if way is None:
        raise ValueError(f"route: expected a way from {start.tolist()} to {goal.tolist()}, found none")
    minded: list[Post] = []
    while blocking := _blocking(open_posts, way):
        minded += blocking
        found = _shortest(ways, out, into, minded)
        if found is None:
            break
        way = found
    ends = [*([start] if (start != out).any() else []), *way, *([goal] if (goal != into).any() else [])]
    return np.array(ends)


def _shortest(ways: Ways, start: Floats, goal: Floats, posts: Sequence[Post]) -> Floats | None:
    """Return the shortest way between two points that need no way out; None where there is none."""
    ends = np.array([start, goal])
    if _sees(ways, ends, _room_m(ways.barriers, ends), FIRST, SECOND, posts)[0]:
        return ends
    near = np.concatenate([ends, *[_ring(ways, post, posts) for post in posts]])
    nodes = np.concatenate([near, ways.corners])
    room_m = np.concatenate([_room_m(ways.barriers, near), ways.room_m])
    one, other = np.triu_indices(len(near), 1, len(nodes))
    seen = _sees(ways, nodes, room_m, one, other, posts)
    one, other = one[seen], other[seen]
    free, lengths = _unblocked(ways, posts)
    rows, columns = np.concatenate([[one, other], free + len(near)], axis=1)
    weights = np.concatenate([_lengths(nodes, one, other), lengths])
    graph = csr_array((weights, (rows, columns)), shape=(len(nodes), len(nodes)))
    reached, before = dijkstra(graph, directed=False, indices=0, return_predecessors=True)
    if not np.isfinite(reached[1]):
        return None
    back = [1]
    while back[-1] != 0:
        back.append(int(before[back[-1]]))
    way: Floats = nodes[back[::-1]]
    return way


def _sees(ways: Ways, nodes: Floats, room_m: Floats, one: Ints, other: Ints, posts: Sequence[Post]) -> Bools:
    """Tell which lines between nodes, (m,) to (m,), keep clear of all; what stands too close to a fixture may."""
    free = passes(ways.barriers, nodes, one, other, room_m)
    if posts:
        free &= clears(nodes[one], nodes[other], *_columns(posts)).all(axis=0)
    return free


def _room_m(barriers: Barriers, points: Floats) -> Floats:
    """Return how much room lines to points, (n, 2), keep from each fixture, (n, f) m."""
    return np.asarray(np.clip(depths(barriers, points), 0.0, CLEARANCE_M), np.float64)


def _unblocked(ways: Ways, posts: Sequence[Post]) -> tuple[Ints, Floats]:
    """Return the edges between corners, (2, e), without those that a post stands on, and their lengths, (e,)."""
    if not posts:
        return ways.edges, ways.lengths
    one, other = ways.edges
    free = clears(ways.corners[one], ways.corners[other], *_columns(posts)).all(axis=0)
    return ways.edges[:, free], ways.lengths[free]


def _lengths(points: Floats, one: Ints, other: Ints) -> Floats:
    return np.asarray(np.linalg.norm(points[one] - points[other], axis=1), np.float64)


def _ring(ways: Ways, post: Post, posts: Sequence[Post]) -> Floats:
    """Return the free points round a post at which ways turn, (r, 2) m."""
    turn = np.arange(RING) * (2.0 * np.pi / RING)
    # The chord between two of the points must clear the post as well.
    points = post[0] + 1.02 * post[1] / np.cos(np.pi / RING) * np.column_stack([np.cos(turn), np.sin(turn)])
    free = _is_inside(ways.walls, points) & (depths(ways.barriers, points) >= CLEARANCE_M).all(axis=1)
    for xy, radius in posts:
        free &= np.linalg.norm(points - xy, axis=1) >= radius
    return points[free]


def _blocking(posts: Sequence[Post], way: Floats) -> list[Post]:
    """Return the posts that a way, (m, 2), comes too near to."""
    if not posts:
        return []
    clear = clears(way[:-1], way[1:], *_columns(posts)).all(axis=1)
    return [posts[at] for at in np.flatnonzero(~clear).tolist()]


def _columns(posts: Sequence[Post]) -> tuple[Floats, Floats]:
    """Return where posts are, (n, 2) m, and their radii, (n,) m."""
    return np.array([xy for xy, _ in posts]).reshape(-1, 2), np.array([radius for _, radius in posts])


def _opened(posts: Sequence[Post], *ends: Floats) -> list[Post]:
    """Return posts with the radii that ways between two ends keep from them."""
    middles, radii = _columns(posts)
    near = np.zeros(len(posts), dtype=bool)
    for end in ends:
        near |= np.linalg.norm(end - middles, axis=1) < radii + 0.1
    return [(post[0], _radius(*post, *ends)) if by else post for post, by in zip(posts, near.tolist(), strict=True)]


def _radius(xy: Floats, radius: float, *ends: Floats) -> float:
    """Return how far ways keep from a post that may stand right beside their start or goal."""
    return max(0.0, min(radius, *(float(np.linalg.norm(end - xy)) - 0.01 for end in ends)))


def _push_out(ways: Ways, point: Floats) -> Floats:
    """Return the point, or the free one near it that a body standing too close to things steps to first."""
    out = point.copy()
    for _ in range(PUSHES_MAX):
        over = (ways.walls.normals[0] @ out) - (ways.walls.offsets[0] - WALL_M)
        edge, depth = int(over.argmax()), depths(ways.barriers, out[None])[0]
        if over[edge] > 1e-9:
            out = out - over[edge] * ways.walls.normals[0, edge]
        elif (depth < CLEARANCE_M - 1e-9).any():
            out = out + _away(ways.barriers, int(depth.argmin()), out)
        else:
            ends = np.array([point, out])
            return out if _sees(ways, ends, _room_m(ways.barriers, ends), FIRST, SECOND, ())[0] else point
    return point


def _away(barriers: Barriers, row: int, point: Floats) -> Floats:
    """Return the step that takes a point to the clearance of a fixture."""
    outside = barriers.normals[row] @ point - barriers.offsets[row]
    edge = int(outside.argmax())
    step: Floats = (CLEARANCE_M - outside[edge]) * barriers.normals[row, edge]
    return step


def _is_inside(walls: Barriers, points: Floats) -> Bools:
    inside: Bools = depths(walls, points)[:, 0] <= -WALL_M + 1e-9
    return inside


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
    """Return which points, (m, 2) m, a body can stand on."""
    free: Bools = distance_to(points, outline) <= -WALL_M
    low, high = _boxes(tuple(fixtures))
    beside = (points[:, None] > low).all(axis=2) & (points[:, None] < high).all(axis=2)
    for row in np.flatnonzero(beside.any(axis=0)).tolist():
        free &= distance_to(points, fixtures[row].outline) >= CLEARANCE_M
    return free


@lru_cache(maxsize=8)
def _boxes(fixtures: tuple[Fixture, ...]) -> tuple[Floats, Floats]:
    """Return the upright boxes outside of which points keep clear: lower and upper corners, (f, 2) m each."""
    corners = [fixture.outline for fixture in fixtures]
    low = np.array([one.min(axis=0) for one in corners]).reshape(-1, 2) - CLEARANCE_M
    return low, np.array([one.max(axis=0) for one in corners]).reshape(-1, 2) + CLEARANCE_M


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
