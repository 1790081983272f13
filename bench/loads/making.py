"""A load as a case on disk: drawn, simulated and kept while what makes it stays the same."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.kept import kept
from bench.loads.loads import Load
from fusion.progress import Tell, progress
from scenarios.drawing import draw_script
from scenarios.layout import build_store
from scenarios.script_text import write_script
from scenarios.shops import shop_named
from scenarios.simulate import Recipe, simulate, source_names
from sensors.world import generator

FOLDER: Final = Path("out/loads")
SCRIPT: Final = "script.txt"
DRAWING: Final = 9  # second key of the random stream that draws the shoppers
HARD: Final = 0.2  # share of hard behaviour


def made(load: Load, folder: Path = FOLDER) -> Path:
    """Return the case of a load below a folder, simulated first where it is not there as today's sources make it."""
    return kept(folder / load.key, f"{load} {HARD}", lambda part: _make(load, part))


def _make(load: Load, part: Path) -> None:
    script = part / SCRIPT
    script.write_text(drawn(load), encoding="utf-8")
    with progress(f"acting load {load.name}", None, "sources") as tell:
        tell(0.0)
        sources = len(source_names(str(script), load.seed))
    with progress(f"simulating load {load.name}", sources, "sources") as tell:
        simulate(Recipe(str(script), load.seed), part, progress=_counted(tell), workers=os.cpu_count() or 1)


def drawn(load: Load) -> str:
    """Return the script of a load's people, broken off when what is recorded ends."""
    store = build_store(shop_named(load.shop), generator(load.seed, 0, 0))
    rng = generator(load.seed, 0, DRAWING)
    script = draw_script(load.people, load.come_s, HARD, load.shop, store, rng, picks_mean=load.picks)
    return write_script(replace(script, name=f"load-{load.name.lower()}", lasts_s=load.seconds))


def _counted(tell: Tell) -> Callable[[str], None]:
    done = 0

    def hear(_src: str) -> None:
        nonlocal done
        done += 1
        tell(done)

    return hear
