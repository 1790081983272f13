"""Drawn output folders: rows as the contract has them, with names that would like to be markup."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

START_NS = 1_700_000_000_000_000_000
NASTY = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "{{SCRIPT}}",
    "a&b;\u2028\"'",
    "]]>",
    "__proto__",
    "[red]x",
)
Row = dict[str, Any]

skus = st.sampled_from([*NASTY, "cola", "rice", "soap"])
accounts = st.sampled_from(["ann", "bob", "</script>", "acct-1"])
chances = st.floats(0.0, 1.0).map(lambda p: round(p, 6))


@st.composite
def outs(draw: st.DrawFn) -> dict[str, list[Row]]:
    """Draw receipts, events and evidence; one change may have several events, or none."""
    changes = [_change(draw, i) for i in range(draw(st.integers(0, 6)))]
    events = [event for _, events in changes for event in events]
    ids = [event["event"] for event in events]
    receipts = [_receipt(draw, i, ids) for i in range(draw(st.integers(0, 4)))]
    return {"receipts": receipts, "events": events, "evidence": [row for row, _ in changes]}


def _change(draw: st.DrawFn, i: int) -> tuple[Row, list[Row]]:
    parts = [
        {"kind": draw(st.sampled_from(["pick", "put"])), "sku": draw(skus), "qty": draw(st.integers(1, 3)),
         "account": draw(accounts), "known": True, "g": 100.0}
        for _ in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    t_ns = START_NS + draw(st.integers(0, 10**11))
    p, name = draw(chances), f"ev-{i:04x}"
    readings = [
        {"parts": parts, "p": p, "nats": 1.0, "why": {"mass": 1.0}},
        {"parts": [], "p": draw(st.none() | chances), "nats": 0.5, "why": {"prior": 0.5}},
    ]
    person = {
        "track": 1, "account": draw(accounts), "known": True, "p": 1.0, "xy": [1.0, 2.0],
        "why": {"body": 0.1, "hands": 2.0}, "held": {}, "hand": {"t": [-0.1, 0.1], "m": [0.3, 0.1], "sd": [0.1, 0.1]},
    }  # fmt: skip
    plate = {"plate": f"G{i % 3}-1", "delta_g": -100.0, "sd_g": 1.0, "t": [-1.0, 1.0], "g": [0.0, -100.0]}
    row = {"event": name, "kind": "shelf", "t": t_ns, "readings": readings, "plates": [plate], "at": [1.0, 2.0]}
    many = len(parts) > 1
    events = [
        {"event": f"{name}-{k + 1}" if many else name, "t0": t_ns, "t1": t_ns + 10**9, "plates": [plate["plate"]],
         "delta_g": -100.0, "p": p, "alternatives": [], "outcome": draw(st.sampled_from(["attributed", "ambiguous"])),
         **{key: part[key] for key in ("kind", "sku", "qty", "account")}}
        for k, part in enumerate(parts)
    ]  # fmt: skip
    return row | {"people": [person]}, events


def _receipt(draw: st.DrawFn, i: int, ids: list[str]) -> Row:
    lines = [
        {"sku": sku, "qty": draw(st.integers(1, 4)), "g": draw(st.none() | st.floats(1.0, 900.0)),
         "amount": draw(st.integers(0, 5000)), "confidence": draw(chances),
         "events": draw(st.lists(st.sampled_from(ids), max_size=2, unique=True)) if ids else []}
        for sku in draw(st.lists(skus, max_size=3, unique=True))
    ]  # fmt: skip
    tax = draw(st.integers(0, 99))
    status = draw(st.sampled_from(["settled", "review", "open"]))
    entered = START_NS + draw(st.integers(0, 10**10))
    left = None if status == "open" else entered + 5 * 10**10
    return {
        "trip": f"t-{i}", "account": draw(accounts), "party": 1, "entered": entered, "left": left,
        "closed": None if left is None else left + 8 * 10**9, "status": status, "confidence": draw(chances),
        "lines": lines, "tax": tax, "total": tax + sum(line["amount"] for line in lines),
    }  # fmt: skip


def write_out(folder: Path, rows: dict[str, list[Row]]) -> Path:
    """Write an output folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, mine in rows.items():
        (folder / f"{name}.jsonl").write_text(_lines(mine), encoding="utf-8")
    return folder


def _lines(rows: Iterable[Row]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)
