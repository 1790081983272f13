"""Tables of a store folder, written as CSV."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path


def write_csv(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    """Write a table: its columns, separated by commas, and its rows."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)
