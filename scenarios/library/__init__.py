"""The library: named scenarios, each a text file in this folder (script_text.py says how they are written).

b01 to b30 follow the thirty public baseline cases of the AutoCheckout competition (CPS-IoT Week 2020) as its winner
described them in public (AutoCheckout-CMU/AutoCheckout, evaluation.md); the others are named for what happens in them.
"""

from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from scenarios.script import Script
from scenarios.script_text import read_script

SUFFIX: Final = ".txt"
SCRIPTS: tuple[Script, ...]  # all of them, sorted by name; read where somebody asks for it (below)

__all__ = ["SCRIPTS", "names", "script_named"]


@cache
def names() -> tuple[str, ...]:
    """Return the names of all scenarios, sorted."""
    found = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX)))


def script_named(name: str) -> Script:
    """Return a scenario of the library, or the one in a user's text file, whose path ends in .txt.

    Raises ValueError with the nearest names if there is none, or with what cannot be read in the file.
    """
    if name in names():
        return _from_library(name)
    path = Path(name)
    if path.suffix != SUFFIX:
        near = get_close_matches(name, names(), n=3, cutoff=0.5)
        expected = f"one of {', '.join(near)}" if near else f"a name that `aisle scenarios` lists, or a file *{SUFFIX}"
        raise ValueError(f"scenario: expected {expected}, received {name!r}")
    try:
        return read_script(path.read_text(encoding="utf-8"), name)
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: byte {error.start}: expected UTF-8 text, received {error.reason}") from None
    except OSError as error:
        raise ValueError(f"{name}: expected a script file, received {(error.strerror or 'none').lower()}") from None


@cache
def _from_library(name: str) -> Script:
    file = name + SUFFIX
    return read_script((files(__name__) / file).read_text(encoding="utf-8"), file)


def __getattr__(key: str) -> tuple[Script, ...]:
    # All are read only where somebody asks for all: every subcommand imports this module.
    if key == "SCRIPTS":
        return tuple(_from_library(name) for name in names())
    raise AttributeError(f"module {__name__!r} has no attribute {key!r}")
