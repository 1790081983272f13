"""Recordings under a folder, and the mark that one of them is done."""

import json
from dataclasses import asdict, dataclass
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any, Final

from fusion.fleet.machines import FleetError

RECORDING: Final = "recording.mcap"
STORE: Final = "store"
RUN: Final = "run.json"  # the last that a replay writes
MARK: Final = "replayed.json"  # in the output folder, after run.json
HASH_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Inputs:
    """Hashes of all that the outputs of a replay follow from."""

    recording: str
    store: str
    config: str


def recordings_in(folder: Path, out: Path) -> list[str]:
    """Return the folders below a folder that hold a recording beside a store, sorted; what lies in `out` is none.

    Raises FleetError where there is none, or a recording has no store.
    """
    if not folder.is_dir():
        raise FleetError(
            f"{folder}: expected a folder of recordings, received {'a file' if folder.exists() else 'none'}"
        )
    places = [path.parent for path in folder.rglob(RECORDING) if not path.is_relative_to(out)]
    for place in sorted(places):
        if not (place / STORE).is_dir():
            raise FleetError(f"{place}: expected a folder {STORE} beside {RECORDING}, received none")
    if not places:
        raise FleetError(f"{folder}: expected folders with {RECORDING} and {STORE}, received none")
    return sorted(place.relative_to(folder).as_posix() for place in places)


def inputs_of(place: Path) -> Inputs:
    """Return the hashes of what a recording is replayed from; OSError where it cannot be read."""
    from fusion.config import Config
    from fusion.live.recovery import store_digest

    with (place / RECORDING).open("rb") as file:
        recording = file_digest(file, lambda: blake2b(digest_size=HASH_BYTES)).hexdigest()
    return Inputs(recording, store_digest(place / STORE), Config().digest())


def record_of(out: Path, inputs: Inputs) -> dict[str, Any] | None:
    """Return run.json of a replay of these inputs that came to its end, None where there is none."""
    try:
        mark = json.loads((out / MARK).read_text())
        record = json.loads((out / RUN).read_text())
        done = mark == {**asdict(inputs), "ledger": record["ledger"]} and (out / "ledger.db").exists()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record if done else None


def begin(out: Path) -> None:
    """Take the mark of an earlier replay away, before anything is replaced."""
    (out / MARK).unlink(missing_ok=True)


def mark(out: Path, inputs: Inputs) -> dict[str, Any]:
    """Note that a replay of these inputs came to its end; return its run.json."""
    record: dict[str, Any] = json.loads((out / RUN).read_text())
    part = out / f"{MARK}.part"
    part.write_text(json.dumps({**asdict(inputs), "ledger": record["ledger"]}) + "\n")
    part.replace(out / MARK)
    return record
