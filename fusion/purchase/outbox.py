"""The outbox: what is to be asked, durable before it is, and what came back, durable before anything follows from it.

Theory of operation. `add` and `record` are one durable transaction each. A request that is there with the same content
is skipped, the same id with other content is refused. An event is kept together with what it makes due next, which is
the fold of everything that happened to the trip (see `life`), so whatever comes first survives and nothing else counts.
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fusion.cards import NOT_SHOWN
from fusion.purchase.life import Outcome
from fusion.purchase.outbox_file import OutboxError, OutboxFile, open_file
from fusion.purchase.request_json import request_of_json, to_json
from fusion.purchase.requests import CreatePurchase, Request, amount_cents, names_card
from fusion.purchase.standing import Event, Open, Purchase, purchase_of

NAME = "purchases.db"
DUE_MAX = 100  # read at once

_IDENTITY = "SELECT store_id, currency, is_scratch FROM outbox"
_EVENTS = (
    "SELECT e.request_id, e.t_ns, e.outcome, e.reason, e.due_ns FROM events AS e"
    " JOIN requests AS r ON r.request_id = e.request_id WHERE r.trip = ? ORDER BY e.position"
)
_AUTHORISED = (
    "SELECT request_id FROM authorisations AS a WHERE account = ? AND expires_ns > ?"
    " AND EXISTS (SELECT 1 FROM events AS e WHERE e.request_id = a.request_id AND outcome = 'accepted')"
    " AND NOT EXISTS (SELECT 1 FROM requests AS r WHERE r.authorisation = a.request_id)"
    " ORDER BY position DESC LIMIT 1"
)


class Outbox:
    """An open outbox of one store."""

    __slots__ = ("currency", "file", "is_scratch", "store_id")

    def __init__(self, file: OutboxFile) -> None:
        self.file = file
        self.store_id, self.currency, self.is_scratch = file.read(_IDENTITY)[0]

    @property
    def path(self) -> Path:
        """The file."""
        return self.file.path

    def add(self, requests: Sequence[Request], now_ns: int) -> int:
        """Keep the requests of one trip, in their order; return how many are new.

        Raises OutboxError, and keeps none, where one holds a card number or its id is there with other content.
        """
        with self.file.transaction():
            new = [request for request in requests if not self._is_known(request)]
            for request in new:
                self._insert(request, now_ns)
            if new:
                self._set_next(new[0].head.trip)
        return len(new)

    def due(self, now_ns: int) -> tuple[Open, ...]:
        """Return the next request of each trip that is due, longest due first; at most DUE_MAX."""
        trips = self.file.read("SELECT trip FROM next WHERE due_ns <= ? ORDER BY due_ns, trip LIMIT ?", now_ns, DUE_MAX)
        return tuple(self.purchase(trip).open[0] for (trip,) in trips)

    def next_due_ns(self) -> int | None:
        """Return when the next request is due, None where nothing waits."""
        due_ns: int | None = self.file.read("SELECT min(due_ns) FROM next")[0][0]
        return due_ns

    def waiting(self) -> int:
        """Return how many trips have something without an answer."""
        count: int = self.file.read("SELECT count(*) FROM next")[0][0]
        return count

    def body(self, request_id: bytes) -> str:
        """Return a request as it goes out."""
        body: str = self.file.read("SELECT body FROM requests WHERE request_id = ?", request_id)[0][0]
        return body

    def record(self, *events: Event) -> None:
        """Keep what happened to requests of one trip, and what it makes due."""
        with self.file.transaction():
            for event in events:
                self.insert_event(event)
            self._set_next(self._trip(events[0].request_id))

    def purchase(self, trip: str) -> Purchase:
        """Return what is known of one trip's money; OutboxError where nothing is."""
        requests = self.requests(trip)
        if not requests:
            raise OutboxError(f"{self.path}: expected a trip that something was asked for, received {trip}")
        return purchase_of(requests, self.events(trip))

    def purchases(self, account: str | None = None) -> tuple[Purchase, ...]:
        """Return all purchases, or those of one account, in order of their first request."""
        mine = "" if account is None else " WHERE account = ?"
        query = f"SELECT trip FROM requests{mine} GROUP BY trip ORDER BY min(position)"
        trips = self.file.read(query, *(() if account is None else (account,)))
        return tuple(self.purchase(trip) for (trip,) in trips)

    def requests(self, trip: str) -> tuple[Request, ...]:
        """Return the requests of a trip in their order."""
        rows = self.file.read("SELECT body FROM requests WHERE trip = ? ORDER BY position", trip)
        return tuple(request_of_json(body) for (body,) in rows)

    def events(self, trip: str) -> tuple[Event, ...]:
        """Return everything that happened to the requests of a trip, in its order."""
        return tuple(_event_of(row) for row in self.file.read(_EVENTS, trip))

    def trips_with(self, outcome: Outcome) -> tuple[str, ...]:
        """Return the trips of which something had this outcome, in order of their first request."""
        query = (
            "SELECT r.trip FROM requests AS r JOIN events AS e ON e.request_id = r.request_id WHERE e.outcome = ?"
            " GROUP BY r.trip ORDER BY min(r.position)"
        )
        return tuple(trip for (trip,) in self.file.read(query, outcome.value))

    def place(self) -> str | None:
        """Return where requests go, None where nobody has said so."""
        rows = self.file.read("SELECT place FROM port")
        return rows[0][0] if rows else None

    def send_to(self, place: str) -> None:
        """Say where requests go from now on."""
        with self.file.transaction():
            self.file.write("INSERT INTO port VALUES (1, ?) ON CONFLICT DO UPDATE SET place = excluded.place", place)

    def close(self) -> None:
        """Close; twice does no harm."""
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _is_known(self, request: Request) -> bool:
        head = request.head
        if names_card(request):  # the trip's name is ours, the account's may be the card number
            raise OutboxError(f"{self.path}: trip {head.trip}: expected payment tokens, received {NOT_SHOWN}")
        rows = self.file.read("SELECT body FROM requests WHERE request_id = ?", head.request_id)
        if rows and request_of_json(rows[0][0]) != request:
            known = amount_cents(request_of_json(rows[0][0]))
            text = (
                f"expected the {known} cents already asked for, received other content, {amount_cents(request)} cents"
            )
            raise OutboxError(f"{self.path}: trip {head.trip}: {text}")
        return bool(rows)

    def _insert(self, request: Request, now_ns: int) -> None:
        head = request.head
        rows = self.file.read(_AUTHORISED, head.account, now_ns) if isinstance(request, CreatePurchase) else []
        authorisation = rows[0][0] if rows else None
        body = to_json(request, authorisation.hex() if authorisation else "")
        row = (head.request_id, head.trip, head.account, body, authorisation)
        self.file.write("INSERT INTO requests VALUES (NULL, ?, ?, ?, ?, ?)", *row)

    def insert_event(self, event: Event) -> None:
        """Keep an event, inside a transaction."""
        row = (event.request_id, event.t_ns, event.outcome.value, event.reason, event.due_ns)
        self.file.write("INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?)", *row)

    def _set_next(self, trip: str) -> None:
        waiting = self.purchase(trip).open
        self.file.write("DELETE FROM next WHERE trip = ?", trip)
        if waiting:
            self.file.write("INSERT INTO next VALUES (?, ?)", trip, waiting[0].due_ns)

    def _trip(self, request_id: bytes) -> str:
        trip: str = self.file.read("SELECT trip FROM requests WHERE request_id = ?", request_id)[0][0]
        return trip


def open_outbox(path: Path, store_id: str, currency: str, *, is_scratch: bool = False) -> Outbox:
    """Open the outbox of a store, or make it where there is none.

    Raises OutboxError where the file is no outbox, or that of another store or currency.
    """
    outbox = Outbox(open_file(path, (store_id, currency, int(is_scratch))))
    found = (outbox.store_id, outbox.currency)
    if found != (store_id, currency):
        outbox.close()
        raise OutboxError(f"{path}: store: expected {store_id} in {currency}, received {' in '.join(found)}")
    return outbox


def open_existing(path: Path) -> Outbox:
    """Open an outbox that is there, whoever's it is; OSError where there is none, OutboxError where it is none."""
    path.stat()  # the driver would make one
    return Outbox(open_file(path))


def _event_of(row: tuple[Any, ...]) -> Event:
    request_id, t_ns, outcome, reason, due_ns = row
    return Event(request_id, t_ns, Outcome(outcome), reason, due_ns)
