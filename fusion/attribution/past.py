"""What the last seconds showed, as columns: a row a moment, and rows of which each moment has some.

One pass of a compiled loop then answers what is asked of a change against all that is remembered. Moments are added
behind those that are there: a past goes on seeing its own part of a room that later ones share, and where a room is
full, or another past has gone on in it, what is still remembered moves into a new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.arrays import Ints
from fusion.frozen import record

LEAST_ROOM: Final = 64  # moments, and rows

Columns: TypeAlias = tuple[NDArray[Any], ...]
Values: TypeAlias = Sequence[NDArray[Any] | Sequence[Any]]  # of columns


@dataclass(slots=True)
class Room:
    """Columns with room behind what is written."""

    t_ns: Ints  # (m,) of each moment
    first: Ints  # (m + 1,) where the rows of each begin, and where those of the next one will
    each: Columns  # (m, ...) what else is known of moments
    rows: Columns  # (r, ...)
    moments: int = 0  # that are written


@record(eq=False)
class Past:
    """What is remembered, oldest first: moments of a room, from begin to before end."""

    room: Room
    begin: int = 0
    end: int = 0

    def __len__(self) -> int:
        """Return how many moments are remembered."""
        return self.end - self.begin

    @property
    def t_ns(self) -> Ints:
        """When each moment was, (m,) ns."""
        return self.room.t_ns[self.begin : self.end]

    def within(self, first_ns: int, last_ns: int) -> tuple[int, int]:
        """Return which moments of the room are from one instant to another, both included: the first, and the end."""
        return (
            first_since(self.room.t_ns, self.begin, self.end, first_ns),
            first_since(self.room.t_ns, self.begin, self.end, last_ns + 1),
        )

    def rows_of(self, begin: int, end: int) -> slice:
        """Return the rows of some moments of the room."""
        return slice(int(self.room.first[begin]), int(self.room.first[end]))

    def nearest(self, t_ns: int) -> int:
        """Return which moment of the room is nearest to an instant, of two as near the earlier; there must be one."""
        return int(nearest_moment(self.room.t_ns, self.begin, self.end, t_ns))


def no_past(each: Columns, rows: Columns) -> Past:
    """Return the past before anything happened, with columns of the kinds of some."""
    return Past(_room_like(each, rows, LEAST_ROOM, LEAST_ROOM))


def _room_like(each: Columns, rows: Columns, moments: int, size: int) -> Room:
    def kept(columns: Columns, n: int) -> Columns:
        return tuple(np.zeros((n, *column.shape[1:]), column.dtype) for column in columns)

    return Room(np.zeros(moments, np.int64), np.zeros(moments + 1, np.int64), kept(each, moments), kept(rows, size))


def and_then(past: Past, t_ns: Sequence[int], sizes: Sequence[int], each: Values, rows: Values, since_ns: int) -> Past:
    """Add moments, each with so many rows, and forget those before since_ns."""
    begin, room = past.begin, past.room
    while begin < past.end and room.t_ns[begin] < since_ns:
        begin += 1
    if not len(t_ns):
        return Past(room, begin, past.end)
    end, size = past.end + len(t_ns), sum(sizes)
    low = int(room.first[past.end])
    if room.moments != past.end or end > len(room.t_ns) or low + size > len(room.rows[0]):
        room = _moved(past, begin, len(t_ns), size)
        begin, end, low = 0, room.moments + len(t_ns), int(room.first[room.moments])
    at = slice(room.moments, end)
    room.t_ns[at] = t_ns
    room.first[at.start : end + 1] = list(accumulate(sizes, initial=low))
    for column, new in zip(room.each, each, strict=True):
        column[at] = new
    for column, new in zip(room.rows, rows, strict=True):
        column[low : low + size] = new
    room.moments = end
    return Past(room, begin, end)


def _moved(past: Past, begin: int, more: int, more_rows: int) -> Room:
    """Return a room that has what a past goes on remembering, and as much room again."""
    old, moments, rows = past.room, past.end - begin, past.rows_of(begin, past.end)
    n = rows.stop - rows.start
    new = _room_like(old.each, old.rows, max(LEAST_ROOM, 2 * (moments + more)), max(LEAST_ROOM, 2 * (n + more_rows)))
    new.t_ns[:moments] = old.t_ns[begin : past.end]
    new.first[: moments + 1] = old.first[begin : past.end + 1] - rows.start
    for column, kept in zip(new.each, old.each, strict=True):
        column[:moments] = kept[begin : past.end]
    for column, kept in zip(new.rows, old.rows, strict=True):
        column[:n] = kept[rows]
    new.moments = moments
    return new


@njit(cache=True, error_model="numpy")
def first_since(t_ns: Ints, begin: int, end: int, since_ns: int) -> int:
    """Return the first moment, from begin to before end, that is not before an instant; end where there is none."""
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        if t_ns[middle] < since_ns:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, error_model="numpy")
def nearest_moment(t_ns: Ints, begin: int, end: int, at_ns: int) -> int:
    """Return which moment, from begin to before end, is nearest to an instant, of two as near the earlier."""
    after: int = first_since(t_ns, begin, end, at_ns)
    if after in (begin, end):
        return min(after, end - 1)
    return after - 1 if at_ns - t_ns[after - 1] <= t_ns[after] - at_ns else after
