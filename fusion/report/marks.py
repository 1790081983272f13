"""Right and wrong, where somebody says what truly happened (contract section 7); the engine never sees it.

A receipt is right when its lines agree with a true receipt of the account in SKU and quantity (grams within 5 g or 1
percent); several trips of one account are paired as agrees best. An event is right when a true one within 3 s of it has
its kind, SKU, quantity and account, each counted once; for weighed goods the quantity is not asked for.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from fusion.config import SECOND_NS
from fusion.explain_verdict import Row
from fusion.outfolder import FolderError, read_object

NEAR_NS = 3 * SECOND_NS
GRAMS, SHARE = 5.0, 0.01
BINS = 10
STAFF = "staff"

Lines = Mapping[str, float]  # SKU -> pieces, or grams of what is weighed


@dataclass(frozen=True, slots=True)
class Marks:
    """What of a run was right."""

    receipts: tuple[dict[str, Any], ...]  # a mark each, in the order of the run's receipts
    lacking: tuple[dict[str, Any], ...]  # true receipts of accounts that got none
    right_events: frozenset[str]
    missed: tuple[Row, ...]  # true events that no event of the run is


def read_truth(path: Path) -> Mapping[str, Any]:
    """Read what truly happened; raises FolderError for a file that does not say so."""
    truth = read_object(path)
    for key in ("receipts", "events"):
        if not isinstance(truth.get(key), list):
            raise FolderError(path, f"key {key}", "a list", type(truth.get(key)).__name__)
    for number, event in enumerate(truth["events"]):
        if not isinstance(event, dict) or not {"t", "kind", "sku"} <= event.keys():
            raise FolderError(path, f"events, number {number}", "an object with t, kind and sku", repr(event)[:60])
    for number, one in enumerate(truth["receipts"]):
        if not isinstance(one, dict) or not isinstance(one.get("lines", {}), dict):
            raise FolderError(path, f"receipts, number {number}", "an object with lines", repr(one)[:60])
    return truth


def mark(receipts: Sequence[Row], events: Sequence[Row], truth: Mapping[str, Any]) -> Marks:
    """Compare a run with what truly happened."""
    weighed = {line["sku"] for receipt in receipts for line in receipt["lines"] if line["g"] is not None}
    marked, lacking = _receipts(receipts, truth["receipts"], weighed)
    hit = _events(events, truth["events"], weighed)
    return Marks(
        tuple(marked),
        tuple(lacking),
        frozenset(events[i]["event"] for i in hit),
        tuple(one for j, one in enumerate(truth["events"]) if j not in set(hit.values())),
    )


def bins(pairs: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """Sort beliefs into tenths: rows [count, mean belief, share that was right], and the calibration error."""
    belief = np.clip([p for p, _ in pairs], 0.0, 1.0)
    right = np.array([y for _, y in pairs], float)
    at = np.minimum((belief * BINS).astype(int), BINS - 1)
    rows = [(int(m.sum()), belief[m].mean(), right[m].mean()) for m in (at == b for b in range(BINS)) if m.any()]
    error = sum(n * abs(p - y) for n, p, y in rows) / max(len(pairs), 1)
    return {
        "rows": [[n, round(float(p), 4), round(float(y), 4)] for n, p, y in rows],
        "error": round(float(error), 4) if pairs else None,
        "right": int(right.sum()),
        "count": len(pairs),
    }


def _receipts(
    receipts: Sequence[Row], truth: Sequence[Row], weighed: set[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    marked: list[dict[str, Any]] = [{} for _ in receipts]
    lacking = []
    wanted, given = defaultdict(list), defaultdict(list)
    for one in truth:
        wanted[one.get("account")].append({str(k): float(v) for k, v in one.get("lines", {}).items() if v})
    for row, receipt in enumerate(receipts):
        given[receipt["account"]].append((row, _lines(receipt)))
    for account in dict.fromkeys([*given, *wanted]):
        pairs = _paired([lines for _, lines in given[account]], wanted[account], weighed)
        for i, (row, lines) in enumerate(given[account]):
            marked[row] = _receipt_mark(receipts[row], lines, pairs.get(i), wanted[account], weighed)
        left = [lines for j, lines in enumerate(wanted[account]) if j not in pairs.values()]
        lacking += [{"account": account, "lines": lines} for lines in left if lines]
    return marked, lacking


def _receipt_mark(
    receipt: Row, lines: Lines, at: int | None, wanted: Sequence[Lines], weighed: set[str]
) -> dict[str, Any]:
    """Return whether a receipt is right, None for one that is open, and each difference as SKU, charged, true."""
    should = wanted[at] if at is not None else {}
    off = [
        {"sku": sku, "charged": lines.get(sku, 0.0), "true": should.get(sku, 0.0)}
        for sku in dict.fromkeys([*lines, *should])
        if not agrees(lines.get(sku, 0.0), should.get(sku, 0.0), sku in weighed)
    ]
    return {"right": None if receipt["status"] == "open" else not off, "off": off}


def agrees(got: float, want: float, weighed: bool) -> bool:
    """Tell whether a quantity is right."""
    if not weighed:
        return got == want
    return got > 0.0 < want and abs(got - want) <= max(GRAMS, SHARE * want)


def _lines(receipt: Row) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    for line in receipt["lines"]:
        sums[line["sku"]] += float(line["g"] if line["g"] is not None else line["qty"])
    return dict(sums)


def _paired(given: Sequence[Lines], wanted: Sequence[Lines], weighed: set[str]) -> dict[int, int]:
    if not given or not wanted:
        return {}
    gain = np.array([[_likeness(g, w, weighed) for w in wanted] for g in given])
    return dict(zip(*(rows.tolist() for rows in linear_sum_assignment(-gain)), strict=True))


def _likeness(got: Lines, want: Lines, weighed: set[str]) -> float:
    right = sum(agrees(got.get(sku, 0.0), want.get(sku, 0.0), sku in weighed) for sku in {*got, *want})
    return 2.0 * right + 3.0 * (right == len(got) == len(want))


def _events(events: Sequence[Row], truth: Sequence[Row], weighed: set[str]) -> dict[int, int]:
    """Return the true event of each event that is right, by row."""
    groups: dict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((events, truth)):
        for i, row in enumerate(rows):
            groups[_key(row, weighed)][side].append(i)
    hit: dict[int, int] = {}
    for mine, true in groups.values():
        if not mine or not true:
            continue
        far = np.array([[_gap_ns(events[i], truth[j]["t"]) for j in true] for i in mine], float)
        cost = np.where(far <= NEAR_NS, far / NEAR_NS - 1e6, 0.0)  # most pairs first, then the nearest in time
        for a, b in zip(*linear_sum_assignment(cost), strict=True):
            if far[a, b] <= NEAR_NS:
                hit[mine[a]] = true[b]
    return hit


def _key(row: Row, weighed: set[str]) -> Hashable:
    who = STAFF if STAFF in (row.get("role"), row.get("outcome"), row.get("account")) else row.get("account")
    return row["kind"], row["sku"], None if row["sku"] in weighed else round(float(row.get("qty") or 0)), who


def _gap_ns(event: Row, t_ns: int) -> int:
    return max(int(event["t0"]) - t_ns, t_ns - int(event["t1"] or event["t0"]), 0)
