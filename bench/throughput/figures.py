"""Medians of measurements, and what they are beside the bars."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from bench.loads.loads import Load
from bench.rush.stages import SHELF

RATIO_MAX: Final = 6.0  # of the pipeline to the floor, at L
RATIO_AT: Final = "L"
MEMORY_MAX_MIB: Final = {"M": 1024.0, "XL": 4096.0}
FLAT_MAX: Final = 1.1  # peak memory of a whole recording to that of its first half
COLD_MAX_S: Final = 4.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one load; medians over repeats."""

    load: str
    store_s: float
    replay_s: float
    cpu_s: float  # of the processor, whatever else the machine does
    floor_s: float
    floor_cpu_s: float
    messages: int
    samples: int
    detections: int
    peak_mib: float
    half_mib: float
    stages: dict[str, float]  # seconds of a replay whose stages are timed
    bar: float

    @property
    def speed(self) -> float:
        """Return store seconds a wall second."""
        return self.store_s / self.replay_s

    @property
    def ratio(self) -> float:
        """Return the time of the pipeline to that of the floor."""
        return self.replay_s / self.floor_s

    @property
    def floor_speed(self) -> float:
        """Return store seconds a second of the processor if there were no engine: no replay is faster on one core."""
        return self.store_s / self.floor_cpu_s

    @property
    def room_ms(self) -> float:
        """Return what the bar leaves the engine beside the floor, ms of the processor a store second; none below 0."""
        return 1e3 * (1.0 / self.bar - 1.0 / self.floor_speed)

    @property
    def engine_ms(self) -> float:
        """Return what the engine takes beside the floor, ms of the processor a store second."""
        return 1e3 * (self.cpu_s - self.floor_cpu_s) / self.store_s

    @property
    def plate_path(self) -> float:
        """Return plate samples a second of the time that the shelf stage takes."""
        return self.samples / max(self.stages[SHELF], 1e-9)

    def per_s(self, count: int) -> float:
        """Return how many of something a wall second of replay takes."""
        return count / self.replay_s

    def missed(self) -> list[str]:
        """Return which bars are missed, each in words."""
        memory = MEMORY_MAX_MIB.get(self.load, float("inf"))
        flat = self.peak_mib / self.half_mib
        found = [
            (self.speed >= self.bar, f"replay {self.speed:.1f} x real time (at least {self.bar:g})"),
            (
                self.load != RATIO_AT or self.ratio <= RATIO_MAX,
                f"pipeline to floor {self.ratio:.1f} (at most {RATIO_MAX:g})",
            ),
            (self.peak_mib <= memory, f"peak memory {self.peak_mib:.0f} MiB (at most {memory:.0f})"),
            (flat <= FLAT_MAX, f"peak memory of the whole {flat:.2f} of its first half's (at most {FLAT_MAX:g})"),
        ]
        return [f"load {self.load}: {text}" for is_met, text in found if not is_met]

    def to_json(self) -> dict[str, Any]:
        """Return everything, derived figures included."""
        derived = {"speed": self.speed, "ratio": self.ratio, "floor_speed": self.floor_speed, "room_ms": self.room_ms}
        return asdict(self) | derived | {"engine_ms": self.engine_ms, "missed": self.missed()}


def figures_of(
    load: Load,
    replays: Sequence[dict[str, Any]],
    floors: Sequence[dict[str, Any]],
    timed: Sequence[dict[str, Any]],
) -> Figures:
    """Return the medians; raises RuntimeError where replays of one recording made different ledgers."""
    ledgers = {run["ledger"] for run in replays}
    if len(ledgers) > 1:
        raise RuntimeError(f"load {load.name}: replays of one recording made {len(ledgers)} different ledgers")
    return Figures(
        load=load.name,
        store_s=replays[0]["store_s"],
        replay_s=median(run["wall_s"] for run in replays),
        cpu_s=median(run["cpu_s"] for run in replays),
        floor_s=median(run["wall_s"] for run in floors),
        floor_cpu_s=median(run["cpu_s"] for run in floors),
        messages=floors[0]["messages"],
        samples=floors[0]["samples"],
        detections=floors[0]["detections"],
        peak_mib=median(run["peak_mib"] for run in replays),
        half_mib=median(run["half_mib"] for run in replays),
        stages={name: median(run["stages"][name] for run in timed) for name in timed[0]["stages"]},
        bar=load.bar,
    )
