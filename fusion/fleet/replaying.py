"""Replaying in bulk: what a worker does with one recording, and the driver that hands them out."""

import io
import traceback
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fusion.fleet.machines import RETRIES, spread
from fusion.fleet.recordings import RECORDING, STORE, begin, inputs_of, mark, record_of

LOCK: Final = "replay.lock"
LEAVING_S: Final = 30.0  # that a worker of a driver which was killed may take to be gone
TEXT_MAX: Final = 300
REPLAYED, REFUSED, FAILED = "replayed", "refused", "failed"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one recording."""

    name: str
    status: str  # REPLAYED; REFUSED for what cannot be read; FAILED for a fault of ours or workers that kept dying
    text: str = ""  # why not
    kept: bool = False  # it was done before
    ledger: str = ""
    messages: int = 0
    store_s: float = 0.0
    wall_s: float = 0.0


def replay_one(folder: str, out: str, name: str) -> Replayed:
    """Replay FOLDER/NAME into OUT/NAME as `aisle replay` does, unless it is done; say what is wrong, raise nothing."""
    from fusion.live.disk import Taken, only_one

    place, target = Path(folder) / name, Path(out) / name
    try:
        target.mkdir(parents=True, exist_ok=True)
        (target / LOCK).touch()
        with only_one(target / LOCK, "replay", LEAVING_S):
            return _replay(place, target, name)
    except (Taken, OSError) as error:
        return Replayed(name, REFUSED, str(error)[:TEXT_MAX])
    except Exception:  # a fault of ours in one recording must not cost the others
        return Replayed(name, FAILED, " ".join(traceback.format_exc().split())[-TEXT_MAX:])


def replay_all(ray: Any, folder: Path, names: Sequence[str], out: Path) -> Iterator[Replayed]:
    """Yield what became of each recording, as they come to their ends."""
    for name, reference in spread(ray, replay_one, names, str(folder.resolve()), str(out.resolve())):
        try:
            yield ray.get(reference)
        except ray.exceptions.RayError as error:
            told = " ".join(str(error).split())[:TEXT_MAX]
            yield Replayed(name, FAILED, f"its worker died {RETRIES + 1} times: {told}")


def _replay(place: Path, target: Path, name: str) -> Replayed:
    from fusion.cli import main

    inputs = inputs_of(place)
    record = record_of(target, inputs)
    kept = record is not None
    if record is None:
        begin(target)
        said, wrong = io.StringIO(), io.StringIO()
        with redirect_stdout(said), redirect_stderr(wrong):
            status = main(["replay", str(place / RECORDING), "--store", str(place / STORE), "--out", str(target)])
        if status:
            lines = wrong.getvalue().splitlines() or [f"exit status {status}"]
            return Replayed(name, REFUSED, lines[-1].removeprefix("aisle: ")[:TEXT_MAX])
        record = mark(target, inputs)
    seconds = record["seconds"]
    counts = (record["messages"]["read"], seconds["store"], seconds["wall"])
    return Replayed(name, REPLAYED, "", kept, record["ledger"], *counts)
