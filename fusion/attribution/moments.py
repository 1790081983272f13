"""Which remembered moments are near an instant: there is one a slice, oldest first, so they are found by halving."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import Protocol, TypeVar


class Moment(Protocol):
    """Anything that is known for one instant."""

    @property
    def t_ns(self) -> int:
        """Return the instant."""
        ...


M = TypeVar("M", bound=Moment)
_t_ns = attrgetter("t_ns")


def within(moments: Sequence[M], first_ns: int, last_ns: int) -> Sequence[M]:
    """Return the moments from one instant to another, both included."""
    return moments[bisect_left(moments, first_ns, key=_t_ns) : bisect_right(moments, last_ns, key=_t_ns)]
