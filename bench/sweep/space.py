"""What is tried: parameters by their dotted names in the configuration, values or ranges, a grid or draws; pure."""

import dataclasses
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import product
from typing import Any, Final

from fusion.config import Config

CANDIDATES_MAX: Final = 10_000


class SweepError(ValueError):
    """A parameter or range that cannot be; one line that names it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of the configuration: some values, or a range to draw from."""

    name: str  # attribution.hand_nats_max
    is_whole: bool
    values: tuple[float, ...]  # empty: a range
    low: float = 0.0
    high: float = 0.0


Candidate = tuple[tuple[str, float], ...]  # (name, value), in order of the command line; empty: the default


def numbers(config: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Return every number of a configuration by its dotted name."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            yield from numbers(value, f"{prefix}{field.name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield prefix + field.name, value


def read_parameter(text: str) -> Parameter:
    """Read NAME=V,V,... or NAME=LOW:HIGH; raises SweepError."""
    name, _, said = text.partition("=")
    known = dict(numbers(Config()))
    if name not in known:
        near = ", ".join(get_close_matches(name, known, 3)) or "a number of fusion/config.py, stage.name"
        raise SweepError(f"{text}: expected {near}, received {name!r}")
    is_whole = isinstance(known[name], int)
    parts = said.split(":")
    try:
        found = [float(part) for part in (parts if len(parts) == 2 else said.split(","))]
    except ValueError:
        raise SweepError(f"{text}: expected {name}=V,V,... or {name}=LOW:HIGH, received {said!r}") from None
    if any(abs(value) == float("inf") or value != value or (is_whole and value != int(value)) for value in found):
        kind = "whole" if is_whole else "finite"
        raise SweepError(f"{text}: expected {kind} numbers, received {said!r}")
    if len(parts) != 2:
        return Parameter(name, is_whole, tuple(dict.fromkeys(found)))
    low, high = found
    if low >= high:
        raise SweepError(f"{text}: expected LOW below HIGH, received {said!r}")
    return Parameter(name, is_whole, (), low, high)


def grid(parameters: Sequence[Parameter]) -> list[Candidate]:
    """Return every combination of values, the default first; raises SweepError for ranges and for too many."""
    for one in parameters:
        if not one.values:
            raise SweepError(f"{one.name}: expected values, or --draw N for a range, received {one.low}:{one.high}")
    count = 1
    for one in parameters:
        count *= len(one.values)
    if count > CANDIDATES_MAX:
        raise SweepError(f"expected at most {CANDIDATES_MAX} combinations, received {count}: --draw N tries some")
    names = [one.name for one in parameters]
    return _with_default(tuple(zip(names, some, strict=True)) for some in product(*(one.values for one in parameters)))


def draws(parameters: Sequence[Parameter], count: int, seed: int) -> list[Candidate]:
    """Return so many candidates drawn at random, the default first; the same seed draws the same."""
    source = random.Random(seed)
    return _with_default(tuple((one.name, _draw(one, source)) for one in parameters) for _ in range(count))


def with_values(config: Config, candidate: Candidate) -> Config:
    """Return a configuration with some numbers changed; raises SweepError for such as do not go together."""
    for name, value in candidate:
        try:
            config = _replaced(config, name.split("."), value)
        except AssertionError:  # a stage of the configuration that knows which of its numbers fit each other
            raise SweepError(f"{name}: expected a value that its stage takes, received {value:g}") from None
    return config


def _with_default(candidates: Iterator[Candidate]) -> list[Candidate]:
    default = Config().digest()
    by_digest = {with_values(Config(), one).digest(): one for one in candidates}
    by_digest.pop(default, None)
    return [(), *by_digest.values()]


def _draw(one: Parameter, source: random.Random) -> float:
    if one.values:
        return source.choice(one.values)
    return source.randint(int(one.low), int(one.high)) if one.is_whole else source.uniform(one.low, one.high)


def _replaced(config: Any, path: Sequence[str], value: float) -> Any:
    name, *rest = path
    inner = getattr(config, name)
    new = _replaced(inner, rest, value) if rest else (int(value) if isinstance(inner, int) else float(value))
    return replace(config, **{name: new})
