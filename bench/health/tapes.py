"""Clean tapes: drawn shoppers in a small store, simulated once a seed and kept.

One with the same shoppers has somebody of the staff at its end, who lays a test weight on the plates that health
suspects, one after the other, as it asks for.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.kept import kept
from scenarios.drawing import draw_script
from scenarios.layout import build_store
from scenarios.script import Leave, Script, Shopper, Weigh
from scenarios.script_text import write_script
from scenarios.shops import shop_named
from scenarios.simulate import Recipe, simulate
from sensors.world import generator

SHOP: Final = "corner"
PEOPLE: Final = (6, 60)  # of a tape, and of a long one
OVER_S: Final = (60.0, 800.0)
HARD: Final = 0.0  # what is hard for a store that is well is other benches' business
TEST_G: Final = 500.0
STAFF_S: Final = 40.0  # after the last shopper has come
DRAWS: Final = 9  # key of the random stream that draws the script


def clean_tape(seed: int, folder: Path, *, long: bool = False, weighs: Sequence[str] = ()) -> Path:
    """Return the folder of a seed's clean case (store/, recording.mcap, truth.json), simulated if it is not there.

    At its end staff weigh some plates.
    """
    store = build_store(shop_named(SHOP), generator(seed, 0, 0))
    script = draw_script(PEOPLE[long], OVER_S[long], HARD, SHOP, store, generator(seed, 0, DRAWS))
    words = write_script(_weighed(script, OVER_S[long] + STAFF_S, weighs) if weighs else script)

    def make(part: Path) -> None:
        path = part / "script.txt"
        path.write_text(words, encoding="utf-8")
        simulate(Recipe(str(path), seed), part)

    return kept(folder / "-".join(("long" if long else "seed", str(seed), *weighs)), words, make)


def _weighed(script: Script, at_s: float, plates: Sequence[str]) -> Script:
    """Return a script at whose end somebody of the staff lays a test weight on some plates."""
    does = (*(Weigh(plate, TEST_G) for plate in plates), Leave())
    return replace(script, shoppers=(*script.shoppers, Shopper("weigher", at_s, does, role="staff")))
