"""A turned camera is told from straight ones that see the same people, and from people who are not where tracks are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_store

from fusion.arrays import Floats
from fusion.config import Config
from fusion.health.cameras import compare_heads, feel_turns, first_cameras, turns
from fusion.store import Store
from fusion.tracking.following import Followed
from fusion.tracking.frames import Frames
from sensors.optics import look_at

S = 10**9
CONFIG = Config().health
PLACES = ((0.0, 0.0, 2.6), (5.0, 0.5, 2.8), (2.0, 4.5, 2.5))  # of cameras, the last a depth camera
AIM = np.array([2.5, 2.0, 1.0])
DEPTH = 2  # row of the depth camera
SECONDS, FPS, WALKERS, NOISE_M, HEAD_M = 10, 10, 4, 0.04, 1.6


def store_of(cameras: int) -> Store:
    """Return a store with the first so many cameras."""
    R, T = zip(*(look_at(np.array(place), AIM) for place in PLACES[:cameras]), strict=True)
    tiny = tiny_store()
    ids = tuple(f"cam-{n}" for n in range(cameras))
    return replace(
        tiny,
        cameras=replace(
            tiny.cameras,
            camera_id=ids,
            is_depth=np.arange(cameras) == DEPTH,
            R=np.array(R),
            fps=np.full(cameras, float(FPS)),
            T=np.array(T),
        ),
    )


def followed_from(shown: list[Floats], mean: Floats, velocity: Floats, t_ns: int, store: Store) -> Followed:
    """Return a frame of each camera at a moment: heads in its coordinates, (w, 3) m, of people tracked at mean."""
    R, T, n = store.cameras.R, store.cameras.T, len(shown) * WALKERS
    nothing, nobody = np.full((WALKERS, 1), np.nan), np.full((n, 2), -1)
    points = [
        (p - T[c]) @ R[c] if c == DEPTH else np.hstack([p[:, :2] / p[:, 2:], nothing]) for c, p in enumerate(shown)
    ]
    depth = np.concatenate([np.ones(WALKERS) if c == DEPTH else p[:, 2] for c, p in enumerate(shown)])
    camera, at_ns = np.arange(len(shown)), np.full(len(shown), t_ns)
    frames = Frames(
        at_ns, camera, camera == DEPTH, np.arange(len(shown) + 1) * WALKERS, np.concatenate(points),
        np.full((n, 2), np.nan), np.full((n, 2, 3), np.nan), NOISE_M / depth, np.zeros((n, 0), np.float32),
        np.zeros(n, np.int64), ((),) * len(shown),
    )  # fmt: skip
    state = np.tile(np.column_stack([mean[:, :2], velocity, mean[:, 2]]), (len(shown), 1))
    return Followed(
        frames, np.tile(np.arange(WALKERS), len(shown)), nobody, nobody, np.zeros((n, 2)), state,
        np.tile(1e-3 * np.eye(2), (n, 1, 1)), np.full(n, t_ns) * (len(shown) > 1), at_ns,
    )  # fmt: skip


def told(
    seed: int, cameras: int = 3, turned: int = -1, degrees: float = 3.0, low_m: float = 0.0, idle: bool = False
) -> tuple[Floats, Floats]:
    """Return by how much each camera looks turned, degrees, and how much likelier that is, of people who walk about.

    Camera `turned` is turned about its own x axis, and tracks have come after it by its share, but where its frames are
    idle. Heads are low_m below where their tracks have them.
    """
    rng, store, tilt = np.random.default_rng(seed), store_of(cameras), np.deg2rad(degrees)
    R, T, health = store.cameras.R, store.cameras.T, first_cameras(store)
    begin, velocity = rng.uniform((1.5, 1.0), (3.5, 3.0), (WALKERS, 2)), rng.uniform(-0.2, 0.2, (WALKERS, 2))
    tilted = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    moves = [c for c in range(cameras) if not (idle and c == turned)]
    for frame in range(SECONDS * FPS):
        true = np.column_stack([begin + velocity * frame / FPS, np.full(WALKERS, HEAD_M - low_m)])
        shown = [true @ R[c].T + T[c] + rng.normal(0.0, NOISE_M, true.shape) for c in range(cameras)]
        if turned >= 0:
            shown[turned] = shown[turned] @ tilted.T
        mean = np.mean([(shown[c] - T[c]) @ R[c] for c in moves], axis=0) + np.array([0.0, 0.0, low_m])
        followed = followed_from(shown, mean, velocity, S + frame * S // FPS, store)
        health = feel_turns(health, followed, (np.arange(cameras) == turned) & idle, store)
        if frame % FPS == FPS - 1:
            health = compare_heads(health, store, CONFIG)
    turn, nats = turns(health, CONFIG)
    return np.rad2deg(np.linalg.norm(turn, axis=1)), nats


@given(st.integers(0, 2**32 - 1), st.integers(0, 2), st.sampled_from([-3.0, 3.0]), st.booleans())
def test_the_turned_camera_is_told_from_those_it_pulled_tracks_away_from(
    seed: int, turned: int, degrees: float, idle: bool
) -> None:
    """Found on a tape where a straight camera beside the turned one was named for a minute."""
    by_deg, nats = told(seed, turned=turned, degrees=degrees, idle=idle)
    others = np.delete(nats, turned)
    assert nats[turned] > CONFIG.turned_nats and nats[turned] > others.max() + CONFIG.turned_lead_nats
    assert by_deg[turned] == pytest.approx(3.0, abs=0.8)


@given(st.integers(0, 2**32 - 1), st.floats(-0.2, 0.5))
def test_heads_that_are_off_for_all_cameras_turn_none(seed: int, low_m: float) -> None:
    """Who bends down is below their track for every camera; found on people who stood bent before one for seconds."""
    _, nats = told(seed, low_m=low_m)
    assert (nats < 1.0).all()


@given(st.integers(0, 2**32 - 1))
def test_cameras_that_are_straight_are_known_to_be(seed: int) -> None:
    assert (told(seed)[1] < -CONFIG.turned_lead_nats).all()


def test_whom_no_other_camera_sees_tells_nothing() -> None:
    assert [column.tolist() for column in told(1, cameras=1, turned=0)] == [[0.0], [0.0]]
