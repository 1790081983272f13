"""A block's mean is that of its middle samples, added up from the least on, whatever way it is found."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from fusion.shelf.means import USUAL, robust_means

samples = st.one_of(st.just(math.nan), st.floats(-1e6, 1e6, width=32), st.sampled_from([0.0, -0.0, 5.0]))
shapes = st.one_of(array_shapes(min_dims=2, max_dims=2, max_side=9), st.tuples(st.just(USUAL), st.integers(1, 9)))


@given(shapes.flatmap(lambda shape: arrays(np.float32, shape, elements=samples)))
def test_the_mean_of_the_middle_samples(g: np.ndarray) -> None:
    n, ch = g.shape
    means = np.empty(ch)
    robust_means(g.ravel(), ch, 0, n, means, np.empty(2 * n))
    for own, mean in zip(g.T, means.tolist(), strict=True):
        ranked = sorted(own.tolist(), key=lambda one: (math.isnan(one), 0.0 if math.isnan(one) else one))
        middle = ranked[1:-1] if n > 2 else ranked
        total = 0.0
        for one in middle:
            total += one
        assert mean == total / len(middle) or (math.isnan(mean) and math.isnan(total))
