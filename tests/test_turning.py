"""Cameras that are turned are told from people who bend down in front of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_store

from fusion.config import Config
from fusion.health.cameras import feel_turns, first_cameras, turns
from fusion.tracking.following import Followed
from fusion.tracking.frames import Frames

CONFIG = Config()
TINY = tiny_store()
LOOKS_DOWN = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
STORE = replace(  # one image camera, 3 m above the origin
    TINY,
    cameras=replace(TINY.cameras, is_depth=np.array([False]), R=LOOKS_DOWN[None], T=np.array([[0.0, 0.0, 3.0]])),
)
S = 10**9


def turned(height_m: float, off: float, witnesses: int = 1, is_out: bool = False) -> tuple[float, float]:
    """Return by how much a camera looks turned, rad, that sees somebody so far off for 5 s at 15 Hz, and in SDs.

    The track has come after it, unless the camera is out.
    """
    n, innovation = 75, off if is_out else off * witnesses / (witnesses + 1)
    t_ns = (np.arange(n) * S / 15).astype(np.int64) + S
    head = np.full((n, 3), np.nan)
    head[:, :2] = np.array([0.8, 0.6]) / (3.0 - height_m) * (1.0, -1.0) + (innovation, 0.0)
    nothing = np.full((n, 2), np.nan)
    frames = Frames(
        t_ns, np.zeros(n, np.int64), np.zeros(n, np.bool_), np.arange(n + 1), head, nothing, np.full((n, 2, 3), np.nan),
        np.full(n, 0.023), np.zeros((n, 0), np.float32), np.zeros(n, np.int64), ((),) * n,
    )  # fmt: skip
    mean = np.tile([0.8, 0.6, 0.0, 0.0, height_m], (n, 1))
    followed = Followed(
        frames,
        np.ones(n, np.int64),
        np.full((n, 2), -1),
        np.full((n, 2), -1),
        np.zeros((n, 2)),
        mean,
        np.tile(1e-3 * np.eye(2), (n, 1, 1)),
        t_ns,
        np.full(n, witnesses),
        t_ns,
    )
    out = np.full(n, is_out)
    health = feel_turns(first_cameras(STORE), followed, out, STORE, CONFIG.tracking, CONFIG.health)
    turn, sd = turns(health, CONFIG.health)
    big = float(np.linalg.norm(turn[0]))
    return big, big / float(sd[0]) if big > 1e-6 else 0.0


@given(st.floats(1.5, 1.9), st.floats(0.11, 0.2))
def test_a_head_that_is_off_for_seconds_is_a_turned_camera(height_m: float, off: float) -> None:
    assert turned(height_m, off)[1] > CONFIG.health.turned_sds


@given(st.floats(0.9, 1.3), st.floats(-0.15, 0.15))
def test_somebody_who_bends_down_for_seconds_turns_no_camera(height_m: float, off: float) -> None:
    assert turned(height_m, off)[1] < CONFIG.health.turned_sds


@pytest.mark.parametrize("height_m", [1.2, 1.7])
def test_a_head_where_it_is_expected_turns_no_camera(height_m: float) -> None:
    assert turned(height_m, 0.0)[1] < 0.1


@given(st.floats(1.5, 1.9), st.floats(0.05, 0.2), st.integers(1, 5))
def test_what_a_camera_pulled_tracks_after_itself_is_added(height_m: float, off: float, witnesses: int) -> None:
    """Found on a turned camera beside one other: half of its three degrees were told."""
    assert turned(height_m, off, witnesses) == pytest.approx(turned(height_m, off, is_out=True))


def test_whom_no_other_camera_sees_tells_nothing() -> None:
    assert turned(1.7, 0.2, witnesses=0) == (0.0, 0.0)
