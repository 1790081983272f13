"""Fault plans as text, TOML with one table a fault:

[[fault]]
kind = "restart"
src = "cam-*"
from_s = 30.0
seconds = 4.0
jump_s = 0.2
"""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from fusion.store import Problem, Store
from sensors.faults import Fault, FaultPlan, PlanError, check_plan, given

TABLE: Final = "fault"
KEYS: Final = tuple(field.name for field in fields(Fault))
TEXTS: Final = ("kind", "src")


def read_plan(path: Path, store: Store | None = None) -> FaultPlan:
    """Read a plan and check it, against a store too where one is given; raises PlanError with every problem."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PlanError([Problem(str(path), f"byte {error.start}", "UTF-8 text", error.reason)]) from None
    except OSError as error:
        raise PlanError([Problem(str(path), "file", "a fault plan", (error.strerror or "none").lower())]) from None
    return parse_plan(text, str(path), store)


def parse_plan(text: str, file: str, store: Store | None = None) -> FaultPlan:
    """Return the plan in a text, checked; `file` is what problems call it; raises PlanError."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlanError([Problem(file, "text", "TOML", str(error))]) from None
    plan, problems = _faults(tables, file)
    problems = problems or check_plan(plan, store, file=file)
    if problems:
        raise PlanError(problems)
    return plan


def plan_text(plan: FaultPlan) -> str:
    """Return a plan as TOML that `read_plan` reads back as it was."""
    return "\n".join(f"[[{TABLE}]]\n{''.join(_line(fault, key) for key in _written(fault))}" for fault in plan)


def _written(fault: Fault) -> list[str]:
    return ["kind", *(key for key in given(fault) if key != "kind")]


def _line(fault: Fault, key: str) -> str:
    value = getattr(fault, key)
    if isinstance(value, tuple):
        return f"{key} = [{', '.join(_quoted(text) for text in value)}]\n"
    text = _quoted(value) if isinstance(value, str) else repr(float(value))
    return f"{key} = {text}\n"


def _quoted(text: str) -> str:
    """Return a TOML basic string; what is no printable ASCII is written by its number."""
    shown = "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\U{ord(c):08X}" for c in text)
    return f'"{shown}"'


def _faults(tables: Mapping[str, Any], file: str) -> tuple[FaultPlan, list[Problem]]:
    """Return the faults of a parsed file, or what keeps it from being a list of faults."""
    strange = [key for key in tables if key != TABLE]
    problems = [Problem(file, f"key {key}", f"only [[{TABLE}]] tables", f"key {key}") for key in strange]
    rows = tables.get(TABLE, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return (), [*problems, Problem(file, f"key {TABLE}", f"[[{TABLE}]] tables", repr(rows)[:60])]
    for number, row in enumerate(rows, 1):
        problems += [Problem(file, f"fault {number}, key {key}", *rest) for key, *rest in _check_types(row)]
    return (() if problems else tuple(_fault(row) for row in rows)), problems


def _check_types(row: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    found = [(key, f"one of {', '.join(KEYS)}", repr(key)) for key in row if key not in KEYS]
    if "kind" not in row:
        found.append(("kind", "the kind of the fault", "nothing"))
    for key in (key for key in row if key in KEYS):
        expected, is_right = _type_of(key, row[key])
        if not is_right:
            found.append((key, expected, repr(row[key])[:60]))
    return found


def _type_of(key: str, value: object) -> tuple[str, bool]:
    """Return what a key holds, and whether the value is of that type."""
    if key in TEXTS:
        return "a text", isinstance(value, str)
    if key == "plates":
        return "a list of texts", isinstance(value, list) and all(isinstance(text, str) for text in value)
    return "a number", isinstance(value, int | float) and not isinstance(value, bool)


def _fault(row: Mapping[str, Any]) -> Fault:
    numbers = {key: float(value) for key, value in row.items() if key not in (*TEXTS, "plates")}
    texts = {key: row[key] for key in TEXTS if key in row}
    return Fault(**texts, **numbers, plates=tuple(row.get("plates", ())))
