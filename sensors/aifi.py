"""Importer of the public AiFi NanoStore test cases: four JSON files become a store folder and a recording.

Theory of operation: two passes, neither holding a file in memory. The first asks the two streams what the
store folder needs: which slots have a plate, where people walked, and when each target is first and last
valid, because the data has no gate. The second merges the streams by arrival and writes the messages.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fusion.arrays import Floats, Singles
from fusion.messages import Frame, Gate, Message, People, Plates
from fusion.recording import RecordingWriter
from fusion.wire import encode, topic_of
from sensors.aifi_rows import Sighting, packets, sightings
from sensors.aifi_shelves import Plate, Slot, read_planogram, read_products, with_unplanned
from sensors.aifi_store import CAMERA, ENTRY, EXIT, STORE_ID, Scene, controller_of, write_store

PLATE_FILE, TARGET_FILE = "plate_data.json", "full_targets.json"
HEAD_SD_M = 0.05  # per coordinate at full score; frames jitter by 1 to 2 cm, but neighbours err together
SCORE_MIN = 0.2  # a lower score widens the spread no further
Step = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import wrote."""

    plates: int
    products: int
    targets: int
    messages: int
    unplaced: tuple[int, ...]  # gondolas with data of which the planogram knows no plate


@dataclass(slots=True)
class Survey:
    """What the first pass finds out."""

    live: set[Slot] = field(default_factory=set)
    first: dict[str, tuple[int, Floats]] = field(default_factory=dict)  # target: time and place, first valid
    last: dict[str, tuple[int, Floats]] = field(default_factory=dict)
    low: Floats = field(default_factory=lambda: np.full(2, np.nan))
    high: Floats = field(default_factory=lambda: np.full(2, np.nan))


def import_aifi(folder: Path, out: Path, step: Step = lambda _: None) -> Imported:
    """Write out/store/ and out/recording.mcap from a test case; step hears of every byte read, twice.

    Raises RecordingError (file, line, expected, received) or OSError.
    """
    facings, planned = read_planogram(folder / "planogram.json")
    products = read_products(folder / "products.json", (facing.sku for facing in facings))
    found = _survey(folder, step)
    plates = with_unplanned(planned, found.live)
    out.mkdir(parents=True, exist_ok=True)
    write_store(out / "store", plates, facings, products, _scene(found))
    messages = _write_recording(folder, out / "recording.mcap", plates, found, step)
    unplaced = {slot[0] for slot in found.live} - {slot[0] for slot in plates}
    return Imported(len(plates), len(products), len(found.first), messages, tuple(sorted(unplaced)))


def bytes_to_read(folder: Path) -> int:
    """Return how many bytes step will hear of."""
    return 2 * sum((folder / name).stat().st_size for name in (PLATE_FILE, TARGET_FILE))


def _survey(folder: Path, step: Step) -> Survey:
    found = Survey()
    for packet in packets(folder / PLATE_FILE, step):
        for shelf, plate in np.argwhere(np.isfinite(packet.g).any(axis=0)).tolist():
            found.live.add((packet.gondola, shelf, plate))
    for sighting in sightings(folder / TARGET_FILE, step):
        for target in sighting.targets:
            place = target.head[:2]
            found.low, found.high = np.fmin(found.low, place), np.fmax(found.high, place)
            if target.is_valid:
                found.first.setdefault(target.target_id, (sighting.t_ns, place))
                found.last[target.target_id] = (sighting.t_ns, place)
    return found


def _scene(found: Survey) -> Scene:
    return Scene(found.low, found.high, _middle(found.first.values()), _middle(found.last.values()))


def _middle(sightings_: Iterable[tuple[int, Floats]]) -> Floats:
    places = [place for _, place in sightings_]
    return np.median(places, axis=0) if places else np.full(2, np.nan)


def _write_recording(folder: Path, path: Path, plates: dict[Slot, Plate], found: Survey, step: Step) -> int:
    """Merge both streams by arrival into a recording; return how many messages it holds."""
    shelves = _shelf_messages(folder / PLATE_FILE, plates, step)
    people = _people_messages(folder / TARGET_FILE, found, step)
    count = 0
    seq: dict[str, int] = {}
    with RecordingWriter(path, STORE_ID) as writer:
        for arrival_ns, unnumbered in heapq.merge(shelves, people, key=lambda item: item[0]):
            message = replace(unnumbered, seq=seq.get(unnumbered.src, 0))
            seq[message.src] = message.seq + 1
            frame = Frame(topic_of(message), encode(message), arrival_ns)
            writer.write(frame, message.t_ns, message.seq)
            count += 1
    return count


def _shelf_messages(path: Path, plates: dict[Slot, Plate], step: Step) -> Iterator[tuple[int, Message]]:
    """Yield (arrival, message without number) for each batch; a gondola that could not be placed has none."""
    slots: dict[int, list[Slot]] = {}
    for slot in plates:
        slots.setdefault(slot[0], []).append(slot)
    for packet in packets(path, step):
        own = slots.get(packet.gondola)
        if own:
            src = controller_of(packet.gondola)
            yield packet.arrival_ns, Plates(src, 0, packet.t_ns, packet.dt_ns, _channels(packet.g, own))


def _channels(g: Singles, slots: list[Slot]) -> Singles:
    """Return (samples, channels) of a packet; NaN for planned plates the packet has no place for."""
    samples, shelves, width = g.shape
    channels = np.full((samples, len(slots)), np.nan, dtype=np.float32)
    for channel, (_, shelf, plate) in enumerate(slots):
        if shelf < shelves and plate < width:
            channels[:, channel] = g[:, shelf, plate]
    return channels


def _people_messages(path: Path, found: Survey, step: Step) -> Iterator[tuple[int, Message]]:
    """Yield (arrival, message without number): frames, between the gate's word on who comes and who goes."""
    inside: set[str] = set()
    for sighting in sightings(path, step):
        valid = [target.target_id for target in sighting.targets if target.is_valid]
        coming = [name for name in valid if sighting.t_ns == found.first[name][0] and name not in inside]
        inside.update(coming)
        going = [name for name in valid if sighting.t_ns == found.last[name][0]]
        for name in coming:
            yield sighting.arrival_ns, _gate(ENTRY, sighting.t_ns, "enter", name)
        yield sighting.arrival_ns, _people(sighting)
        for name in going:
            yield sighting.arrival_ns, _gate(EXIT, sighting.t_ns, "exit", name)


def _gate(gate: str, t_ns: int, event: str, account: str) -> Gate:
    return Gate(gate, 0, t_ns, gate, event, account, 1, "shopper")


def _people(sighting: Sighting) -> People:
    targets = sighting.targets
    n = len(targets)
    score = np.array([target.score for target in targets], dtype=np.float32)
    return People.of(
        src=CAMERA,
        seq=0,
        t_ns=sighting.t_ns,
        head=np.array([target.head for target in targets], dtype=np.float32).reshape(n, 3),
        hands=np.array([target.hands for target in targets], dtype=np.float32).reshape(n, 2, 3),
        sd=(HEAD_SD_M / np.maximum(score, SCORE_MIN)).astype(np.float32),
        score=score,
        look=np.zeros((n, 0), dtype=np.float32),
        ids=tuple(target.target_id for target in targets),
        held=(),
    )
