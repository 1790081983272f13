"""Draw an output folder: floor plan, paths by account, picks and put-backs: `python -m bench.picture STORE OUT PNG`.

Needs matplotlib: `pip install 'aisle[pictures]'`.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from fusion.store import Store, load_store

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe and Ito: safe for the colour-blind


def draw(store: Store, out: Path, png: Path) -> None:
    """Write one picture of what the engine believes happened."""
    from matplotlib import pyplot as plt

    tracks = pl.read_parquet(out / "tracks.parquet")
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    receipts = [json.loads(line) for line in (out / "receipts.jsonl").read_text().splitlines()]
    accounts = [r["account"] for r in receipts]
    colour = {a: COLOURS[i % len(COLOURS)] for i, a in enumerate(accounts)}
    figure, (floor, side) = plt.subplots(1, 2, figsize=(12, 5.2), width_ratios=(3, 2))
    draw_store(floor, store)
    for account in accounts:
        mine = tracks.filter(pl.col("account") == account).sort("t")
        floor.plot(mine["x"], mine["y"], color=colour[account], lw=1.6, alpha=0.8)
    row = {p: i for i, p in enumerate(store.plates.plate_id)}
    for event in events:
        x, y = store.plates.centre[[row[p] for p in event["plates"]], :2].mean(axis=0)
        marker = "v" if event["kind"] == "pick" else "^"
        floor.scatter(x, y, 70, color=colour.get(event["account"], "0.5"), marker=marker, edgecolor="k", zorder=3)
    floor.set_title(f"{store.store_id}: paths, picks (down) and put-backs (up)")
    names = dict(zip(store.products.sku, store.products.name, strict=True))
    side.axis("off")
    y = 1.0
    for receipt in receipts:
        head = f"{receipt['account']}  {receipt['status']}  {receipt['total'] / 100:.2f}  p {receipt['confidence']:.2f}"
        side.text(0, y, head, color=colour[receipt["account"]], weight="bold", va="top", family="monospace", size=9)
        for line in receipt["lines"]:
            y -= 0.05
            text = f"  {line['qty']} x {names[line['sku']][:26]:26} {line['amount'] / 100:7.2f}"
            side.text(0, y, text, va="top", family="monospace", size=9)
        y -= 0.08
    figure.tight_layout()
    figure.savefig(png, dpi=110)
    plt.close(figure)


def draw_store(axes: Any, store: Store) -> None:
    """Draw floor, fixtures, cameras and gates."""
    closed = np.vstack([store.outline, store.outline[:1]])
    axes.plot(closed[:, 0], closed[:, 1], color="k", lw=1)
    for fixture in store.fixtures:
        axes.fill(fixture.outline[:, 0], fixture.outline[:, 1], color="0.85", ec="0.5")
    for R, T in zip(store.cameras.R, store.cameras.T, strict=True):
        x, y, _ = -R.T @ T
        axes.scatter(x, y, 30, color="0.3", marker="s")
    for line in store.gates.line:
        axes.plot(line[:, 0], line[:, 1], color="#D55E00", lw=4, solid_capstyle="butt")
    axes.set_aspect("equal")
    axes.set_xlabel("x, m")
    axes.set_ylabel("y, m")


def main(argv: list[str] | None = None) -> int:
    """Draw one output folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("store", "out", "png"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args(argv)
    draw(load_store(args.store), args.out, args.png)
    print(args.png)
    return 0


if __name__ == "__main__":
    sys.exit(main())
