"""What one key or cell of a store folder may hold: a rule says what is expected and reads it or refuses."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fusion.store import Problem

IDENTIFIER = re.compile(r"[A-Za-z0-9._-]{1,64}")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
INTEGER = re.compile(r"[+-]?\d{1,15}")
MAGNITUDE_MAX = 1e9  # no length, mass or price of a store comes near it
SHOWN_MAX = 60  # characters of a received value quoted in a problem
ROTATION_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Rule:
    """What is expected, in words, and how to read it; `read` refuses with ValueError or TypeError."""

    expected: str
    read: Callable[[Any], Any]


def read_fields(
    row: Mapping[str, Any], rules: Mapping[str, Rule], problems: list[Problem], *, file: str, place: str
) -> dict[str, Any] | None:
    """Return the row's values by key, or None after adding each problem; place has a hole {} for the key."""
    before = len(problems)
    values: dict[str, Any] = {}
    for key, rule in rules.items():
        if key not in row:
            problems.append(Problem(file, place.format(key), rule.expected, "nothing"))
            continue
        try:
            values[key] = rule.read(row[key])
        except (ValueError, TypeError):
            problems.append(Problem(file, place.format(key), rule.expected, shown(row[key])))
    return values if len(problems) == before else None


def shown(value: object) -> str:
    """Quote a received value, shortened."""
    text = repr(value)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 3] + "..."


def identifier(value: Any) -> str:
    if not IDENTIFIER.fullmatch(value):
        raise ValueError
    return str(value)


def text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def one_of(*names: str) -> Rule:
    """Expect one of some words."""
    return Rule(" or ".join(repr(name) for name in names), lambda value: names[names.index(value)])


def contract_version(value: Any) -> int:
    if type(value) is not int or value != 1:
        raise ValueError
    return value


def number(value: Any) -> float:
    """Read a TOML number or the text of one; finite and of a sane size."""
    if isinstance(value, str):
        if not NUMBER.fullmatch(value.strip()):
            raise ValueError
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if not abs(float(value)) <= MAGNITUDE_MAX:
        raise ValueError
    return float(value)


def positive(value: Any) -> float:
    if number(value) <= 0:
        raise ValueError
    return number(value)


def not_negative(value: Any) -> float:
    if number(value) < 0:
        raise ValueError
    return number(value)


def share(value: Any) -> float:
    if not 0 <= number(value) <= 1:
        raise ValueError
    return number(value)


def count(value: Any) -> int:
    """Read an integer of 0 or more, never one written as 3.0."""
    if isinstance(value, str):
        if not INTEGER.fullmatch(value.strip()):
            raise ValueError
    elif type(value) is not int:
        raise TypeError
    if not 0 <= int(value) <= MAGNITUDE_MAX:
        raise ValueError
    return int(value)


def age(value: Any) -> int:
    return count(value or "0")


def epc_prefix(value: Any) -> str:
    if not re.fullmatch(r"[0-9A-Fa-f]{0,64}", value):
        raise ValueError
    return str(value)


def identifiers(value: Any) -> tuple[str, ...]:
    names = tuple(identifier(name) for name in value.split())
    if not names or len(dict.fromkeys(names)) != len(names):
        raise ValueError
    return names


def numbers(size: int) -> Callable[[Any], tuple[float, ...]]:
    """Return a reader of a list of so many numbers."""

    def read(value: Any) -> tuple[float, ...]:
        if not isinstance(value, list) or len(value) != size:
            raise ValueError
        return tuple(number(item) for item in value)

    return read


def size_px(value: Any) -> tuple[float, ...]:
    return tuple(positive(item) for item in numbers(2)(value))


def camera_matrix(value: Any) -> tuple[float, ...]:
    fx, fy, cx, cy = numbers(4)(value)
    return positive(fx), positive(fy), cx, cy


def rotation(value: Any) -> tuple[float, ...]:
    matrix = np.array(numbers(9)(value)).reshape(3, 3)
    if np.abs(matrix @ matrix.T - np.eye(3)).max() > ROTATION_TOLERANCE or np.linalg.det(matrix) < 0:
        raise ValueError
    return tuple(matrix.ravel().tolist())


def outline(value: Any) -> tuple[tuple[float, ...], ...]:
    points = _points(value)
    x, y = np.array(points).T if len(points) >= 3 else np.zeros((2, 1))
    # Twice the polygon's area: nought when the points lie on one line.
    if math.isclose(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)), 0.0, abs_tol=1e-9):
        raise ValueError
    return points


def line(value: Any) -> tuple[tuple[float, ...], ...]:
    points = _points(value)
    if len(points) != 2 or math.dist(*points) < 1e-6:
        raise ValueError
    return points


def _points(value: Any) -> tuple[tuple[float, ...], ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(numbers(2)(point) for point in value)
