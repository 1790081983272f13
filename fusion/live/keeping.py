"""What a run does now and then: a snapshot of itself, and away with what must not or need not live longer."""

import argparse
import time
from collections.abc import Mapping
from typing import Final

from fusion.journal.retention import Limits, forget_looks, remove, sealed_of, to_forget, to_remove
from fusion.journal.segment import segments_of
from fusion.live.baskets import Baskets
from fusion.live.logs import SERVICE
from fusion.live.recovery import JOURNAL, SNAPSHOTS, Moment, Start, store_digest, take_snapshot
from fusion.session import Session
from fusion.snapshots import KEPT, read_head, snapshots_in

NEVER_NS: Final = 2**63


class Keeper:
    """Takes snapshots, removes old segments, forgets looks of visits that are over."""

    def __init__(self, args: argparse.Namespace, start: Start) -> None:
        self._out, self._looks, self._every_s = args.out, args.looks, args.snapshot_every
        self._limits = Limits(args.keep_age, args.keep_size)
        self._store = store_digest(args.store)
        self._entered: Mapping[str, int] = start.entered
        self._next, self._taken_s = start.next, time.monotonic()

    def keep(self, session: Session, next_: int, baskets: Baskets) -> None:
        """Do what is due, between two records."""
        if next_ == self._next or time.monotonic() - self._taken_s < self._every_s:
            return
        # Who has come in since the last snapshot came behind it; nobody's first record lies before that.
        live = [trip.trip for trip in session.state.trips.live]
        self._entered = {trip: self._entered.get(trip, self._next) for trip in live}
        self._taken_s = time.monotonic()
        try:
            take_snapshot(self._out, self._store, next_, Moment(session.save(), baskets, self._entered))
            self._next = next_
            self._forget()
        except OSError as error:  # a full disk: the snapshot before is still good
            SERVICE.warning("no snapshot: %s", error.strerror)

    def _forget(self) -> None:
        """Let go of what neither a recovery nor a visit needs."""
        snapshots = snapshots_in(self._out / SNAPSHOTS)
        needed = read_head(snapshots[-1]).next if len(snapshots) == KEPT else 0
        sealed = sealed_of(self._out / JOURNAL)
        if self._looks == "visit":
            for one in to_forget(sealed, NEVER_NS, min(needed, *self._entered.values(), needed)):
                forget_looks(one.path)
        open_bytes = sum(path.stat().st_size for path in segments_of(self._out / JOURNAL)[-1:])
        remove(to_remove(sealed, self._limits, time.time_ns(), needed, open_bytes))
