"""A run as tables, one parquet file each: what notebooks start from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from fusion.explain_facts import Names
from fusion.outfolder import Out

RECEIPTS = {
    "trip": pl.String, "account": pl.String, "party": pl.Int64, "entered": pl.Int64, "left": pl.Int64,
    "closed": pl.Int64, "status": pl.String, "confidence": pl.Float64, "tax": pl.Int64, "total": pl.Int64,
}  # fmt: skip
LINES: dict[str, Any] = {
    "trip": pl.String, "account": pl.String, "status": pl.String, "sku": pl.String, "name": pl.String,
    "qty": pl.Int64, "g": pl.Float64, "amount": pl.Int64, "confidence": pl.Float64, "events": pl.List(pl.String),
}  # fmt: skip
EVENTS: dict[str, Any] = {
    "event": pl.String, "t0": pl.Int64, "t1": pl.Int64, "kind": pl.String, "plates": pl.List(pl.String),
    "gondola": pl.String, "delta_g": pl.Float64, "sku": pl.String, "name": pl.String, "qty": pl.Int64,
    "account": pl.String, "p": pl.Float64, "outcome": pl.String,
}  # fmt: skip
ALTERNATIVES = {
    "event": pl.String, "kind": pl.String, "sku": pl.String, "qty": pl.Int64, "account": pl.String, "p": pl.Float64,
}  # fmt: skip


def run_tables(out: Out, names: Names, gondola: Names) -> dict[str, pl.DataFrame]:
    """Return receipts, lines, events, alternatives and tracks; times are ns, money is cents."""
    receipts = [{key: receipt.get(key) for key in RECEIPTS} for receipt in out.receipts]
    lines = [
        {**{k: receipt[k] for k in ("trip", "account", "status")}, **line, "name": names.get(line["sku"])}
        for receipt in out.receipts
        for line in receipt["lines"]
    ]
    events = [
        {**event, "name": names.get(event["sku"]), "gondola": next((gondola.get(p) for p in event["plates"]), None)}
        for event in out.events
    ]
    others = [{"event": e["event"], **other} for e in out.events for other in e.get("alternatives", ())]
    return {
        "receipts": _table(receipts, RECEIPTS),
        "lines": _table(lines, LINES),
        "events": _table(events, EVENTS),
        "alternatives": _table(others, ALTERNATIVES),
        "tracks": out.tracks,
    }


def write_tables(tables: dict[str, pl.DataFrame], folder: Path) -> None:
    """Write each table into its file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet")


def _table(rows: Sequence[dict[str, object]], schema: Mapping[str, Any]) -> pl.DataFrame:
    columns = {key: [row.get(key) for row in rows] for key in schema}
    return pl.DataFrame([pl.Series(k, columns[k], dtype=schema[k], strict=False) for k in schema])
