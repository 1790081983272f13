"""What a ledger file holds, read without changing a byte of it: columns by name, so that others may be added."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

from fusion.checkout.records import Entry, Leg, Transfer
from fusion.purchase.outbox_file import OutboxError

_TRANSFERS = (
    "SELECT transfer_id, t_ns, sku, quantity, grams, source, target, evidence FROM transfers"
    " WHERE substr(target, 1, 5) = 'sold:' OR substr(target, 1, 9) = 'suspense:' ORDER BY t_ns, transfer_id"
)
_ENTRIES = (
    "SELECT e.entry_id, e.t_ns, e.trip, e.memo, e.state, l.account, l.amount_cents FROM entries AS e"
    " JOIN legs AS l ON l.entry_id = e.entry_id ORDER BY e.t_ns, e.entry_id, l.position"
)
ENTRY_COLUMNS = 5


def read_ledger(path: Path) -> tuple[str, str, tuple[Transfer, ...], tuple[Entry, ...]]:
    """Return store, currency, the transfers of goods that were charged or held, and all entries.

    Raises OutboxError where the file is no ledger, OSError where there is none.
    """
    path.stat()  # the driver would make one
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            store_id, currency = connection.execute("SELECT store_id, currency FROM ledger").fetchone()
            transfers = tuple(Transfer(*row) for row in connection.execute(_TRANSFERS))
            entries = tuple(_entries(connection.execute(_ENTRIES).fetchall()))
        except (sqlite3.Error, TypeError) as error:
            raise OutboxError(f"{path}: expected a ledger, received: {error}") from error
    return store_id, currency, transfers, entries


def _entries(rows: list[tuple[Any, ...]]) -> Iterator[Entry]:
    for (entry_id, t_ns, trip, memo, state), joined in groupby(rows, lambda row: row[:ENTRY_COLUMNS]):
        legs = tuple(Leg(account, cents) for *_, account, cents in joined)
        yield Entry(entry_id, t_ns, trip, memo, state, legs)
