"""Scripts as text, a few lines that a person writes and reads aloud.

    name: exchange
    about: two shoppers exchange what they picked
    store: nano
    a: any
    b: beside a

    ann at 2 s
      pick a
      exchange a with ben for b
      leave

    ben at 3 s
      pick b
      exchange b with ann for a
      leave

What a script is, stands at the top as `key: value`; a key that is none of KEYS names a part. Each person has a line,
and indented below it a step a line. `#` and what follows it is a comment. SENTENCES, PERSON and the other tables in
script_words.py are the whole grammar.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

from scenarios.phrases import SECONDS, WORD, Values, write_phrase
from scenarios.script import Intention, Part, Script, Shopper
from scenarios.script_words import (
    CROWD,
    FAULT,
    FAULT_CLAUSES,
    KEYS,
    PART_RULES,
    PERSON,
    PERSON_CLAUSES,
    SENTENCES,
    STALE,
    nearest,
    read_clauses,
    read_first,
    write_clauses,
)

COMMENT: Final = re.compile(r"(?:^|\s)#.*$")
HEADER: Final = re.compile(rf"({WORD}(?: [\w-]+)*):(.*)")
INDENT: Final = "  "


@dataclass(slots=True)
class _Draft:
    """A script while its lines are read."""

    values: Values = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    shoppers: list[tuple[Values, list[Intention]]] = field(default_factory=list)


def read_script(text: str, origin: str) -> Script:
    """Return the script that a text says.

    Raises ValueError with every line that cannot be read: origin, line, what was expected, what was received.
    """
    draft, problems = _Draft(), []
    for number, line in enumerate(text.splitlines(), start=1):
        said = COMMENT.sub("", line).rstrip()
        try:
            if said:
                _read_line(draft, said)
        except ValueError as error:
            problems.append(f"{origin}:{number}: {error}")
    problems += [
        f"{origin}: expected a line `{key}: ...`, received none" for key in ("name", "about") if key not in draft.values
    ]
    if problems:
        raise ValueError("\n".join(problems))
    shoppers = tuple(Shopper(**values, does=tuple(steps)) for values, steps in draft.shoppers)
    return Script(**draft.values, shoppers=shoppers, parts=tuple(draft.parts))


def write_script(script: Script) -> str:
    """Return a script as text that reads back as the same script; raises ValueError for what no text says."""
    text = "\n".join(_lines(script)) + "\n"
    if read_script(text, script.name) != script:
        raise ValueError(f"{script.name}: expected names and lines that can be read back, received {script!r}")
    return text


def _read_line(draft: _Draft, said: str) -> None:
    if said[0].isspace():
        step = _read_step(said.strip())
        if not draft.shoppers:
            raise ValueError(f"expected a person's line before the first step, received {said.strip()!r}")
        draft.shoppers[-1][1].append(step)
    elif header := HEADER.fullmatch(said):
        _read_header(draft, header[1], header[2].strip())
    else:
        values = read_clauses(PERSON, PERSON_CLAUSES, said)
        draft.shoppers.append((values, []))


def _read_step(said: str) -> Intention:
    intention: Intention = read_first(SENTENCES, " ".join(said.split()))
    return intention


def _read_header(draft: _Draft, key: str, said: str) -> None:
    if key not in READERS:
        draft.parts += _read_part(key, said)
        return
    name, read, is_list = READERS[key]
    if key in ("name", "about") and not said:
        raise ValueError(f"expected {key} to say something, received nothing")
    if name in draft.values and not is_list:
        raise ValueError(f"expected one line `{key}: ...`, received another")
    value = read(said)
    draft.values[name] = (*draft.values.get(name, ()), value) if is_list else value


def _read_part(name: str, said: str) -> list[Part]:
    """Return what a line says of a part, a rule each; all of them hold."""
    try:
        return [Part(name, **_rule(one)) for one in said.split(", ")]
    except ValueError as error:
        hint = nearest(name, KEYS)
        raise ValueError(
            f"{error}; {name!r} is read as the name of a part{f', meant {hint}?' if hint else ''}"
        ) from None


def _rule(said: str) -> Values:
    values: Values = read_first(PART_RULES, said)
    return values


def _count(said: str) -> int:
    if not said.isdecimal():
        raise ValueError(f"expected a whole number, received {said!r}")
    return int(said)


def _seconds(said: str) -> float:
    if not re.fullmatch(SECONDS.pattern, said):
        raise ValueError(f"expected seconds, received {said!r}")
    seconds: float = SECONDS.read(said)
    return seconds


READERS: Final[dict[str, tuple[str, Callable[[str], Any], bool]]] = {
    "name": ("name", str, False),
    "about": ("about", str, False),
    "store": ("store", str, False),
    "handover": ("handover", str, False),
    "stale": ("stale", lambda said: read_first((STALE,), said), True),
    "crowd": ("crowd", lambda said: read_first((CROWD,), said), False),
    "fault": ("faults", lambda said: FAULT.make(**read_clauses(FAULT, FAULT_CLAUSES, said)), True),
    "next lane tags": ("next_lane_tags", _count, False),
    "lasts": ("lasts_s", _seconds, False),
}
assert tuple(READERS) == KEYS


def _lines(script: Script) -> Iterator[str]:
    yield f"name: {script.name}"
    yield f"about: {script.about}"
    yield f"store: {script.store}"
    if script.handover != "holder":
        yield f"handover: {script.handover}"
    yield from _part_lines(script.parts)
    yield from (f"stale: {write_phrase((STALE,), one)}" for one in script.stale)
    if script.crowd is not None:
        yield f"crowd: {write_phrase((CROWD,), script.crowd)}"
    yield from (f"fault: {write_clauses(FAULT, FAULT_CLAUSES, fault)}" for fault in script.faults)
    if script.next_lane_tags:
        yield f"next lane tags: {script.next_lane_tags}"
    if script.lasts_s != inf:
        yield f"lasts: {SECONDS.write(script.lasts_s)}"
    for shopper in script.shoppers:
        yield ""
        yield write_clauses(PERSON, PERSON_CLAUSES, shopper)
        yield from (INDENT + write_phrase(SENTENCES, intention) for intention in shopper.does)


def _part_lines(parts: tuple[Part, ...]) -> Iterator[str]:
    rules: dict[str, list[str]] = {}
    for part in parts:
        rules.setdefault(part.name, []).append(f"{part.how} {part.of}".rstrip())
    yield from (f"{name}: {', '.join(said)}" for name, said in rules.items())


def in_one_line(error: Exception) -> str:
    """Return the first problem of an error and how many more there are, for a command that does not list them."""
    first, *more = str(error).splitlines()
    return first + (f" (and {len(more)} more; `aisle scenarios` with the same script lists them)" if more else "")
