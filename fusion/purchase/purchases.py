"""The purchases of a run: its outbox follows what the session commits to the ledger.

Theory of operation. The ledger is written first and is right whatever happens here. Then each trip's requests go into
the outbox; a process killed in between leaves a ledger that says more than the outbox, and `catch_up` finds it when a
run begins or ends. Trouble here is said and never stops a run: it would stop the charging itself.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from fusion.checkout.records import Entry, Transfer
from fusion.checkout.rulings import Recorded
from fusion.ledger.book import Book, open_book
from fusion.ledger.book import is_url as is_server
from fusion.ledger.book import open_existing as open_existing_book
from fusion.ledger.database import BookError
from fusion.purchase.courier import deliver_due, only_courier
from fusion.purchase.demands import by_trip, requests_of
from fusion.purchase.life import Outcome
from fusion.purchase.outbox import NAME, Outbox, open_existing, open_outbox
from fusion.purchase.outbox_file import OutboxError
from fusion.purchase.port import FILE, Port, is_url, open_port
from fusion.purchase.requests import KIND_OF, Request, amount_cents
from fusion.purchase.standing import Event
from fusion.store import Store

LEDGER = "ledger.db"


class Purchases:
    """What a session calls for each commit, and what its run asks in the end."""

    def __init__(self, outbox: Outbox, port: Port | None, *, at_once: bool) -> None:
        """Follow a session; `port` None: somebody else delivers. `at_once`: asking takes no time worth waiting for."""
        self.outbox = outbox
        self._port = port
        self._at_once = at_once

    def follow(self, transfers: Iterable[Transfer], entries: Iterable[Entry]) -> None:
        """Keep what the records of a commit ask for."""
        if add(self.outbox, transfers, entries) and self._at_once:
            self.deliver()

    def deliver(self) -> None:
        """Ask what is due, where this run is the one to ask."""
        if self._port is None:
            return
        try:
            deliver_due(self.outbox, self._port, time.time_ns, tell=tell)
        except OutboxError as error:
            print(f"aisle: purchases: {error}", file=sys.stderr)

    @property
    def is_delivered_here(self) -> bool:
        """Whether this run asks, and nobody else."""
        return self._port is not None


def tell(request: Request, event: Event) -> None:
    """Say what an operator has to know at once: somebody owes, or nobody answers."""
    if event.outcome in (Outcome.DECLINED, Outcome.DEAD):
        head = request.head
        amount = f"{amount_cents(request) / 100:.2f} {head.currency}"
        said = f"{KIND_OF[type(request)]} {event.outcome.value}  {amount}  {event.reason}"
        print(f"purchase  {head.account}  {head.trip}  {said}", file=sys.stderr, flush=True)


@contextmanager
def purchases_of(
    out: Path, place: str | None, ledger: Path | str, store: Store, *, replaces: bool, asks_webhooks: bool
) -> Iterator[Purchases]:
    """Give the purchases of a run into a folder.

    `place` is a URL or a file, OUT/purchases.jsonl where it is None. A run that `replaces` what an earlier one left
    begins anew where that too asked nobody but its own file. Raises OutboxError, PortError or OSError.
    """
    out.mkdir(parents=True, exist_ok=True)
    is_scratch = replaces and place is None
    if is_scratch:
        _forget_scratch(out)
    with open_outbox(out / NAME, store.store_id, store.currency, is_scratch=is_scratch) as outbox:
        chosen = place or outbox.place() or str(out / FILE)
        outbox.send_to(chosen)
        if not outbox.is_scratch:
            _catch_up(outbox, ledger)
        if is_url(chosen) and not asks_webhooks:
            open_port(chosen, out).close()  # whatever is wrong with it is said now
            yield Purchases(outbox, None, at_once=False)
        else:
            with alone(out), closing(open_port(chosen, out)) as port:
                yield Purchases(outbox, port, at_once=not is_url(chosen))


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Be the only one to deliver for a folder; OutboxError where somebody else is."""
    with only_courier(out) as is_alone:
        if not is_alone:
            raise OutboxError(f"{out / NAME}: expected nobody else to deliver, received a courier or a run at work")
        yield


@contextmanager
def port_of(outbox: Outbox, out: Path) -> Iterator[Port]:
    """Give the port that an outbox was last told to send to."""
    with closing(open_port(outbox.place() or str(out / FILE), out)) as port:
        yield port


def add(outbox: Outbox, transfers: Iterable[Transfer], entries: Iterable[Entry]) -> int:
    """Keep what records ask for, trip by trip; return how many requests are new. Trouble is said, not raised."""
    return sum(_add(outbox, trip, recorded) for trip, recorded in by_trip(transfers, entries).items())


def catch_up(outbox: Outbox, ledger: Path | str) -> int:
    """Keep what a ledger asks for and the outbox has missed; return how many requests that was.

    `ledger` is a file or a URL. Raises BookError where it cannot be read; a file that is not there asks for nothing.
    """
    if is_server(ledger):
        book = open_book(ledger, outbox.store_id, outbox.currency)
    elif Path(ledger).exists():
        book = open_existing_book(ledger)
    else:
        return 0
    with book:
        if (book.store_id, book.currency) != (outbox.store_id, outbox.currency):
            return 0  # of an earlier run for another store: Session replaces it
        return hear(outbox, book)


def hear(outbox: Outbox, book: Book) -> int:
    """Keep what an open ledger asks for and the outbox has missed; return how many requests that was."""
    return sum(_add(outbox, issue.trip, book.recorded(issue.trip)) for issue in book.receipts())


def _catch_up(outbox: Outbox, ledger: Path | str) -> None:
    """Catch up as far as that can be: a run is about to put another ledger in the place of one that is spoiled."""
    try:
        catch_up(outbox, ledger)
    except BookError as error:
        print(f"aisle: purchases: {error}; what it charges may not have been asked for", file=sys.stderr)


def _add(outbox: Outbox, trip: str, recorded: Recorded) -> int:
    try:
        return outbox.add(requests_of(trip, recorded, outbox.store_id, outbox.currency), time.time_ns())
    except OutboxError as error:
        print(f"aisle: purchases: {error}", file=sys.stderr)
        return 0


def _forget_scratch(out: Path) -> None:
    """Remove the outbox and file of an earlier run that asked nobody."""
    if not (out / NAME).exists():
        return
    with alone(out):
        with open_existing(out / NAME) as earlier:
            is_scratch = earlier.is_scratch
        for name in (FILE, NAME, f"{NAME}-wal", f"{NAME}-shm") if is_scratch else ():
            (out / name).unlink(missing_ok=True)
