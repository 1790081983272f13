"""Which row of one run is which of another."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from fusion.config import SECOND_NS
from fusion.explain_verdict import Row

EVENT_NS = 3 * SECOND_NS  # two events of one plate this near in time are the same, seen differently
TRIP_NS = 30 * SECOND_NS  # two trips of one account that began this near in time are the same

Pair = tuple[Row | None, Row | None]


def pair_receipts(a: Sequence[Row], b: Sequence[Row]) -> list[Pair]:
    """Pair receipts by trip, then by account and time of entry; in the order of A, then of B."""
    return _paired(a, b, lambda row: row["trip"], lambda row: row["account"], _apart_ns, TRIP_NS)


def pair_events(a: Sequence[Row], b: Sequence[Row]) -> list[Pair]:
    """Pair events by id, then by kind, plates in common and time; in the order of A, then of B."""
    return _paired(a, b, lambda row: row["event"], lambda row: row["kind"], _gap_ns, EVENT_NS)


def _apart_ns(a: Row, b: Row) -> float:
    return float(abs(int(a["entered"]) - int(b["entered"])))


def _gap_ns(a: Row, b: Row) -> float:
    if not set(a["plates"]) & set(b["plates"]):
        return float("inf")
    return float(abs(int(a["t0"]) - int(b["t0"])))


def _paired(
    a: Sequence[Row],
    b: Sequence[Row],
    name: Callable[[Row], str],
    group: Callable[[Row], Hashable],
    gap_ns: Callable[[Row, Row], float],
    gap_ns_max: int,
) -> list[Pair]:
    rows = {name(row): j for j, row in enumerate(b)}
    of_a = [rows.pop(name(row), -1) for row in a]
    open_a, open_b = [i for i, j in enumerate(of_a) if j < 0], sorted(rows.values())
    if len(rows) + sum(j >= 0 for j in of_a) < len(b):  # a name that B has twice: the earlier one is open too
        open_b = sorted(set(range(len(b))) - set(of_a))
    for key in dict.fromkeys(group(a[i]) for i in open_a):
        mine, yours = [i for i in open_a if group(a[i]) == key], [j for j in open_b if group(b[j]) == key]
        for i, j in _nearest([[gap_ns(a[i], b[j]) for j in yours] for i in mine], gap_ns_max):
            of_a[mine[i]] = yours[j]
    found: list[Pair] = [(row, b[j] if j >= 0 else None) for row, j in zip(a, of_a, strict=True)]
    return [*found, *((None, row) for j, row in enumerate(b) if j not in set(of_a))]


def _nearest(gaps: list[list[float]], most: int) -> list[tuple[int, int]]:
    """Return as many pairs as can be within the gap, and of those the nearest."""
    far = np.array(gaps, float)
    if far.size == 0:
        return []
    cost = np.where(far <= most, far / most - 1e6, 0.0)
    return [(int(i), int(j)) for i, j in zip(*linear_sum_assignment(cost), strict=True) if far[i, j] <= most]
