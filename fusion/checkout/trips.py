"""Trips: from the gate letting somebody in to the close, when the receipt is due.

Theory of operation: one accepted "enter" opens a trip; people let in later on an account whose trip is still
inside join its party. The trip waits for as many leavings as people were let in, then for the lag in which
late evidence can still arrive, and closes once. Staff trips never charge. An entry without an account opens
an unnamed trip, whose goods end as unclaimed. All times are event time.
"""

from collections.abc import Callable, Iterable
from enum import Enum

from fusion import messages
from fusion.checkout.receipts import TripEnd
from fusion.checkout.records import derive_id
from fusion.config import Config
from fusion.frozen import record, replace

ID_DIGITS = 12  # hexadecimal digits of a trip id after the store's


class Status(Enum):
    """Where a trip is in its life."""

    INSIDE = "inside"
    LEAVING = "leaving"  # everybody let in has left; late evidence may still come
    CLOSED = "closed"
    OPEN = "open"  # still inside when the tape ended


class Happening(Enum):
    """What moves a trip on."""

    JOINED = "joined"
    ONE_LEFT = "one left"  # others of the party stay
    STAYED = "stayed"  # somebody who was taken to have left had not
    LAST_LEFT = "last left"
    LAG_PASSED = "lag passed"
    TAPE_ENDED = "tape ended"


# A missing cell is a bug in us. A straggler leaving after the last one the gate counted (a child nobody
# scanned) is no bug: it puts the close off, and after the close it changes nothing.
NEXT: dict[Status, dict[Happening, Status]] = {
    Status.INSIDE: {
        Happening.JOINED: Status.INSIDE,
        Happening.ONE_LEFT: Status.INSIDE,
        Happening.STAYED: Status.INSIDE,
        Happening.LAST_LEFT: Status.LEAVING,
        Happening.TAPE_ENDED: Status.OPEN,
    },
    Status.LEAVING: {
        Happening.LAST_LEFT: Status.LEAVING,
        Happening.STAYED: Status.INSIDE,
        Happening.LAG_PASSED: Status.CLOSED,
        Happening.TAPE_ENDED: Status.CLOSED,
    },
    Status.CLOSED: {},
    Status.OPEN: {},
}


@record()
class Trip:
    """One visit of one account, or of somebody without an account."""

    trip: str
    account: str | None
    is_staff: bool
    party: int  # people let in
    left: int  # people gone; may exceed the party
    entered_ns: int
    left_ns: int | None  # of the last leaving so far
    closed_ns: int | None
    close_lag_ns: int
    status: Status

    def end(self) -> TripEnd:
        """Return the trip as its receipt names it; it has left when the last of the party has."""
        left_ns = None if self.left < self.party else self.left_ns
        return TripEnd(self.trip, self.account, self.party, self.entered_ns, left_ns, self.closed_ns)


@record()
class Trips:
    """All trips of a store, each tuple in order of entry."""

    store_id: str
    live: tuple[Trip, ...] = ()
    ended: tuple[Trip, ...] = ()  # closed of late, or open at the end of the tape


def trip_id(store_id: str, gate: messages.Gate) -> str:
    """Return the id of the trip that a gate message opens."""
    evidence = derive_id("trip", store_id, gate.src, str(gate.seq), str(gate.t_ns), gate.account or "")
    return f"{store_id}-{evidence.hex()[:ID_DIGITS]}"


def inside(trips: Trips, account: str | None) -> Trip | None:
    """Return the trip of an account that is still inside, if any; an unnamed trip is never found."""
    named = (trip for trip in trips.live if trip.account == account is not None)
    return next((trip for trip in named if trip.status is Status.INSIDE), None)


def enter(trips: Trips, gate: messages.Gate, t_ns: int, config: Config) -> Trips:
    """Open a trip for an entry at t_ns, or add the people to the party of their account if it is inside."""
    assert gate.event == "enter" and gate.party >= 1
    found = inside(trips, gate.account)
    if found is not None:
        return _change(trips, found.trip, lambda trip: _join(trip, gate.party))
    opened = Trip(
        trip=trip_id(trips.store_id, gate),
        account=gate.account,
        is_staff=gate.role == "staff",
        party=gate.party,
        left=0,
        entered_ns=t_ns,
        left_ns=None,
        closed_ns=None,
        close_lag_ns=config.close_lag_ns,
        status=Status.INSIDE,
    )
    assert all(trip.trip != opened.trip for trip in trips.live), f"gate message twice: {opened.trip}"
    return replace(trips, live=(*trips.live, opened))


def leave(trips: Trips, trip_id: str, t_ns: int) -> Trips:
    """Count one person of a trip as gone at t_ns; stragglers of a trip that has ended change nothing."""
    return _change(trips, trip_id, lambda trip: _leave(trip, t_ns))


def stay(trips: Trips, trip_id: str) -> Trips:
    """Count one person fewer of a trip as gone: they are there still. A trip that has ended stays as it is."""
    return _change(trips, trip_id, _stay)


def due(trips: Trips, now_ns: int) -> tuple[str, ...]:
    """Return the trips whose last person has left and whose lag has passed, in order of entry."""
    return tuple(
        trip.trip
        for trip in trips.live
        if trip.status is Status.LEAVING and _last_left_ns(trip) + trip.close_lag_ns <= now_ns
    )


def close(trips: Trips, ids: Iterable[str], now_ns: int) -> Trips:
    """Close trips that are due; KeyError for one that still has somebody inside."""
    return _end(trips, tuple(ids), Happening.LAG_PASSED, now_ns)


def forget(trips: Trips, before_ns: int) -> Trips:
    """Forget the trips that were closed before a time which nothing that is still open goes back to."""
    return replace(trips, ended=tuple(trip for trip in trips.ended if (trip.closed_ns or before_ns) >= before_ns))


def end_tape(trips: Trips, now_ns: int) -> Trips:
    """End every live trip: closed where everybody has left, open where not."""
    return _end(trips, tuple(trip.trip for trip in trips.live), Happening.TAPE_ENDED, now_ns)


def _join(trip: Trip, people: int) -> Trip:
    return replace(trip, party=trip.party + people, status=NEXT[trip.status][Happening.JOINED])


def _leave(trip: Trip, t_ns: int) -> Trip:
    left = trip.left + 1
    happening = Happening.LAST_LEFT if left >= trip.party else Happening.ONE_LEFT
    status = NEXT[trip.status][happening]
    # Corrected clocks can disagree by a little; nobody leaves before they came.
    return replace(trip, left=left, left_ns=max(t_ns, trip.left_ns or trip.entered_ns), status=status)


def _stay(trip: Trip) -> Trip:
    left = trip.left - 1
    status = NEXT[trip.status][Happening.STAYED] if left < trip.party else trip.status
    return replace(trip, left=left, status=status)


def _last_left_ns(trip: Trip) -> int:
    assert trip.left_ns is not None and trip.left >= trip.party
    return trip.left_ns


def _end(trips: Trips, ids: tuple[str, ...], happening: Happening, now_ns: int) -> Trips:
    if not ids:
        return trips
    assert set(ids) <= {trip.trip for trip in trips.live}, "a trip closes once"
    ended = []
    for trip in trips.live:
        if trip.trip in ids:
            status = NEXT[trip.status][happening]
            closed_ns = max(now_ns, _last_left_ns(trip)) if status is Status.CLOSED else None
            ended.append(replace(trip, status=status, closed_ns=closed_ns))
    live = tuple(trip for trip in trips.live if trip.trip not in ids)
    return replace(trips, live=live, ended=(*trips.ended, *ended))


def _change(trips: Trips, trip_id: str, change: Callable[[Trip], Trip]) -> Trips:
    return replace(trips, live=tuple(change(trip) if trip.trip == trip_id else trip for trip in trips.live))
