"""Hypothesis strategy: random trips that can be played in a store."""

from hypothesis import strategies as st

from fusion.store import Store
from scenarios.drawing import draw_script
from scenarios.script import Script
from sensors.world import generator


def drawn_scripts(store: Store, people_max: int = 4) -> st.SearchStrategy[Script]:
    """Return random trips in a store that can always be played."""
    return st.builds(
        lambda people, over_s, hard, seed: draw_script(people, over_s, hard, "nano", store, generator(seed)),
        st.integers(1, people_max),
        st.floats(0.0, 60.0),
        st.floats(0.0, 1.0),
        st.integers(0, 2**32),
    )
