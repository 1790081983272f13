"""Receipts, and what makes each doubtful."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from fusion.checkout.receipts import REVIEW
from fusion.config import SECOND_NS
from fusion.explain_facts import Folder, Names, change_of, receipt_facts, why_in_review
from fusion.explain_verdict import Row
from fusion.report.marks import Marks


def trips(
    receipts: Sequence[Row], evidence: Sequence[Row], names: Names, begin_ns: int, marks: Marks | None
) -> list[dict[str, Any]]:
    """Return one record a receipt: those in review first, then by how likely they are right, the least first."""
    rows = sorted(evidence, key=lambda row: (row["t"], row["event"]))
    times, at = [row["t"] for row in rows], {row["event"]: row for row in rows}
    found = []
    for number, receipt in enumerate(receipts):
        told = receipt_facts(receipt, Folder((), (), _near(receipt, rows, times, at)), names)
        told |= {
            "party": receipt.get("party", 1),
            "entered": _seconds(receipt["entered"], begin_ns),
            "left": _seconds(receipt["left"], begin_ns),
            "closed": _seconds(receipt["closed"], begin_ns),
            "why": why_in_review(receipt),
        }
        told |= {k: receipt[k] for k in ("discounts", "tenders") if k in receipt}
        found.append(told if marks is None else told | {"truth": marks.receipts[number]})
    return sorted(found, key=lambda one: (one["status"] != REVIEW, one["confidence"], one["trip"]))


def _near(receipt: Row, rows: Sequence[Row], times: Sequence[int], at: dict[str, Row]) -> tuple[Row, ...]:
    """Return the evidence of the time of a trip, and what its lines name: all that can say anything of it."""
    until = receipt["closed"] if receipt["closed"] is not None else float("inf")
    during = rows[bisect_left(times, receipt["entered"]) : bisect_right(times, until)]
    named = [at.get(change_of(event)) for line in receipt["lines"] for event in line["events"]]
    return tuple({row["event"]: row for row in (*during, *named) if row is not None}.values())


def _seconds(t_ns: int | None, begin_ns: int) -> float | None:
    return None if t_ns is None else round((t_ns - begin_ns) / SECOND_NS, 2)
