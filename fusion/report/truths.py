"""Right and wrong where the truth is given, by the rules of contract section 7; and calibration. Pure functions."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypedDict

import numpy as np
from scipy.optimize import linear_sum_assignment

from fusion.config import SECOND_NS
from fusion.outputs import Row, read_object

NEAR_NS: Final = 3 * SECOND_NS  # a true event this near an event of ours may be it
GRAMS, SHARE = 5.0, 0.01  # weights agree within one of these
BINS: Final = 10

Facts = dict[str, Any]
Lines = dict[str, float]  # SKU -> pieces, or grams where weighed


class _TrueReceipt(TypedDict):
    account: str
    lines: dict[str, float]


class _TrueEvent(TypedDict):
    t: int
    kind: str
    sku: str
    account: str | None


class _Truth(TypedDict):
    receipts: list[_TrueReceipt]
    events: list[_TrueEvent]


def read_truth(path: Path) -> Row:
    """Read what really happened; raises OutputsError."""
    return read_object(path, _Truth)


def truth_facts(truth: Row, receipts: Sequence[Row], events: Sequence[Row], by_weight: Collection[str]) -> Facts:
    """Return which receipts, lines and events are right, what is missing, and how far beliefs can be trusted."""
    weighed = {*by_weight, *(line["sku"] for r in receipts for line in r["lines"] if line["g"] is not None)}
    judged = receipts_judged(truth["receipts"], receipts, weighed)
    right = events_right(truth["events"], events, weighed)
    missed = [row for i, row in enumerate(truth["events"]) if i not in right.values()]
    found = [(row["confidence"], judged[row["trip"]]["exact"]) for row in receipts if row["trip"] in judged]
    beliefs = [(row["p"], i in right) for i, row in enumerate(events)]
    return {
        "receipts": judged,
        "events": {row["event"]: i in right for i, row in enumerate(events)},
        "missed": [{k: row.get(k) for k in ("t", "kind", "sku", "qty", "account", "plates")} for row in missed],
        "unpaid": _unpaid(truth["receipts"], receipts),
        "calibration": {"receipts": bins_of(found), "events": bins_of(beliefs)},
    }


def receipts_judged(
    truth: Sequence[Row], receipts: Sequence[Row], weighed: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Return for each closed trip whether it is exact, which lines are right, and what should have been there.

    Of several trips of one account, those that agree best belong together.
    """
    wanted: dict[str | None, list[Lines]] = {}
    for row in truth:
        wanted.setdefault(row["account"], []).append({k: float(v) for k, v in row["lines"].items() if v})
    given: dict[str | None, list[tuple[str, Lines]]] = {}
    for row in receipts:
        if row["status"] != "open":
            given.setdefault(row["account"], []).append((row["trip"], _lines(row, weighed)))
    judged = {}
    for account, trips in given.items():
        wants = wanted.get(account, [])
        gain = np.array([[_agreement(got, want, weighed) for want in wants] for _, got in trips])
        pairs = dict(zip(*linear_sum_assignment(-gain), strict=True)) if wants else {}
        for i, (trip, got) in enumerate(trips):
            judged[trip] = _judged(got, wants[pairs[i]] if i in pairs else {}, weighed)
    return judged


def _lines(receipt: Row, weighed: Collection[str]) -> Lines:
    found: Lines = {}
    for line in receipt["lines"]:
        quantity = line["g"] if line["sku"] in weighed else line["qty"]
        found[line["sku"]] = found.get(line["sku"], 0.0) + float(quantity or 0.0)
    return found


def _judged(got: Lines, want: Lines, weighed: Collection[str]) -> dict[str, Any]:
    lines = {sku: _same(sku, quantity, want.get(sku, 0.0), weighed) for sku, quantity in got.items()}
    wrong = {sku: quantity for sku, quantity in want.items() if not lines.get(sku, False)}
    return {"exact": all(lines.values()) and not wrong, "lines": lines, "should": wrong}


def _agreement(got: Lines, want: Lines, weighed: Collection[str]) -> float:
    right = sum(_same(sku, got.get(sku, 0.0), quantity, weighed) for sku, quantity in want.items())
    whole = right == len(want) == len(got)
    shared = sum(min(quantity, want.get(sku, 0.0)) / max(quantity, 1.0) for sku, quantity in got.items())
    return 2.0 * right + 3.0 * whole + 0.01 * shared


def _same(sku: str, got: float, want: float, weighed: Collection[str]) -> bool:
    if sku in weighed:
        return bool(got and want and abs(got - want) <= max(GRAMS, SHARE * want))
    return got == want


def _unpaid(truth: Sequence[Row], receipts: Sequence[Row]) -> list[Row]:
    """Return true receipts of accounts without any receipt of ours."""
    ours = {row["account"] for row in receipts}
    return [{"account": r["account"], "lines": r["lines"]} for r in truth if r["lines"] and r["account"] not in ours]


def events_right(truth: Sequence[Row], events: Sequence[Row], weighed: Collection[str]) -> dict[int, int]:
    """Return the row of the true event for each row of events that is right: kind, SKU, quantity, account and time."""
    groups: dict[tuple[Any, ...], tuple[list[int], list[int]]] = {}
    for side, rows in enumerate((events, truth)):
        for i, row in enumerate(rows):
            groups.setdefault(_key(row, weighed), ([], []))[side].append(i)
    right = {}
    for mine, true in groups.values():
        if not mine or not true:
            continue
        gap = np.array([[_gap(events[i], truth[j]["t"]) for j in true] for i in mine], dtype=np.float64)
        # Most pairs first, then nearest in time.
        rows, columns = linear_sum_assignment(np.where(gap <= NEAR_NS, gap / NEAR_NS - 1e6, 0.0))
        right |= {
            mine[a]: true[b] for a, b in zip(rows.tolist(), columns.tolist(), strict=True) if gap[a, b] <= NEAR_NS
        }
    return right


def _key(row: Row, weighed: Collection[str]) -> tuple[Any, ...]:
    staff = "staff" in (row.get("role"), row.get("outcome"), row["account"])
    quantity = None if row["sku"] in weighed else round(float(row.get("qty") or 0))
    return row["kind"], row["sku"], quantity, ("staff",) if staff else row["account"]


def _gap(event: Mapping[str, Any], t_ns: int) -> int:
    return max(event["t0"] - t_ns, t_ns - event["t1"], 0)


def bins_of(beliefs: Sequence[tuple[float, bool]]) -> Facts:
    """Return beliefs by tenths and how far they are from what came true; error is None without any."""
    p = np.clip(np.array([a for a, _ in beliefs], dtype=np.float64), 0.0, 1.0)
    right = np.array([b for _, b in beliefs], dtype=np.float64)
    place = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    rows = []
    for k in np.unique(place).tolist():
        here = place == k
        rows.append({"n": int(here.sum()), "belief": float(p[here].mean()), "right": float(right[here].mean())})
    n = len(beliefs)
    error = sum(row["n"] * abs(row["belief"] - row["right"]) for row in rows) / n if n else None
    return {"n": n, "right": int(right.sum()), "error": error, "bins": rows}
