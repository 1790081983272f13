"""Files of JSON lines, asked by id while they grow: where each line stands is remembered, not what it says."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from fusion.explain_facts import Folder, Names, change_of, receipt_doubts

FOREVER_NS = 2**63 - 1


class _Ids(msgspec.Struct):
    event: str = ""
    trip: str = ""
    t: int = -1  # ns


class Lines:
    """One file; a line that is not whole yet, or is no JSON, is passed by."""

    def __init__(self, path: Path) -> None:
        self._path, self._end = path, 0
        self._one = threading.Lock()  # requests are answered in several threads
        self._file_id = (0, 0)
        self._places: dict[str, tuple[int, int]] = {}  # id -> byte, length
        self._times: dict[str, int] = {}  # id -> ns

    def get(self, id_: str) -> dict[str, Any] | None:
        """Return the last line of an id."""
        with self._one:
            self._look()
            place = self._places.get(id_)
        if place is None:
            return None
        with self._path.open("rb") as file:
            file.seek(place[0])
            try:
                found: dict[str, Any] = msgspec.json.decode(file.read(place[1]))
            except msgspec.DecodeError:  # another run has begun in this file
                return None
            return found if id_ in (found.get("event"), found.get("trip")) else None

    def between(self, from_ns: int, to_ns: int) -> list[dict[str, Any]]:
        """Return the lines of a stretch of time, as they stand in the file."""
        with self._one:
            self._look()
            wanted = [id_ for id_, t_ns in self._times.items() if from_ns <= t_ns <= to_ns]
        return [found for id_ in wanted if (found := self.get(id_)) is not None]

    def _look(self) -> None:
        """Learn of the lines that have been added; a file that was replaced is read anew."""
        try:
            now = self._path.stat()
        except OSError:
            self._end, self._places, self._times = 0, {}, {}
            return
        if now.st_size < self._end or (now.st_dev, now.st_ino) != self._file_id:
            self._end, self._places, self._times = 0, {}, {}
            self._file_id = (now.st_dev, now.st_ino)
        if now.st_size == self._end:
            return
        with self._path.open("rb") as file:
            file.seek(self._end)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                try:
                    ids = msgspec.json.decode(line, type=_Ids)
                    self._places[ids.event or ids.trip] = self._end, len(line)
                    self._times[ids.event or ids.trip] = ids.t
                except msgspec.DecodeError:
                    pass
                self._end += len(line)


class OutLines:
    """The files of an output folder that a page asks for."""

    def __init__(self, out: Path) -> None:
        self.receipts = Lines(out / "receipts.jsonl")
        self._events, self._provisional = Lines(out / "events.jsonl"), Lines(out / "provisional.jsonl")
        self._evidence = Lines(out / "evidence.jsonl")

    def event(self, id_: str) -> Mapping[str, Any] | None:
        """Return an event, as it was read at first where it is not settled."""
        return self._events.get(id_) or self._provisional.get(id_)

    def doubts(self, trip: str, names: Names) -> list[dict[str, Any]]:
        """Return the changes that leave open what somebody has, as `aisle explain` does; none before a receipt."""
        receipt = self.receipts.get(trip)
        if receipt is None:
            return []
        until = receipt["closed"] if receipt["closed"] is not None else FOREVER_NS
        rows = self._evidence.between(receipt["entered"], until)
        return receipt_doubts(receipt, Folder((), (), tuple(rows)), names)

    def evidence(self, id_: str) -> Mapping[str, Any] | None:
        """Return what there was to see of the change that an event is part of."""
        return self._evidence.get(change_of(id_))
