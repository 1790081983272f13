"""Records are what the standard library's frozen dataclasses are, made in another way."""

import gc
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from dataclasses import replace as replace_slowly
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.frozen import record, replace


@dataclass(frozen=True, slots=True)
class Slow:
    """One of each kind of field."""

    a: int
    b: tuple[int, ...] = ()
    c: Mapping[str, int] = field(default_factory=dict, hash=False)
    d: str = field(default="", compare=False, repr=False)

    @property
    def twice(self) -> int:
        return 2 * self.a


@record()
class Quick:
    """One of each kind of field."""

    a: int
    b: tuple[int, ...] = ()
    c: Mapping[str, int] = field(default_factory=dict, hash=False)
    d: str = field(default="", compare=False, repr=False)

    @property
    def twice(self) -> int:
        return 2 * self.a


@record(eq=False)
class Lone:
    a: int


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "a": st.integers(0, 2),
    "b": st.tuples(st.integers(0, 1)),
    "c": st.dictionaries(st.sampled_from("xy"), st.integers(0, 1)),
    "d": st.sampled_from("xy"),
}
given_fields = st.fixed_dictionaries({"a": VALUES["a"]}, optional={k: VALUES[k] for k in "bcd"})


@given(given_fields, given_fields)
def test_a_record_is_what_a_frozen_dataclass_is(one: dict[str, Any], other: dict[str, Any]) -> None:
    quick, slow = Quick(**one), Slow(**one)
    assert repr(quick) == repr(slow).replace("Slow", "Quick")
    assert hash(quick) == hash(slow) and quick.twice == slow.twice
    assert (quick == Quick(**other)) == (slow == Slow(**other))
    assert pickle.loads(pickle.dumps(quick)) == quick


@given(given_fields, st.fixed_dictionaries({}, optional=VALUES))
def test_it_replaces_what_the_standard_library_replaces(one: dict[str, Any], changes: dict[str, Any]) -> None:
    after = replace_slowly(Slow(**one), **changes)
    for changed in (replace(Quick(**one), **changes), replace_slowly(Quick(**one), **changes)):
        assert {f.name: getattr(changed, f.name) for f in fields(changed)} == {
            f.name: getattr(after, f.name) for f in fields(after)
        }


def test_records_are_dataclasses_that_stay_as_they_are() -> None:
    one = Quick(1)
    assert is_dataclass(one) and Quick.__doc__ == Slow.__doc__
    with pytest.raises(AttributeError):
        one.a = 2  # type: ignore[misc]
    assert not hasattr(one, "__dict__")


def test_records_without_equality_are_the_same_only_where_they_are_one() -> None:
    one = Lone(1)
    assert one == one and one != Lone(1) and len({one, Lone(1)}) == 2


def test_a_field_that_is_not_there_is_a_bug_of_ours() -> None:
    with pytest.raises(TypeError, match="no field"):
        replace(Quick(1), e=2)


def test_the_collector_of_cycles_does_not_follow_records() -> None:
    assert not gc.is_tracked(Quick(1, c={"x": 1})) and gc.is_tracked(Slow(1, c={"x": 1}))
