"""The likeliest cells of a table are those that sorting all of it finds, equal ones in the order of the table."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from fusion.attribution.picking import highest

TABLES = arrays(
    np.float64, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.sampled_from([-2.0, 0.0, 0.5])
)


@given(TABLES | TABLES.map(lambda table: table + np.arange(table.size).reshape(table.shape) / 7), st.integers(1, 12))
def test_the_highest_cells_are_the_first_of_a_stable_sort(nats: np.ndarray, most: int) -> None:
    assert highest(nats, most).tolist() == np.argsort(-nats, axis=None, kind="stable")[:most].tolist()
