"""Simulated cases that are kept: made first where they do not lie there as today's sources make them."""

import hashlib
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
SOURCES: Final = ("sensors/**/*.py", "scenarios/**/*.py", "fusion/wire*.py", "fusion/recording.py")
STAMP: Final = "made-from.txt"  # what is asked for, and a digest of what makes it


def is_kept(case: Path, asked: str) -> bool:
    """Tell whether a folder is what is asked for, as today's sources make it."""
    stamp = case / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _stamp(asked)


def kept(case: Path, asked: str, make: Callable[[Path], None]) -> Path:
    """Return a folder, made first where it is not kept; what `make` raises leaves the old one as it is."""
    if is_kept(case, asked):
        return case
    part = case.with_name(f"{case.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    make(part)
    (part / STAMP).write_text(_stamp(asked), encoding="utf-8")
    shutil.rmtree(case, ignore_errors=True)
    return part.rename(case)


def _stamp(asked: str) -> str:
    return f"{asked}\n{_sources_digest()}\n"


@cache
def _sources_digest() -> str:
    """Return a hash over the simulator and the formats it writes."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(path for pattern in SOURCES for path in ROOT.glob(pattern)):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
