"""Phrases: one form of words that a value is both read from and written as.

    Phrase(Pick, "pick[ {qty}] {product}[ {pace}]")

`{field}` is a field of the type, spelled as SPELLINGS says; what stands in brackets is left out where its fields are
as by default. Names of goods may have several words, none of them one of RESERVED.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from math import isfinite
from typing import Any, Final, TypeAlias

import numpy as np

RESERVED: Final = (
    "after", "at", "back", "beside", "down", "for", "from", "into", "is", "of", "on", "out", "plus", "quickly",
    "slowly", "take", "to", "unseen", "up", "with",
)  # fmt: skip
FREE: Final = rf"(?!(?:{'|'.join(RESERVED)})(?![\w-]))"
NAME: Final = rf"{FREE}[A-Za-z][\w-]*(?: {FREE}[\w-]+)*"
WORD: Final = r"[A-Za-z0-9][\w.-]*"
NUMBER: Final = r"\d+(?:\.\d+)?"
PATTERN: Final = rf"(?:of:{NAME}|[\w*?.!\[\]-]+)"
OPTIONAL: Final = re.compile(r"(\[[^\]]*\])")
FIELD: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the values of a field are spelled: what people are told of them, a pattern, its reader and its writer."""

    shown: str
    pattern: str
    read: Callable[[str], Any]
    write: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A type, and a form of words for its values."""

    make: Callable[..., Any]
    form: str


Values: TypeAlias = dict[str, Any]


def _seconds(value: float) -> str:
    return f"{_number(value)} s"


def _number(value: float) -> str:
    if not isfinite(value):
        raise ValueError(f"expected a finite number, received {value!r}")
    return np.format_float_positional(value, trim="-")


def _read_seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def _read_counted(text: str) -> tuple[tuple[str, int], ...]:
    found = []
    for one in text.split(" plus "):
        qty, _, name = one.partition(" ")
        found.append((name, int(qty)) if qty.isdecimal() else (one, 1))
    return tuple(found)


def _write_counted(counted: Sequence[tuple[str, int]]) -> str:
    return " plus ".join(name if qty == 1 else f"{qty} {name}" for name, qty in counted)


def _mapped(words: Mapping[str, Any]) -> Spelling:
    def write(value: Any) -> str:
        for word, said in words.items():
            if said == value:
                return word
        raise ValueError(f"expected one of {list(words.values())}, received {value!r}")

    return Spelling("|".join(words), "|".join(words), words.__getitem__, write)


PRODUCT: Final = Spelling("PRODUCT", NAME, str, str)
PERSON: Final = Spelling("PERSON", WORD, str, str)
CART: Final = Spelling("CART", rf"(?!cart(?![\w.-])){WORD}", str, str)
COUNT: Final = Spelling("COUNT", r"-?\d+", int, str)
SHARE: Final = Spelling("NUMBER", f"-?{NUMBER}", float, _number)
SECONDS: Final = Spelling("SECONDS", f"-?{NUMBER}(?: ?s)?", _read_seconds, _seconds)
SPELLINGS: Final[Mapping[str, Spelling]] = {
    **dict.fromkeys(("product", "beside", "into", "theirs", "instead"), PRODUCT),
    **dict.fromkeys(("name", "person", "to", "giver", "other", "party_of", "account_of", "looks_like"), PERSON),
    **dict.fromkeys(("qty", "taken", "people"), COUNT),
    **dict.fromkeys(("seconds", "hold_s", "at_s", "over_s", "from_s", "to_s", "jump_s"), SECONDS),
    **dict.fromkeys(("hard", "p", "size", "grams"), SHARE),
    "cart": CART,
    "of": Spelling("PART or CATEGORY", NAME, str, str),
    "place": Spelling("PLACE", WORD, str, str),
    "plate": Spelling("PLATE", WORD, str, str),
    "mark": Spelling("MARK", WORD, str, str),
    "kind": Spelling("KIND", WORD, str, str),
    "src": Spelling("SOURCES", r"[\w*?.!\[\]-]+", str, str),
    "plates": Spelling("PLATES", f"{PATTERN}(?:, {PATTERN})*", lambda text: tuple(text.split(", ")), ", ".join),
    "also": Spelling("COUNT PRODUCT", rf"(?:\d+ )?{NAME}(?: plus (?:\d+ )?{NAME})*", _read_counted, _write_counted),
    "pace": _mapped({"slowly": "slow", "quickly": "fast"}),
    "hidden": _mapped({"unseen": True}),
    "role": _mapped({"staff": "staff"}),
    "is_child": _mapped({"child": True}),
    "tailgates": _mapped({"tailgates": True}),
}


def read_phrase(phrase: Phrase, text: str) -> Values | None:
    """Return the fields that a text gives in the words of a phrase, None where it is not of that form."""
    found = _compiled(phrase.form).fullmatch(text)
    if found is None:
        return None
    return {key: SPELLINGS[key].read(said) for key, said in found.groupdict().items() if said is not None}


def write_phrase(phrases: Sequence[Phrase], value: Any) -> str:
    """Return a value in the first of the phrases for its type that says all of it; raises ValueError if none does."""
    given = set(_given(value))
    for phrase in phrases:
        if phrase.make is type(value) and given <= set(FIELD.findall(phrase.form)):
            return "".join(_written(phrase, value, given))
    raise ValueError(f"expected something there are words for, received {value!r}")


def usage(phrase: Phrase) -> str:
    """Return a form as people are shown it: fields in capitals."""
    return FIELD.sub(lambda found: SPELLINGS[found[1]].shown, phrase.form).replace("[ ", " [")


def _given(value: Any) -> Iterator[str]:
    """Yield the fields with a spelling that are not as by default."""
    for field in fields(value):
        if field.name in SPELLINGS and (field.default is MISSING or getattr(value, field.name) != field.default):
            yield field.name


def _written(phrase: Phrase, value: Any, given: set[str]) -> Iterator[str]:
    for part in OPTIONAL.split(phrase.form):
        keys = FIELD.findall(part)
        if part.startswith("[") and not given.intersection(keys):
            continue
        bare = part[1:-1] if part.startswith("[") else part
        yield FIELD.sub(lambda found: SPELLINGS[found[1]].write(getattr(value, found[1])), bare)


@lru_cache(maxsize=256)
def _compiled(form: str) -> re.Pattern[str]:
    said = []
    for part in OPTIONAL.split(form):
        bare = part[1:-1] if part.startswith("[") else part
        words = FIELD.split(bare)  # literal, field, literal, field, ..., literal
        pattern = "".join(_group(word) if at % 2 else re.escape(word) for at, word in enumerate(words))
        said.append(f"(?:{pattern})?" if part.startswith("[") else pattern)
    return re.compile("".join(said))


def _group(key: str) -> str:
    return f"(?P<{key}>{SPELLINGS[key].pattern})"
