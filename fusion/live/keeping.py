"""What a run does now and then: a snapshot of itself, and away with what must not or need not live longer."""

import argparse
import time
from collections.abc import Callable, Mapping
from typing import Final

from fusion.checkout.trips import Trip, Trips
from fusion.config import SECOND_NS
from fusion.journal.retention import Limits, forget_looks, remove, sealed_of, to_forget, to_remove, visited
from fusion.journal.segment import segments_of
from fusion.live.baskets import Baskets
from fusion.live.logs import SERVICE
from fusion.live.recovery import JOURNAL, SNAPSHOTS, Moment, Start, store_digest, take_snapshot
from fusion.session import Session
from fusion.snapshots import KEPT, read_head, snapshots_in

NEVER_NS: Final = 2**63
MARKS_NS: Final = 60 * SECOND_NS


class Keeper:
    """Takes snapshots, removes old segments, forgets looks of visits that are over.

    A visit that is over has its looks in the segment that is written to, and in the snapshots that a recovery would go
    on from. So the segment is sealed as soon as one is over, once between two snapshots; two snapshots later no
    recovery reads that far back, and the looks go. They go on so long where no message comes any more, too.
    """

    def __init__(self, args: argparse.Namespace, start: Start, roll: Callable[[], None]) -> None:
        """Begin where a run does; `roll` seals the segment that is written to."""
        self._out, self._forgets, self._every_s = args.out, args.looks == "visit", args.snapshot_every
        self._limits = Limits(args.keep_age, args.keep_size)
        self._store = store_digest(args.store)
        self._roll, self._is_rolled = roll, False
        self._entered: Mapping[str, int] = start.entered
        self._left, self._ended = start.left, len(start.session.state.trips.ended)
        self._next, self._taken_s = start.next, time.monotonic()
        self._marks = [(-1, start.next)]  # event time, record

    def keep(self, session: Session, next_: int, baskets: Baskets) -> None:
        """Do what is due, between two records."""
        trips = session.state.trips
        if self._forgets and len(trips.ended) > self._ended:
            self._see_off(trips, next_)
        if self._left and not self._is_rolled:
            self._is_rolled = True
            self._roll()
        if next_ == self._next or time.monotonic() - self._taken_s < self._every_s:
            return
        self._follow_visits(trips)
        self._taken_s, self._is_rolled = time.monotonic(), False
        try:
            moment = Moment(session.save(), baskets, self._entered, self._left)
            take_snapshot(self._out, self._store, next_, moment)
            self._next = next_
            self._mark(session.sequencer.frontier_ns())
            self._forget()
        except OSError as error:  # a full disk: the snapshot before is still good
            SERVICE.warning("no snapshot: %s", error.strerror)

    def _see_off(self, trips: Trips, next_: int) -> None:
        """Note at which records visits were that have come to their end by now."""
        over = trips.ended[self._ended :]
        self._left = (*self._left, *((self._begun(trip), next_) for trip in over))
        self._ended = len(trips.ended)

    def _follow_visits(self, trips: Trips) -> None:
        """Note at which records visits began that go on."""
        self._entered = {trip.trip: self._begun(trip) for trip in trips.live}

    def _begun(self, trip: Trip) -> int:
        return self._entered.get(trip.trip, self._mark_before(trip.entered_ns))

    def _mark(self, frontier_ns: int) -> None:
        """Note where the journal was at this event time; one mark stays of what no trip can have begun before."""
        self._marks.append((frontier_ns, self._next))
        while len(self._marks) > 1 and self._marks[1][0] < frontier_ns - MARKS_NS:
            self._marks.pop(0)

    def _mark_before(self, entered_ns: int) -> int:
        """Return a record before the first of somebody who came in then: the engine hears of it seconds later."""
        before = [next_ for t_ns, next_ in self._marks if t_ns < entered_ns - SECOND_NS]
        return max(before, default=self._marks[0][1])

    def _forget(self) -> None:
        """Let go of what neither a recovery nor a visit needs."""
        snapshots = snapshots_in(self._out / SNAPSHOTS)
        needed = read_head(snapshots[-1]).next if len(snapshots) == KEPT else 0
        sealed = sealed_of(self._out / JOURNAL)
        if self._forgets:
            nobody_here = to_forget(sealed, NEVER_NS, min((needed, *self._entered.values())))
            for one in {one.base: one for one in (*nobody_here, *visited(sealed, self._left, needed))}.values():
                forget_looks(one.path)
            behind = max((one.end for one in sealed if one.end <= needed), default=0)
            self._left = tuple(span for span in self._left if span[1] > behind)
        open_bytes = sum(path.stat().st_size for path in segments_of(self._out / JOURNAL)[-1:])
        remove(to_remove(sealed, self._limits, time.time_ns(), needed, open_bytes))
