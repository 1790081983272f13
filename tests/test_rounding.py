"""Numbers rounded at once are what round makes of each."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.rounding import rounded

HALVES = st.integers(-(10**6), 10**6).map(lambda k: k / 1000 + 0.005)  # some are a half of a hundredth, some beside it


@given(st.lists(st.one_of(st.floats(-1e12, 1e12), HALVES)), st.integers(0, 4))
def test_it_rounds_as_python_does(values: list[float], digits: int) -> None:
    assert list(map(repr, rounded(np.array(values), digits).tolist())) == [repr(round(one, digits)) for one in values]
