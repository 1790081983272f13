"""Draw traces of real and simulated load plates beside each other.

Needs matplotlib: `pip install 'aisle[pictures]'`.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.realism_measures import SPECTRUM_S, idle_sd, spectrum, swings, touches
from bench.realism_steps import BEFORE, steps_of
from bench.realism_traces import HZ, Traces
from fusion.arrays import Floats, Ints

COLOURS: Final = ("#0072B2", "#D55E00")  # real, simulated
EXAMPLES: Final = (0.1, 0.5, 0.9)  # plates of this rank by idle SD are shown
TICKS_G: Final = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
TOUCHES_MAX: Final = 4
TOUCH_HALF: Final = 90  # samples
STEPS_MAX: Final = 6
STEP_SHOWN: Final = (-45, 75)  # samples


def draw(real: Traces, simulated: Traces, png: Path) -> None:
    """Write one picture: distributions over the plates above, example traces below."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(3, 3, figsize=(16, 12.5))
    pairs = list(zip((real, simulated), COLOURS, strict=True))
    _distribution(axes[0, 0], [(traces, idle_sd(traces.g), colour) for traces, colour in pairs], "idle SD, g")
    _distribution(axes[0, 1], [(traces, swings(traces.g), colour) for traces, colour in pairs], "widest swing, g")
    _spectra(axes[0, 2], pairs)
    for row, (traces, colour) in enumerate(pairs, start=1):
        _idle(axes[row, 0], traces, colour)
        _touches(axes[row, 1], traces, colour)
        _steps(axes[row, 2], traces, colour)
    low = min(axis.get_ylim()[0] for axis in axes[1:, 2])
    high = max(axis.get_ylim()[1] for axis in axes[1:, 2])
    for axis in axes[1:, 2]:
        axis.set_ylim(low, high)
    figure.tight_layout()
    figure.savefig(png, dpi=100)
    plt.close(figure)


def _distribution(axis: Any, shown: list[tuple[Traces, Floats, str]], title: str) -> None:
    for traces, values, colour in shown:
        share = (np.arange(values.size) + 0.5) / values.size
        axis.semilogx(np.maximum(np.sort(values), 0.1), share, color=colour, lw=2, label=traces.name)
    for share in EXAMPLES:
        axis.axhline(share, color="0.85", lw=1, zorder=0)
    axis.set(title=f"{title}: share of plates below", xlabel="g", ylim=(0, 1))
    axis.set_xticks([tick for tick in TICKS_G if axis.get_xlim()[0] < tick < axis.get_xlim()[1]])
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_formatter("")
    axis.legend(loc="lower right", frameon=False)


def _spectra(axis: Any, pairs: list[tuple[Traces, str]]) -> None:
    for traces, colour in pairs:
        hz, power = spectrum(traces.g)
        axis.loglog(hz[1:], np.median(power, axis=1)[1:], color=colour, lw=1.5, label=traces.name)
    axis.set(title="idle noise: share of the power, median of plates", xlabel="Hz")
    axis.legend(loc="lower left", frameon=False)


def _idle(axis: Any, traces: Traces, colour: str) -> None:
    """Show the quietest seconds of three plates, apart by a few times their own swing."""
    sd, base = idle_sd(traces.g), 0.0
    for rank in EXAMPLES:
        column = int(np.abs(sd - np.quantile(sd, rank, method="nearest")).argmin())
        own = _quietest(traces.g[:, column])
        base += 3.0 * own.std() + 2.0
        axis.plot(np.arange(own.size) / HZ, own - own.mean() + base, color=colour, lw=0.8)
        axis.annotate(f"SD {sd[column]:.2f} g", (own.size / HZ + 0.05, base), va="center", fontsize=9)
        base += 3.0 * own.std()
    axis.set(title=f"{traces.name}: idle plates at 10, 50, 90 %", xlabel="s", ylabel="g", xlim=(0, 4.8), ylim=(0, 28))


def _quietest(g: Floats) -> Floats:
    size = SPECTRUM_S * HZ
    windows = g[: len(g) // size * size].reshape(-1, size)
    return windows[windows.std(axis=1).argmin()]


def _touches(axis: Any, traces: Traces, colour: str) -> None:
    """Show what swung most and what pressed most, and left nothing, each about its own peak."""
    felt = touches(traces.g)
    order = np.argsort(-np.abs(felt.peak_g))[:TOUCHES_MAX]
    chosen = list(zip(felt.column[order].tolist(), felt.sample[order].tolist(), strict=True))
    shaken = np.argsort(-swings(traces.g))[:TOUCHES_MAX]
    chosen += [(int(column), _widest(traces.g[:, column])) for column in shaken]
    base = 0.0
    for column, sample in chosen:
        first = max(0, sample - TOUCH_HALF)
        own = traces.g[first : sample + TOUCH_HALF, column]
        axis.plot((np.arange(own.size) + first - sample) / HZ, own - np.median(own) + base, color=colour, lw=0.8)
        base += 150.0
    title = f"{traces.name}: {order.size} touches below, {shaken.size} swings above"
    axis.set(title=title, xlabel="s", ylabel="g, each 150 g above the last", ylim=(-120, 150 * (2 * TOUCHES_MAX)))


def _widest(g: Floats) -> int:
    windows = g[: len(g) // HZ * HZ].reshape(-1, HZ)
    level: Ints = np.abs(np.median(windows[2:], axis=1) - np.median(windows[:-2], axis=1)) < 10.0
    return (int((np.ptp(windows[1:-1], axis=1) * level).argmax()) + 1) * HZ + HZ // 2


def _steps(axis: Any, traces: Traces, colour: str) -> None:
    steps = steps_of(traces)
    t_s = np.arange(*STEP_SHOWN) / HZ
    for at in np.argsort(-np.abs(steps.delta_g))[:STEPS_MAX]:
        own = steps.shape[at, BEFORE + STEP_SHOWN[0] : BEFORE + STEP_SHOWN[1]]
        axis.plot(t_s, own, color=colour, lw=1, alpha=0.8, label=f"{steps.delta_g[at]:+.0f} g")
    axis.axhline(1.0, color="0.85", lw=1, zorder=0)
    axis.set(title=f"{traces.name}: steps, aligned half way", xlabel="s", ylabel="share of the step")
    axis.legend(loc="lower right", frameon=False, fontsize=9)
