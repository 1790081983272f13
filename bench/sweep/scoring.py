"""Receipts beside the truth: right lines and money that was wrong, counts that add up over cases; pure.

A line is right when account, SKU and quantity agree, grams within 5 g or 1 percent (contract, section 7).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.optimize import linear_sum_assignment

GRAMS_OFF: Final = 5.0
SHARE_OFF: Final = 0.01
OPEN: Final = "open"

Lines = dict[str, float]  # SKU -> pieces, or grams


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted of some receipts."""

    right: int = 0  # lines
    given: int = 0
    wanted: int = 0
    over_cents: float = 0.0  # summed over accounts, before tax
    under_cents: float = 0.0
    sales_cents: float = 0.0

    def __add__(self, other: "Counts") -> "Counts":
        """Add up the counts of two cases."""
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def line_f1(self) -> float:
        """Right lines against those given and wanted; 1 where there is nothing to get right."""
        return 2 * self.right / (self.given + self.wanted) if self.given + self.wanted else 1.0

    def basis_points(self, cents: float) -> float:
        """Return an amount as a share of true sales."""
        return 1e4 * cents / self.sales_cents if self.sales_cents else 0.0


@dataclass(frozen=True, slots=True)
class Prices:
    """What pieces or a kilogram cost, in cents; which products are weighed."""

    cents: Mapping[str, float]
    weighed: frozenset[str]

    def of(self, lines: Lines) -> float:
        """Return what some goods cost."""
        return sum(self.cents.get(s, 0.0) * (q / 1000 if s in self.weighed else q) for s, q in lines.items())


def count(truth: Mapping[str, Any], receipts: Iterable[Mapping[str, Any]], prices: Prices) -> Counts:
    """Count a case: its truth.json, and the rows of receipts.jsonl."""
    wanted, given = defaultdict(list), defaultdict(list)
    for row in _wanted(truth):
        wanted[row.get("account")].append({s: float(q) for s, q in row["lines"].items() if q})
    for row in receipts:
        if row["status"] != OPEN:
            given[row["account"]].append(_lines(row, prices))
    total = Counts()
    for account in sorted({*wanted, *given}, key=str):
        total += _account(wanted[account], given[account], prices)
    return total


def _wanted(truth: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the true receipts of everybody who has left."""
    people = truth.get("people") or []
    left = {p.get("account") for p in people if p.get("left") is not None}
    inside = {p.get("account") for p in people if p.get("entered") is not None} - left
    return [row for row in truth.get("receipts") or [] if not row.get("open") and row.get("account") not in inside]


def _lines(row: Mapping[str, Any], prices: Prices) -> Lines:
    out: Counter[str] = Counter()
    for line in row["lines"]:
        out[line["sku"]] += (line["g"] or 0) if line["sku"] in prices.weighed else line["qty"]
    return {sku: float(q) for sku, q in out.items() if q}


def _account(wanted: list[Lines], given: list[Lines], prices: Prices) -> Counts:
    """Count one account, whose several trips are paired so that most lines are right."""
    right = np.array([[_right(w, g, prices) for w in wanted] for g in given]).reshape(len(given), len(wanted))
    pairs = linear_sum_assignment(-right)
    should, did = sum(map(prices.of, wanted)), sum(map(prices.of, given))
    return Counts(
        int(right[pairs].sum()),
        sum(map(len, given)),
        sum(map(len, wanted)),
        max(0.0, did - should),
        max(0.0, should - did),
        should,
    )


def _right(wanted: Lines, given: Lines, prices: Prices) -> int:
    return sum(_agree(q, wanted.get(sku), sku in prices.weighed) for sku, q in given.items())


def _agree(given: float, wanted: float | None, is_weighed: bool) -> bool:
    if wanted is None:
        return False
    return abs(given - wanted) <= max(GRAMS_OFF, SHARE_OFF * wanted) if is_weighed else given == wanted
