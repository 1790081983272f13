"""Figures as tables of 100 columns."""

from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE
from rich.table import Table

from bench.rush.stages import STAGES
from bench.throughput.figures import Figures

TITLES: Final = (
    *("store s", "wall s", "x real", "x CPU", "bar", "msg/s"),
    *("Msamp/s", "det./s", "floor s", "ratio", "half", "MiB"),
)
SHORT: Final = {"attribution": "attrib.", "the rest": "rest"}


def speeds(found: Sequence[Figures]) -> Table:
    """Return how fast each load is replayed, beside its bar and the floor; peak MiB of its first half and of it."""
    table = Table("load", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for title in TITLES:
        table.add_column(title, justify="right", no_wrap=True)
    for one in found:
        is_met = one.speed >= one.bar
        table.add_row(
            one.load,
            f"{one.store_s:.0f}",
            f"{one.replay_s:.2f}",
            f"{one.speed:.1f}",
            f"{one.store_s / one.cpu_s:.1f}",
            f"{one.bar:g} {'met' if is_met else 'MISSED'}",
            f"{one.per_s(one.messages):,.0f}",
            f"{one.per_s(one.samples) / 1e6:.2f}",
            f"{one.per_s(one.detections):,.0f}",
            f"{one.floor_s:.2f}",
            f"{one.ratio:.1f}",
            f"{one.half_mib:.0f}",
            f"{one.peak_mib:.0f}",
        )
    return table


def costs(found: Sequence[Figures]) -> Table:
    """Return milliseconds a second of store time and the share by stage, a load a row."""
    table = Table("ms a store s", box=SIMPLE, show_edge=False, pad_edge=False)
    for name in STAGES:
        table.add_column(SHORT.get(name, name), justify="right")
    for one in found:
        whole = sum(one.stages.values())
        cells = [f"{1e3 * one.stages[name] / one.store_s:.1f} {one.stages[name] / whole:.0%}" for name in STAGES]
        table.add_row(one.load, *cells)
    return table


def floors(found: Sequence[Figures]) -> list[str]:
    """Return what the floor leaves of each bar, a load a line: what one core cannot do, no engine can."""
    floor = "the floor alone runs at"
    return [f"load {one.load}: {floor} {one.floor_speed:.1f} x real time on one core; {_left(one)}" for one in found]


def _left(one: Figures) -> str:
    if one.room_ms <= 0.0:
        return f"a bar of {one.bar:g} x is out of reach on it"
    return f"a bar of {one.bar:g} x leaves the engine {one.room_ms:.1f} ms a store second, it takes {one.engine_ms:.1f}"
