"""An output folder (contract section 5) read back, every row checked: what reports and comparisons are made of."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import msgspec

Row = dict[str, Any]


class OutputsError(Exception):
    """An output folder, or a file beside it, that cannot be used: one line with file, place, expected, received."""


class _Line(TypedDict):
    sku: str
    qty: int
    g: float | None
    amount: int
    confidence: float
    events: list[str]


class _Receipt(TypedDict):
    trip: str
    account: str | None
    entered: int
    left: int | None
    closed: int | None
    status: str
    confidence: float
    lines: list[_Line]
    tax: int
    total: int


class _Event(TypedDict):
    event: str
    t0: int
    t1: int
    kind: str
    plates: list[str]
    delta_g: float | None
    sku: str
    qty: int
    account: str | None
    p: float
    outcome: str


class _Reading(TypedDict):
    parts: list[dict[str, Any]]
    p: float | None
    nats: float
    why: dict[str, float]


class _Evidence(TypedDict):
    event: str
    kind: str
    t: int
    readings: list[_Reading]


@dataclass(frozen=True, slots=True)
class OutFolder:
    """The rows of an output folder, in the order of its files."""

    receipts: tuple[Row, ...]
    events: tuple[Row, ...]
    evidence: tuple[Row, ...]
    run: Row  # empty where the run has not ended


def read_outputs(out: Path, *, evidence: bool) -> OutFolder:
    """Read a folder that `aisle replay` or `aisle serve` wrote; run.json may be missing, a run may still go on.

    Raises OutputsError for a folder without such files or a row that is none.
    """
    needed = ("receipts.jsonl", "events.jsonl", *(["evidence.jsonl"] if evidence else []))
    missing = [name for name in needed if not (out / name).is_file()]
    if missing:
        there = sorted(path.name for path in out.iterdir())[:6] if out.is_dir() else []
        received = f"only {', '.join(there)}" if there else "an empty folder" if out.is_dir() else "no such folder"
        raise OutputsError(f"{out}: expected an output folder with {', '.join(missing)}, received {received}")
    return OutFolder(
        receipts=read_rows(out / "receipts.jsonl", _Receipt),
        events=read_rows(out / "events.jsonl", _Event),
        evidence=read_rows(out / "evidence.jsonl", _Evidence) if evidence else (),
        run=read_object(out / "run.json", dict[str, Any]) if (out / "run.json").is_file() else {},
    )


def read_rows(path: Path, shape: Any) -> tuple[Row, ...]:
    """Read JSON lines of one shape; keys beyond it are kept."""
    lines = path.read_bytes().splitlines()
    return tuple(_checked(path, f"line {n}", line, shape) for n, line in enumerate(lines, 1) if line.strip())


def read_object(path: Path, shape: Any) -> Row:
    """Read one JSON object of a shape; keys beyond it are kept."""
    return _checked(path, "whole file", path.read_bytes(), shape)


def _checked(path: Path, place: str, text: bytes, shape: Any) -> Row:
    try:
        msgspec.json.decode(text, type=shape)
        row: Row = json.loads(text)
    except msgspec.ValidationError as error:
        raise OutputsError(f"{path}: {place}: {_lower(str(error))}") from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise OutputsError(f"{path}: {place}: expected one JSON object, received {_lower(str(error))}") from error
    return row


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def accounts_in_order(receipts: Sequence[Row]) -> tuple[str, ...]:
    """Return every account that has a receipt, in the order in which they came in."""
    ordered = sorted(receipts, key=lambda row: (row["entered"], row["trip"]))
    return tuple(dict.fromkeys(row["account"] for row in ordered if row["account"] is not None))
