"""Everything the page says, as one value of plain lists and numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fusion.explain_words import MEANING
from fusion.outfolder import Out
from fusion.report.changes import TRACED_MAX, changes
from fusion.report.floor import floor_plan
from fusion.report.marks import Marks, bins, mark
from fusion.report.paths import thin_paths
from fusion.report.trips import trips
from fusion.store import Store
from fusion.survey import sources, survey

Said = dict[str, Any]
NO_STORE = "no store folder was given (--store): no shelves on the map, and products go by their SKU"


def gather(out: Out, store: Store | None, truth: Mapping[str, Any] | None, recording: Path | None) -> Said:
    """Return what there is to say of a run."""
    begin_ns, end_ns = span(out)
    names = dict(zip(store.products.sku, store.products.name, strict=True)) if store else {}
    marks = mark(out.receipts, out.events, truth) if truth is not None else None
    plan = floor_plan(store) if store else None
    paths, tolerance_m = thin_paths(out.tracks, begin_ns)
    return {
        "store": store.store_id if store else str(out.run.get("store", "")),
        "currency": store.currency if store else "",
        "folder": str(out.path),
        "begin_ms": begin_ns // 1_000_000,
        "end_s": round((end_ns - begin_ns) / 1e9, 1),
        "plan": plan,
        "paths": paths,
        "tolerance_m": tolerance_m,
        "changes": changes(out.events, out.evidence, names, plan["gondola"] if plan else {}, begin_ns, marks),
        "trips": trips(out.receipts, out.evidence, names, begin_ns, marks),
        "judged": _judged(out, marks, names, begin_ns) if marks else None,
        "run": dict(out.run),
        "rejected": [{"topic": row["topic"], "reason": row["reason"]} for row in out.rejected[:200]],
        "sources": _sources(recording),
        "meaning": MEANING,
        "lacking": lacking(out, store),
    }


def span(out: Out) -> tuple[int, int]:
    """Return when the first and the last thing of a run happened, ns."""
    times = [int(row["t0"]) for row in out.events] + [int(row["t"]) for row in out.evidence]
    times += [int(t) for row in out.receipts for t in (row["entered"], row["left"], row["closed"]) if t is not None]
    if out.tracks.height:
        times += [int(out.tracks["t"].min()), int(out.tracks["t"].max())]  # type: ignore[arg-type]
    return (min(times), max(times)) if times else (0, 0)


def lacking(out: Out, store: Store | None) -> list[str]:
    """Say what is missing, and what the page cannot show for it."""
    cannot = {
        "evidence.jsonl": "no plate traces, hands or reasons",
        "tracks.parquet": "no paths",
        "run.json": "no counts and times of the run",
    }
    said = [f"{out.path / name} is missing: {cannot[name]}" for name in out.missing if name in cannot]
    if len(out.evidence) > TRACED_MAX:
        more = "aisle explain --png draws the others"
        said.append(f"of {len(out.evidence)} changes the {TRACED_MAX} most doubtful show plates and hands; {more}")
    if store is None:
        return [*said, NO_STORE]
    ran = out.run.get("store")
    if ran is not None and ran != store.store_id:
        said.append(f"the run was of store {ran}, the folder given is of {store.store_id}")
    return said


def _judged(out: Out, marks: Marks, names: Mapping[str, str], begin_ns: int) -> Said:
    issued = [
        (float(receipt["confidence"]), bool(one["right"]))
        for receipt, one in zip(out.receipts, marks.receipts, strict=True)
        if one["right"] is not None
    ]
    events = [(float(event["p"]), event["event"] in marks.right_events) for event in out.events]
    return {
        "receipts": bins(issued),
        "events": bins(events),
        "lacking": [
            {"account": one["account"], "lines": [[names.get(k, k), v] for k, v in one["lines"].items()]}
            for one in marks.lacking
        ],
        "missed": [
            {
                "s": round((one["t"] - begin_ns) / 1e9, 2),
                "account": one.get("account"),
                "kind": one["kind"],
                "qty": one.get("qty"),
                "name": names.get(one["sku"], one["sku"]),
                "plates": one.get("plates", []),
            }
            for one in marks.missed
        ],
        "names": {o["sku"]: names.get(o["sku"], o["sku"]) for one in marks.receipts for o in one["off"]},
    }


def _sources(recording: Path | None) -> list[dict[str, Any]] | None:
    return sources(survey(recording).messages).to_dicts() if recording is not None else None
