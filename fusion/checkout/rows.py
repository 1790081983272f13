"""Records as rows of the ledger's tables, and back; pure."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from fusion.checkout.records import Entry, Leg, Transfer

Value: TypeAlias = bytes | str | int | float | None

INSERT_TRANSFER = "INSERT INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_ENTRY = "INSERT INTO entries VALUES (?, ?, ?, ?, ?)"
INSERT_LEG = "INSERT INTO legs VALUES (?, ?, ?, ?)"
FIND_TRANSFER = "SELECT * FROM transfers WHERE transfer_id = ?"
FIND_ENTRY = "SELECT * FROM entries WHERE entry_id = ?"
FIND_LEGS = "SELECT account, amount_cents FROM legs WHERE entry_id = ? ORDER BY position"

# Every row of a ledger in the one order that does not depend on who wrote first.
ALL_ROWS = (
    "SELECT 'ledger', store_id, currency FROM ledger",
    "SELECT 'transfer', * FROM transfers ORDER BY t_ns, transfer_id",
    "SELECT 'entry', * FROM entries ORDER BY t_ns, entry_id",
    "SELECT 'leg', legs.* FROM legs JOIN entries USING (entry_id) ORDER BY t_ns, entry_id, position",
)


def transfer_row(transfer: Transfer) -> tuple[Value, ...]:
    """Return a transfer as a row of `transfers`."""
    return (
        transfer.transfer_id,
        transfer.t_ns,
        transfer.sku,
        transfer.quantity,
        transfer.grams,
        transfer.source,
        transfer.target,
        transfer.evidence,
        transfer.reverses or None,
    )


def transfer_of(row: tuple[Any, ...]) -> Transfer:
    """Return the transfer of a row."""
    transfer_id, t_ns, sku, quantity, grams, source, target, evidence, reverses = row
    return Transfer(transfer_id, t_ns, sku, quantity, grams, source, target, evidence, reverses or b"")


def entry_row(entry: Entry) -> tuple[Value, ...]:
    """Return an entry as a row of `entries`; its legs are rows of their own."""
    return (entry.entry_id, entry.t_ns, entry.trip, entry.memo, entry.state)


def leg_rows(entry: Entry) -> list[tuple[Value, ...]]:
    """Return the legs of an entry as rows of `legs`."""
    return [(entry.entry_id, n, leg.account, leg.amount_cents) for n, leg in enumerate(entry.legs)]


def entry_of(row: tuple[Any, ...], legs: Iterable[tuple[str, int]]) -> Entry:
    """Return the entry of a row and its legs in order."""
    entry_id, t_ns, trip, memo, state = row
    return Entry(entry_id, t_ns, trip, memo, state, tuple(Leg(account, cents) for account, cents in legs))


def canonical(row: Sequence[Value]) -> bytes:
    """Return the bytes of a row that the digest is taken over: one line of JSON, ids in hexadecimal."""
    plain = [value.hex() if isinstance(value, bytes) else value for value in row]
    return json.dumps(plain).encode() + b"\n"
