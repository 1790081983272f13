"""What is wrong inside a ledger: its rules, its chain, its sums, its heads. Only reads.

Theory of operation. Nothing is trusted. First what the database says of itself, and that its tables and triggers are
letter by letter ours; then the chain, with what every record hashes to now; then that no record lies outside it;
then sums; then signatures. A part that cannot be read is a finding like any other, and the rest goes on.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from fusion.ledger import rows
from fusion.ledger.book import Book, owner
from fusion.ledger.chain import Finding, Link, check, leaf_of, shown
from fusion.ledger.database import BookError, Database
from fusion.ledger.heads import Head, is_signed
from fusion.progress import watched

_CHAIN: Final = (
    "SELECT c.position, c.kind, c.record_id, c.leaf, c.link, t.*, e.*, r.*, l.account, l.amount_cents FROM chain AS c"
    " LEFT JOIN transfers AS t ON t.transfer_id = c.record_id"
    " LEFT JOIN entries AS e ON e.entry_id = c.record_id"
    " LEFT JOIN receipts AS r ON r.receipt_id = c.record_id"
    " LEFT JOIN legs AS l ON l.entry_id = e.entry_id"
    " WHERE c.position >= {start} ORDER BY c.position, l.position"
)
_LINK: Final = slice(0, 5)
_TRANSFER: Final = slice(_LINK.stop, _LINK.stop + rows.TRANSFER_COLUMNS)
_ENTRY: Final = slice(_TRANSFER.stop, _TRANSFER.stop + rows.ENTRY_COLUMNS)
_RECEIPT: Final = slice(_ENTRY.stop, _ENTRY.stop + rows.RECEIPT_COLUMNS)
_LEG: Final = slice(_RECEIPT.stop, None)
_LOOSE: Final = {
    "transfer": "SELECT transfer_id FROM transfers WHERE transfer_id NOT IN (SELECT record_id FROM chain)",
    "entry": "SELECT entry_id FROM entries WHERE entry_id NOT IN (SELECT record_id FROM chain)",
    "receipt": "SELECT receipt_id FROM receipts WHERE receipt_id NOT IN (SELECT record_id FROM chain)",
    "legs of entry": "SELECT DISTINCT entry_id FROM legs WHERE entry_id NOT IN (SELECT entry_id FROM entries)",
}
_HEADS: Final = (
    "SELECT h.records, h.link, h.digest, h.public_key, h.signature, c.link FROM heads AS h"
    " LEFT JOIN chain AS c ON c.position = h.records - 1 ORDER BY h.records, h.public_key"
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a ledger holds, and what is wrong with it."""

    findings: tuple[Finding, ...]
    head: Head | None  # of what it holds now; None where that cannot be read
    signed: int  # records under the last good head
    keys: tuple[bytes, ...]  # that signed good heads, in order of their first


@dataclass(frozen=True, slots=True)
class Linked:
    """A link of the chain with the record it stands for, as both are now."""

    link: Link
    leaf: bytes | None  # that the record has; None where there is none
    row: tuple[Any, ...]  # of its table
    legs: tuple[tuple[Any, ...], ...]  # of an entry: account, cents


def check_content(database: Database, key: bytes | None) -> Content:
    """Check everything a database holds; with a key, heads by other keys are findings too."""
    findings = list(_guarded("database", database.faults))
    try:
        store_id, currency = owner(database)
    except BookError as error:
        return Content((*findings, _unreadable("ledger", error)), None, 0, ())
    book = Book(database, store_id, currency)
    findings += _guarded("chain", lambda: _chain(database, store_id, currency))
    findings += _guarded("records", lambda: _loose(database))
    findings += _guarded("sums", lambda: _sums(book))
    try:
        head = book.head()
    except BookError as error:
        return Content((*findings, _unreadable("records", error)), None, 0, ())
    good: list[tuple[int, bytes]] = []
    findings += _guarded("heads", lambda: _heads(database, head, key, good))
    keys = tuple(dict.fromkeys(public_key for _, public_key in good))
    return Content(tuple(findings), head, max((records for records, _ in good), default=0), keys)


def _guarded(part: str, findings: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Return the findings of one part; that it cannot be read to its end is one more."""
    try:
        yield from findings()
    except BookError as error:
        yield _unreadable(part, error)


def _unreadable(part: str, error: BookError) -> Finding:
    return Finding(part, "what can be read to its end", str(error.__cause__ or error))


def _chain(database: Database, store_id: str, currency: str) -> Iterator[Finding]:
    with database.snapshot():
        links = ((found.link, found.leaf) for found in linked(database, 0, store_id, currency))
        ((total,),) = database.read("SELECT count(*) FROM chain")
        yield from check(watched(links, "verifying", total, "records"))


def linked(database: Database, start: int, store_id: str, currency: str) -> Iterator[Linked]:
    """Return the records from a place in the chain on, each with its link; inside a snapshot."""
    joined = database.scan(_CHAIN.format(start=int(start)))
    for _, group in groupby(joined, lambda row: row[0]):
        several = list(group)
        position, kind, record_id, leaf, link = several[0][_LINK]
        found = Link(_number(position), kind, record_id, _hash(leaf), _hash(link))
        record = _record_bytes(found, several, store_id, currency)
        own = {"entry": _ENTRY, "receipt": _RECEIPT, "transfer": _TRANSFER}.get(str(kind), slice(0, 0))
        legs = tuple(row[_LEG] for row in several) if kind == "entry" else ()
        yield Linked(found, None if record is None else leaf_of(record), several[0][own], legs)


def _record_bytes(link: Link, joined: list[tuple[Any, ...]], store_id: str, currency: str) -> bytes | None:
    first = joined[0]
    if link.kind == "ledger" and link.record_id == rows.ledger_id(store_id, currency):
        return rows.ledger_bytes(store_id, currency)
    if link.kind == "transfer" and first[_TRANSFER][0] is not None:
        return rows.transfer_bytes(first[_TRANSFER])
    if link.kind == "entry" and first[_ENTRY][0] is not None:
        return rows.entry_bytes(first[_ENTRY], [row[_LEG] for row in joined])
    if link.kind == "receipt" and first[_RECEIPT][0] is not None:
        return rows.receipt_bytes(first[_RECEIPT])
    return None


def _hash(value: object) -> bytes:
    """Return a hash as it is stored; what a damaged file gives in its place will match nothing."""
    return value if isinstance(value, bytes) else repr(value).encode()


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


def _loose(database: Database) -> Iterator[Finding]:
    for kind, query in _LOOSE.items():
        for (record_id,) in database.read(query):
            yield Finding(f"{kind} {shown(record_id)}", "a link in the chain", "none: it was added")


def _sums(book: Book) -> Iterator[Finding]:
    for text in book.verify_balances():
        place, _, rest = text.partition(": expected ")
        expected, _, received = rest.partition(", received ")
        yield Finding(place, expected, received)


def _heads(database: Database, now: Head, key: bytes | None, good: list[tuple[int, bytes]]) -> Iterator[Finding]:
    """Check every head, and add (records, key) of those that hold to `good`."""
    for records, link, digest, public_key, signature, chained in database.read(_HEADS):
        place = f"head over {shown(records)} records by {shown(public_key)[:16]}"
        head = Head(now.store_id, now.currency, _number(records), _hash(link), str(digest))
        wrong = None
        if not is_signed(_hash(public_key), _hash(signature), head.statement()):
            wrong = Finding(place, "a signature of this key over this head", "none that fits")
        elif key is not None and public_key != key:
            wrong = Finding(place, f"the key {key.hex()}", public_key.hex())
        elif link != chained:
            received = "no such record: the chain was cut" if chained is None else f"{shown(chained)}"
            wrong = Finding(place, f"link {shown(link)} at record {records - 1}", received)
        elif records == now.records and digest != now.digest:
            wrong = Finding(place, f"digest {digest}", now.digest)
        if wrong is None:
            good.append((records, public_key))
        else:
            yield wrong
