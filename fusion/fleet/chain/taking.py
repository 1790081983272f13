"""One store's ledger into the chain's: its records verified from the last head on, then taken whole or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fusion.ledger.appending import tip
from fusion.ledger.book import is_url, owner
from fusion.ledger.chain import START, Finding, Link, check
from fusion.ledger.content import Linked, linked
from fusion.ledger.database import BookError, Database
from fusion.ledger.heads import Head, is_signed
from fusion.ledger.postgres import PostgresSchema
from fusion.ledger.reading import reading
from fusion.ledger.sitting import alone_with

PATIENCE_S: Final = 30.0  # with whoever sits over a ledger file
_KNOW: Final = (
    "INSERT INTO stores (store_id, currency, timezone, place) VALUES (?, ?, ?, ?) ON CONFLICT (store_id) DO UPDATE"
    " SET timezone = excluded.timezone, place = excluded.place RETURNING currency, public_key"
)
_ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended(?, 1))"
_LAST: Final = "SELECT records, link FROM heads WHERE store_id = ? ORDER BY records DESC LIMIT 1"
_LOOKED: Final = "UPDATE stores SET looked = clock_timestamp(), seen = ?, fault = ? WHERE store_id = ? RETURNING 1"
_TRUST: Final = "UPDATE stores SET public_key = ? WHERE store_id = ? AND public_key IS NULL RETURNING 1"
_HEAD: Final = (
    "INSERT INTO heads (store_id, records, link, digest, public_key, signature) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (store_id, records) DO NOTHING"
)
_ENTRY: Final = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LEG: Final = "INSERT INTO legs VALUES (?, ?, ?, ?, ?)"
_RECEIPT: Final = "INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_SIGNED: Final = "SELECT digest, public_key, signature, link FROM heads WHERE records = ? ORDER BY public_key"


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a look at one store's ledger."""

    store_id: str
    place: str
    records: int  # under the head that is held now
    new: int  # records since the head before
    fault: str  # why nothing was taken, "" where nothing is wrong


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a store's ledger holds from the last head on."""

    records: int
    link: bytes
    new: tuple[Linked, ...]
    signed: tuple[str, bytes, bytes] | None  # digest, key, signature
    findings: tuple[Finding, ...]


def take(chain: PostgresSchema, place: Path | str, timezone: str) -> Taken:
    """Take what is new in a store's ledger, a file or URL#STORE.

    Raises OSError or BookError where a ledger cannot be read or the chain's not be written; what is wrong with the
    ledger is no error but kept with the store.
    """
    with alone_with(place, patience_s=PATIENCE_S), reading(place) as database:
        store_id, currency = owner(database)
        with chain.together():
            chain.read(_ALONE, (store_id,))  # two who take the same store wait for each other
            ((known, key),) = chain.read(_KNOW, (store_id, currency, timezone, database.place))
            if known != currency:
                raise BookError(f"{database.place}: expected amounts in {known} as before, received {currency}")
            held = chain.read(_LAST, (store_id,))
            records, link = held[0] if held else (0, START)
            seen = _look(database, store_id, currency, records, link, key)
            fault = str(seen.findings[0]) if seen.findings else ""
            if not fault:
                _write(chain, store_id, seen)
            chain.read(_LOOKED, (seen.records, fault or None, store_id))
    taken = records if fault else seen.records
    return Taken(store_id, database.place, taken, taken - records, fault)


def ledger_of(out: Path, store_id: str, ledger: Path | str | None) -> Path | str:
    """Return where the ledger of a store lies whose service has this output folder and this --ledger."""
    if ledger is None:
        return out / "ledger.db"
    return f"{ledger}#{store_id}" if is_url(ledger) and "#" not in str(ledger) else ledger


def _look(database: Database, store_id: str, currency: str, records: int, link: bytes, key: bytes | None) -> _Seen:
    count, last = tip(database)
    found: list[Linked] = []

    def links() -> Iterator[tuple[Link, bytes | None]]:
        for one in linked(database, records, store_id, currency):
            found.append(one)
            yield one.link, one.leaf

    findings = list(_against(database, records, link, count))
    if not findings:
        findings += check(links(), records, link)
    signed, wrong = _signed(database, store_id, currency, count, last, key)
    return _Seen(count, last, tuple(found), signed, (*findings, *wrong))


def _against(database: Database, records: int, link: bytes, count: int) -> Iterator[Finding]:
    """Say where a ledger is no longer the one whose head was taken."""
    if not records:
        return
    there = database.read("SELECT link FROM chain WHERE position = ?", (records - 1,))
    if not there:
        yield Finding(
            f"record {records - 1}", f"{records} records or more, as were taken", f"{count}: the chain was cut"
        )
    elif there[0][0] != link:
        yield Finding(f"record {records - 1}", f"link {link.hex()}, as was taken", f"{there[0][0]!r}")


def _signed(
    database: Database, store_id: str, currency: str, records: int, link: bytes, key: bytes | None
) -> tuple[tuple[str, bytes, bytes] | None, list[Finding]]:
    """Return the signature over all that is there, where there is one, and what is wrong with it."""
    place = f"head over {records} records"
    good, others = None, []
    for digest, public_key, signature, over in database.read(_SIGNED, (records,)):
        statement = Head(store_id, currency, records, link, str(digest)).statement()
        if over != link or not is_signed(public_key, signature, statement):
            return None, [Finding(place, "a signature of its key over this head", "none that fits")]
        if key is None or public_key == key:
            good = good or (str(digest), public_key, signature)
        else:
            others.append(public_key)
    if good is None and others and key is not None:
        return None, [Finding(place, f"the key {key.hex()[:16]} of this store", others[0].hex()[:16])]
    return good, []


def _write(chain: PostgresSchema, store_id: str, seen: _Seen) -> None:
    entries: list[tuple[Any, ...]] = []
    legs: list[tuple[Any, ...]] = []
    receipts: list[tuple[Any, ...]] = []
    for one in seen.new:
        position = one.link.position
        if one.link.kind == "entry":
            entries.append((store_id, position, *one.row))
            legs += [(store_id, one.link.record_id, number, *leg) for number, leg in enumerate(one.legs)]
        elif one.link.kind == "receipt":
            receipts.append((store_id, position, *one.row))
    for query, rows in ((_ENTRY, entries), (_LEG, legs), (_RECEIPT, receipts)):
        if rows:
            chain.write(query, rows)
    digest, key, signature = seen.signed or (None, None, None)
    chain.write(_HEAD, [(store_id, seen.records, seen.link, digest, key, signature)])
    if key is not None:
        chain.read(_TRUST, (key, store_id))
