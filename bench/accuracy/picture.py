"""Draw how far beliefs came true: receipt confidence and event p. Needs matplotlib: `pip install 'aisle[pictures]'`."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.stats import beta

from bench.accuracy.scoring import BINS, Bins, Pairs, bins_of, calibration_error

BLUE, ORANGE = "#0072B2", "#D55E00"
INSIDE: Final = 0.9  # the bars hold so much of what the true share may be
AXES: Final = {"receipts": "confidence", "events": "p"}


def draw(pairs: dict[str, Pairs], png: Path) -> None:
    """Write one picture: a panel for receipts and one for events, each with the count of every bin below."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 6.0), layout="constrained")
    panels = figure.subplots(2, len(pairs), sharex="col", height_ratios=(3, 1), squeeze=False)
    for column, (name, mine) in enumerate(pairs.items()):
        bins = bins_of(mine)
        error = calibration_error(bins)
        _reliability(panels[0, column], bins)
        title = f"{len(mine)} {name}, " + ("none to judge" if error is None else f"calibration error {error:.3f}")
        panels[0, column].set(title=title)
        _counts(panels[1, column], bins)
        panels[1, column].set(xlabel=f"{name}: {AXES[name]}")
    panels[0, 0].set_ylabel("share that was right")
    panels[1, 0].set_ylabel("how many, log")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(png, dpi=110)


def _reliability(axis: Any, bins: Bins) -> None:
    used = bins.count > 0
    x, y, n = bins.belief[used], bins.right[used], bins.count[used]
    axis.plot((0, 1), (0, 1), "--", color="0.6", lw=1, label="as believed")
    low, high = beta.ppf([[0.5 - INSIDE / 2], [0.5 + INSIDE / 2]], n * y + 0.5, n * (1 - y) + 0.5)
    axis.vlines(x, low, high, color=BLUE, lw=1.5, alpha=0.6, label=f"{INSIDE:.0%} interval")
    axis.plot(x, y, "o-", color=BLUE, ms=6, label="came true")
    axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axis.set_xticks(np.linspace(0, 1, BINS + 1))
    axis.grid(alpha=0.3)


def _counts(axis: Any, bins: Bins) -> None:
    axis.set_ylim(0.5, 6.0 * max(1, int(bins.count.max())))
    axis.set_yscale("log")
    middle = (np.arange(BINS) + 0.5) / BINS
    bars = axis.bar(middle, bins.count, 0.9 / BINS, color=ORANGE)
    axis.bar_label(bars, [str(n) if n else "" for n in bins.count.tolist()], fontsize=9)
    axis.set_yticks([])
    axis.minorticks_off()
