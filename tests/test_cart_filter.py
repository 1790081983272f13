"""The filter of carts: filterpy as oracle, to the last bit."""

import numpy as np
from filterpy.common import Q_discrete_white_noise
from filterpy.kalman import predict as filterpy_predict
from filterpy.kalman import update as filterpy_update
from hypothesis import given
from hypothesis import strategies as st

from fusion.tracking.cart_filter import correct, predict


@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 30.0), st.floats(0.01, 2.0), st.floats(0.1, 3.0))
def test_a_cart_is_followed_as_filterpy_follows_it(seed: int, dt_s: float, sd_m: float, accel_sd: float) -> None:
    rng = np.random.default_rng(seed)
    half = rng.normal(0, 1, (4, 4))
    mean, cov = rng.normal(0, 3, 4), half @ half.T + 0.01 * np.eye(4)
    z, R = rng.normal(0, 3, 2), np.eye(2) * sd_m**2
    F = np.eye(4)
    F[0, 2] = F[1, 3] = dt_s
    Q = Q_discrete_white_noise(2, dt_s, accel_sd**2, block_size=2, order_by_dim=False)
    there, spread = filterpy_predict(mean, cov, F=F, Q=Q)
    expected = (*(there, spread), *filterpy_update(there, spread, z, R, H=np.eye(2, 4)))
    ahead, wide = predict(mean, cov, dt_s, accel_sd**2)
    for one, other in zip((ahead, wide, *correct(ahead, wide, z, R)), expected, strict=True):
        assert one.tobytes() == other.tobytes()
