"""Everything a report shows, as one JSON object of plain values. Times are seconds since the first thing shown."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fusion.config import SECOND_NS
from fusion.explain_facts import Folder, Names, receipt_facts
from fusion.explain_words import MEANING, review_words
from fusion.outputs import OutFolder, Row, accounts_in_order
from fusion.report.changes import change_facts
from fusion.report.floor import floor_facts, path_facts, plate_facts
from fusion.report.runs import run_facts
from fusion.report.truths import truth_facts
from fusion.store import Store

Facts = dict[str, Any]


def contents(outputs: OutFolder, tracks: Path, store: Store | None, truth: Row | None, title: str) -> Facts:
    """Return what the page shows of an output folder."""
    names = dict(zip(store.products.sku, store.products.name, strict=True)) if store else {}
    folder = Folder(outputs.receipts, outputs.events, outputs.evidence)
    start_ns = first_ns(outputs)
    plates = plate_facts(store)
    facts: Facts = {
        "title": title,
        "store": outputs.run.get("store") or (store.store_id if store else None),
        "currency": store.currency if store else "",
        "timezone": store.timezone if store else "UTC",
        "start_ms": start_ns // 1_000_000,
        "start": datetime.fromtimestamp(start_ns // SECOND_NS, UTC).isoformat(),
        "accounts": accounts_in_order(outputs.receipts),
        "receipts": [_receipt(row, folder, names, start_ns) for row in by_doubt(outputs.receipts)],
        "totals": totals(outputs.receipts),
        "changes": change_facts(folder, names, plates, start_ns),
        "gondolas": list(dict.fromkeys(store.plates.gondola)) if store else [],
        "floor": floor_facts(store),
        "plates": {k: v["xy"] for k, v in plates.items()},
        "paths": path_facts(tracks, start_ns),
        "run": run_facts(outputs.run, outputs.receipts),
        "meaning": MEANING,
        "names": names,
        "truth": None,
    }
    if truth is not None:
        by_weight = (
            {sku for sku, yes in zip(store.products.sku, store.products.by_weight, strict=True) if yes}
            if (store)
            else set()
        )
        found = truth_facts(truth, outputs.receipts, outputs.events, by_weight)
        found["missed"] = [one | {"t": round((one["t"] - start_ns) / SECOND_NS, 2)} for one in found["missed"]]
        facts["truth"] = found
    facts["names"] = _used(facts, names)
    return facts


def first_ns(outputs: OutFolder) -> int:
    """Return when the first thing shown happened; 0 where nothing did."""
    times = [row["entered"] for row in outputs.receipts]
    times += [row["t0"] for row in outputs.events] + [row["t"] for row in outputs.evidence]
    return min(times, default=0)


def by_doubt(receipts: tuple[Row, ...]) -> list[Row]:
    """Return receipts, doubts first: what waits for a person, then the least certain."""
    rank = {"review": 0, "open": 1, "settled": 2}
    return sorted(receipts, key=lambda row: (rank.get(row["status"], 0), row["confidence"], row["trip"]))


def totals(receipts: tuple[Row, ...]) -> Facts:
    """Return receipts and money by status, cents."""
    found: Facts = {"count": len(receipts), "tax": sum(r["tax"] for r in receipts)}
    found["total"] = sum(r["total"] for r in receipts)
    status = sorted({row["status"] for row in receipts})
    found["by_status"] = {
        one: {
            "count": sum(row["status"] == one for row in receipts),
            "total": sum(row["total"] for row in receipts if row["status"] == one),
        }
        for one in status
    }
    return found


def _receipt(row: Row, folder: Folder, names: Names, start_ns: int) -> Facts:
    said = receipt_facts(row, folder, names)
    for line, mine in zip(said["lines"], row["lines"], strict=True):
        line["events"] = mine["events"]
    times = {k: None if row[k] is None else round((row[k] - start_ns) / SECOND_NS, 2) for k in _TIMES}
    return said | times | {"party": row.get("party"), "why": review_words(said)}


_TIMES = ("entered", "left", "closed")


def _used(facts: Facts, names: Names) -> dict[str, str]:
    """Return the names of the products the page speaks of: a catalogue may be much larger."""
    skus = {part["sku"] for change in facts["changes"] for part in change["parts"]}
    skus |= {line["sku"] for receipt in facts["receipts"] for line in receipt["lines"]}
    if facts["truth"]:
        skus |= {row["sku"] for row in facts["truth"]["missed"]}
        skus |= {sku for row in facts["truth"]["unpaid"] for sku in row["lines"]}
        skus |= {sku for row in facts["truth"]["receipts"].values() for sku in row["should"]}
    return {sku: names[sku] for sku in sorted(skus) if sku in names}
