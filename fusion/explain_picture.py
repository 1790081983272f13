"""A change as a picture: what the plates showed, how near hands were, where everybody stood."""

import textwrap
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

from fusion.explain_facts import told, who
from fusion.explain_verdict import Row, accounts

if TYPE_CHECKING:
    from fusion.store import Store

# Okabe and Ito, safe for the colour-blind; lines differ in style as well, so that grey prints can be read.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
STYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P")
CHANGES_MAX = 8
AROUND_M = 1.4  # of the floor at least
ASIDE = (9, -19, 22, -32)  # labels of neighbours stand so far above and below, points


def draw(rows: Sequence[Row], store: "Store | None", png: Path) -> None:
    """Write one picture with a line of three panels a change; of many the first."""
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    rows = rows[:CHANGES_MAX]
    names = dict(zip(store.products.sku, store.products.name, strict=True)) if store else {}
    figure, grid = plt.subplots(len(rows), 3, figsize=(13, 4.3 * len(rows)), squeeze=False, layout="constrained")
    for (plates, hands, floor), row in zip(grid, rows, strict=True):
        look = _looks(row)
        _plates(plates, row)
        _hands(hands, row, look)
        _floor(floor, row, look, store)
        said = told(row["readings"][0], row["kind"], names)
        title = textwrap.fill(f"{said}, p {row['readings'][0]['p']:.3f}", 64)
        plates.set_title(f"{row['event']}\n{title}", loc="left", fontsize=9)
    figure.savefig(png, dpi=110)
    plt.close(figure)


def _looks(row: Row) -> Mapping[int, tuple[str, str, str]]:
    """Return colour, line style and marker by track."""
    return {
        person["track"]: (COLOURS[i % len(COLOURS)], STYLES[i % len(STYLES)], MARKERS[i % len(MARKERS)])
        for i, person in enumerate(row["people"])
    }


def _plates(axes: Any, row: Row) -> None:
    """Draw grams of each plate against where it was before."""
    for i, plate in enumerate(row["plates"]):
        if not plate["g"]:
            continue
        before = plate["g"][0]
        style = STYLES[i % len(STYLES)]
        label = f"{plate['plate']} {plate['delta_g']:+.0f} g"
        axes.plot(plate["t"], [g - before for g in plate["g"]], color=str(0.5 * (i % 3) / 2), ls=style, label=label)
    _step(axes)
    axes.set_xlabel("s after the step")
    axes.set_ylabel("g, against the first shown")
    axes.legend(fontsize=8)


def _hands(axes: Any, row: Row, look: Mapping[int, tuple[str, str, str]]) -> None:
    """Draw how far everybody's nearer hand was from the plates, with one standard deviation."""
    for person in row["people"]:
        hand = person.get("hand")
        if not hand or not hand["t"]:
            continue
        colour, style, _ = look[person["track"]]
        low = [max(0.0, m - sd) for m, sd in zip(hand["m"], hand["sd"], strict=True)]
        high = [m + sd for m, sd in zip(hand["m"], hand["sd"], strict=True)]
        nats = person["why"].get("hands", 0.0)
        axes.fill_between(hand["t"], low, high, color=colour, alpha=0.15, lw=0)
        axes.plot(hand["t"], hand["m"], color=colour, ls=style, lw=2, label=f"{who(person)}, hands {nats:+.1f} nats")
    _step(axes)
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("s after the step")
    axes.set_ylabel("nearer hand to plates, m")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8)


def _floor(axes: Any, row: Row, look: Mapping[int, tuple[str, str, str]], store: "Store | None") -> None:
    """Draw where everybody stood at the step, seen from above."""
    x, y = row["at"]
    if store is not None:
        _fixtures(axes, store, [plate["plate"] for plate in row["plates"]])
    axes.scatter([x], [y], 150, color="k", marker="*", zorder=4)
    moved_by = accounts(row["readings"][0])
    people = sorted(row["people"], key=lambda person: (person["xy"], person["track"]))
    for up, person in zip(cycle(ASIDE), people, strict=False):
        colour, _, marker = look[person["track"]]
        far = "" if "why" in person else ", out of reach"
        axes.scatter(*person["xy"], 90, color=colour, marker=marker, edgecolor="k", zorder=5)
        axes.annotate(
            f"{who(person)}{far}", person["xy"], (0, up), textcoords="offset points", ha="center", fontsize=9, zorder=6,
            weight="bold" if person["account"] in moved_by else "normal",
            bbox={"boxstyle": "round,pad=0.15", "fc": "w", "ec": colour, "alpha": 0.85},
        )  # fmt: skip
    most = max([AROUND_M, *(0.7 + abs(gap) for p in people for gap in (p["xy"][0] - x, p["xy"][1] - y))])
    axes.set_xlim(x - most, x + most)
    axes.set_ylim(y - most, y + most)
    axes.set_aspect("equal")
    axes.set_xlabel("x, m")
    axes.set_ylabel("y, m")
    axes.set_title("floor at the step; star: goods moved, bold: who moved them", fontsize=9)


def _fixtures(axes: Any, store: "Store", moved: Sequence[str]) -> None:
    """Draw fixtures, walls and the plates that moved."""
    outline = [*store.outline.tolist(), store.outline[0].tolist()]
    axes.plot([p[0] for p in outline], [p[1] for p in outline], color="k", lw=1)
    for fixture in store.fixtures:
        axes.fill(fixture.outline[:, 0], fixture.outline[:, 1], color="0.88", ec="0.5")
        cx, cy = fixture.outline.mean(axis=0)
        axes.text(cx, cy, fixture.fixture_id, ha="center", va="center", color="0.45", fontsize=8, clip_on=True)
    for row, plate_id in enumerate(store.plates.plate_id):
        if plate_id in moved:
            axes.scatter(*store.plates.centre[row, :2], 20, color="0.2", marker="s", zorder=3)


def _step(axes: Any) -> None:
    axes.axvline(0.0, color="0.3", lw=1, ls=(0, (1, 2)))
    axes.annotate(
        "step", (0.0, 0.0), (3, 4), xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=8
    )
    axes.grid(color="0.9")
