"""Bad debts get into the ledger: when a run ends, and whenever an operator does something about them.

The outbox knows first (see `bad_debts`). The engine's own commits wait for no answer, so a run's ledger is the same
whatever a processor says until its end. Booking again adds nothing, so a crash in between is mended by the next time.
"""

import sys
from pathlib import Path

from fusion.checkout.records import Entry
from fusion.ledger.book import Book, is_url
from fusion.ledger.closing import KEY
from fusion.ledger.database import BookError
from fusion.ledger.reading import reading_book
from fusion.ledger.sitting import alone_with, sitting
from fusion.purchase.bad_debts import entries_of
from fusion.purchase.life import Outcome
from fusion.purchase.outbox import Outbox
from fusion.purchase.purchases import LEDGER


def book_debts(outbox: Outbox, book: Book) -> tuple[Entry, ...]:
    """Commit what declined charges do to the books, of trips that this ledger charges; return what was new."""
    new = debts_of(outbox, book)
    if new:
        book.commit((), new)
    return new


def debts_of(outbox: Outbox, book: Book) -> tuple[Entry, ...]:
    """Return the entries of declined charges that a ledger does not have yet."""
    new: list[Entry] = []
    for trip in outbox.trips_with(Outcome.DECLINED):
        if book.receipt(trip) is not None:
            known = {entry.entry_id for entry in book.recorded(trip).entries}
            entries = entries_of(outbox.requests(trip), outbox.events(trip), outbox.store_id)
            new += [entry for entry in entries if entry.entry_id not in known]
    return tuple(new)


def book_after_run(outbox: Outbox, out: Path, ledger: Path | str | None, key: Path | None) -> None:
    """Book the debts that a run leaves. Trouble is said and ends no run: `aisle purchase retry` books them later."""
    try:
        book_debts_of(outbox, out, ledger, key)
    except (BookError, OSError) as error:
        print(f"aisle: purchases: {error}; a declined charge may not be in the ledger", file=sys.stderr)


def book_debts_of(
    outbox: Outbox, out: Path, ledger: Path | str | None = None, key: Path | None = None
) -> tuple[str, ...]:
    """Book the debts of a folder in its ledgers; return the trips whose receipt none of these has.

    `ledger` is a file or URL elsewhere. Raises BookError or OSError where one cannot be used.
    """
    left = set(outbox.trips_with(Outcome.DECLINED))
    for place in ledgers_of(out, ledger):
        with alone_with(place), reading_book(place) as book:
            if (book.store_id, book.currency) != (outbox.store_id, outbox.currency):
                continue
            left -= {trip for trip in left if book.receipt(trip) is not None}
            if not debts_of(outbox, book):
                continue  # nothing to write: the ledger stays as it was signed
        with sitting(place, key=key or out / KEY) as book:
            book_debts(outbox, book)
    return tuple(sorted(left))


def ledgers_of(out: Path, ledger: Path | str | None) -> tuple[Path | str, ...]:
    """Return the ledgers whose trips an outbox may know: that of its runs, and those that a service has put aside."""
    if ledger is not None and (is_url(ledger) or Path(ledger) != out / LEDGER):
        return (ledger,)
    return tuple(path for path in (out / LEDGER, *sorted(out.glob(f"earlier-*/{LEDGER}"))) if path.is_file())
