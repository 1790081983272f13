"""The lease of a store: whoever holds it keeps the store live, nobody else does.

Theory of operation. Each holder has a number, the epoch, one higher than that of any holder before. A lease is on a
file of the output folder, held by a lock that the system lets go of when its process dies; or on a row of a
PostgreSQL table, held by renewing it before it runs out by the server's clock, for machines whose disk keeps no locks.

A process that was stopped for longer than its lease lasts goes on believing that it holds it. So the ledger asks the
guard inside each of its transactions, before the first row is written: where the epoch is another by now, nothing is.
In the database that also has the ledger the row stays locked until the commit, so no lease changes hands in between.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fusion.ledger.book import Guard, is_url
from fusion.ledger.database import BookError, Database
from fusion.live.disk import Taken, only_one

LOCK: Final = "lease.lock"
EPOCH: Final = "lease.json"
LASTS_S: Final = 15.0  # a row, from one renewal on
MARGIN_S: Final = 3.0  # sooner than that its holder takes it for lost
RENEWED_S: Final = 4.0
LOOK_S: Final = 0.5  # between two attempts to take what somebody else holds


class LeaseLost(Exception):
    """Somebody else holds the lease by now; one line says which epoch was expected and which received."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was taken."""

    epoch: int
    guard: Guard  # raises LeaseLost


@contextmanager
def leased(place: str | None, store_id: str, out: Path, *, lost: Callable[[str], None]) -> Iterator[Lease | None]:
    """Give the lease of a store, None where somebody else holds it; let go of it at the end.

    `place` is a postgresql:// URL, None for a file in `out`. `lost` is called, from another thread, where it cannot be
    renewed in time.
    """
    if place is None:
        with _on_file(out) as lease:
            yield lease
        return
    from fusion.fleet.lease_rows import Rows

    with Rows(place, store_id) as rows:
        epoch = rows.take(holder(), LASTS_S)
        if epoch is None:
            yield None
            return
        renewing = _Renewing(lambda: rows.renew(epoch, LASTS_S), lost)
        try:
            yield Lease(epoch, lambda database: _guard(database, renewing, place, store_id, epoch))
        finally:
            renewing.end()
            rows.let_go(epoch)


def holder() -> str:
    """Return who we are."""
    return f"process {os.getpid()} on {socket.gethostname()}"


@contextmanager
def _on_file(out: Path) -> Iterator[Lease | None]:
    out.mkdir(parents=True, exist_ok=True)
    (out / LOCK).touch()
    lock = only_one(out / LOCK, "holder of the lease")
    try:
        lock.__enter__()
    except Taken:
        yield None
        return
    try:
        epoch = _epoch(out) + 1
        part = out / f"{EPOCH}.part"
        with part.open("w") as file:
            file.write(json.dumps({"epoch": epoch, "holder": holder()}) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(out / EPOCH)
        yield Lease(epoch, lambda database: _expect(epoch, _epoch(out), str(out / EPOCH)))
    finally:
        lock.__exit__(None, None, None)


def _epoch(out: Path) -> int:
    try:
        return int(json.loads((out / EPOCH).read_text())["epoch"])
    except FileNotFoundError:
        return 0


def _guard(database: Database, renewing: "_Renewing", place: str, store_id: str, epoch: int) -> None:
    from fusion.fleet.lease_rows import HOLD

    renewing.expect_valid()
    if is_url(database.place) and database.place.partition("#")[0] == place:
        found = database.read(HOLD, (store_id,))
        _expect(epoch, found[0][0] if found else 0, f"lease of {store_id}")


def _expect(epoch: int, found: int, where: str) -> None:
    if found != epoch:
        raise LeaseLost(f"{where}: expected epoch {epoch}, received {found}: another process keeps this store")


class _Renewing:
    """Renews a lease from a thread of its own; what the engine does may take its time."""

    def __init__(self, renew: Callable[[], bool], lost: Callable[[str], None]) -> None:
        self._renew, self._lost, self._ended = renew, lost, threading.Event()
        self._until_s = time.monotonic() + LASTS_S - MARGIN_S
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def expect_valid(self) -> None:
        """Raise LeaseLost where the last renewal is too long ago to be sure."""
        if time.monotonic() >= self._until_s:
            raise LeaseLost(f"lease: expected to be renewed within {LASTS_S - MARGIN_S:.0f} s, received no answer")

    def end(self) -> None:
        """Renew no more."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(RENEWED_S):
            begun_s = time.monotonic()  # it lasts from some moment after this on
            try:
                if not self._renew():
                    self._lost("another process keeps this store")
                    return
                self._until_s = begun_s + LASTS_S - MARGIN_S
            except BookError as error:  # no answer: there may be one before it has run out
                if time.monotonic() + RENEWED_S >= self._until_s:
                    self._lost(str(error))
                    return
