"""The record of a change: what was there to see when it was read, kept until it is settled so that it can be explained.

Nothing here decides anything. Memories of hands and places last for seconds and a trip for an hour, so what an
explanation will need is put aside at the moment of reading, rounded to what sensors can tell.
"""

from collections.abc import Collection, Mapping
from itertools import pairwise

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.attribution.bodies import Rows, bodies_in, rows_in
from fusion.attribution.evidence import Candidate, plate_points
from fusion.attribution.explanations import Explanation, WhoAt
from fusion.attribution.past import Past
from fusion.attribution.why import Why
from fusion.attribution.witnesses import Witnesses
from fusion.config import SECOND_NS
from fusion.frozen import record
from fusion.rounding import rounded
from fusion.shelf import ShelfChange
from fusion.store import Store

NEAR_M = 3.0  # people this near the plates are shown
AROUND_S = 1.5  # and their hands for so long before and after the step
GRID_NS = SECOND_NS // 10
HELD_SHOWN = 3  # products
READINGS_KEPT = 4
NOT_ABSURD_NATS = 25.0  # further behind the best, a reading teaches nobody anything


@record()
class HandTrace:
    """How far a hand was from some plates, moment by moment."""

    t_s: tuple[float, ...] = ()  # after the step
    far_m: tuple[float, ...] = ()
    sd_m: tuple[float, ...] = ()


NO_TRACE = HandTrace()


@record()
class Bystander:
    """Somebody near a change; with nats where they were within reach of it."""

    track_id: int
    trip: str  # whose track it likeliest was, as believed then
    p: float  # that it was
    x_m: float
    y_m: float
    within_reach: bool
    why: Why  # place and hands
    held: tuple[tuple[int, float], ...]  # product and nats, most first
    hand: HandTrace  # the nearer one


@record()
class Evidence:
    """Who was where about a change; its plates are in the change itself."""

    x_m: float  # of the plates
    y_m: float
    near: tuple[Bystander, ...]  # sorted by track
    weighed: tuple[
        Explanation, ...
    ] = ()  # the best readings of that moment; most are ruled out before they are settled


def put_aside(
    change: ShelfChange,
    people: tuple[Candidate, ...],
    seen: Witnesses,
    who: WhoAt,
    alias: Mapping[int, int],
    store: Store,
) -> Evidence:
    """Return what there is to see about a change, with what was made of the people within reach."""
    points = plate_points(change, store)
    x_m, y_m = _rounded(points[0, :2])
    past = seen.bodies
    if not len(past):
        return Evidence(x_m, y_m, ())
    bodies = bodies_in(past, past.nearest(change.step_ns))
    far = np.linalg.norm(bodies.head[:, :2] - points[0, :2], axis=1)
    of_track = {one.track_id: one for one in people}
    hands = _hand_traces(of_track, change.step_ns, points, past, alias)
    near = []
    for track_id, head, m in zip(bodies.track_id.tolist(), bodies.head, far.tolist(), strict=True):
        if not (m < NEAR_M or track_id in of_track):
            continue
        one = of_track.get(track_id)
        trip, doubt, _ = max(who(track_id, change.step_ns), key=lambda w: w[1])
        x, y = _rounded(head[:2])
        looks = (one.after if change.total_g < 0 else one.before).nats if one else {}
        held = sorted(looks.items(), key=lambda h: (-h[1], h[0]))[:HELD_SHOWN]
        hand = hands.get(track_id, NO_TRACE)
        why = one.why if one else ()
        near.append(Bystander(track_id, trip, float(np.exp(doubt)), x, y, one is not None, why, tuple(held), hand))
    return Evidence(x_m, y_m, tuple(sorted(near, key=lambda b: b.track_id)))


def best_few(readings: tuple[Explanation, ...]) -> tuple[Explanation, ...]:
    """Return the best readings, best first, with the best that is about somebody else than the very best."""
    ranked = sorted(readings, key=lambda r: -r.nats)
    ranked = [r for r in ranked if r.nats > ranked[0].nats - NOT_ABSURD_NATS]
    first = {part.trip for part in ranked[0].parts}
    other = [r for r in ranked[READINGS_KEPT:] if {part.trip for part in r.parts} - first - {""}]
    return (*ranked[:READINGS_KEPT], *other[:1])


def _hand_traces(
    tracks: Collection[int], step_ns: int, points: Floats, past: Past, alias: Mapping[int, int]
) -> dict[int, HandTrace]:
    """Return how far the nearer hand of each track was from the plates, ten times a second about the step."""
    if not tracks:
        return {}
    track_of = {alias.get(k, k): k for k in tracks}
    known_as = {k: track_of[to] for k, to in alias.items() if to in track_of}
    known_as |= {to: k for to, k in track_of.items() if to not in alias}
    known, row_of = sorted(known_as), {k: row for row, k in enumerate(tracks)}
    whose = np.array([row_of[known_as[k]] for k in known], np.int64)
    around_ns, room = int(AROUND_S * SECOND_NS), past.room
    moments = past.within(step_ns - around_ns, step_ns + around_ns)
    first, at, far_sd = _nearer_hands(
        rows_in(past), room.t_ns, room.first, *moments, np.array(known, np.int64), whose, len(tracks), points
    )
    late_s = rounded((room.t_ns[at] - step_ns) / SECOND_NS, 2) + 0.0
    columns = late_s.tolist(), *rounded(far_sd, 3).tolist()
    return {
        k: HandTrace(*[tuple(column[begin:end]) for column in columns])
        for k, (begin, end) in zip(tracks, pairwise(first.tolist()), strict=True)
    }


@njit(cache=True, error_model="numpy")
def _nearer_hands(
    rows: Rows, t_ns: Ints, first: Ints, begin: int, end: int, known: Ints, whose: Ints, tracks: int, points: Floats
) -> tuple[Ints, Ints, Floats]:
    """Return of some moments how far the nearer hands of tracks were from the nearest of points (k, 3).

    known (n,) are the names of those tracks, and whose (n,) says which of them each is. A track is shown by the first
    moment of each tenth of a second in which it was there, under the first of its names. Returns one track after the
    other: where each begins, and where those of the next one would, which moment (r,), and (2, r) how far in m, and
    its standard deviation.
    """
    most = (end - begin) * tracks
    begins, at, far_sd, n = np.zeros(tracks + 1, np.int64), np.empty(most, np.int64), np.empty((2, most)), 0
    for track in range(tracks):
        names, last = known[whose == track], -1
        for moment in range(begin, end):
            grid = t_ns[moment] // GRID_NS
            row = _row_of(names, rows.track_id, first[moment], first[moment + 1]) if grid != last else -1
            if row >= 0:
                last, at[n] = grid, moment
                far_sd[0, n], far_sd[1, n] = _nearer_hand(rows, row, points)
                n += 1
        begins[track + 1] = n
    return begins, at[:n], far_sd[:, :n]


@njit(cache=True, error_model="numpy")
def _row_of(names: Ints, track_id: Ints, low: int, high: int) -> int:
    """Return the row, from low to before high, of the first of some tracks (n,) that is there, -1 where none is."""
    for name in names:
        for row in range(low, high):
            if track_id[row] == name:
                return row
    return -1


@njit(cache=True, error_model="numpy")
def _nearer_hand(rows: Rows, row: int, points: Floats) -> tuple[float, float]:
    """Return how far somebody's nearer hand is from the nearest of points (k, 3), m, and its standard deviation."""
    head, least, nearer, point = rows.head[row], np.inf, 0, 0
    for k in range(len(points)):
        for hand in range(2):
            squared = 0.0
            for axis in range(3):
                squared += (points[k, axis] - head[axis] - rows.hands[row, hand, axis]) ** 2
            if squared < least:
                least, nearer, point = squared, hand, k
    far_m, var = np.sqrt(least), 0.0
    for a in range(3):
        for b in range(3):
            along = (points[point, a] - head[a] - rows.hands[row, nearer, a]) * (
                points[point, b] - head[b] - rows.hands[row, nearer, b]
            )
            var += along * rows.hands_cov[row, nearer, a, b]
    return far_m, np.sqrt(var) / max(far_m, 1e-9)


def _rounded(xy: Floats) -> tuple[float, float]:
    return round(float(xy[0]), 2), round(float(xy[1]), 2)
