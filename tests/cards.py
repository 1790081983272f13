"""Card numbers for tests, of no card, and the search for them in files."""

import re
from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st

SEPARATORS = st.sampled_from(["", "", " ", "-", ".", "_", "  "])


def check_digit(digits: str) -> str:
    """Return the last digit of a card number, as ISO/IEC 7812-1 annex B adds it up."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return str(-total % 10)


@st.composite
def pans(draw: st.DrawFn) -> str:
    """Any card number, its digits in groups."""
    digits = draw(st.text("0123456789", min_size=12, max_size=18).filter(lambda text: set(text) != {"0"}))
    number = digits + check_digit(digits)
    cuts = sorted(draw(st.sets(st.integers(1, len(number) - 1), max_size=4)))
    groups = [number[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
    separator = draw(SEPARATORS)
    return separator.join(groups)


def texts_around(pan: str) -> st.SearchStrategy[str]:
    """Any text with a card number in it, next to anything but another digit."""
    rest = st.text(st.characters(exclude_categories=["Cs", "Nd"]), max_size=20)
    numbers = st.text("0123456789 ", max_size=8)
    before = st.builds("{}{}".format, numbers, rest.map(lambda text: text + "/"))
    return st.builds(f"{{}}{pan}{{}}".format, st.one_of(rest, before), rest)


def kept(folder: Path, pan: str) -> list[str]:
    """Return the files under a folder that hold a card number, in clear, in hexadecimal, or without separators."""
    bare = re.sub(r"[\s._-]", "", pan)
    needles = {form for text in (pan, bare) for form in (text.encode(), text.encode().hex().encode())}
    return [str(path) for path in files(folder) if any(needle in path.read_bytes() for needle in needles)]


def files(folder: Path) -> Iterable[Path]:
    """Return every file under a folder."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
