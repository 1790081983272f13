"""A rush drawn: who is inside, and what each stage takes, over store time."""

from pathlib import Path

import numpy as np

from bench.rush.report import BAR, STRETCH_S, Run, median_s
from bench.rush.stages import ATTRIBUTION, STAGES
from fusion.arrays import Ints

COLOURS = ("#999999", "#56B4E9", "#0072B2", "#009E73", "#D55E00", "#CC79A7", "#E69F00", "#DDDDDD")


def draw(runs: list[Run], inside: Ints, png: Path, title: str) -> None:
    """Write one picture: people inside; milliseconds per second of store time by stage; attribution's share."""
    from matplotlib import pyplot as plt

    seconds = median_s(runs)
    edges = STRETCH_S * np.arange(len(seconds) + 1)
    figure, (people, cost, share) = plt.subplots(
        3, 1, figsize=(9.0, 8.0), sharex=True, height_ratios=(1, 2.2, 1), layout="constrained"
    )
    people.stairs(inside, edges, fill=True, color="0.75")
    people.set_ylabel("people inside")
    people.set_title(title, fontsize=10)
    below = np.zeros(len(seconds))
    for row, (stage, colour) in enumerate(zip(STAGES, COLOURS, strict=True)):
        above = below + 1e3 * seconds[:, row] / STRETCH_S
        cost.stairs(above, edges, baseline=below, fill=True, color=colour, label=stage)
        below = above
    cost.set_ylabel("ms of work per s of store time")
    handles, labels = cost.get_legend_handles_labels()
    cost.legend(handles[::-1], labels[::-1], loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8, frameon=False)
    at = STAGES.index(ATTRIBUTION)
    part = 100 * seconds[:, at] / np.maximum(seconds.sum(axis=1), 1e-12)
    whole = 100 * seconds[:, at].sum() / max(seconds.sum(), 1e-12)
    share.stairs(part, edges, color=COLOURS[at], lw=1.5, label="by stretch")
    share.axhline(whole, color=COLOURS[at], lw=1.0, ls=":", label=f"in all, {whole:.1f} %")
    share.axhline(100 * BAR, color="k", lw=1.0, ls="--", label=f"bar, {100 * BAR:g} %")
    share.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8, frameon=False)
    share.set_ylim(0.0, max(1.3 * 100 * BAR, 1.1 * float(part.max())))
    share.set_ylabel("attribution, %")
    share.set_xlabel("store time, s")
    figure.savefig(png, dpi=100)
    plt.close(figure)
