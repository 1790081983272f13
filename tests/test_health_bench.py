"""Whether the truth of a tape could tell a wrong gain: where its goods were weighed elsewhere too, or before."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bench.health.telling import PICKS, PRODUCTS, in_doubt

SKUS = ("a", "b", "c")
picks = st.lists(
    st.fixed_dictionaries(
        {
            "t": st.integers(0, 100),
            "kind": st.sampled_from(["pick", "put"]),
            "sku": st.sampled_from(SKUS),
            "plates": st.lists(st.sampled_from(["P1", "P2", "P3"]), min_size=1, max_size=2, unique=True),
        }
    ),
    max_size=12,
)


@given(picks, st.integers(0, 100))
def test_more_picks_never_make_a_plate_more_doubtful_and_order_says_nothing(
    events: list[dict[str, Any]], begun: int
) -> None:
    said = in_doubt(events, "P1", begun, SKUS)
    assert said == in_doubt(events[::-1], "P1", begun, SKUS)
    for k in range(len(events)):
        fewer = in_doubt(events[:k] + events[k + 1 :], "P1", begun, SKUS)
        assert fewer or not said
    assert in_doubt(events, "P1", begun, ()) and in_doubt(events, "P1", 101, SKUS)


def test_a_plate_in_the_middle_that_all_picks_lay_on_is_in_doubt_until_one_lay_beside() -> None:
    on = [{"t": k, "kind": "pick", "sku": "a", "plates": [beside, "P2"]} for k, beside in ((1, "P1"), (2, "P3"))]
    assert "all 2 picks" in in_doubt(on, "P2", 0, SKUS)
    assert in_doubt([*on, {"t": 3, "kind": "pick", "sku": "a", "plates": ["P1"]}], "P2", 0, SKUS) == ""
    assert in_doubt([{"t": 0, "kind": "pick", "sku": "a", "plates": ["P2"]}, *on], "P2", 1, SKUS) == ""
    assert "1 of its picks" in in_doubt(on, "P2", PICKS, SKUS)
    many = [{"t": k, "kind": "pick", "sku": sku, "plates": ["P2"]} for k, sku in enumerate(SKUS)]
    assert len(many) == PRODUCTS and in_doubt(many, "P2", 0, SKUS) == ""
