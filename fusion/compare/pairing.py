"""Which row of one run is which of the other. Ids decide, or else nearness."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from fusion.config import SECOND_NS
from fusion.outputs import Row

NEAR_NS: Final = 3 * SECOND_NS  # events of two runs this near at the same plates may be one

Pair: TypeAlias = tuple[Row | None, Row | None]
Distance: TypeAlias = Callable[[Row, Row], int | None]  # None where two rows cannot be the same


def receipt_pairs(a: Sequence[Row], b: Sequence[Row]) -> list[Pair]:
    """Pair receipts by trip, then those of one account that began nearest to each other; in order of entry."""
    return sorted(_paired(a, b, "trip", _entered_apart), key=lambda pair: _order(pair, "entered", "trip"))


def event_pairs(a: Sequence[Row], b: Sequence[Row]) -> list[Pair]:
    """Pair events by id, then those near in time at a plate they share; in order of time."""
    return sorted(_paired(a, b, "event", _moved_apart), key=lambda pair: _order(pair, "t0", "event"))


def _paired(a: Sequence[Row], b: Sequence[Row], name: str, distance: Distance) -> list[Pair]:
    theirs: dict[str, list[int]] = {}
    for j, row in enumerate(b):
        theirs.setdefault(row[name], []).append(j)
    found: dict[int, int] = {}
    for i, row in enumerate(a):
        if theirs.get(row[name]):
            found[i] = theirs[row[name]].pop(0)
    left_a = [i for i in range(len(a)) if i not in found]
    taken = set(found.values())
    left_b = [j for j in range(len(b)) if j not in taken]
    near = []
    for i in left_a:
        for j in left_b:
            apart = distance(a[i], b[j])
            if apart is not None:
                # The order of the two names breaks ties, whichever run is called the first.
                near.append((apart, *sorted((a[i][name], b[j][name])), i, j))
    for *_, i, j in sorted(near):
        if i not in found and j not in taken:
            found[i] = j
            taken.add(j)
    pairs: list[Pair] = [(row, b[found[i]] if i in found else None) for i, row in enumerate(a)]
    return [*pairs, *((None, row) for j, row in enumerate(b) if j not in taken)]


def _entered_apart(a: Row, b: Row) -> int | None:
    return abs(a["entered"] - b["entered"]) if a["account"] is not None and a["account"] == b["account"] else None


def _moved_apart(a: Row, b: Row) -> int | None:
    apart = abs(a["t0"] - b["t0"])
    return apart if apart <= NEAR_NS and set(a["plates"]) & set(b["plates"]) else None


def _order(pair: Pair, time: str, name: str) -> tuple[int, str]:
    return min((row[time], row[name]) for row in pair if row is not None)
