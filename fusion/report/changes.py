"""Every change of goods as the page tells it: its events, what was decided and why, plates and hands beside it."""

from collections.abc import Mapping
from typing import Any, Final

from fusion.config import SECOND_NS
from fusion.explain_facts import Folder, Names, change_of, event_facts
from fusion.explain_verdict import Row
from fusion.explain_words import turning_words, verdict_words

TRACES_MAX: Final = 1_500  # changes whose traces the page carries, the most doubtful; the others have words alone
PARTS = ("event", "kind", "sku", "qty", "account", "p", "outcome", "delta_g")

Facts = dict[str, Any]


def change_facts(folder: Folder, names: Names, plates: Mapping[str, Facts], start_ns: int) -> list[Facts]:
    """Return the changes in order of time: all in events.jsonl, and those that moved no goods in the end."""
    parts: dict[str, list[Row]] = {}
    for event in folder.events:
        parts.setdefault(change_of(event["event"]), []).append(event)
    evidence = {row["event"]: row for row in folder.evidence}
    ids = sorted({*parts, *evidence}, key=lambda one: (_t_ns(parts.get(one, []), evidence.get(one)), one))
    traced = set(sorted(evidence, key=lambda one: (evidence[one]["readings"][0]["p"] or 0.0, one))[:TRACES_MAX])
    found = []
    for one in ids:
        mine, row = parts.get(one, []), evidence.get(one)
        touched = _plates(mine, row)
        facts: Facts = {
            "id": one,
            "t": _seconds(_t_ns(mine, row), start_ns),
            "gondola": _gondola(touched, plates),
            "plates": touched,
            "parts": [{k: event.get(k) for k in PARTS} for event in mine],
            "names": {p["sku"]: names[p["sku"]] for p in mine if p["sku"] in names},
        }
        if row is not None:
            facts |= _explained(row, folder, names)
            if one in traced:
                facts |= _traces(row)
        else:
            facts |= {"kind": "shelf", "p": min(event["p"] for event in mine), "decided": None}
        found.append(facts)
    return found


def _explained(row: Row, folder: Folder, names: Names) -> Facts:
    """Return what `aisle explain` says of a change, the sentences too."""
    said = event_facts(row, folder, names)
    kept = ("kind", "decided", "p", "outcome", "why", "readings", "comparisons")
    facts = {k: said[k] for k in kept}
    facts["said"] = verdict_words(said)
    facts["comparisons"] = [one | {"turning": turning_words(one)} for one in said["comparisons"]]
    facts["moved"] = [plate for plate in said["plates"]]
    facts["people"] = [
        {k: person[k] for k in ("who", "p", "xy", "within_reach", "why", "held", "hand")} for person in said["people"]
    ]
    return facts


def _traces(row: Row) -> Facts:
    """Return grams of each plate and metres from each person's nearer hand to the plates, by seconds from the step."""
    return {
        "grams": [{"plate": p["plate"], "t": p["t"], "g": p["g"]} for p in row.get("plates", ()) if p["g"]],
        "hands": [person.get("hand") for person in row.get("people", ())],
        "at": row.get("at"),
    }


def _t_ns(parts: list[Row], row: Row | None) -> int:
    return int(row["t"] if row is not None else parts[0]["t0"])


def _seconds(t_ns: int, start_ns: int) -> float:
    return round((t_ns - start_ns) / SECOND_NS, 2)


def _plates(parts: list[Row], row: Row | None) -> list[str]:
    seen = [plate["plate"] for plate in row.get("plates", ())] if row is not None else []
    return list(dict.fromkeys([*seen, *(plate for event in parts for plate in event["plates"])]))


def _gondola(touched: list[str], plates: Mapping[str, Facts]) -> str | None:
    """Return the gondola of a change, None away from shelves; without a store, the beginning of the plate's name."""
    if not touched:
        return None
    place = plates.get(touched[0])
    return str(place["gondola"]) if place else touched[0].split("-")[0].split(".")[0]
