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


def nearest(moments: Sequence[M], t_ns: int) -> M:
    """Return the moment nearest to an instant, of two as near the earlier; there must be one."""
    after = bisect_left(moments, t_ns, key=_t_ns)
    if after in (0, len(moments)):
        return moments[min(after, len(moments) - 1)]
    before = moments[after - 1]
    return before if t_ns - before.t_ns <= moments[after].t_ns - t_ns else moments[after]


def within(moments: Sequence[M], first_ns: int, last_ns: int) -> Sequence[M]:
    """Return the moments from one instant to another, both included."""
    return moments[bisect_left(moments, first_ns, key=_t_ns) : bisect_right(moments, last_ns, key=_t_ns)]
