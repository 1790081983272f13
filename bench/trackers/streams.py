"""Neutral walkers and detections of them: no appearance, no heights, nothing that knows of any tracker.

People stay on a square floor at a fixed density. Each goes from point of interest to point of interest in a straight
line at a speed of their own, stands there for a while, and in the end walks out over the nearest side; somebody new
then comes in. Speeds change within about 0.4 s, and people push each other apart where they come too close.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from fusion.arrays import Floats, Ints

RATE_HZ = 15.0
DENSITY_PER_M2 = 0.3  # a busy shop: everybody has someone within a metre
DETECTION_P = 0.92
NOISE_SD_M = 0.12
CLUTTER_PER_WALKER = 0.05  # false detections a frame, anywhere on the floor
SPEED_MPS = (0.6, 1.4)
DWELL_MEAN_S = 5.0
STAY_MEAN_S = 60.0
APART_M = 0.45  # bodies
SPEED_SETTLES_S = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Detections frame by frame, and who was where; rows of frame k are start[k]:start[k + 1]."""

    side_m: float
    xy: Floats  # (d, 2) detections, in random order within a frame
    start: Ints  # (frames + 1,)
    truth_id: Ints  # (w,)
    truth_xy: Floats  # (w, 2)
    truth_start: Ints  # (frames + 1,)

    def save(self, path: Path) -> None:
        """Write what a tracker may see, and nothing of the truth."""
        np.savez(path, side_m=self.side_m, xy=self.xy, start=self.start, rate_hz=RATE_HZ)


def make_stream(walkers: int, seconds: float, seed: int) -> Stream:
    """Let walkers walk for a time and detect them."""
    rng = np.random.default_rng([seed, walkers])
    side = float(np.sqrt(walkers / DENSITY_PER_M2))
    points = rng.uniform(0.5, side - 0.5, (max(4, walkers // 2), 2))  # of interest
    crowd = _Crowd(rng, side, points, walkers)
    xy, truth_id, truth_xy, counts, truth_counts = [], [], [], [], []
    for k in range(int(2 * RATE_HZ) + int(seconds * RATE_HZ)):
        crowd.step(1 / RATE_HZ)
        if k < int(2 * RATE_HZ):  # until speeds and distances have settled
            continue
        seen = rng.random(walkers) < DETECTION_P
        real = crowd.xy[seen] + rng.normal(0, NOISE_SD_M, (int(seen.sum()), 2))
        false = rng.uniform(0, side, (rng.poisson(CLUTTER_PER_WALKER * walkers), 2))
        frame = np.concatenate([real, false])
        xy.append(frame[rng.permutation(len(frame))])
        counts.append(len(frame))
        truth_id.append(crowd.ids.copy())
        truth_xy.append(crowd.xy.copy())
        truth_counts.append(walkers)
    starts = [np.concatenate([[0], np.cumsum(c)]) for c in (counts, truth_counts)]
    return Stream(side, np.concatenate(xy), starts[0], np.concatenate(truth_id), np.concatenate(truth_xy), starts[1])


class _Crowd:
    """The walkers of a floor, moved together."""

    def __init__(self, rng: np.random.Generator, side: float, points: Floats, n: int) -> None:
        self.rng, self.side, self.points = rng, side, points
        self.ids, self.next_id = np.arange(n), n
        self.xy = rng.uniform(0, side, (n, 2))
        self.v = np.zeros((n, 2))
        self.goal = points[rng.integers(len(points), size=n)]
        self.speed = rng.uniform(*SPEED_MPS, n)
        self.dwell_s = np.where(rng.random(n) < 0.5, rng.exponential(DWELL_MEAN_S, n), 0.0)
        self.stay_s = rng.exponential(STAY_MEAN_S, n)

    def step(self, dt_s: float) -> None:
        """Let dt_s pass."""
        self.stay_s -= dt_s
        self.dwell_s -= dt_s
        way = self.goal - self.xy
        far = np.linalg.norm(way, axis=1)
        arrived = (far < 0.3) & (self.dwell_s <= 0)
        self._choose(np.flatnonzero(arrived))
        walking = (self.dwell_s <= 0)[:, None]
        wanted = np.where(walking, way / np.maximum(far, 1e-9)[:, None] * self.speed[:, None], 0.0)
        self.v += (wanted - self.v) * min(1.0, dt_s / SPEED_SETTLES_S)
        self.xy += self.v * dt_s
        for a, b in cKDTree(self.xy).query_pairs(APART_M):
            gap = self.xy[a] - self.xy[b]
            near = float(np.linalg.norm(gap))
            push = 0.25 * (APART_M - near) * gap / max(near, 1e-6)
            self.xy[a] += push
            self.xy[b] -= push
        self._renew(np.flatnonzero(((self.xy < 0) | (self.xy > self.side)).any(axis=1)))

    def _choose(self, rows: Ints) -> None:
        """Who has arrived stands for a while and then goes to another point near by, or out."""
        rng = self.rng
        for row in rows.tolist():
            if self.stay_s[row] <= 0:
                axis, end = divmod(int(np.argmin([*self.xy[row], *(self.side - self.xy[row])])), 2)
                self.goal[row] = self.xy[row]
                self.goal[row, end] = -1.0 if axis == 0 else self.side + 1.0
                continue
            few = self.points[rng.integers(len(self.points), size=4)]
            self.goal[row] = few[np.argmin(np.linalg.norm(few - self.xy[row], axis=1))]
            self.goal[row] += rng.normal(0, 0.3, 2)
            self.goal[row] = np.clip(self.goal[row], 0.3, self.side - 0.3)
            self.dwell_s[row] = rng.exponential(DWELL_MEAN_S)

    def _renew(self, rows: Ints) -> None:
        """Who is out is gone; somebody else comes in over a side."""
        rng = self.rng
        for row in rows.tolist():
            at, k = np.array([rng.uniform(0, self.side), 0.0]), rng.integers(4)
            self.xy[row] = [at, at[::-1], [at[0], self.side], [self.side, at[0]]][k]
            self.ids[row], self.next_id = self.next_id, self.next_id + 1
            self.v[row], self.dwell_s[row] = 0.0, 0.0
            self.speed[row], self.stay_s[row] = rng.uniform(*SPEED_MPS), rng.exponential(STAY_MEAN_S)
            self.goal[row] = self.points[rng.integers(len(self.points))]
