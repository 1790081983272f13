"""A ledger that was closed: what it holds, and what somebody who owns it can do to it."""

from pathlib import Path

from hypothesis import HealthCheck, settings
from ledger_records import guard, opened, pick, raw_connection, sale, slip, unguard

from fusion.checkout.postings import post, reverse, void
from fusion.checkout.records import Entry, Issue, Transfer
from fusion.ledger.book import is_url
from fusion.ledger.closing import close_book
from fusion.ledger.verify import Report, verify

Place = Path | str
TRANSFERS = tuple(pick(n, quantity=1 + n % 3, sku=f"sku-{n % 5}", trip=f"trip-{n}") for n in range(40))
HELD = tuple(sale(n, state="pending") for n in range(20, 26))
ENTRIES = (
    *(sale(n, cents=100 + n) for n in range(12)),
    *HELD,
    *(post(entry, 300) for entry in HELD[:2]),
    *(void(entry, 300) for entry in HELD[2:4]),
    reverse(sale(3, cents=103), 400, "refund"),
)
RECEIPTS = tuple(slip(n) for n in range(20, 26))
RECORDS: tuple[Transfer | Entry | Issue, ...] = (*TRANSFERS, *ENTRIES, *RECEIPTS)
COUNT = 1 + len(RECORDS)  # the ledger itself is the first
SHARED_FOLDER = settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
ONE_SERVER = settings(SHARED_FOLDER, max_examples=15)


def closed(place: Place, folder: Path) -> Path:
    """Write every record, close the ledger, and return where its seal is."""
    seal = folder / "ledger.db.seal"
    with opened(place) as book:
        book.commit(TRANSFERS, ENTRIES, RECEIPTS)
        close_book(book, book.head(), key=folder / "key", seal=seal)
    return seal


def checked(place: Place, folder: Path, **flags: object) -> Report:
    return verify(place, seal=folder / "ledger.db.seal", **flags)


def told(report: Report) -> str:
    return "\n".join(map(str, report.findings))


def attack(place: Place, *statements: tuple) -> None:
    """Do what somebody who owns the database can do, and leave its rules as they were."""
    with raw_connection(place) as raw:
        unguard(raw, place)
        for statement, *parameters in statements:
            raw.execute(statement, *parameters)
        guard(raw, place)
        if not is_url(place):
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
