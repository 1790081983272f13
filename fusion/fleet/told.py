"""What a bulk replay tells: a table for people, fleet.json for programs."""

import json
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

from fusion.fleet.replaying import REPLAYED, Replayed

FILE: Final = "fleet.json"
ROWS_MAX: Final = 40  # of the table; fleet.json has them all


def write_fleet(out: Path, fleet: Sequence[Replayed]) -> str:
    """Write fleet.json, which depends on the recordings alone; return the digest over all ledgers."""
    rows = [
        {
            "recording": one.name,
            "status": one.status,
            "ledger": one.ledger or None,
            "messages": one.messages,
            "store_s": one.store_s,
            "text": one.text,
        }
        for one in fleet
    ]
    digest = blake2b(json.dumps([[one.name, one.ledger] for one in fleet]).encode(), digest_size=32).hexdigest()
    part = out / f"{FILE}.part"
    part.write_text(json.dumps({"ledgers": digest, "recordings": rows}, indent=1) + "\n", encoding="utf-8")
    part.replace(out / FILE)
    return digest


def show_fleet(fleet: Sequence[Replayed], digest: str, out: Path) -> None:
    """Print a row a recording, and what they come to."""
    from rich.console import Console
    from rich.table import Table

    table = Table("recording", "status", "messages", "store s", "wall s", "ledger", box=None, pad_edge=False)
    for column in table.columns[2:5]:
        column.justify = "right"
    for one in fleet[:ROWS_MAX]:
        figures = (str(one.messages), f"{one.store_s:.1f}", f"{one.wall_s:.1f}", one.ledger[:16])
        table.add_row(one.name, "kept" if one.kept else one.status, *(figures if one.ledger else ()))
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    if len(fleet) > ROWS_MAX:
        console.print(f"and {len(fleet) - ROWS_MAX} more in {out / FILE}")
    done = [one for one in fleet if one.status == REPLAYED]
    kept = sum(one.kept for one in done)
    console.print(f"{len(done)} of {len(fleet)} recordings replayed, {kept} of them before; all ledgers {digest[:16]}")
