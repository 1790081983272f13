"""A named scenario as files (store, recording, truth), or as the messages of each of its sensors."""

import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

from fusion.messages import Frame, Malformed, Message
from fusion.recording import RecordingWriter
from fusion.wire import decode, encode, topic_of
from scenarios.staging import Staging, stage, terms_of
from scenarios.storefile import write_store
from scenarios.truth import truth_of, write_tracks
from sensors.clocks import draw_delays
from sensors.fault_stream import disturb
from sensors.faults import FaultPlan
from sensors.sources import clock_of, messages_of, sources_of
from sensors.world import generator

EPOCH_NS: Final = 1_767_261_600_000_000_000  # 2026-01-01 10:00 UTC, when recorded scenarios begin
DELAYS: Final = 2  # first key of the random streams of the network
STAGED_MAX: Final = 4  # scenarios kept in memory, for a process asks for one source after the other


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to simulate."""

    name: str  # a named scenario, or a script file
    seed: int
    shop: str | None = None  # another kind of store than the script names
    plan: FaultPlan = ()  # faults besides those of the script


@dataclass(frozen=True, slots=True)
class Case:
    """A simulated scenario on disk."""

    folder: Path
    seconds: float
    messages: int


@lru_cache(maxsize=STAGED_MAX)
def staged(name: str, seed: int, shop: str | None = None) -> Staging:
    """Return a scenario as it truly happened; raises ValueError for an unknown name."""
    return stage(name, seed, shop)


def source_names(name: str, seed: int, shop: str | None = None) -> list[str]:
    """Return the sources of a scenario: its store's, sorted, and the device of staff where they use it."""
    return sources_of(staged(name, seed, shop).world)


def source_messages(
    name: str, seed: int, src: str, *, shop: str | None = None, epoch_ns: int = EPOCH_NS
) -> list[tuple[float, Message]]:
    """Return all that a faultless source sends, in order: seconds since the scenario began, and the message."""
    return messages_of(staged(name, seed, shop).world, src, seed=seed, epoch_ns=epoch_ns)


def source_frames(recipe: Recipe, src: str, *, epoch_ns: int = EPOCH_NS) -> list[tuple[float, Frame]]:
    """Return all frames of one source in the order of sending, faults included."""
    staging = staged(recipe.name, recipe.seed, recipe.shop)
    sent = source_messages(recipe.name, recipe.seed, src, shop=recipe.shop, epoch_ns=epoch_ns)
    frames = [(t_s, Frame(topic_of(m), encode(m), epoch_ns + round(t_s * 1e9))) for t_s, m in sent]
    plan = (*staging.script.faults, *recipe.plan)
    return disturb(plan, src, frames, store=staging.world.store, seed=recipe.seed)


def scenario_seconds(name: str, seed: int) -> float:
    """Return how long a scenario lasts."""
    return staged(name, seed).world.seconds


def scenario_truth(name: str, seed: int, *, shop: str | None = None, epoch_ns: int = EPOCH_NS) -> dict[str, Any]:
    """Return the truth of a scenario, as in truth.json."""
    staging = staged(name, seed, shop)
    clocks = {src: clock_of(staging.world.store, src, seed=seed) for src in source_names(name, seed, shop)}
    return truth_of(staging, clocks, epoch_ns)


def write_scenario_store(name: str, seed: int, folder: Path, shop: str | None = None) -> None:
    """Write the store folder of a scenario, with its terms of sale."""
    staging = staged(name, seed, shop)
    write_store(replace(staging.world.store, terms=terms_of(staging, seed)), folder)


def simulate(
    recipe: Recipe, out: Path, *, progress: Callable[[str], None] = lambda src: None, workers: int = 1
) -> Case:
    """Write store/, recording.mcap, truth.json and truth_tracks.parquet; `progress` hears of each source.

    So many `workers`, processes, simulate one sensor after the other; the bytes are the same with any number.
    """
    out.mkdir(parents=True, exist_ok=True)
    name, seed, shop = recipe.name, recipe.seed, recipe.shop
    staging = staged(name, seed, shop)
    write_scenario_store(name, seed, out / "store", shop)
    truth = scenario_truth(name, seed, shop=shop)
    (out / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    write_tracks(staging, out / "truth_tracks.parquet", EPOCH_NS)
    arrivals: list[Arrival] = []
    for src, some in _of_all(recipe, source_names(name, seed, shop), workers):
        arrivals += some
        progress(src)
    arrivals.sort(key=lambda arrival: (arrival.frame.arrival_ns, arrival.src, arrival.seq))
    _record(arrivals, out / "recording.mcap", staging.world.store.store_id)
    return Case(out, staging.world.seconds, len(arrivals))


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame on its way into a recording."""

    frame: Frame
    src: str
    t_ns: int
    seq: int


def _of_all(recipe: Recipe, sources: list[str], workers: int) -> Iterator[tuple[str, list[Arrival]]]:
    """Yield each source with what comes of it, in the order of sources."""
    if workers == 1:
        yield from zip(sources, map(partial(_of_source, recipe), enumerate(sources)), strict=True)
        return
    with multiprocessing.get_context("fork").Pool(workers) as pool:  # forked, they know what has been staged
        yield from zip(sources, pool.imap(partial(_of_source, recipe), enumerate(sources)), strict=True)


def _of_source(recipe: Recipe, numbered: tuple[int, str]) -> list[Arrival]:
    order, src = numbered
    return _arrivals(source_frames(recipe, src), src, order, recipe.seed)


def _arrivals(sent: Sequence[tuple[float, Frame]], src: str, order: int, seed: int) -> list[Arrival]:
    """Send the frames of one source through the network."""
    delays = draw_delays(len(sent), generator(seed, DELAYS, order))
    arrivals = []
    for (t_s, frame), delay_s in zip(sent, delays.tolist(), strict=True):
        message = decode(frame.topic, frame.payload)
        t_ns, seq = (0, 0) if isinstance(message, Malformed) else (message.t_ns, message.seq)
        arrived = replace(frame, arrival_ns=EPOCH_NS + round((t_s + delay_s) * 1e9))
        arrivals.append(Arrival(arrived, src, t_ns, seq))
    return arrivals


def _record(arrivals: Sequence[Arrival], path: Path, store_id: str) -> None:
    with RecordingWriter(path, store_id) as recording:
        for arrival in arrivals:
            recording.write(arrival.frame, arrival.t_ns, arrival.seq)
