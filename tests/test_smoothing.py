"""The smoother of reported tracks: filterpy as oracle, and that it only ever knows more than the filter."""

import numpy as np
from filterpy.common import Q_continuous_white_noise
from filterpy.kalman import KalmanFilter
from hypothesis import given
from hypothesis import strategies as st

from fusion.tracking.smoothing import Instant, flush, follow, smooth

DENSITY = 0.12
STEP_NS = 100_000_000
seeds = st.integers(0, 2**32 - 1)


def filtered(seed: int, steps: int) -> tuple[KalmanFilter, np.ndarray, np.ndarray]:
    """Return filterpy's filter and what it believed of one walker at each step, some of them unseen."""
    rng = np.random.default_rng(seed)
    kf = KalmanFilter(dim_x=4, dim_z=2)
    kf.x = rng.normal(0, 1, 4)
    kf.P = np.diag([0.02, 0.02, 0.6, 0.6])
    kf.F = np.eye(4) + 0.1 * np.eye(4, k=2)
    kf.H, kf.R = np.eye(2, 4), 0.1**2 * np.eye(2)
    kf.Q = Q_continuous_white_noise(2, 0.1, DENSITY, block_size=2, order_by_dim=False)
    means, covs, at = [kf.x.copy()], [kf.P.copy()], kf.x[:2].copy()
    for _ in range(steps):
        at += rng.normal(0, 0.1, 2)
        kf.predict()
        if rng.random() < 0.8:
            kf.update(at + rng.normal(0, 0.1, 2))
        means.append(kf.x.copy())
        covs.append(kf.P.copy())
    return kf, np.array(means), np.array(covs)


def trail_of(tracks: list[tuple[np.ndarray, np.ndarray]], sure_from: int = 0) -> tuple[Instant, ...]:
    ids = np.arange(1, len(tracks) + 1)
    return tuple(
        Instant(
            k * STEP_NS, ids, np.full(len(ids), k >= sure_from), np.array([m[k] for m, _ in tracks]),
            np.array([c[k] for _, c in tracks]),
        )
        for k in range(len(tracks[0][0]))
    )  # fmt: skip


@given(seeds, st.integers(1, 25), st.integers(1, 4))
def test_each_track_is_smoothed_as_filterpy_smooths_it(seed: int, steps: int, n: int) -> None:
    walkers = [filtered(seed + k, steps) for k in range(n)]
    out = smooth(trail_of([(m, c) for _, m, c in walkers]), DENSITY)
    for k, (kf, means, covs) in enumerate(walkers):
        want, want_cov, _, _ = kf.rts_smoother(means, covs)
        np.testing.assert_allclose([one.mean[k] for one in out], want, atol=1e-8)
        np.testing.assert_allclose([one.cov[k] for one in out], want_cov, atol=1e-8)


@given(seeds, st.integers(1, 25))
def test_a_smoothed_covariance_is_never_larger_than_the_filtered_one(seed: int, steps: int) -> None:
    _, means, covs = filtered(seed, steps)
    before = trail_of([(means, covs)])
    for one, other in zip(before, smooth(before, DENSITY), strict=True):
        assert np.linalg.eigvalsh(one.cov[0] - other.cov[0]).min() > -1e-9


@given(seeds, st.integers(1, 60), st.integers(1, 12), st.integers(0, 50))
def test_every_instant_comes_out_once_in_order_with_its_lag(seed: int, steps: int, lag: int, sure_from: int) -> None:
    _, means, covs = filtered(seed, steps)
    trail, out = (), []
    for now in trail_of([(means, covs)], sure_from):
        trail, ready = follow(trail, now, lag * STEP_NS, DENSITY)
        assert all(now.t_ns - one.t_ns >= lag * STEP_NS for one in ready)
        assert len(trail) <= 2 * lag + 1
        out.extend(ready)
    out.extend(flush(trail, DENSITY))
    assert [one.t_ns for one in out] == [k * STEP_NS for k in range(steps + 1)]
    for k, one in enumerate(out):  # shown from lag before it was sure, never before twice that, and if at all
        if k >= sure_from:
            assert len(one.track_id) == 1
        if sure_from > steps or k + 2 * lag < sure_from:
            assert len(one.track_id) == 0


def test_a_track_that_ends_is_smoothed_up_to_its_end_and_not_by_another() -> None:
    _, means, covs = filtered(3, 10)
    both = trail_of([(means, covs), (means + 5.0, covs)])
    cut = tuple(
        one if k <= 5 else Instant(one.t_ns, one.track_id[:1], one.sure[:1], one.mean[:1], one.cov[:1])
        for k, one in enumerate(both)
    )
    out = smooth(cut, DENSITY)
    np.testing.assert_array_equal(out[5].mean[1], both[5].mean[1])
    np.testing.assert_allclose(out[2].mean[1], smooth(both[:6], DENSITY)[2].mean[1])
