"""The last columns of every plate, in memory that is only ever added to: a slice costs what it adds, not what is kept.

A state and those that follow it share the memory. Columns that a state knows are never written again, so that it stays
as it is; whoever goes on from a state that another went on from already, and from one whose memory is full, takes a
copy of what it knows first.
"""

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.frozen import record

ROOM = 80  # more columns than needed, so that the memory is seldom copied


@record(eq=False)
class Tail:
    """The last `kept` columns of p plates: row i has them in front of end[i], the latest last."""

    kept: int
    values: Floats  # (f, p, width) NaN where there was none
    ns: Ints  # (p, width) 0 where there was none
    end: Ints  # (p,)
    written: Ints  # (p,) up to where the memory is; shared with all states that share it


def no_tail(fields: int, p: int, kept: int) -> Tail:
    """Return p plates of which nothing is known, with some fields a column."""
    end = np.full(p, kept)
    return Tail(kept, np.full((fields, p, kept), np.nan), np.zeros((p, kept), np.int64), end, end.copy())


def with_room(tail: Tail, more: int) -> Tail:
    """Return a tail that may be added to, in place, by up to so many columns a plate; the one given stays as it is.

    Whoever writes a column counts up `end` and `written` of its plate.
    """
    width = tail.ns.shape[1]
    if tail.end.max(initial=0) + more <= width and (tail.end == tail.written).all():
        return Tail(tail.kept, tail.values, tail.ns, tail.end.copy(), tail.written)
    fields, p, kept = len(tail.values), len(tail.end), tail.kept
    values = np.full((fields, p, kept + more + ROOM), np.nan)
    ns = np.zeros((p, kept + more + ROOM), np.int64)
    values[:, :, :kept], ns[:, :kept] = last(tail, np.arange(p), kept)
    end = np.full(p, kept)
    return Tail(kept, values, ns, end, end.copy())


def last(tail: Tail, rows: Ints, n: int) -> tuple[Floats, Ints]:
    """Return the last n columns of some plates (r,): values (f, r, n) and ns (r, n); copies."""
    at = tail.end[rows, None] + np.arange(-n, 0)
    return tail.values[:, rows[:, None], at], tail.ns[rows[:, None], at]


def last_of(tail: Tail, row: int) -> tuple[Floats, Ints]:
    """Return all columns of one plate: values (f, kept) and ns (kept,); to read only."""
    end = int(tail.end[row])
    return tail.values[:, row, end - tail.kept : end], tail.ns[row, end - tail.kept : end]
