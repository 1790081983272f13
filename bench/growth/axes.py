"""What doubles, and what stays as it is: plates, cameras, a whole store with its people, people in one store."""

from dataclasses import dataclass
from typing import Final

from bench.loads.loads import Load
from bench.rush.stages import SHELF, TRACKING

WHOLE: Final = "whole"  # cost of all stages
SECONDS: Final = 30.0
COME_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Axis:
    """A row of loads along which one number doubles."""

    name: str
    title: str
    sizes: tuple[int, ...]
    loads: tuple[Load, ...]
    judged: tuple[str, ...]  # costs whose exponents have the bar: the whole, and the stage that the axis drives


def _load(axis: str, *, area_m2: int, plates: int, cameras: int, people: int) -> Load:
    shop = f"{area_m2}m2-{plates}plates-{cameras}cameras"
    return Load(axis, shop, people, COME_S, SECONDS, bar=0.0)


PLATES: Final = (480, 960, 1920, 3840)
CAMERAS: Final = (12, 24, 48, 96)
PEOPLE: Final = (6, 12, 24, 48)
AXES: Final = {
    axis.name: axis
    for axis in (
        Axis(
            "plates",
            "plates (600 m2, 24 cameras, 8 people)",
            PLATES,
            tuple(_load("plates", area_m2=600, plates=n, cameras=24, people=8) for n in PLATES),
            (WHOLE, SHELF),
        ),
        Axis(
            "cameras",
            "cameras (300 m2, 480 plates, 16 people)",
            CAMERAS,
            tuple(_load("cameras", area_m2=300, plates=480, cameras=n, people=16) for n in CAMERAS),
            (WHOLE, TRACKING),
        ),
        Axis(
            "density",
            "people at fixed density (18 m2, 40 plates, 2.5 cameras each)",
            PEOPLE,
            tuple(_load("density", area_m2=18 * n, plates=40 * n, cameras=5 * n // 2, people=n) for n in PEOPLE),
            (WHOLE,),
        ),
        Axis(
            "area",
            "people at fixed area (360 m2, 960 plates, 60 cameras)",
            PEOPLE,
            tuple(_load("area", area_m2=360, plates=960, cameras=60, people=n) for n in PEOPLE),
            (),
        ),
    )
}


def axes_named(text: str) -> list[Axis]:
    """Return the axes of a list, as "plates,cameras"; raises ValueError for a name that is none."""
    wrong = [name for name in text.split(",") if name not in AXES]
    if wrong:
        raise ValueError(f"--axes: expected some of {', '.join(AXES)}, received {wrong[0]!r}")
    return [AXES[name] for name in text.split(",")]
