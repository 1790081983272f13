"""Receipts beside the truth: pure functions from both to rows of a table."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from rich.table import Column, Table
from rich.text import Text

GRAMS_OFF_MAX = 5.0  # or one percent, whichever is more: within it a weighed line counts as right
Basket: TypeAlias = dict[str, float]  # sku -> pieces, or grams for products sold by weight


@dataclass(frozen=True, slots=True)
class Row:
    """One trip as charged and as it was; None where one of the two is missing."""

    account: str
    charged: Basket | None
    true: Basket | None
    status: str
    confidence: float
    total_cents: int

    @property
    def is_right(self) -> bool:
        """Tell whether account, products and quantities all agree."""
        if self.charged is None or self.true is None or self.charged.keys() != self.true.keys():
            return False
        return all(_agree(self.charged[sku], self.true[sku]) for sku in self.true)


def compare(receipts: Sequence[Mapping[str, Any]], truth: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return a row for each receipt and each true trip, paired by account in the order of its trips."""
    charged: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    true: dict[str, list[Basket]] = defaultdict(list)
    for receipt in receipts:
        charged[receipt["account"] or "nobody known"].append(receipt)
    for trip in truth:
        true[trip["account"]].append(dict(trip["lines"]))
    rows = []
    for account in dict.fromkeys([*true, *charged]):
        for i in range(max(len(charged[account]), len(true[account]))):
            rows.append(_row(account, charged[account][i:], true[account][i:]))
    return rows


def table_of(rows: Sequence[Row], names: Mapping[str, str], currency: str) -> Table:
    """Return the rows as a table for people; names says what an SKU is called."""
    table = Table(Column("account", no_wrap=True), "charged", "true", "", "total", "status", "confidence")
    for row in rows:
        verdict = Text("right", "green") if row.is_right else Text("wrong", "bold red")
        missing = row.charged is None
        table.add_row(
            row.account,
            _shown(row.charged, names),
            _shown(row.true, names),
            verdict,
            "" if missing else f"{row.total_cents / 100:.2f} {currency}",
            row.status,
            "" if missing else f"{row.confidence:.2f}",
        )
    return table


def _row(account: str, receipts: Sequence[Mapping[str, Any]], true: Sequence[Basket]) -> Row:
    basket = true[0] if true else None
    if not receipts:
        return Row(account, None, basket, "no receipt", 0.0, 0)
    receipt = receipts[0]
    charged = {line["sku"]: line["qty"] if line["g"] is None else line["g"] for line in receipt["lines"]}
    return Row(account, charged, basket, receipt["status"], receipt["confidence"], receipt["total"])


def _agree(charged: float, true: float) -> bool:
    if isinstance(charged, int) and isinstance(true, int):
        return charged == true
    return abs(charged - true) <= max(GRAMS_OFF_MAX, 0.01 * true)


def _shown(basket: Basket | None, names: Mapping[str, str]) -> str:
    if basket is None:
        return "no such trip"
    lines = [_line(quantity, names.get(sku, sku)) for sku, quantity in sorted(basket.items())]
    return "\n".join(lines) or "nothing"


def _line(quantity: float, name: str) -> str:
    return f"{quantity} x {name}" if isinstance(quantity, int) else f"{quantity:.0f} g {name}"
