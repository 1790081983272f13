"""Looks of classifiers at hands, as they are remembered."""

from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints
from fusion.attribution.past import Past, and_then, no_past


class Looked(NamedTuple):
    """What a classifier made of hands, in the order of their frames: a list a column."""

    t_ns: list[int]
    sizes: list[int]  # how many beliefs each look has, one behind the other
    owner: list[int]  # track_id of whose wrist it was, -1 for nobody's
    rival: list[int]  # track_id of whose it may be instead
    rival_p: list[float]
    product: list[int]  # of each belief
    p: list[float]


class LookRows(NamedTuple):
    """Looks as the kernels take them: columns (m,), and those of their beliefs (b,) from first (m + 1,) on."""

    t_ns: Ints
    first: Ints
    owner: Ints
    rival: Ints
    rival_p: Floats
    product: Ints
    p: Floats


def no_looks() -> Past:
    """Return the past before anybody looked at a hand."""
    return no_past((np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)), (np.zeros(0, np.int64), np.zeros(0)))


def with_looks(past: Past, new: Looked, since_ns: int) -> Past:
    """Add looks, in the order of their frames, and forget those before since_ns."""
    each, rows = (new.owner, new.rival, new.rival_p), (new.product, new.p)
    return and_then(past, new.t_ns, new.sizes, each, rows, since_ns)


def looks_in(past: Past) -> LookRows:
    """Return the columns of a past of looks."""
    return LookRows(past.room.t_ns, past.room.first, *past.room.each, *past.room.rows)


@njit(cache=True, error_model="numpy")
def named_by(looks: LookRows, which: Ints) -> tuple[Ints, Ints]:
    """Return the products (k,) that some looks speak of, sorted, and in which column each of all products comes."""
    most = -1
    for look in which:
        for row in range(looks.first[look], looks.first[look + 1]):
            most = max(most, looks.product[row])
    column = np.full(most + 1, -1)
    for look in which:
        for row in range(looks.first[look], looks.first[look + 1]):
            column[looks.product[row]] = 0
    product = np.flatnonzero(column == 0)
    column[product] = np.arange(len(product))
    return product, column
