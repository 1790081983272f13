"""Events and the evidence behind them: what `aisle explain` says of each, with the traces a page draws."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from fusion.config import SECOND_NS
from fusion.explain_facts import Facts, Folder, Names, change_of, event_facts
from fusion.explain_verdict import Row
from fusion.explain_words import turning_words
from fusion.report.marks import Marks

TRACED_MAX = 2000  # changes whose plates and hands are in the page, the most doubtful first: about 7 MB
BETWEEN, AT_EXIT, UNKNOWN = "between people", "at the exit", "no plate"


def changes(
    events: Sequence[Row],
    evidence: Sequence[Row],
    names: Names,
    gondola: Mapping[str, str],
    begin_ns: int,
    marks: Marks | None,
) -> list[Facts]:
    """Return one record a change, in order of time: with evidence where there is any, with its events always.

    A change without events, such as a hand-over or something found only at the exit, is one too: it moved goods.
    """
    events_of: dict[str, list[Row]] = defaultdict(list)
    for event in events:
        events_of[change_of(event["event"])].append(event)
    evidence_of = {row["event"]: row for row in evidence}
    traced = _traced(evidence)
    found = []
    for change in dict.fromkeys([*events_of, *evidence_of]):
        mine, row = events_of[change], evidence_of.get(change)
        one = _told(mine, row, names, row is not None and change in traced)
        one["s"] = round((_time(mine, row) - begin_ns) / SECOND_NS, 2)
        one["gondola"] = _gondola(one, gondola)
        one["events"] = [_event(event, names, marks) for event in mine]
        found.append({"id": change, **one})
    return sorted(found, key=lambda one: (one["s"], one["id"]))


def _told(events: Sequence[Row], row: Row | None, names: Names, traced: bool) -> Facts:
    """Return what explain says of a change, or what its events say where no evidence was kept."""
    if row is None:
        plates = list(dict.fromkeys(plate for event in events for plate in event["plates"]))
        return {"kind": "shelf", "p": min(e["p"] for e in events), "plates": [{"plate": p} for p in plates]}
    facts = event_facts(row, Folder((), tuple(events), ()), names)
    for told, one in zip(facts["people"], row.get("people", ()), strict=True):
        told |= {"track": one["track"], "account": one["account"]}
        if traced and one.get("hand"):
            told["trace"] = {k: _hundredths(one["hand"][k]) for k in ("t", "m", "sd")}
    for told, plate in zip(facts["plates"], row.get("plates", ()), strict=True):
        if traced and plate["g"]:
            told |= {"t": _hundredths(plate["t"]), "g": _hundredths([0.1 * (g - plate["g"][0]) for g in plate["g"]])}
    for comparison in facts["comparisons"]:
        comparison["turns"] = turning_words(comparison)
    facts["accounts"] = sorted({p["account"] for p in row["readings"][0]["parts"] if p["account"] is not None})
    return {k: v for k, v in facts.items() if k not in ("event", "t", "outcome")} | {"at": row.get("at")}


def _event(event: Row, names: Names, marks: Marks | None) -> dict[str, Any]:
    said = {k: event[k] for k in ("event", "kind", "sku", "qty", "account", "p", "outcome", "delta_g")}
    said["name"] = names.get(event["sku"], event["sku"])
    said["or"] = [
        {**{k: other[k] for k in ("kind", "qty", "account", "p")}, "name": names.get(other["sku"], other["sku"])}
        for other in event.get("alternatives", ())
    ]
    return said if marks is None else said | {"right": event["event"] in marks.right_events}


def _time(events: Sequence[Row], row: Row | None) -> int:
    return int(row["t"]) if row is not None else min(int(event["t0"]) for event in events)


def _hundredths(values: Sequence[float]) -> list[int]:
    """Return traces as small integers, which halves a page: s, m in hundredths; grams against the first in tenths."""
    return [round(100.0 * v) for v in values]


def _gondola(one: Facts, gondola: Mapping[str, str]) -> str:
    if one["kind"] != "shelf":
        return BETWEEN if one["kind"] == "passing" else AT_EXIT
    plates = [plate["plate"] for plate in one["plates"]]
    # Without a store folder the beginning of a plate's name is the best there is.
    return next((gondola.get(plate, plate.split("-")[0]) for plate in plates), UNKNOWN)


def _traced(evidence: Sequence[Row]) -> set[str]:
    """Return the changes whose traces are kept; all of them, but for very long runs."""
    ranked = sorted(evidence, key=lambda row: (row["readings"][0]["p"] or 0.0, row["t"], row["event"]))
    return {row["event"] for row in ranked[:TRACED_MAX]}
