"""Tracks in the light of the seconds that followed: a fixed-lag Rauch-Tung-Striebel smoother over many tracks at once.

What is reported of a track waits for a moment, so that a turn is seen as a turn from its beginning, and somebody who
was confirmed is shown from their first detection on. Rauch, Tung, Striebel 1965; the motion model is kalman.predict's.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.config import SECOND_NS
from fusion.frozen import record, replace


@record(eq=False)
class Instant:
    """All tracks at one moment; rows are sorted by track_id."""

    t_ns: int
    track_id: Ints  # (n,)
    sure: Bools  # (n,) confirmed by then
    mean: Floats  # (n, 4) x_m, y_m, vx_mps, vy_mps
    cov: Floats  # (n, 4, 4)


Trail = tuple[Instant, ...]  # in order of time


def follow(trail: Trail, now: Instant, lag_ns: int, accel_m2ps3: float) -> tuple[Trail, Trail]:
    """Add an instant; return the trail that waits and what is now at least lag_ns old, smoothed, sure tracks only.

    The older half of two lags is let go at once, so that the cost per instant is that of two steps back.
    """
    trail = (*trail, now)
    if now.t_ns - trail[0].t_ns < 2 * lag_ns:
        return trail, ()
    ready = sum(now.t_ns - one.t_ns >= lag_ns for one in trail)
    return trail[ready:], _shown(smooth(trail, accel_m2ps3))[:ready]


def flush(trail: Trail, accel_m2ps3: float) -> Trail:
    """Return all that still waits, smoothed, sure tracks only."""
    return _shown(smooth(trail, accel_m2ps3))


def smooth(trail: Sequence[Instant], accel_m2ps3: float) -> Trail:
    """Smooth filtered states backwards, each track as far as it is there at every instant."""
    if not trail:
        return ()
    out = [trail[-1]]
    for one in reversed(trail[:-1]):
        after = out[-1]
        if np.array_equal(one.track_id, after.track_id):  # as mostly
            here = there = np.arange(len(one.track_id))
        else:
            _, here, there = np.intersect1d(one.track_id, after.track_id, assume_unique=True, return_indices=True)
        dt_s = (after.t_ns - one.t_ns) / SECOND_NS
        mean, cov = one.mean.copy(), one.cov.copy()
        if len(here):
            mean[here], cov[here] = _back(
                one.mean[here], one.cov[here], after.mean[there], after.cov[there], dt_s, accel_m2ps3
            )
        out.append(replace(one, mean=mean, cov=cov))
    return tuple(reversed(out))


def _back(
    x: Floats, P: Floats, x_after: Floats, P_after: Floats, dt_s: float, accel_m2ps3: float
) -> tuple[Floats, Floats]:
    """One step: C = P F' (F P F' + Q)^-1, x += C (x_after - F x), P += C (P_after - F P F' - Q) C'; rows are tracks."""
    F, Q = _motion(dt_s, accel_m2ps3)
    ahead = F @ P @ F.T + Q
    C = np.linalg.solve(ahead, F @ P).transpose(0, 2, 1)
    mean = x + np.einsum("nij,nj->ni", C, x_after - x @ F.T)
    return mean, P + C @ (P_after - ahead) @ C.transpose(0, 2, 1)


@lru_cache(maxsize=64)
def _motion(dt_s: float, accel_m2ps3: float) -> tuple[Floats, Floats]:
    """Return F and Q, (4, 4) both; never to be written."""
    F = np.eye(4) + dt_s * np.eye(4, k=2)
    return F, np.asarray(
        accel_m2ps3 * np.kron([[dt_s**3 / 3, dt_s**2 / 2], [dt_s**2 / 2, dt_s]], np.eye(2)), np.float64
    )


def _shown(trail: Trail) -> Trail:
    """Keep, of every instant, the tracks that are sure by then or become so within the trail."""
    sure: set[int] = set()
    out = []
    for one in reversed(trail):
        sure.update(one.track_id[one.sure].tolist())
        keep = [track_id in sure for track_id in one.track_id.tolist()]
        if not all(keep):  # seldom: most tracks become sure within a moment
            one = Instant(one.t_ns, one.track_id[keep], one.sure[keep], one.mean[keep], one.cov[keep])
        out.append(one)
    return tuple(reversed(out))
