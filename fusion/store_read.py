"""Read the files of a store folder by their tables of rules; problems are added to a list, never raised."""

import csv
import io
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

from fusion.store import Problem
from fusion.store_rules import Rule, read_fields, shown
from fusion.store_tables import FLOOR, ROWS, TAX_RATE, TOP
from fusion.store_terms_tables import SWITCHES

Row: TypeAlias = dict[str, Any]  # values by key, and "place": where the row stands in its file


def read_toml(path: Path, problems: list[Problem]) -> Row:
    """Return the top-level keys, "outline", "tax", the tables of switches and the list of rows of each other table."""
    raw = _parse_toml(path, problems)
    if raw is None:
        return {}
    file = str(path)
    text: Row = read_fields(raw, TOP, problems, file=file, place="key {}") or {}
    floor = _table(raw, "floor", file, problems)
    text |= read_fields(floor, FLOOR, problems, file=file, place="[floor], key {}") or {}
    tax = _table(raw | {"tax": raw.get("tax", {})}, "tax", file, problems)
    rates = dict.fromkeys(tax, TAX_RATE)
    text["tax"] = read_fields(tax, rates, problems, file=file, place="[tax], key {}") or {}
    for name, (rules, defaults) in SWITCHES.items():
        switches = defaults | _table(raw, name, file, problems)
        text[name] = read_fields(switches, rules, problems, file=file, place=f"[{name}], key {{}}") or {}
    for name, rules in ROWS.items():
        text[name] = _rows(raw.get(name, []), name, rules, file, problems)
    if not raw.get("gate"):
        problems.append(Problem(file, "[[gate]]", "at least one gate", "none"))
    return text


def _parse_toml(path: Path, problems: list[Problem]) -> Row | None:
    raw_text = _read_text(path, problems)
    if raw_text is None:
        return None
    try:
        return tomllib.loads(raw_text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason, _, place = str(error).partition(" (at ")
        problems.append(Problem(str(path), place.rstrip(")") or "text", "TOML", f"text that is not ({reason})"))
        return None


def _read_text(path: Path, problems: list[Problem]) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(Problem(str(path), f"byte {error.start}", "UTF-8 text", error.reason))
    except OSError as error:
        problems.append(Problem(str(path), "file", "a readable file", (error.strerror or "none").lower()))
    return None


def _table(raw: Row, name: str, file: str, problems: list[Problem]) -> Row:
    table = raw.get(name, {})
    if isinstance(table, dict):
        return table
    problems.append(Problem(file, f"[{name}]", "a table", shown(table)))
    return {}


def _rows(raw: Any, name: str, rules: dict[str, Rule], file: str, problems: list[Problem]) -> list[Row]:
    if not isinstance(raw, list) or not all(isinstance(row, dict) for row in raw):
        problems.append(Problem(file, f"[[{name}]]", "an array of tables", shown(raw)))
        return []
    rows = []
    for place, row in enumerate(raw, start=1):
        fields = read_fields(row, rules, problems, file=file, place=f"[[{name}]] {place}, key {{}}")
        rows += [fields | {"place": f"[[{name}]] {place}"}] if fields else []
    _check_unique(rows, "id", file, ", key ", problems)
    return rows


def read_csv(path: Path, rules: dict[str, Rule], problems: list[Problem], *, many: bool = False) -> list[Row]:
    """Return the rows of a table; the first column is an id used once, unless there may be many rows of one id."""
    text = _read_text(path, problems)
    if text is None:
        return []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        if not _check_header(header, rules, str(path), problems):
            return []
        for cells in reader:
            rows += _csv_row(header, cells, rules, str(path), reader.line_num, problems)
    except csv.Error as error:
        problems.append(Problem(str(path), f"line {reader.line_num}", "CSV", f"text that is not ({error})"))
    if not many:
        _check_unique(rows, next(iter(rules)), str(path), ", column ", problems)
    return rows


def _check_header(header: list[str], rules: dict[str, Rule], file: str, problems: list[Problem]) -> bool:
    missing = [name for name in rules if header.count(name) != 1]
    for name in missing:
        received = f"{header.count(name)} of that name"
        problems.append(Problem(file, "line 1", f"one column {name}", received))
    return not missing


def _csv_row(
    header: list[str], cells: list[str], rules: dict[str, Rule], file: str, line: int, problems: list[Problem]
) -> list[Row]:
    """Return the row read, in a list of one; or an empty list, for blank lines and after adding problems."""
    if not cells:
        return []
    if len(cells) != len(header):
        problems.append(Problem(file, f"line {line}", f"{len(header)} cells", str(len(cells))))
        return []
    row = dict(zip(header, cells, strict=True))
    fields = read_fields(row, rules, problems, file=file, place=f"line {line}, column {{}}")
    return [fields | {"place": f"line {line}"}] if fields else []


def _check_unique(rows: Iterable[Row], key: str, file: str, joint: str, problems: list[Problem]) -> None:
    seen: dict[Any, str] = {}
    for row in rows:
        if row[key] in seen:
            received = f"{row[key]!r}, as in {seen[row[key]]}"
            problems.append(Problem(file, f"{row['place']}{joint}{key}", "an id used once", received))
        seen.setdefault(row[key], row["place"])
