"""Growth drawn: cost over size, both logarithmic, a panel an axis."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bench.growth.axes import WHOLE
from bench.growth.fitting import SHOWN, Growth

COLOURS: Final = dict(zip(SHOWN, ("#000000", "#0072B2", "#009E73", "#D55E00"), strict=True))


def draw(found: Sequence[Growth], png: Path) -> None:
    """Write one picture: what each size costs, the fits, and a dotted line that doubles with size."""
    from matplotlib import pyplot as plt

    rows = -(-len(found) // 2)
    figure, panels = plt.subplots(rows, 2, figsize=(11.0, 4.6 * rows), squeeze=False, layout="constrained")
    for growth, panel in zip(found, panels.ravel(), strict=False):
        sizes, fits = np.array(growth.axis.sizes, float), growth.fits()
        for name, cost in growth.costs.items():
            label = name
            if name in fits:
                one = fits[name]
                label = f"{name}: {one.exponent:.2f} ± {one.error:.2f}"
                panel.plot(sizes, 1e3 * one.factor * sizes**one.exponent, color=COLOURS[name], lw=0.8)
            panel.plot(sizes, 1e3 * cost, "o", color=COLOURS[name], ms=5, label=label)
        linear = 1e3 * growth.costs[WHOLE][0] * sizes / sizes[0]
        panel.plot(sizes, linear, ":", color="0.5", label="exponent 1")
        panel.set(xscale="log", yscale="log", ylabel="ms of processor a store second")
        panel.set_title(growth.axis.title, fontsize=10)
        panel.set_xticks(sizes, [f"{size:g}" for size in sizes])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8, frameon=False)
    for panel in panels.ravel()[len(found) :]:
        panel.remove()
    png.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(png, dpi=110)
    plt.close(figure)
