"""A beam of joint hypotheses, held as columns: few different things are said, and a table tells which each one says.

Most hypotheses read most changes alike, and differ in the goods of a few trips. So what is said of a trip, or of a
change, is kept once, and every hypothesis is a row of numbers: what holds for one number holds for all rows with it.
A hypothesis is put together only where somebody asks for it, as far as they ask.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, TypeVar

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.attribution.explanations import Claim, Explanation, Goods
from fusion.frozen import record, replace

Claims = Mapping[tuple[int, int], Claim]  # stretch of a track -> whose, and paid for
T = TypeVar("T")


@record()
class Hypothesis:
    """One reading of everything open in a group, or of what was asked of it."""

    nats: float
    goods: Mapping[str, Goods]  # trip -> what it carries
    choice: Mapping[str, Explanation]  # event id -> how it is read
    claims: Claims = field(default_factory=dict)
    barred: bool = False  # somebody was charged otherwise: still believed, and no longer to be charged for


@record(eq=False)
class Said:
    """What hypotheses (n,) say of some things (k,), each under its name."""

    column: Mapping[str, int]
    values: tuple[tuple[Any, ...], ...]  # (k,) what is said of each, one thing or another
    of: Ints  # (n, k) which of its values every hypothesis says

    def rows(self, rows: Ints | Bools) -> "Said":
        """Return what some hypotheses say."""
        return replace(self, of=self.of[rows])

    def also(self, name: str, values: Sequence[Any], of: Sequence[int]) -> "Said":
        """Return this with one thing more."""
        column = {**self.column, name: len(self.values)}
        return Said(column, (*self.values, tuple(values)), np.column_stack((self.of, np.array(of, np.int64))))

    def instead(self, name: str, values: Sequence[Any], of: Sequence[int]) -> "Said":
        """Return this with something else said of one thing."""
        k, table = self.column[name], self.of.copy()
        table[:, k] = of
        return Said(self.column, (*self.values[:k], tuple(values), *self.values[k + 1 :]), table)

    def beside(self, other: "Said") -> "Said":
        """Return what is said of these things and of others."""
        more = {name: k + len(self.values) for name, k in other.column.items()}
        return Said({**self.column, **more}, (*self.values, *other.values), np.hstack((self.of, other.of)))

    def only(self, names: Iterable[str]) -> "Said":
        """Return what is said of some of these things, in the order in which they came to be asked about."""
        kept = sorted({*names}, key=self.column.__getitem__)
        columns = [self.column[name] for name in kept]
        return Said(_numbered(kept), tuple([self.values[k] for k in columns]), self.of[:, columns])

    def at(self, row: int, name: str) -> Any:
        """Return what one hypothesis says of one thing."""
        k = self.column[name]
        return self.values[k][self.of[row, k]]

    def in_row(self, row: int) -> dict[str, Any]:
        """Return all that one hypothesis says."""
        said = self.of[row].tolist()
        return {name: self.values[k][said[k]] for name, k in self.column.items()}

    def numbers(self, name: str) -> list[int]:
        """Return which of its values each hypothesis says of one thing."""
        of: list[int] = self.of[:, self.column[name]].tolist()
        return of

    def each(self, name: str) -> list[Any]:
        """Return what every hypothesis says of one thing, (n,)."""
        values = self.values[self.column[name]]
        return [values[number] for number in self.numbers(name)]

    def told(self, name: str, what: Callable[[Any], T]) -> list[T]:
        """Return what follows from what every hypothesis says of one thing, (n,): asked once of each value."""
        of, values = self.numbers(name), self.values[self.column[name]]
        known = {number: what(values[number]) for number in dict.fromkeys(of)}
        return [known[number] for number in of]

    def where(self, name: str, holds: Callable[[Any], bool]) -> Bools:
        """Return the hypotheses (n,) that say something of one thing for which this holds."""
        return np.array(self.told(name, holds), np.bool_)

    def differ(self) -> list[str]:
        """Return the things of which not all hypotheses say the same value."""
        apart = (self.of != self.of[:1]).any(axis=0).tolist()
        return [name for name, k in self.column.items() if apart[k]]


def _numbered(names: Iterable[str]) -> dict[str, int]:
    return {name: k for k, name in enumerate(names)}


@record(eq=False)
class Group:
    """Trips that interact and the beam over their readings (n,), best first, with nats relative to the best."""

    trips: frozenset[str]
    nats: Floats  # (n,)
    barred: Bools  # (n,)
    goods: Said  # by trip
    choice: Said  # by event id
    claims: tuple[Claims, ...]
    claimed: Ints  # (n,) which of the claims each hypothesis rests on
    cut: int = 0  # times that hypotheses_max left out a hypothesis which was still likely

    def __len__(self) -> int:
        """Return how many hypotheses there are."""
        return len(self.nats)

    def reads(self, event: str) -> bool:
        """Tell whether the group has been asked about a change."""
        return event in self.choice.column

    def reading(self, row: int, event: str) -> Explanation:
        """Return how a hypothesis reads a change."""
        one: Explanation = self.choice.at(row, event)
        return one

    def carried(self, trip: str) -> list[Goods]:
        """Return all that a trip may carry; nothing is kept of what staff carry."""
        if trip not in self.goods.column:
            return []
        values = self.goods.values[self.goods.column[trip]]
        return [values[number] for number in dict.fromkeys(self.goods.numbers(trip))]

    def rows(self, rows: Ints | Bools, nats: Floats) -> "Group":
        """Return some hypotheses, with other nats (n,)."""
        return Group(
            self.trips, nats, self.barred[rows], self.goods.rows(rows), self.choice.rows(rows), self.claims,
            self.claimed[rows], self.cut,
        )  # fmt: skip


def gathered(trips: frozenset[str], beam: Sequence[Hypothesis]) -> Group:
    """Return the group of some hypotheses, which speak of the same trips and changes."""
    n = len(beam)
    goods, choice = (
        Said(
            _numbered(said[0]),
            tuple(tuple(one[name] for one in said) for name in said[0]),
            np.tile(np.arange(n)[:, None], len(said[0])),
        )
        for said in ([h.goods for h in beam], [h.choice for h in beam])
    )
    nats, barred = np.array([h.nats for h in beam]), np.array([h.barred for h in beam], np.bool_)
    return Group(trips, nats, barred, goods, choice, tuple(h.claims for h in beam), np.arange(n))


def lone(trip: str) -> Group:
    """Return the group of somebody who carries nothing."""
    return gathered(frozenset((trip,)), (Hypothesis(0.0, {trip: ()}, {}),))


def told_apart(group: Group, trips: Collection[str], events: Iterable[str]) -> tuple[list[Hypothesis], list[int]]:
    """Return what hypotheses say of some trips and changes, each once, and which of that every hypothesis says.

    What follows from that alone is asked once for all that agree.
    """
    goods = group.goods.only(trip for trip in trips if trip in group.goods.column)
    choice = group.choice.only(event for event in events if event in group.choice.column)
    first, kind = each_once(np.hstack((goods.of, choice.of)))
    nats = group.nats.tolist()
    return [Hypothesis(nats[row], goods.in_row(row), choice.in_row(row)) for row in first], kind


def each_once(table: Ints) -> tuple[list[int], list[int]]:
    """Return of rows (n, k) the first of each kind, and of which kind every row is."""
    n, k = table.shape
    if not k or not (table != table[:1]).any():
        return [0], [0] * n
    rows = [row.tobytes() for row in np.ascontiguousarray(table)]
    kinds: dict[bytes, int] = {}
    kind = [kinds.setdefault(row, len(kinds)) for row in rows]
    first: dict[int, int] = {}
    for row, one in enumerate(kind):
        first.setdefault(one, row)
    return [*first.values()], kind
