"""New records of a ledger: told from known ones, linked to the chain, written. All inside one transaction."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from fusion.checkout.goods import may_overdraw
from fusion.checkout.records import Entry, Issue, Transfer
from fusion.ledger import rows
from fusion.ledger.chain import START, Link, extend, leaf_of
from fusion.ledger.database import BookError, Contradiction, Database
from fusion.ledger.rows import Record, Row

KEYS_MAX: Final = 200  # of one query

# Both are spelled so that either database looks each key up in an index, however small its tables once were.
_LEAVES: Final = "SELECT record_id, leaf FROM chain WHERE record_id IN ({keys})"
_LEFT: Final = (
    "WITH asked (account, sku) AS (VALUES {keys}) SELECT account, asked.sku,"
    " (SELECT coalesce(sum(quantity), 0) FROM transfers WHERE target = account AND transfers.sku = asked.sku)"
    " - (SELECT coalesce(sum(quantity), 0) FROM transfers WHERE source = account AND transfers.sku = asked.sku)"
    " FROM asked"
)


def founding(store_id: str, currency: str) -> tuple[tuple[str, Row], ...]:
    """Return the first rows of a ledger: whose it is, and the link that says so."""
    record = ("ledger", rows.ledger_id(store_id, currency), rows.ledger_bytes(store_id, currency))
    (link,) = extend(0, START, [record])
    return (rows.INSERT["ledger"], (store_id, currency)), (rows.INSERT["chain"], _link_row(link))


def tip(database: Database) -> tuple[int, bytes]:
    """Return how many records are linked, and the last link."""
    found = database.read(rows.TIP)
    return (found[0][0] + 1, found[0][1]) if found else (0, START)


def append(database: Database, records: Iterable[Record]) -> None:
    """Write the records that are not there yet, in their order.

    Raises BookError where an id is there with other content, or an account that may not would go below zero.
    """
    by_id: dict[bytes, Record] = {}
    for record in records:
        known = by_id.setdefault(rows.id_of(record), record)
        if known != record:
            raise _refusal(database, known, record)
    new = _unknown(database, by_id)
    if new:
        _write(database, new)


def below_zero(account: str, sku: str, quantity: int) -> str:
    """Say that an account holds less than nothing."""
    return f"account {account}: expected no less than 0 of {sku}, received {quantity}"


def _unknown(database: Database, by_id: dict[bytes, Record]) -> list[Record]:
    """Return the records the chain does not have; what it has of the others must be what they say."""
    there = dict(_asked(database, _LEAVES, [(record_id,) for record_id in by_id]))
    for record_id, leaf in there.items():
        if leaf != leaf_of(rows.record_bytes(by_id[record_id])):
            raise _refusal(database, _recorded(database, by_id[record_id]), by_id[record_id])
    return [record for record_id, record in by_id.items() if record_id not in there]


def _write(database: Database, records: Sequence[Record]) -> None:
    transfers = [record for record in records if isinstance(record, Transfer)]
    entries = [record for record in records if isinstance(record, Entry)]
    links = extend(*tip(database), ((rows.kind_of(r), rows.id_of(r), rows.record_bytes(r)) for r in records))
    # A record needs its link, and the entry's own row seals its legs.
    written = {
        "chain": [_link_row(link) for link in links],
        "transfers": [rows.transfer_row(transfer) for transfer in transfers],
        "legs": [row for entry in entries for row in rows.leg_rows(entry)],
        "entries": [rows.entry_row(entry) for entry in entries],
        "receipts": [rows.receipt_row(record) for record in records if isinstance(record, Issue)],
    }
    for table, several in written.items():
        if several:
            database.write(rows.INSERT[table], several)
    _refuse_overdraft(database, transfers)


def _refuse_overdraft(database: Database, transfers: Sequence[Transfer]) -> None:
    given = dict.fromkeys((t.source, t.sku) for t in transfers if not may_overdraw(t.source))
    for account, sku, quantity in _asked(database, _LEFT, list(given)):
        if quantity < 0:
            raise BookError(f"{database.place}: {below_zero(account, sku, quantity)}")


def _asked(database: Database, query: str, keys: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a query about keys, some hundred at a time."""
    for start in range(0, len(keys), KEYS_MAX):
        several = keys[start : start + KEYS_MAX]
        marks = ", ".join(f"({', '.join('?' * len(key))})" for key in several)
        yield from database.read(query.format(keys=marks), [value for key in several for value in key])


def _recorded(database: Database, record: Record) -> Record:
    if isinstance(record, Transfer):
        return rows.transfer_of(database.read(rows.FIND_TRANSFER, (record.transfer_id,))[0])
    if isinstance(record, Issue):
        return rows.receipt_of(database.read(rows.FIND_RECEIPT, (record.receipt_id,))[0])
    return rows.entry_of(database.read(rows.FIND_ENTRY, (record.entry_id,)))


def _refusal(database: Database, known: Record, received: Record) -> BookError:
    return Contradiction(f"{database.place}: expected the recorded {known}, received {received}")


def _link_row(link: Link) -> Row:
    return (link.position, link.kind, link.record_id, link.leaf, link.link)
