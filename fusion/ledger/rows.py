"""Records as rows of the ledger's tables and as bytes to hash; pure."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final, TypeAlias

from fusion.checkout.records import Entry, Issue, Leg, Transfer, derive_id

Value: TypeAlias = bytes | str | int | float | None
Row: TypeAlias = tuple[Value, ...]
Record: TypeAlias = Transfer | Entry | Issue

TRANSFER_COLUMNS: Final = 9
ENTRY_COLUMNS: Final = 7
RECEIPT_COLUMNS: Final = 6
INSERT: Final = {
    "ledger": "INSERT INTO ledger VALUES (1, ?, ?)",
    "chain": "INSERT INTO chain VALUES (?, ?, ?, ?, ?)",
    "transfers": "INSERT INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "entries": "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)",
    "legs": "INSERT INTO legs VALUES (?, ?, ?, ?)",
    "receipts": "INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?)",
    "heads": "INSERT INTO heads VALUES (?, ?, ?, ?, ?)",
}
FIND_TRANSFER: Final = "SELECT * FROM transfers WHERE transfer_id = ?"
FIND_ENTRY: Final = (
    "SELECT e.*, l.account, l.amount_cents FROM entries AS e LEFT JOIN legs AS l ON l.entry_id = e.entry_id"
    " WHERE e.entry_id = ? ORDER BY l.position"
)
FIND_RECEIPT: Final = "SELECT * FROM receipts WHERE receipt_id = ?"
TIP: Final = "SELECT position, link FROM chain ORDER BY position DESC LIMIT 1"

# Every record in the one order that does not depend on who wrote first.
ALL_TRANSFERS: Final = "SELECT * FROM transfers ORDER BY t_ns, transfer_id"
ALL_ENTRIES: Final = (
    "SELECT e.*, l.account, l.amount_cents FROM entries AS e LEFT JOIN legs AS l ON l.entry_id = e.entry_id"
    " ORDER BY e.t_ns, e.entry_id, l.position"
)
ALL_RECEIPTS: Final = "SELECT * FROM receipts ORDER BY t_ns, receipt_id"

# What a ledger says of one trip, in the order of writing.
STANDING: Final = (
    "SELECT r.* FROM receipts AS r JOIN chain ON record_id = receipt_id"
    " WHERE NOT EXISTS (SELECT 1 FROM receipts WHERE replaces = r.receipt_id) ORDER BY position"
)
STANDING_OF: Final = (
    "SELECT r.* FROM receipts AS r WHERE trip = ? AND NOT EXISTS (SELECT 1 FROM receipts WHERE replaces = r.receipt_id)"
)
STOCK: Final = (
    "SELECT sku, sum(quantity) FROM (SELECT sku, quantity FROM transfers WHERE target = ?"
    " UNION ALL SELECT sku, -quantity FROM transfers WHERE source = ?) AS moved GROUP BY sku ORDER BY sku"
)
TRANSFERS_OF: Final = (
    "SELECT t.* FROM transfers AS t JOIN chain ON record_id = transfer_id"
    " WHERE source IN (?, ?, ?) OR target IN (?, ?, ?) ORDER BY chain.position"
)
ENTRIES_OF: Final = (
    "SELECT e.*, l.account, l.amount_cents FROM entries AS e JOIN chain ON record_id = e.entry_id"
    " JOIN legs AS l ON l.entry_id = e.entry_id WHERE e.trip = ? ORDER BY chain.position, l.position"
)


def ledger_id(store_id: str, currency: str) -> bytes:
    """Return the id of the record that every chain begins with: whose ledger it is."""
    return derive_id("ledger", store_id, currency)


def id_of(record: Record) -> bytes:
    """Return the id of a record."""
    if isinstance(record, Issue):
        return record.receipt_id
    return record.transfer_id if isinstance(record, Transfer) else record.entry_id


def kind_of(record: Record) -> str:
    """Return the kind of a record, as its link has it."""
    return {Transfer: "transfer", Entry: "entry", Issue: "receipt"}[type(record)]


def transfer_row(transfer: Transfer) -> Row:
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


def transfer_of(row: Sequence[Any]) -> Transfer:
    """Return the transfer of a row."""
    transfer_id, t_ns, sku, quantity, grams, source, target, evidence, reverses = row
    return Transfer(transfer_id, t_ns, sku, quantity, grams, source, target, evidence, reverses or b"")


def entry_row(entry: Entry) -> Row:
    """Return an entry as a row of `entries`; its legs are rows of their own."""
    follows = (entry.resolves or None, entry.reverses or None)
    return (entry.entry_id, entry.t_ns, entry.trip, entry.memo, entry.state, *follows)


def leg_rows(entry: Entry) -> list[Row]:
    """Return the legs of an entry as rows of `legs`."""
    return [(entry.entry_id, n, leg.account, leg.amount_cents) for n, leg in enumerate(entry.legs)]


def entry_of(rows: Sequence[Sequence[Any]]) -> Entry:
    """Return the entry of its joined rows: the entry's columns, then account and amount of a leg."""
    entry_id, t_ns, trip, memo, state, resolves, reverses = rows[0][:ENTRY_COLUMNS]
    legs = tuple(Leg(account, cents) for *_, account, cents in rows)
    return Entry(entry_id, t_ns, trip, memo, state, legs, resolves or b"", reverses or b"")


def entries_of(joined: Iterable[tuple[Any, ...]]) -> Iterator[Entry]:
    """Return the entries of rows joined with their legs, in their order."""
    for _, several in groupby(joined, lambda row: row[0]):
        yield entry_of(list(several))


def receipt_row(issue: Issue) -> Row:
    """Return an issued receipt as a row of `receipts`."""
    return (issue.receipt_id, issue.t_ns, issue.trip, issue.memo, issue.line, issue.replaces or None)


def receipt_of(row: Sequence[Any]) -> Issue:
    """Return the issued receipt of a row."""
    receipt_id, t_ns, trip, memo, line, replaces = row
    return Issue(receipt_id, t_ns, trip, memo, line, replaces or b"")


def ledger_bytes(store_id: str, currency: str) -> bytes:
    """Return the bytes that stand for the ledger itself."""
    return _line("ledger", (store_id, currency))


def record_bytes(record: Record) -> bytes:
    """Return the bytes that stand for a record: what is hashed, and signed in the end."""
    if isinstance(record, Transfer):
        return transfer_bytes(transfer_row(record))
    if isinstance(record, Issue):
        return receipt_bytes(receipt_row(record))
    return entry_bytes(entry_row(record), [(leg.account, leg.amount_cents) for leg in record.legs])


def transfer_bytes(row: Sequence[Value]) -> bytes:
    """Return the bytes of a row of `transfers`, whatever it holds."""
    return _line("transfer", row)


def receipt_bytes(row: Sequence[Value]) -> bytes:
    """Return the bytes of a row of `receipts`, whatever it holds."""
    return _line("receipt", row)


def entry_bytes(row: Sequence[Value], legs: Iterable[Sequence[Value]]) -> bytes:
    """Return the bytes of a row of `entries` and of its legs in order, whatever they hold."""
    return _line("entry", (*row, [[_plain(value) for value in leg] for leg in legs]))


def entries_bytes(joined: Iterable[tuple[Any, ...]]) -> Iterator[bytes]:
    """Return the bytes of each entry of rows joined with their legs, in their order."""
    for row, legs in groupby(joined, lambda row: row[:ENTRY_COLUMNS]):
        yield entry_bytes(row, [leg[ENTRY_COLUMNS:] for leg in legs])


def _line(kind: str, values: Iterable[object]) -> bytes:
    return json.dumps([kind, *(_plain(value) for value in values)]).encode() + b"\n"


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    return value + 0.0 if isinstance(value, float) else value  # a zero has no sign once it was in SQLite
