"""A verdict beside its alternatives: nats by witness, and which witnesses it hangs on. Pure functions over rows."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

REST = "all else"  # who was who, later looks, tags, and what the other changes of the trip leave room for
PERSONAL = ("body", "hands", "held", "cart")
P_LEAST = 1e-12
TIE_NATS = 0.2  # readings this close are as likely as each other


@dataclass(frozen=True, slots=True)
class Comparison:
    """The decided reading of a change beside another one."""

    other: Row
    p: float | None  # of the other; None where it had been ruled out before the end
    witnesses: tuple[tuple[str, float, float], ...]  # witness, nats of the decided and of the other; most telling first
    rest: float  # nats for the decided one beyond those
    total: float  # nats for the decided one in all: the logarithm of its odds
    turning: tuple[str, ...]  # the fewest witnesses without which the other is as likely; none where that cannot be
    left: float  # nats for the decided one without those


def compare(decided: Row, other: Row) -> Comparison:
    """Return what speaks for the decided reading rather than another, in nats."""
    mine, yours = decided["why"], other["why"]
    rows = [(witness, mine.get(witness, 0.0), yours.get(witness, 0.0)) for witness in dict.fromkeys([*mine, *yours])]
    rows.sort(key=lambda row: -abs(row[1] - row[2]))
    by_witness = sum(a - b for _, a, b in rows)
    weighed = other["p"] is not None
    total = _log(decided["p"]) - _log(other["p"]) if weighed else by_witness
    rest = total - by_witness if weighed else 0.0
    differences = [*((witness, a - b) for witness, a, b in rows), (REST, rest)]
    return Comparison(other, other["p"], tuple(rows), rest, total, *turning(differences))


def turning(differences: Sequence[tuple[str, float]]) -> tuple[tuple[str, ...], float]:
    """Return the fewest witnesses without which the other reading is as likely, strongest first, and what is left."""
    left, out = sum(nats for _, nats in differences), []
    for witness, nats in sorted(differences, key=lambda d: -d[1]):
        if left < TIE_NATS or nats <= 0.0:
            break
        left -= nats
        out.append(witness)
    return (tuple(out), left) if left < TIE_NATS else ((), left)


def comparisons(row: Row) -> tuple[Comparison, ...]:
    """Compare the decided reading with the best alternative, and with the best that is about somebody else."""
    decided, *others = row["readings"]
    best = max(others, key=_likeliness, default=None)
    elses = [r for r in others if accounts(r) - accounts(decided)]
    other_person = max(elses, key=_likeliness, default=None) or _not_weighed(row)
    chosen = [best] if best is not None else []
    if other_person is not None and other_person is not best:
        chosen.append(other_person)
    return tuple(compare(decided, other) for other in chosen)


def _likeliness(reading: Row) -> tuple[float, float]:
    return (reading["p"] or 0.0), reading["nats"]


def accounts(reading: Row) -> set[str]:
    """Return the accounts a reading names."""
    return {part["account"] for part in reading["parts"] if part["account"] is not None}


def _not_weighed(row: Row) -> Row | None:
    """Return the decided pick as if somebody within reach had made it whom nobody thought of, the likeliest such."""
    return max(_in_place(row), key=lambda r: sum(r["why"].values()), default=None)


def _in_place(row: Row) -> Iterator[Row]:
    decided = row["readings"][0]
    named = {account for reading in row["readings"] for account in accounts(reading)}
    if len(decided["parts"]) != 1 or decided["parts"][0]["kind"] != "pick":
        return  # what somebody else could have put back depends on what they carried
    part = decided["parts"][0]
    for person in row.get("people", ()):
        if "why" in person and person["account"] is not None and person["account"] not in named:
            held = person["held"].get(part["sku"], 0.0)
            why = {k: nats for k, nats in decided["why"].items() if k not in PERSONAL} | person["why"]
            why |= {"held": held} if held else {}
            yield {"parts": [{**part, "account": person["account"]}], "p": None, "why": why, "weighed": False}


def doubts(account: str, rows: Sequence[Row]) -> tuple[tuple[Row, float], ...]:
    """Return the changes whose reading leaves open what an account has, with how likely it is otherwise; most first."""
    found = []
    for row in rows:
        decided, *others = row["readings"]
        mine = _moved(account, decided)
        p = sum(r["p"] or 0.0 for r in others if _moved(account, r) != mine)
        if p > 0.0:
            found.append((row, float(p)))
    return tuple(sorted(found, key=lambda pair: -pair[1]))


def _moved(account: str, reading: Row) -> list[tuple[str, str, int]]:
    return sorted((p["kind"], p["sku"], p["qty"]) for p in reading["parts"] if p["account"] == account)


def _log(p: float) -> float:
    return math.log(max(p, P_LEAST))
