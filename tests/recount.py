"""A report reckoned without frames: plain loops over the records, for tests to compare with."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fusion.checkout.records import Entry, Transfer

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REVENUE = ("sales", "tax", "deposits")
CARRIED = ("cart", "hand", "suspense")
LOST = ("unclaimed", "floor")
Row = dict[str, Any]


def kind(account: str) -> str:
    return account.split(":")[0]


def name(account: str) -> str:
    return account[len(kind(account)) + 1 :]


def day(t_ns: int, zone: str) -> str:
    return (EPOCH + timedelta(microseconds=t_ns // 1000)).astimezone(ZoneInfo(zone)).date().isoformat()


def legs(entries: Iterable[Entry], state: str) -> list[tuple[Entry, str, int]]:
    return [(e, leg.account, leg.amount_cents) for e in entries if e.state == state for leg in e.legs]


def waiting(entries: tuple[Entry, ...]) -> list[tuple[Entry, str, int]]:
    resolved = {entry.resolves for entry in entries}
    return [leg for leg in legs(entries, "pending") if leg[0].entry_id not in resolved]


def earned(entries: tuple[Entry, ...], kinds: tuple[str, ...], zone: str) -> dict[tuple[str, str], list[int]]:
    """Return charged, given back and net by day or kind, and class."""
    sums: dict[tuple[str, str], list[int]] = {}
    for entry, account, cents in legs(entries, "posted"):
        if kind(account) in kinds:
            first = day(entry.t_ns, zone) if kinds == ("sales",) else kind(account)
            row = sums.setdefault((first, name(account)), [0, 0, 0])
            row[cents > 0] += abs(cents)
            row[2] -= cents
    return sums


def tenders(entries: tuple[Entry, ...]) -> dict[str, list[int]]:
    sums: dict[str, list[int]] = {}
    for column, found in ((None, legs(entries, "posted")), (3, waiting(entries))):
        for _, account, cents in found:
            if kind(account) not in REVENUE:
                tender = name(account).split(":")[0] if kind(account) == "tender" else kind(account)
                row = sums.setdefault(tender, [0, 0, 0, 0])
                if column is None:
                    row[cents < 0] += abs(cents)
                    row[2] += cents
                else:
                    row[3] += cents
    return sums


def refunds(entries: tuple[Entry, ...]) -> dict[tuple[str, str, str], list[int]]:
    """Return how many, their pieces and cents, by state, reason and SKU."""
    each: dict[tuple[str, ...], list[int]] = {}
    for state, found in (("given back", legs(entries, "posted")), ("disputed", waiting(entries))):
        for entry, account, cents in found:
            if kind(account) in REVENUE and cents > 0:
                words = entry.memo.split(" ")
                if words[0] in ("refund", "dispute") and len(words) >= 6:
                    key = (state, words[4], words[3], entry.trip, words[1])
                    pieces = int(words[2])
                else:
                    key, pieces = (state, entry.memo, "", entry.trip, entry.entry_id.hex()), 0
                row = each.setdefault(key, [pieces, 0])
                row[0], row[1] = max(row[0], pieces), row[1] + cents
    sums: dict[tuple[str, str, str], list[int]] = {}
    for key, (pieces, cents) in each.items():
        row = sums.setdefault(key[:3], [0, 0, 0])  # type: ignore[arg-type]
        row[:] = [row[0] + 1, row[1] + pieces, row[2] + cents]
    return sums


def reviews(moved: tuple[Transfer, ...], entries: tuple[Entry, ...]) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for one in moved:
        if kind(one.target) == "suspense":
            row = rows.setdefault(name(one.target), Counter(opened_ns=one.t_ns))
            row["opened_ns"] = min(row["opened_ns"], one.t_ns)
            row["pieces"] += one.quantity
    for one in moved:
        if kind(one.source) == "suspense":
            where = {"sold": "sold", "unclaimed": "lost"}.get(kind(one.target), "back")
            rows[name(one.source)][where] += one.quantity
    for trip, row in rows.items():
        row["waiting"] = row["pieces"] - row["sold"] - row["lost"] - row["back"]
        added = [one for one in moved if one.target == f"sold:{trip}" and kind(one.source) not in CARRIED]
        row["added"] = sum(one.quantity for one in added)
        all_sold = row["sold"] == row["pieces"] and not row["added"]
        whole = "approved" if all_sold else "waived" if row["lost"] == row["pieces"] else "adjusted"
        row["verdict"] = "open" if row["waiting"] else whole
        for column, state in (("proposed_cents", "pending"), ("charged_cents", "posted")):
            mine = [c for e, a, c in legs(entries, state) if e.trip == trip and kind(a) in REVENUE and c < 0]
            row[column] = -sum(mine)
    return rows


def lost(moved: tuple[Transfer, ...]) -> dict[tuple[str, str], list[int]]:
    """Return unclaimed, floor, back and all in all by SKU and plate."""
    sums: dict[tuple[str, str], list[int]] = {}
    for one in moved:
        if (one.source in LOST) != (one.target in LOST):
            plate = name(one.target) if kind(one.target) == "plate" else "-"
            if one.target in LOST:
                plate = name(one.source) if kind(one.source) == "plate" else picked_from(one, moved)
            row = sums.setdefault((one.sku, plate), [0, 0, 0, 0])
            row[2 if one.source in LOST else LOST.index(one.target)] += one.quantity
            row[3] += one.quantity if one.target in LOST else -one.quantity
    return sums


def picked_from(gone: Transfer, moved: tuple[Transfer, ...]) -> str:
    picks = [
        (one.t_ns, one.transfer_id, name(one.source))
        for one in moved
        if kind(one.source) == "plate" and kind(one.target) in ("cart", "hand")
        if one.sku == gone.sku and one.t_ns <= gone.t_ns and name(one.target) == name(gone.source) != ""
    ]
    return max(picks)[2] if picks else "-"
