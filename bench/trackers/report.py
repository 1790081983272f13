"""Tables and pictures of what the trackers did."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.trackers.metrics import Score

COMPARABLE_HOTA = 0.05
SHAPES = {
    "aisle": "o",
    "filterpy": "s",
    "stonesoup": "D",
    "norfair": "^",
    "motpy": "v",
    "similari": "P",
    "trackpy": "X",
}


@dataclass(frozen=True, slots=True)
class Run:
    """One tracker over one stream."""

    tracker: str
    walkers: int
    seed: int
    score: Score
    median_ms: float
    p99_ms: float
    memory_mb: float


def table(runs: list[Run]) -> Table:
    """Return one row per tracker and size, means over the seeds, and one per tracker over all sizes."""
    out = Table(title="tracks per tracker: means over seeds; ms per frame after two seconds")
    for name in ("walkers", "tracker", "HOTA", "IDF1", "MOTA", "switches", "ms median", "ms p99", "memory MB"):
        out.add_column(name, justify="left" if name == "tracker" else "right")
    sizes: list[int | None] = [*sorted({r.walkers for r in runs}), None]
    for size in sizes:
        rows = [(name, _mine(runs, name, size)) for name in dict.fromkeys(r.tracker for r in runs)]
        for name, mine in sorted(rows, key=lambda row: -_mean([r.score.hota for r in row[1]])):
            out.add_row(
                "all" if size is None else str(size),
                name,
                *(f"{_mean([getattr(r.score, k) for r in mine]):.3f}" for k in ("hota", "idf1", "mota")),
                f"{_mean([r.score.switches for r in mine]):.1f}",
                *(
                    (f"{_mean([getattr(r, k) for r in mine]):.2f}" if size else "")
                    for k in ("median_ms", "p99_ms", "memory_mb")
                ),
            )
        out.add_section()
    return out


def ratios(runs: list[Run]) -> list[str]:
    """Return, per size, how Aisle stands to the fastest peer of comparable accuracy and to the best one."""
    lines = []
    for size in sorted({r.walkers for r in runs}):
        hota, ms, switches = (
            {name: _mean([pick(r) for r in _mine(runs, name, size)]) for name in {r.tracker for r in runs}}
            for pick in (lambda r: r.score.hota, lambda r: r.median_ms, lambda r: r.score.switches)
        )
        peers = sorted(set(hota) - {"aisle"})
        if "aisle" not in hota or not peers:
            continue
        best, least = max(peers, key=lambda name: hota[name]), min(peers, key=lambda name: switches[name])
        line = (
            f"{size} walkers: HOTA {hota['aisle'] - hota[best]:+.3f} to the best peer ({best}); "
            f"switches {switches['aisle']:.1f} to {switches[least]:.1f} of {least}"
        )
        comparable = [name for name in peers if hota[name] > hota["aisle"] - COMPARABLE_HOTA]
        if comparable:
            fastest = min(comparable, key=lambda name: ms[name])
            line += (
                f"; {ms[fastest] / ms['aisle']:.0f} times as fast as {fastest}, fastest within {COMPARABLE_HOTA} HOTA"
            )
        else:
            line += f"; no peer within {COMPARABLE_HOTA} HOTA"
        lines.append(line)
    return lines


def draw(runs: list[Run], png: Path) -> None:
    """Draw speed against accuracy, one panel per size."""
    from matplotlib import pyplot as plt

    sizes = sorted({r.walkers for r in runs})
    figure, panels = plt.subplots(1, len(sizes), figsize=(4.6 * len(sizes), 4.2), sharey=True, squeeze=False)
    for axes, size in zip(panels[0], sizes, strict=True):
        for name in dict.fromkeys(r.tracker for r in runs):
            mine = _mine(runs, name, size)
            ms, hota = _mean([r.median_ms for r in mine]), _mean([r.score.hota for r in mine])
            colour = "#D55E00" if name == "aisle" else "#0072B2"
            axes.scatter(ms, hota, 60, marker=SHAPES[name], color=colour, label=name, zorder=3, alpha=0.8)
        axes.set_xscale("log")
        axes.set_xlim(0.1, 3000)
        axes.set_ylim(0, 1)
        axes.set_title(f"{size} walkers")
        axes.set_xlabel("ms per frame (median)")
        axes.grid(alpha=0.3)
    panels[0][0].set_ylabel("HOTA")
    panels[0][0].legend(loc="lower right", fontsize=9)
    figure.tight_layout()
    figure.savefig(png, dpi=110)
    plt.close(figure)


def growth_lines(sizes: list[int], ms: list[float]) -> list[str]:
    """Return cost per frame and walker, and the exponent of the growth from the first size to the last."""
    power = float(np.polyfit(np.log(sizes), np.log(ms), 1)[0])
    lines = [
        f"{n:6} walkers {t:8.3f} ms a frame, {1e3 * t / n:6.2f} us a walker" for n, t in zip(sizes, ms, strict=True)
    ]
    return [*lines, f"cost grows with walkers to the power {power:.2f} (1 is linear)"]


def draw_growth(sizes: list[int], ms: list[float], png: Path) -> None:
    """Draw cost per frame against walkers, with a line of constant cost per walker."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(5.2, 4.2))
    axes.loglog(sizes, ms, "o-", color="#D55E00", label="aisle")
    axes.loglog(sizes, [ms[-1] * n / sizes[-1] for n in sizes], "--", color="0.5", label="linear")
    axes.set_xlabel("walkers at 0.3 per m\u00b2")
    axes.set_ylabel("ms per frame (median)")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.tight_layout()
    figure.savefig(png, dpi=110)
    plt.close(figure)


def _mine(runs: list[Run], tracker: str, walkers: int | None) -> list[Run]:
    return [r for r in runs if r.tracker == tracker and walkers in (None, r.walkers)]


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def show(console: Console, runs: list[Run]) -> None:
    """Print the table and the ratios."""
    console.print(table(runs))
    for line in ratios(runs):
        console.print(line, highlight=False, soft_wrap=True)
