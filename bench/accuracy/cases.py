"""Cases to replay: library scenarios, simulated once and kept, and recordings of other stores."""

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

from scenarios.library import names, script_named
from scenarios.script_text import write_script
from scenarios.simulate import Recipe, simulate

LIBRARY: Final = "library"
SHARED: Final = "shared"
HEAVY: Final = frozenset({"market-day"})  # minutes each: only where asked for
ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ("sensors/**/*.py", "scenarios/**/*.py", "fusion/wire*.py", "fusion/recording.py")
STAMP: Final = "made-from.txt"  # digest of what a simulated case was made from


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
    stamp = case.folder / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _digest(case)


def make(case: Case) -> str:
    """Simulate a library case into its folder, whole or not at all; return what is wrong, or nothing."""
    part = case.folder.with_name(f"{case.folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        simulate(Recipe(case.family, _seed(case)), part)
    except ValueError as error:
        return f"{case.name}: {error}"
    (part / STAMP).write_text(_digest(case), encoding="utf-8")
    shutil.rmtree(case.folder, ignore_errors=True)
    part.rename(case.folder)
    return ""


def _matches(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _seed(case: Case) -> int:
    return int(case.name.rpartition("-")[2])


def _digest(case: Case) -> str:
    """Return a hash over all that a simulated case depends on: its script, its seed and the simulator."""
    parts = (write_script(script_named(case.family)), str(_seed(case)), sources_digest())
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


@cache
def sources_digest() -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(path for pattern in SOURCES for path in ROOT.glob(pattern)):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
