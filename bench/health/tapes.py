"""Clean tapes: drawn shoppers in a small store, simulated once a seed and kept."""

from pathlib import Path
from typing import Final

from scenarios.drawing import draw_script
from scenarios.layout import build_store
from scenarios.script_text import write_script
from scenarios.shops import shop_named
from scenarios.simulate import Recipe, simulate
from sensors.world import generator

SHOP: Final = "corner"
PEOPLE: Final = (6, 60)  # of a tape, and of a long one
OVER_S: Final = (60.0, 800.0)
HARD: Final = 0.0  # what is hard for a store that is well is other benches' business
DRAWS: Final = 9  # key of the random stream that draws the script


def clean_tape(seed: int, folder: Path, *, long: bool = False) -> Path:
    """Return the folder of a seed's clean case (store/, recording.mcap, truth.json), simulated if it is not there."""
    case = folder / f"{'long' if long else 'seed'}-{seed}"
    if not (case / "done").is_file():
        case.mkdir(parents=True, exist_ok=True)
        store = build_store(shop_named(SHOP), generator(seed, 0, 0))
        script = draw_script(PEOPLE[long], OVER_S[long], HARD, SHOP, store, generator(seed, 0, DRAWS))
        path = case / "script.txt"
        path.write_text(write_script(script), encoding="utf-8")
        simulate(Recipe(str(path), seed), case)
        (case / "done").touch()
    return case
