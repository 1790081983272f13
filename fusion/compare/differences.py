"""What differs between two runs, as plain rows; nothing here prints."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fusion.compare.pairing import pair_events, pair_receipts
from fusion.explain_facts import Names, who
from fusion.explain_verdict import Row
from fusion.outfolder import Out
from fusion.report.marks import Marks, mark

BELIEF = 0.001  # beliefs nearer than this are the same
RECEIPT_KEYS = ("account", "status", "hold", "discounts", "tenders", "tax", "total")
EVENT_KEYS = ("kind", "sku", "qty", "account", "outcome")
Said = dict[str, Any]


def compare(a: Out, b: Out, names: Names, truth: Mapping[str, Any] | None) -> Said:
    """Return what changed from A to B: receipts and events that differ, and totals of both."""
    marks = [mark(out.receipts, out.events, truth) if truth is not None else None for out in (a, b)]
    receipts = [_receipt(x, y, names, _rights(a, b, marks)) for x, y in pair_receipts(a.receipts, b.receipts)]
    events = [_event(x, y, names, marks) for x, y in pair_events(a.events, b.events)]
    return {
        "a": str(a.path),
        "b": str(b.path),
        "same": not any(one["what"] for one in (*receipts, *events)),
        "receipts": [one for one in receipts if one["what"]],
        "events": [one for one in events if one["what"]],
        "compared": {"receipts": len(receipts), "events": len(events)},
        "totals": {"a": totals(a, marks[0]), "b": totals(b, marks[1])},
    }


def totals(out: Out, marks: Marks | None) -> Said:
    """Return what a run adds up to: counts by status, pieces, cents, counts by outcome."""
    status = Counter(receipt["status"] for receipt in out.receipts)
    outcome = Counter(event["outcome"] for event in out.events)
    said: Said = {
        "receipts": len(out.receipts),
        **{f"receipts {name}": status[name] for name in ("settled", "review", "open")},
        "pieces": sum(line["qty"] for receipt in out.receipts for line in receipt["lines"]),
        "cents": sum(receipt["total"] for receipt in out.receipts),
        "cents settled": sum(r["total"] for r in out.receipts if r["status"] == "settled"),
        "events": len(out.events),
        **{f"events {name}": outcome[name] for name in ("attributed", "ambiguous", "unclaimed", "staff")},
    }
    if marks is not None:
        said["receipts right"] = sum(bool(one["right"]) for one in marks.receipts)
        said["events right"] = len(marks.right_events)
    return said


def _rights(a: Out, b: Out, marks: Sequence[Marks | None]) -> tuple[dict[str, bool | None], ...]:
    """Return by trip whether each run's receipt is right; nothing without truth."""
    return tuple(
        {receipt["trip"]: one["right"] for receipt, one in zip(out.receipts, found.receipts, strict=True)}
        if found
        else {}
        for out, found in zip((a, b), marks, strict=True)
    )


def _receipt(a: Row | None, b: Row | None, names: Names, rights: Sequence[Mapping[str, bool | None]]) -> Said:
    one = a or b
    assert one is not None
    lines = _lines(a, b, names)
    what = _presence(a, b)
    if a is not None and b is not None:
        what = [key for key in RECEIPT_KEYS if a.get(key) != b.get(key)]
        what += ["confidence"] if _moved(a["confidence"], b["confidence"]) else []
        what += ["lines"] if lines else []
    right = [of.get(row["trip"]) if row else None for of, row in zip(rights, (a, b), strict=True)]
    return {"account": one["account"], "trip": one["trip"], "what": what, "lines": lines, "right": right} | {
        key: [row[key] if row else None for row in (a, b)] for key in ("status", "confidence", "tax", "total")
    }


def _lines(a: Row | None, b: Row | None, names: Names) -> list[Said]:
    """Return the lines that differ: pieces, grams, amount or confidence."""
    mine, yours = ({line["sku"]: line for line in row["lines"]} if row else {} for row in (a, b))
    found = []
    for sku in dict.fromkeys([*mine, *yours]):
        pair = mine.get(sku), yours.get(sku)
        values: Said = {
            key: [line[key] if line else None for line in pair] for key in ("qty", "g", "amount", "confidence")
        }
        charged = any(values[key][0] != values[key][1] for key in ("qty", "g", "amount"))
        if charged or _moved(*values["confidence"]):
            found.append({"sku": sku, "name": names.get(sku, sku), **values})
    return found


def _event(a: Row | None, b: Row | None, names: Names, marks: Sequence[Marks | None]) -> Said:
    one = a or b
    assert one is not None
    what = _presence(a, b)
    if a is not None and b is not None:
        what = [key for key in EVENT_KEYS if a[key] != b[key]] + (["p"] if _moved(a["p"], b["p"]) else [])
    right = [row["event"] in m.right_events if row and m else None for row, m in zip((a, b), marks, strict=True)]
    return {"t": one["t0"], "plates": one["plates"], "what": what, "right": right} | {
        "event": [row["event"] if row else None for row in (a, b)],
        "said": [_told(row, names) if row else None for row in (a, b)],
        "p": [row["p"] if row else None for row in (a, b)],
        "outcome": [row["outcome"] if row else None for row in (a, b)],
    }


def _told(event: Row, names: Names) -> str:
    verb = "took" if event["kind"] == "pick" else "put back"
    return f"{who({**event, 'known': False})} {verb} {event['qty']} x {names.get(event['sku'], event['sku'])}"


def _presence(a: Row | None, b: Row | None) -> list[str]:
    return ["only in A"] if b is None else ["only in B"] if a is None else []


def _moved(p: float | None, q: float | None) -> bool:
    return (p is None) != (q is None) or (p is not None and q is not None and abs(p - q) >= BELIEF)
