"""The record of a change: what was there to see when it was read, kept until it is settled so that it can be explained.

Nothing here decides anything. Memories of hands and places last for seconds and a trip for an hour, so what an
explanation will need is put aside at the moment of reading, rounded to what sensors can tell.
"""

from collections.abc import Collection, Mapping

import numpy as np

from fusion.arrays import Floats
from fusion.attribution.bodies import Bodies, rows_of
from fusion.attribution.evidence import Candidate, plate_points
from fusion.attribution.explanations import Explanation, WhoAt
from fusion.attribution.moments import nearest, within
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

HandTrace = tuple[tuple[float, float, float], ...]  # s after the step, m from the plates, its standard deviation in m


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
    hand: HandTrace  # of the nearer hand


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
    if not seen.bodies:
        return Evidence(x_m, y_m, ())
    bodies = nearest(seen.bodies, change.step_ns)
    far = np.linalg.norm(bodies.head[:, :2] - points[0, :2], axis=1)
    of_track = {one.track_id: one for one in people}
    hands = _hand_traces(of_track, change.step_ns, points, seen, alias)
    near = []
    for row in np.flatnonzero((far < NEAR_M) | np.isin(bodies.track_id, list(of_track))):
        track_id = int(bodies.track_id[row])
        one = of_track.get(track_id)
        trip, doubt, _ = max(who(track_id, change.step_ns), key=lambda w: w[1])
        x, y = _rounded(bodies.head[row, :2])
        looks = (one.after if change.total_g < 0 else one.before).nats if one else {}
        held = sorted(looks.items(), key=lambda h: (-h[1], h[0]))[:HELD_SHOWN]
        hand = hands.get(track_id, ())
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
    tracks: Collection[int], step_ns: int, points: Floats, seen: Witnesses, alias: Mapping[int, int]
) -> dict[int, HandTrace]:
    """Return how far the nearer hand of each track was from the plates, ten times a second about the step."""
    if not tracks:
        return {}
    track_of = {alias.get(k, k): k for k in tracks}
    out: dict[int, list[tuple[float, float, float]]] = {k: [] for k in tracks}
    last_ns = dict.fromkeys(tracks, -1)
    known_as = {k: track_of[to] for k, to in alias.items() if to in track_of}
    known_as |= {to: k for to, k in track_of.items() if to not in alias}
    known = sorted(known_as)
    shown: list[tuple[Bodies, list[int]]] = []
    whose: list[tuple[int, float]] = []
    around_ns = int(AROUND_S * SECOND_NS)
    for bodies in within(seen.bodies, step_ns - around_ns, step_ns + around_ns):
        late_ns, grid_ns = bodies.t_ns - step_ns, bodies.t_ns // GRID_NS
        if all(last == grid_ns for last in last_ns.values()):
            continue
        row_of: dict[int, int] = {}
        rows = rows_of(bodies)
        for own in known:
            if own in rows and last_ns[known_as[own]] != grid_ns:
                row_of.setdefault(known_as[own], rows[own])
        if row_of:
            last_ns |= dict.fromkeys(row_of, grid_ns)
            shown.append((bodies, list(row_of.values())))
            late_s = round(late_ns / SECOND_NS, 2) + 0.0
            whose += [(track, late_s) for track in row_of]
    if whose:
        far, sd = _nearer_hands(shown, points)
        for (track, late_s), m, sd_m in zip(whose, rounded(far, 3).tolist(), rounded(sd, 3).tolist(), strict=True):
            out[track].append((late_s, m, sd_m))
    return {k: tuple(rows) for k, rows in out.items()}


def _nearer_hands(shown: list[tuple[Bodies, list[int]]], points: Floats) -> tuple[Floats, Floats]:
    """Return of some rows of some moments, one after the other, how far the nearer hand is from the nearest of points.

    points (k, 3); returns m (r,) and its standard deviation (r,).
    """
    head, hands, hands_cov = (
        np.concatenate([getattr(bodies, name)[rows] for bodies, rows in shown])
        for name in ("head", "hands", "hands_cov")
    )
    gap = points[None, :, None, :] - head[:, None, None] - hands[:, None]  # (r, k, hands, 3)
    far = np.linalg.norm(gap, axis=3).reshape(len(head), -1)
    best, every = far.argmin(axis=1), np.arange(len(head))
    far_m = far[every, best]
    along = gap.reshape(len(head), -1, 3)[every, best] / np.maximum(far_m, 1e-9)[:, None]
    cov = hands_cov[every, best % hands.shape[1]]
    return far_m, np.sqrt(np.einsum("ri,rij,rj->r", along, cov, along))


def _rounded(xy: Floats) -> tuple[float, float]:
    return round(float(xy[0]), 2), round(float(xy[1]), 2)
