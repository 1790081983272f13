"""Going on after a crash: the newest good snapshot, and the journal from there on.

A run that ended well leaves run.json. One that has a journal and no run.json was interrupted, and is gone on with:
outputs are cut back to where the snapshot was made and said again from the journal, the ledger holds everything once
whatever is committed again. A run that was interrupted while it was ending is ended first (`ending.json`), exactly
where it meant to.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

from fusion.config import Config
from fusion.journal.segment import base_of, segments_of
from fusion.ledger.database import Contradiction
from fusion.live.baskets import Baskets
from fusion.live.bus import BusError
from fusion.live.logs import SERVICE
from fusion.session import Saved, Session
from fusion.snapshots import Head, SnapshotError, snapshots_in, usable, write_snapshot

JOURNAL: Final = "journal"
SNAPSHOTS: Final = "snapshots"
ENDING: Final = "ending.json"
DONE: Final = "run.json"

Begin = Callable[[Saved | None], Session]  # with the saved run, or from the start over what is there


@dataclass(frozen=True, slots=True)
class Moment:
    """What a snapshot holds."""

    saved: Saved
    baskets: Baskets
    entered: Mapping[str, int] = field(default_factory=dict)  # live trips: a record before they began
    left: tuple[tuple[int, int], ...] = ()  # visits that are over and have looks in the journal: from, to a record


@dataclass(frozen=True, slots=True)
class Start:
    """Where a run begins or goes on."""

    session: Session
    next: int  # offset of the first record to read
    baskets: Baskets
    entered: Mapping[str, int]
    left: tuple[tuple[int, int], ...] = ()
    is_retold: bool = False  # what was said before is worked out anew, from the beginning


def is_interrupted(out: Path) -> bool:
    """Return whether a folder holds a run that has not come to its end."""
    return (out / JOURNAL).is_dir() and bool(segments_of(out / JOURNAL)) and not (out / DONE).exists()


def ending_of(out: Path) -> int | None:
    """Return where the interrupted run meant to end, None where it did not mean to."""
    path = out / ENDING
    return int(json.loads(path.read_text())["end"]) if path.exists() else None


def known_to(out: Path) -> int:
    """Return before which record of the journal the newest snapshot is, going by its name: it may be spoiled."""
    return max((int(path.stem) for path in snapshots_in(out / SNAPSHOTS) if path.stem.isdecimal()), default=0)


def mean_to_end(out: Path, end: int) -> None:
    """Note where the run ends, before it does anything about it."""
    part = out / f"{ENDING}.part"
    part.write_text(json.dumps({"end": end}) + "\n")
    part.replace(out / ENDING)


def go_on(out: Path, store: Path, begin: Begin) -> Start:
    """Go on with an interrupted run; BusError where nothing leads from what is left to where it was."""
    config, digest = Config().digest(), store_digest(store)
    for found in usable(out / SNAPSHOTS, config=config, store=digest):
        try:
            if isinstance(found, SnapshotError):
                raise found
            head, moment = found
            start = Start(begin(moment.saved), head.next, moment.baskets, moment.entered, moment.left)
        except SnapshotError as error:
            SERVICE.warning("snapshot not used: %s", error)
            continue
        SERVICE.info("going on from the snapshot before record %d", head.next)
        return start
    first = base_of(segments_of(out / JOURNAL)[0])
    if first > 0:
        expected = f"expected a snapshot, or a journal from record 0 on, received one from {first} on"
        raise BusError(f"{out}: {expected}; --fresh sets the interrupted run aside")
    SERVICE.info("going on from the beginning of the journal")
    return Start(begin(None), 0, {}, {}, is_retold=True)


@contextmanager
def retelling(out: Path, start: Start) -> Iterator[None]:
    """Say what to do where what was charged before the interruption cannot be said again; raises BusError."""
    try:
        yield
    except Contradiction as error:
        if not start.is_retold:
            raise
        SERVICE.warning("a record of the ledger would be another one now", extra={"line": str(error)})  # names accounts
        what = "expected to charge what this run has charged before it was interrupted, received another reading of it"
        advice = "go on with the version of aisle and the store folder it began with, or set it aside with --fresh"
        raise BusError(f"{out}: {what}: {advice}") from None


def take_snapshot(out: Path, store_digest_: str, next_: int, moment: Moment) -> None:
    """Write a snapshot of a run as it is before a record."""
    write_snapshot(out / SNAPSHOTS, Head(next_, Config().digest(), store_digest_), moment)


def store_digest(store: Path) -> str:
    """Return a hash of all that a store folder says."""
    digest = blake2b(digest_size=16)
    for path in sorted((*store.glob("*.toml"), *store.glob("*.csv"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
