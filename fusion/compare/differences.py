"""What differs between two runs, as plain values: [of the first, of the second], null where one has none. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fusion.compare.pairing import event_pairs, receipt_pairs
from fusion.outputs import OutFolder, Row

Facts = dict[str, Any]


def differences(a: OutFolder, b: OutFolder) -> Facts:
    """Return every receipt and event that differs, totals of both, and whether all is the same.

    The digests of configuration and ledger are shown beside; they decide nothing, a ledger elsewhere holds other runs.
    """
    receipts = [found for pair in receipt_pairs(a.receipts, b.receipts) if (found := _receipt(*pair))]
    events = [found for pair in event_pairs(a.events, b.events) if (found := _event(*pair))]
    totals_a, totals_b = _totals(a), _totals(b)
    return {
        "same": not receipts and not events,
        "totals": {k: [totals_a.get(k, 0), totals_b.get(k, 0)] for k in dict.fromkeys([*totals_a, *totals_b])},
        "receipts": receipts,
        "events": events,
        "run": {k: [a.run.get(k), b.run.get(k)] for k in ("store", "config", "ledger")},
    }


def _receipt(a: Row | None, b: Row | None) -> Facts | None:
    fields = _fields(a, b, without="lines")
    lines = _lines(a["lines"] if a else (), b["lines"] if b else ())
    if not fields and not lines and a is not None and b is not None:
        return None
    return {"trip": _both(a, b, "trip"), "account": _both(a, b, "account"), "fields": fields, "lines": lines}


def _lines(a: Sequence[Row], b: Sequence[Row]) -> list[Facts]:
    mine, yours = _by_sku(a), _by_sku(b)
    found = []
    for key in sorted(mine.keys() | yours.keys()):
        one, other = mine.get(key), yours.get(key)
        fields = _fields(one, other, without="sku")
        if fields:
            found.append({"sku": key[0], "fields": fields})
    return found


def _by_sku(lines: Sequence[Row]) -> dict[tuple[str, int], Row]:
    """Return lines by SKU and by how many of the same SKU came before."""
    seen: Counter[str] = Counter()
    found = {}
    for line in lines:
        found[line["sku"], seen[line["sku"]]] = line
        seen[line["sku"]] += 1
    return found


def _event(a: Row | None, b: Row | None) -> Facts | None:
    fields = _fields(a, b)
    t0 = min(row["t0"] for row in (a, b) if row is not None)
    return {"event": _both(a, b, "event"), "t0": t0, "fields": fields} if fields else None


def _fields(a: Row | None, b: Row | None, *, without: str = "") -> dict[str, list[Any]]:
    names = sorted(({*(a or {})} | {*(b or {})}) - {without})
    both = {name: _both(a, b, name) for name in names}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


def _both(a: Row | None, b: Row | None, name: str) -> list[Any]:
    return [None if row is None else row.get(name) for row in (a, b)]


def _totals(out: OutFolder) -> dict[str, int]:
    status = Counter(row["status"] for row in out.receipts)
    outcome = Counter(row["outcome"] for row in out.events)
    return {
        "receipts": len(out.receipts),
        **{one: status[one] for one in ("settled", "review", "open")},
        "lines": sum(len(row["lines"]) for row in out.receipts),
        "amount": sum(row["total"] for row in out.receipts),
        "tax": sum(row["tax"] for row in out.receipts),
        "events": len(out.events),
        **{f"events {one}": outcome[one] for one in sorted(outcome)},
    }
