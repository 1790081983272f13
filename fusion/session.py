"""The shell around the engine: frames in, an output folder out (contract section 5). Live and replay share it."""

import json
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np
import polars as pl

from fusion.aside import LEDGER_FILES
from fusion.cards import NOT_SHOWN, holds_card
from fusion.checkout.goods import opening
from fusion.checkout.issues import first_issues
from fusion.checkout.records import Entry, Transfer
from fusion.config import SECOND_NS, Config
from fusion.engine import State, finish, first_state, make_engine, step
from fusion.health.rows import health_rows, summary
from fusion.intake import Sequencer, Slice
from fusion.intake.clocks import report
from fusion.latency import Latencies
from fusion.ledger.book import Book, Guard, is_url, open_book, unguarded
from fusion.ledger.closing import KEY, close_book
from fusion.ledger.sitting import alone_with
from fusion.messages import Frame, Malformed, Reason
from fusion.settlement import Outputs, TrackRows
from fusion.snapshots import SnapshotError
from fusion.store import Store
from fusion.track_rows import read_rows, write_rows
from fusion.tracking.identity import Naming, naming
from fusion.wire import decode

if TYPE_CHECKING:
    from fusion.ahead import Read

CLOSE_S_MAX = 30.0  # that whoever sits over the ledger is waited for when it is closed; they may hang
REJECTED_MAX = 1000  # malformed payloads kept aside in rejected.jsonl; beyond it they are only counted
ROWS = ("receipts", "events", "provisional", "evidence", "health", "rejected")  # files of JSON lines
TRACKS = "tracks.rows"  # until the end
Follower: TypeAlias = Callable[[tuple[Transfer, ...], tuple[Entry, ...]], None]
Watcher: TypeAlias = Callable[["Session", Outputs], None]
PACKAGES = ("aisle", "numpy", "scipy", "filterpy", "numba", "polars", "msgpack", "msgspec", "pyzmq")


def nobody(transfers: tuple[Transfer, ...], entries: tuple[Entry, ...]) -> None:
    """Follow no ledger."""


def unseen(session: "Session", outputs: Outputs) -> None:
    """Watch nothing."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A run in its middle: all that is needed to go on, beside its files and its ledger."""

    state: State
    sequencer: Sequencer
    counts: Mapping[str, int]
    reasons: Mapping[str, int]
    names: Mapping[int, Naming]
    first_ns: int
    sizes: Mapping[str, int]  # bytes of each file
    records: int  # of the ledger


class Session:
    """One run of the engine over a tape, writing its outputs into a folder."""

    def __init__(
        self,
        store: Store,
        out: Path,
        config: Config | None = None,
        *,
        ledger: Path | str | None = None,
        key: Path | None = None,
        follow: Follower = nobody,
        keeps_ledger: bool = False,
        saved: Saved | None = None,
        clock: Callable[[], int] | None = None,
        guard: Guard = unguarded,
    ) -> None:
        """Begin a run, or go on with a saved one; what an earlier run left in the folder is replaced.

        A run that `keeps_ledger` says again what it has said before it was interrupted; the ledger holds it once.
        Raises SnapshotError where files or ledger hold less than the saved run had written.

        `ledger` is a file or URL elsewhere, which is added to and never replaced; `key` signs it at the end, by
        default one that is made in the folder; `follow` is called with what it has just committed. Raises BookError
        where the ledger cannot be used. `clock` tells the time in ns, for latencies: by default the last arrival's.
        `guard` is asked inside each of the ledger's transactions.
        """
        self._follow = follow
        self.watch: Watcher = unseen  # called after each step with what it says, to look and not to touch
        self.arrival_ns = 0  # of the last frame
        self.store, self.out, self.config = store, out, config or Config()
        out.mkdir(parents=True, exist_ok=True)
        if ledger is None and saved is None and not keeps_ledger:
            for name in LEDGER_FILES:
                (out / name).unlink(missing_ok=True)
        self.book: Book = open_book(ledger or out / "ledger.db", store.store_id, store.currency)
        self.book.guard = guard
        self._seal = out / "ledger.seal" if is_url(self.book.place) else None  # None: beside the file
        self._key = key or out / KEY
        self.engine = make_engine(store, self.config)
        self.state: State = first_state(self.engine) if saved is None else saved.state
        self.sequencer = Sequencer(self.config.intake) if saved is None else saved.sequencer
        self.counts: Counter[str] = Counter() if saved is None else Counter(saved.counts)
        self.reasons: Counter[str] = Counter() if saved is None else Counter(saved.reasons)
        if saved is not None:
            self._check(saved)
        sizes = {} if saved is None else saved.sizes
        self._files = {n: _opened(out / f"{n}.jsonl", sizes.get(n, 0)) for n in ROWS}
        self._tracks = _opened(out / TRACKS, sizes.get(TRACKS, 0))
        self._names: dict[int, Naming] = {} if saved is None else dict(saved.names)
        self._first_ns = -1 if saved is None else saved.first_ns
        self._begun_s = time.perf_counter()
        self._latencies = Latencies(clock or (lambda: self.arrival_ns))  # of this process, not of one before it

    def feed(self, frame: Frame) -> tuple[Outputs, ...]:
        """Take one frame of the tape; return what it settled. Bad bytes are counted and kept aside, never raised."""
        self.counts["read"] += 1
        self.arrival_ns = frame.arrival_ns
        message = decode(frame.topic, frame.payload)
        if isinstance(message, Malformed):
            self._reject(frame, message)
            return ()
        closed = self.sequencer.push(message, frame.payload)
        return self._take(closed) if closed else ()  # nearly every message closes none

    def take(self, read: "Read") -> tuple[Outputs, ...]:
        """Take frames that were read ahead; return what they settled, as feed would have of each, or finish."""
        self.counts["read"] += read.frames
        self.arrival_ns = read.arrival_ns
        for frame, bad in read.rejected:
            self._reject(frame, bad)
        return self._take(read.closed) if read.frames else tuple([self._step(part) for part in read.closed])

    def _take(self, closed: Iterable[Slice]) -> tuple[Outputs, ...]:
        said = tuple([self._step(part) for part in closed])
        for outputs in said:
            self._latencies.hear(outputs, self.arrival_ns)
        return said

    def finish(self) -> tuple[Outputs, ...]:
        """End of tape: close what is complete and show what is still open."""
        outputs = [self._step(part) for part in self.sequencer.flush()]
        self.state, last = finish(self.engine, self.state)
        self._write(last)
        self.watch(self, last)
        return (*outputs, last)

    def save(self) -> Saved:
        """Make all files durable, and return the run as it is; it goes on unchanged."""
        sizes = {}
        for name, file in (*self._files.items(), (TRACKS, self._tracks)):
            file.flush()
            os.fsync(file.fileno())
            sizes[name] = file.tell()
        counts, reasons, names = dict(self.counts), dict(self.reasons), dict(self._names)
        records = self.book.records()
        return Saved(self.state, self.sequencer, counts, reasons, names, self._first_ns, sizes, records)

    def close(self) -> dict[str, Any]:
        """Write tracks.parquet and run.json, sign the ledger, close every file, and return the run's record."""
        for file in (*self._files.values(), self._tracks):
            file.close()
        write_tracks(self.out / "tracks.parquet", read_rows(self.out / TRACKS), self._names, self.state)
        (self.out / TRACKS).unlink()
        # Somebody may be deciding at the page, or looking: what is signed is what is there when they are done.
        with alone_with(self.book.place, self._seal, patience_s=CLOSE_S_MAX):
            head = self.book.head()
            record = self._record(head.digest)
            close_book(self.book, head, key=self._key, seal=self._seal)
        (self.out / "run.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        return record

    def _check(self, saved: Saved) -> None:
        """Refuse to go on where something that the run had written is not there."""
        sizes = {name: self.out / (name if name == TRACKS else f"{name}.jsonl") for name in saved.sizes}
        for name, path in sizes.items():
            size = path.stat().st_size if path.exists() else 0
            if size < saved.sizes[name]:
                raise SnapshotError(f"{path}: expected {saved.sizes[name]} bytes or more, received {size}")
        records = self.book.records()
        if records < saved.records:
            raise SnapshotError(f"{self.book.place}: expected {saved.records} records or more, received {records}")

    def _reject(self, frame: Frame, bad: Malformed) -> None:
        self.reasons[bad.reason.value] += 1
        if self.reasons.total() <= REJECTED_MAX:
            row = {
                "topic": frame.topic,
                "arrival": frame.arrival_ns,
                "reason": bad.reason.value,
                "text": bad.text,
                "payload": frame.payload[:256].hex(),
            }
            if bad.reason is Reason.CARD_NUMBER or holds_card((frame.topic, bad.text, frame.payload)):
                topic = "" if holds_card(frame.topic) else frame.topic
                row |= {"topic": topic, "text": f"received {NOT_SHOWN}", "payload": ""}
            self._files["rejected"].write((json.dumps(row) + "\n").encode())

    def _step(self, part: Slice) -> Outputs:
        if self._first_ns < 0:
            self._first_ns = part.start_ns
            self.book.commit(opening(self.store, part.start_ns), ())
        self.state, outputs = step(self.engine, self.state, part)
        self._write(outputs)
        self.watch(self, outputs)
        return outputs

    def _write(self, outputs: Outputs) -> None:
        if outputs.transfers or outputs.entries or outputs.receipts:
            issued = first_issues(outputs.receipts, self.store.store_id)
            self.book.commit(outputs.transfers, outputs.entries, issued)
            self._follow(outputs.transfers, outputs.entries)
        self._write_rows("receipts", (row.to_json() for row in outputs.receipts))
        self._write_rows("events", (row.to_json() for row in outputs.events))
        self._write_rows("provisional", (row.to_json() for row in outputs.provisional))
        self._write_rows("evidence", (row.to_json() for row in outputs.evidence))
        self._write_rows("health", health_rows(outputs.health, outputs.modes, self.store.store_id))
        self._names |= {name.track_id: name for name in outputs.names}
        for rows in outputs.tracks:
            if len(rows.track_id):
                write_rows(self._tracks, rows)

    def _write_rows(self, name: str, rows: Iterable[str]) -> None:
        lines = [row + "\n" for row in rows]
        if lines:
            self._files[name].write("".join(lines).encode())
            self._files[name].flush()

    def _record(self, ledger_digest: str) -> dict[str, Any]:
        seen = self.sequencer.counts
        store_s = max(0, self.sequencer.closed_ns - self._first_ns) / SECOND_NS if self._first_ns >= 0 else 0.0
        wall_s = time.perf_counter() - self._begun_s
        return {
            "store": self.store.store_id,
            "versions": {"python": platform.python_version(), **{p: version(p) for p in PACKAGES}},
            "config": self.config.digest(),
            "ledger": ledger_digest,
            "ledger_faults": list(self.book.verify_balances()),
            "messages": {
                "read": self.counts["read"],
                "dropped": dict(
                    sorted((self.reasons + Counter({k: seen[k] for k in ("duplicate", "late", "future")})).items())
                ),
                "repaired": seen["duplicate"],
                "late": seen["late"],
                "missing": self.sequencer.missing(),
                "restarts": seen["restart"],
            },
            "clocks": report(self.state.clocks, self.config.clocks),
            "health": summary(self.state.watch),
            "notes": dict(sorted(self.state.notes.items())),
            "limits": dict(sorted(self.state.attribution.limits.items())),
            "latency": self._latencies.report(),
            "seconds": {"store": round(store_s, 3), "wall": round(wall_s, 3)},
        }


def _opened(path: Path, size: int) -> BinaryIO:
    """Open a file behind its first bytes, without what followed them."""
    if size == 0:
        return path.open("wb")
    file = path.open("r+b")
    file.truncate(size)
    file.seek(size)
    return file


def write_tracks(path: Path, rows: Iterable[TrackRows], names: Mapping[int, Naming], state: State) -> None:
    """Write tracks.parquet; a track carries the account it turned out to be from its first row on.

    names are of the tracks that have been forgotten; the others are as the state has them.
    """
    rows = list(rows)
    ids = np.concatenate([r.track_id for r in rows]) if rows else np.zeros(0, np.int64)
    xy = np.concatenate([r.xy for r in rows]) if rows else np.zeros((0, 2))
    t = np.repeat([r.t_ns for r in rows], [len(r.track_id) for r in rows]) if rows else np.zeros(0, np.int64)
    account_of = {trip.trip: trip.account for trip in (*state.trips.live, *state.trips.ended)}
    final, accounts = ids.copy(), np.full(len(ids), None, object)
    for k in np.unique(ids).tolist():
        name, mine = names.get(k) or naming(state.identity, k), np.flatnonzero(ids == k)
        who = np.array([account_of.get(trip) for trip in name.trips], object)
        accounts[mine] = who[np.searchsorted(name.since_ns, t[mine], side="right") - 1]
        final[mine] = name.goes_on_as
    pl.DataFrame(
        {
            "t": pl.Series(t, dtype=pl.Int64),
            "track": pl.Series(final, dtype=pl.Int64),
            "x": pl.Series(xy[:, 0], dtype=pl.Float32),
            "y": pl.Series(xy[:, 1], dtype=pl.Float32),
            "account": pl.Series(accounts.tolist(), dtype=pl.String),
        }
    ).write_parquet(path)
