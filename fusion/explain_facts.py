"""What an explanation says, as plain values: the same for words and for JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from fusion.checkout.holds import AGE, DOUBT, TENDER
from fusion.checkout.receipts import REVIEW
from fusion.explain_verdict import REST, Comparison, Row, comparisons, doubts

AT_STEP_S = 0.35  # the moment of a step is known this well: where hands were then is what counts
DOUBT_SHOWN = 0.02
DOUBTS_MAX = 5
WHY = {
    DOUBT: "what was taken is too uncertain to charge unseen",
    AGE: "it has goods sold by age, and nobody has verified that of the account",
    TENDER: "the account's tenders leave something unpaid",
}

Facts = dict[str, Any]
Names = Mapping[str, str]  # SKU -> what it is called


@dataclass(frozen=True, slots=True)
class Folder:
    """The rows of an output folder."""

    receipts: tuple[Row, ...]
    events: tuple[Row, ...]
    evidence: tuple[Row, ...]


def event_facts(row: Row, folder: Folder, names: Names) -> Facts:
    """Return everything there is to say of one change."""
    decided, others = row["readings"][0], row["readings"][1:]
    events = [e for e in folder.events if change_of(e["event"]) == row["event"]]
    return {
        "event": row["event"],
        "kind": row["kind"],
        "t": row["t"],
        "plates": [{k: plate[k] for k in ("plate", "delta_g", "sd_g")} for plate in row.get("plates", ())],
        "decided": told(decided, row["kind"], names),
        "p": decided["p"],
        "outcome": events[0]["outcome"] if events else None,
        "why": decided["why"],
        "comparisons": [_comparison(one, row["kind"], names) for one in comparisons(row)],
        "readings": [{"reading": told(r, row["kind"], names), "p": r["p"]} for r in (decided, *others)],
        "people": [_person(person, names) for person in row.get("people", ())],
    }


def receipt_facts(receipt: Row, folder: Folder, names: Names) -> Facts:
    """Return what a receipt says and what makes it doubtful."""
    return {
        "account": receipt["account"],
        "trip": receipt["trip"],
        "status": receipt["status"],
        "confidence": receipt["confidence"],
        "total": receipt["total"],
        "tax": receipt["tax"],
        "lines": [_line(line, receipt, folder, names) for line in receipt["lines"]],
        "held_for": [why for why in why_in_review(receipt) if why != WHY[DOUBT]],
        "doubts": receipt_doubts(receipt, folder, names),
    }


def why_in_review(receipt: Row) -> list[str]:
    """Return in words why a receipt waits for a person; nothing where it does not."""
    if receipt["status"] != REVIEW:
        return []
    return [WHY.get(reason, reason) for reason in receipt.get("hold", ()) or (DOUBT,)]


def receipt_doubts(receipt: Row, folder: Folder, names: Names) -> list[Facts]:
    """Return the changes that leave open what a receipt's account has, the largest doubt first."""
    mine = receipt["account"]
    open_ = doubts(mine, rows_of(receipt, None, folder)) if mine is not None else ()
    return [_doubt(row, p, names) for row, p in open_ if p >= DOUBT_SHOWN][:DOUBTS_MAX]


def rows_of(receipt: Row, sku: str | None, folder: Folder) -> tuple[Row, ...]:
    """Return the evidence a receipt, or its line of one SKU, rests on, in order of time.

    That is what its lines name, and any other change while the trip lasted that may have moved goods of its account:
    goods put back, and goods that went to somebody else, are on no line.
    """
    lines = [line for line in receipt["lines"] if sku in (None, line["sku"])]
    named = {change_of(event) for line in lines for event in line["events"]}
    until = receipt["closed"] if receipt["closed"] is not None else float("inf")
    found = [
        row
        for row in folder.evidence
        if row["event"] in named
        or (receipt["entered"] <= row["t"] <= until and _concerns(row, receipt["account"], sku))
    ]
    return tuple(sorted(found, key=lambda row: (row["t"], row["event"])))


def _concerns(row: Row, account: str | None, sku: str | None) -> bool:
    readings = row["readings"] if sku is None else row["readings"][:1]
    parts = [part for reading in readings for part in reading["parts"]]
    return account is not None and any(p["account"] == account and sku in (None, p["sku"]) for p in parts)


def change_of(event: str) -> str:
    """Return the id of the change an event of events.jsonl belongs to: several parts of one change are numbered."""
    return "-".join(event.split("-")[:2])


def told(reading: Row, kind: str, names: Names) -> str:
    """Say a reading in words."""
    parts = reading["parts"]
    if not parts:
        return {"shelf": "no goods moved", "passing": "nothing was handed over"}.get(kind, "nothing but what was seen")
    if kind == "passing" and len(parts) % 2 == 0:
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return " and ".join(_passed(given, taken, names) for given, taken in pairs)
    verbs = {"pick": "took", "put": "put back"}
    if kind == "exit":
        verbs = {"pick": "took, noticed by no plate,", "put": "left somewhere in the store"}
    return " and ".join(f"{who(part)} {verbs[part['kind']]} {_goods(part, names)}" for part in parts)


def _passed(given: Row, taken: Row, names: Names) -> str:
    if given["account"] is not None and given["account"] == taken["account"]:
        return f"{who(taken)} took {_goods(taken, names)} for as heavy a piece, {_goods(given, names)}"
    return f"{who(given)} gave {_goods(given, names)} to {who(taken)}"


def who(row: Row) -> str:
    """Name somebody of a part or a list of people."""
    if row["account"] is not None:
        return str(row["account"])
    return "somebody without an account" if row["known"] else "nobody known"


def _goods(part: Row, names: Names) -> str:
    return f"{part['qty']} x {names.get(part['sku'], part['sku'])}"


def _comparison(one: Comparison, kind: str, names: Names) -> Facts:
    witnesses = [{"witness": k, "decided": a, "other": b, "difference": round(a - b, 4)} for k, a, b in one.witnesses]
    return {
        "other": told(one.other, kind, names),
        "p": one.p,
        "weighed": one.other.get("weighed", True),
        "witnesses": witnesses,
        REST: round(one.rest, 4),
        "in all": round(one.total, 4),
        "turning": list(one.turning),
        "left": round(one.left, 4),
    }


def _person(person: Row, names: Names) -> Facts:
    hand = person.get("hand")
    at_step = [row for row in zip(*hand.values(), strict=True) if abs(row[0]) <= AT_STEP_S] if hand else []
    nearest = min(at_step, key=lambda row: row[1], default=None)
    return {
        "who": who(person),
        "p": person["p"],
        "xy": person["xy"],
        "within_reach": "why" in person,
        "why": person.get("why", {}),
        "held": {names.get(sku, sku): nats for sku, nats in person.get("held", {}).items()},
        "hand": dict(zip(("t", "m", "sd"), nearest, strict=True)) if nearest else None,
    }


def _line(line: Row, receipt: Row, folder: Folder, names: Names) -> Facts:
    rows = rows_of(receipt, line["sku"], folder)
    changes = [
        {"event": r["event"], "decided": told(r["readings"][0], r["kind"], names), "p": r["readings"][0]["p"]}
        for r in rows
    ]
    return {**{k: line[k] for k in ("sku", "qty", "g", "amount", "confidence")}, "changes": changes} | {
        "name": names.get(line["sku"], line["sku"]),
        "grams_off_p": _grams_off_p(line, rows),
    }


def _grams_off_p(line: Row, rows: Sequence[Row]) -> float:
    """Return how likely the grams of goods sold by weight are off by more than a scale in trade may be.

    It is what the line is less sure of than the changes that it rests on.
    """
    moved = prod(row["readings"][0]["p"] for row in rows if row["event"] in map(change_of, line["events"]))
    return 0.0 if line["g"] is None or moved <= 0.0 else round(max(0.0, 1.0 - line["confidence"] / moved), 6)


def _doubt(row: Row, p: float, names: Names) -> Facts:
    decided, *others = row["readings"]
    rather: Sequence[Row] = sorted((r for r in others if r["p"]), key=lambda r: -r["p"])[:2]
    return {
        "event": row["event"],
        "p_otherwise": round(p, 6),
        "decided": told(decided, row["kind"], names),
        "or": [{"reading": told(r, row["kind"], names), "p": r["p"]} for r in rather],
    }
