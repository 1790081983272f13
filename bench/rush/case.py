"""A rush, simulated once and kept: shoppers are drawn until so many of them are in the store at once."""

import json
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.kept import kept
from fusion.arrays import Floats, Ints
from scenarios.drawing import draw_script
from scenarios.layout import build_store
from scenarios.script_text import write_script
from scenarios.shops import shop_named
from scenarios.simulate import EPOCH_NS, Recipe, simulate, staged
from sensors.world import generator

DRAWING: Final = 9  # second key of the random stream that draws the shoppers
PICKS_MEAN: Final = 6.0  # of a shopper: with fewer some leave while others still queue at the gates
FIRST_TRY: Final = 1.2  # so many times the shoppers who are to be inside at once
TRIES_MAX: Final = 6
SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Rush:
    """What is asked for."""

    shoppers: int  # in the store at once, at least, when it is fullest
    seconds: float  # within which they come
    seed: int
    shop: str
    hard: float  # share of hard behaviour, 0 to 1

    @property
    def name(self) -> str:
        """Return the name of the folder it is kept in."""
        return f"{self.shoppers}-in-{self.shop}-over-{self.seconds:g}s-hard-{self.hard:g}-seed-{self.seed}"


def made(rush: Rush, folder: Path, *, progress: Callable[[str], None] = lambda what: None) -> Path:
    """Return the case of a rush below a folder, simulated first where it is not there as today's sources make it.

    `progress` hears what is going on. Raises ValueError for a rush that the store has no room or
    no goods for.
    """

    def make(part: Path) -> None:
        script = draw_rush(rush, part, progress)
        simulate(Recipe(str(script), rush.seed), part, progress=lambda src: progress(f"simulated {src}"))

    return kept(folder / rush.name, str(astuple(rush)), make)


def draw_rush(rush: Rush, folder: Path, progress: Callable[[str], None] = lambda what: None) -> Path:
    """Write the script of a rush and return where: as many shoppers as it takes to have so many inside at once."""
    store = build_store(shop_named(rush.shop), generator(rush.seed, 0, 0))
    people, most = round(FIRST_TRY * rush.shoppers), 0
    for _ in range(TRIES_MAX):
        progress(f"drawing {people} shoppers, {most} were inside at once" if most else f"drawing {people} shoppers")
        # Each try is a file of its own: what has been staged is remembered by the name of its script.
        path = folder / f"rush-of-{people}.txt"
        rng = generator(rush.seed, 0, DRAWING)
        drawn = draw_script(people, rush.seconds, rush.hard, rush.shop, store, rng, picks_mean=PICKS_MEAN)
        path.write_text(write_script(drawn), encoding="utf-8")
        most = int(staged(str(path), rush.seed).world.bodies.present.sum(axis=0).max())
        if most >= rush.shoppers:
            return path
        people += max(1, round(0.6 * people * (rush.shoppers - most) / most))
    raise ValueError(
        f"--shoppers: expected as many as {rush.shop} holds at once where they come within {rush.seconds:g} s:"
        f" {most} of {people} were the most, received {rush.shoppers}"
    )


def visits_of(case: Path) -> tuple[Floats, Floats]:
    """Return when everybody came and left, (n,) s since the scenario began; infinite for who stays."""
    people: list[dict[str, Any]] = json.loads((case / "truth.json").read_text(encoding="utf-8"))["people"]
    came = [(one["entered"] - EPOCH_NS) / SECOND_NS for one in people]
    left = [np.inf if one["left"] is None else (one["left"] - EPOCH_NS) / SECOND_NS for one in people]
    return np.array(came), np.array(left)


def inside_at(came_s: Floats, left_s: Floats, t_s: Floats) -> Ints:
    """Return how many are inside at each time, (k,)."""
    inside: Ints = ((came_s <= t_s[:, None]) & (t_s[:, None] < left_s)).sum(axis=1)
    return inside
