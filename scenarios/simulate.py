"""A named scenario as files (store, recording, truth), or as the messages of each of its sensors."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from fusion.messages import Frame, Message
from fusion.recording import RecordingWriter
from fusion.wire import encode, topic_of
from scenarios.staging import Staging, stage
from scenarios.storefile import write_store
from scenarios.truth import truth_of, write_tracks
from sensors.clocks import draw_delays
from sensors.sources import clock_of, messages_of, sensors_of
from sensors.world import generator

EPOCH_NS: Final = 1_767_261_600_000_000_000  # 2026-01-01 10:00 UTC, when recorded scenarios begin
DELAYS: Final = 2  # first key of the random streams of the network
STAGED_MAX: Final = 4  # scenarios kept in memory, for a process asks for one source after the other


@dataclass(frozen=True, slots=True)
class Case:
    """A simulated scenario on disk."""

    name: str
    seed: int
    folder: Path
    seconds: float
    messages: int


@lru_cache(maxsize=STAGED_MAX)
def staged(name: str, seed: int) -> Staging:
    """Return a scenario as it truly happened; raises ValueError for an unknown name."""
    return stage(name, seed)


def source_names(name: str, seed: int) -> list[str]:
    """Return the sources of a scenario's store, sorted."""
    return list(sensors_of(staged(name, seed).world.store))


def source_messages(name: str, seed: int, src: str, *, epoch_ns: int = EPOCH_NS) -> list[tuple[float, Message]]:
    """Return all that one source sends, in order: seconds since the scenario began, and the message."""
    return messages_of(staged(name, seed).world, src, seed=seed, epoch_ns=epoch_ns)


def scenario_seconds(name: str, seed: int) -> float:
    """Return how long a scenario lasts."""
    return staged(name, seed).world.seconds


def scenario_truth(name: str, seed: int, *, epoch_ns: int = EPOCH_NS) -> dict[str, Any]:
    """Return the truth of a scenario, as in truth.json."""
    staging = staged(name, seed)
    clocks = {src: clock_of(staging.world.store, src, seed=seed) for src in source_names(name, seed)}
    return truth_of(staging, clocks, epoch_ns)


def write_scenario_store(name: str, seed: int, folder: Path) -> None:
    """Write the store folder of a scenario."""
    write_store(staged(name, seed).world.store, folder)


def simulate(
    name: str,
    seed: int,
    out: Path,
    *,
    epoch_ns: int = EPOCH_NS,
    progress: Callable[[str], None] = lambda src: None,
) -> Case:
    """Write store/, recording.mcap, truth.json and truth_tracks.parquet; `progress` hears of each source."""
    staging = staged(name, seed)
    write_scenario_store(name, seed, out / "store")
    truth = scenario_truth(name, seed, epoch_ns=epoch_ns)
    (out / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    write_tracks(staging, out / "truth_tracks.parquet", epoch_ns)
    arrivals: list[Arrival] = []
    for order, src in enumerate(source_names(name, seed)):
        sent = source_messages(name, seed, src, epoch_ns=epoch_ns)
        arrivals += _arrivals(sent, order, seed, epoch_ns)
        progress(src)
    arrivals.sort(key=lambda arrival: (arrival.frame.arrival_ns, arrival.src, arrival.seq))
    _record(arrivals, out / "recording.mcap", staging.world.store.store_id)
    return Case(name, seed, out, staging.world.seconds, len(arrivals))


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame on its way into a recording."""

    frame: Frame
    src: str
    t_ns: int
    seq: int


def _arrivals(sent: Sequence[tuple[float, Message]], order: int, seed: int, epoch_ns: int) -> list[Arrival]:
    """Send the messages of one source through the network."""
    delays = draw_delays(len(sent), generator(seed, DELAYS, order))
    return [
        Arrival(
            Frame(topic_of(message), encode(message), epoch_ns + round((t_s + float(delay_s)) * 1e9)),
            message.src,
            message.t_ns,
            message.seq,
        )
        for (t_s, message), delay_s in zip(sent, delays, strict=True)
    ]


def _record(arrivals: Sequence[Arrival], path: Path, store_id: str) -> None:
    with RecordingWriter(path, store_id) as recording:
        for arrival in arrivals:
            recording.write(arrival.frame, arrival.t_ns, arrival.seq)
