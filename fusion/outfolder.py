"""An output folder (contract section 5) read back: what report, compare and view start from.

Every line is checked for the keys that are used, so that a wrong file ends in one line that names file, line, what was
expected and what was received, not in a traceback.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from fusion.explain_verdict import Row

RECEIPT_KEYS = ("trip", "account", "entered", "left", "closed", "status", "confidence", "lines", "tax", "total")
EVENT_KEYS = ("event", "t0", "t1", "kind", "plates", "delta_g", "sku", "qty", "account", "p", "outcome")
EVIDENCE_KEYS = ("event", "kind", "t", "readings")
TRACK_KEYS = ("t", "track", "x", "y", "account")


class FolderError(Exception):
    """Something that should be an output folder, or a file of one, and is not: said in one line."""

    def __init__(self, file: Path | str, place: str, expected: str, received: str) -> None:
        where = f"{file}: {place}" if place else f"{file}"
        super().__init__(f"{where}: expected {expected}, received {received}")


@dataclass(frozen=True, slots=True, eq=False)
class Out:
    """What a run wrote; `missing` names the optional files that are not there."""

    path: Path
    receipts: tuple[Row, ...]
    events: tuple[Row, ...]
    evidence: tuple[Row, ...]
    rejected: tuple[Row, ...]
    tracks: pl.DataFrame  # t, track, x, y, account
    run: Mapping[str, Any]
    missing: tuple[str, ...]


def read_out(path: Path) -> Out:
    """Read an output folder; receipts.jsonl and events.jsonl must be there, the rest may be missing."""
    if not path.is_dir():
        raise FolderError(path, "", "an output folder", "a file" if path.exists() else "no such folder")
    must = [name for name in ("receipts.jsonl", "events.jsonl") if not (path / name).is_file()]
    if must:
        there = sorted(p.name for p in path.iterdir())[:6]
        received = f"only {', '.join(there)}" if there else "an empty folder"
        raise FolderError(path, "", f"an output folder with {' and '.join(must)}", received)
    names = ("evidence.jsonl", "rejected.jsonl", "tracks.parquet", "run.json")
    return Out(
        path,
        read_rows(path / "receipts.jsonl", RECEIPT_KEYS),
        read_rows(path / "events.jsonl", EVENT_KEYS),
        read_rows(path / "evidence.jsonl", EVIDENCE_KEYS),
        read_rows(path / "rejected.jsonl", ("topic", "reason")),
        _tracks(path / "tracks.parquet"),
        read_object(path / "run.json") if (path / "run.json").is_file() else {},
        tuple(name for name in names if not (path / name).is_file()),
    )


def read_rows(path: Path, keys: tuple[str, ...]) -> tuple[Row, ...]:
    """Read a file of JSON lines, each an object with these keys; a missing file has no rows."""
    if not path.is_file():
        return ()
    rows = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        row = _object(line, path, f"line {number}")
        lacking = [key for key in keys if key not in row]
        if lacking:
            raise FolderError(path, f"line {number}", f"the key {lacking[0]}", f"only {', '.join(row) or 'no key'}")
        rows.append(row)
    return tuple(rows)


def read_object(path: Path) -> Mapping[str, Any]:
    """Read a file that holds one JSON object."""
    return _object(_text(path), path, "the whole file")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FolderError(path, f"byte {error.start}", "UTF-8 text", "bytes that are none") from None


def _object(text: str, path: Path, place: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FolderError(path, place, "a JSON object", f"text that is none ({error})") from None
    if not isinstance(value, dict):
        raise FolderError(path, place, "a JSON object", f"a {type(value).__name__}")
    return value


def _tracks(path: Path) -> pl.DataFrame:
    empty = {"t": pl.Int64, "track": pl.Int64, "x": pl.Float32, "y": pl.Float32, "account": pl.String}
    if not path.is_file():
        return pl.DataFrame(schema=empty)
    try:
        table = pl.read_parquet(path)
    except Exception as error:  # polars raises one of many kinds for bytes that are no parquet
        said = (str(error).splitlines() or ["?"])[0]
        raise FolderError(path, "the whole file", "a parquet table", f"what polars refuses ({said})") from None
    lacking = [key for key in TRACK_KEYS if key not in table.columns]
    if lacking:
        raise FolderError(path, "columns", f"the column {lacking[0]}", f"only {', '.join(table.columns)}")
    return table.select(TRACK_KEYS).sort("track", "t", maintain_order=True)
