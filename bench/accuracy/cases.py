"""Cases to replay: library scenarios, simulated once and kept, and recordings of other stores."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from bench.kept import is_kept, kept
from scenarios.library import names, script_named
from scenarios.script_text import write_script
from scenarios.simulate import Recipe, simulate

LIBRARY: Final = "library"
SHARED: Final = "shared"
HEAVY: Final = frozenset({"market-day"})  # minutes each: only where asked for


@dataclass(frozen=True, slots=True)
class Case:
    """A folder with store, recording and truth."""

    source: str  # LIBRARY or SHARED
    name: str  # FAMILY-SEED
    folder: Path

    @property
    def family(self) -> str:
        """Return the name without its seed."""
        family, _, seed = self.name.rpartition("-")
        return family if family and seed.isdecimal() else self.name


def library_cases(globs: Iterable[str], seeds: Iterable[int], *, heavy: bool, folder: Path) -> list[Case]:
    """Return the chosen scenarios of the library, each with each seed; they may have to be made first."""
    chosen = [name for name in names() if _matches(name, globs) and (heavy or name not in HEAVY)]
    return [Case(LIBRARY, f"{name}-{seed}", folder / f"{name}-{seed}") for name in chosen for seed in seeds]


def shared_cases(globs: Iterable[str], root: Path) -> list[Case]:
    """Return the chosen recordings with truth below a folder."""
    folders = sorted(p.parent for p in root.rglob("truth.json") if (p.parent / "recording.mcap").is_file())
    cases = [Case(SHARED, folder.relative_to(root).as_posix(), folder) for folder in folders]
    return [case for case in cases if _matches(case.family, globs)]


def is_made(case: Case) -> bool:
    """Tell whether a library case lies there as today's sources would make it."""
    return is_kept(case.folder, _asked(case))


def make(case: Case) -> str:
    """Simulate a library case into its folder, whole or not at all; return what is wrong, or nothing."""
    try:
        kept(case.folder, _asked(case), lambda part: simulate(Recipe(case.family, _seed(case)), part))
    except ValueError as error:
        return f"{case.name}: {error}"
    return ""


def _matches(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _seed(case: Case) -> int:
    return int(case.name.rpartition("-")[2])


def _asked(case: Case) -> str:
    """Return all that a simulated case depends on beside the simulator: its seed and its script."""
    return f"seed {_seed(case)}\n{write_script(script_named(case.family))}"
