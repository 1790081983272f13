"""Fields of frozen dataclasses replaced by a table: what the standard library does."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.frozen import replace


@dataclasses.dataclass(frozen=True, slots=True)
class Three:
    a: int
    b: tuple[int, ...] = ()
    c: str = ""


@given(st.builds(Three, st.integers(), st.tuples(st.integers()), st.text()), st.data())
def test_it_replaces_what_the_standard_library_replaces(one: Three, data: st.DataObject) -> None:
    changes = data.draw(st.dictionaries(st.sampled_from("abc"), st.integers()))
    assert replace(one, **changes) == dataclasses.replace(one, **changes)
    assert all(getattr(replace(one, **changes), k) is getattr(one, k) for k in "abc" if k not in changes)


def test_a_field_that_is_not_there_is_a_bug_of_ours() -> None:
    with pytest.raises(KeyError):
        replace(Three(1), d=2)
