"""Simulated load plates beside real ones: `python -m bench.realism [--scenario NAME] [--seed S] [--png FILE]`.

Prints what the same functions measure on both, and draws it. The exit status is 1 if the idle SD of simulated
plates at 10, 50 or 90 % of them is off the real one by more than a factor of 1.5, 2 if an input cannot be read.

There is one real recording: 240 plates, 17 s, one shopper, one bottle taken. A scenario with a crowd has no idle
second to compare with it.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Column, Table

from bench.realism_measures import (
    BANDS_HZ,
    SWING_G,
    band_shares,
    drift_g,
    idle_sd,
    neighbour_correlation,
    repeated_share,
    swings,
    touches,
    window_sd,
)
from bench.realism_steps import STEP_G, Steps, steps_of
from bench.realism_traces import HZ, Traces, real_traces, simulated_traces
from fusion.arrays import Floats
from sensors.aifi_lines import RecordingError

REAL: Final = Path("../shared/real/aifi_benchmark1")
QUANTILES: Final = (0.1, 0.5, 0.9)
FACTOR_MAX: Final = 1.5


def sd_ratios(simulated: Traces, real: Traces) -> Floats:
    """Return simulated over real idle SD at each of QUANTILES of the plates, (3,)."""
    ratios: Floats = np.quantile(idle_sd(simulated.g), QUANTILES) / np.quantile(idle_sd(real.g), QUANTILES)
    return ratios


def are_alike(ratios: Floats) -> bool:
    """Tell whether all ratios lie within the factor allowed."""
    return bool((np.abs(np.log(ratios)) <= np.log(FACTOR_MAX)).all())


def rows_of(traces: Traces) -> dict[str, str]:
    """Return all that is printed of one store, a row each."""
    g, steps, felt = traces.g, steps_of(traces), touches(traces.g)
    wide = swings(g)
    rows = {
        "plates, seconds": f"{g.shape[1]}, {len(g) / HZ:.0f}",
        "idle SD, g": _quantiles(idle_sd(g)),
        "SD in use, g": _quantiles(window_sd(g, 0.5)),
        "correlation beside": f"{neighbour_correlation(traces):.2f}",
        "repeated samples": f"{repeated_share(g):.1%}",
        f"swing by {SWING_G:.0f} g": f"{(wide > SWING_G).sum()} ({(wide > SWING_G).mean():.0%})",
        "widest swing, g": _quantiles(wide),
        "touches a minute": f"{felt.peak_g.size * 60 * HZ / len(g):.1f}",
        "touch peak, g": _quantiles(np.abs(felt.peak_g)),
        "touch, s": _quantiles(felt.seconds),
        "drift in 8 s, g": _quantiles(drift_g(g)),
    }
    for (low, high), share in zip(BANDS_HZ, band_shares(g), strict=True):
        rows[f"idle, {low:g} to {high:g} Hz"] = f"{share:.0%}"
    return rows | _step_rows(steps)


def _step_rows(steps: Steps) -> dict[str, str]:
    return {
        f"steps over {STEP_G:.0f} g": f"{steps.delta_g.size}",
        "rise, 10 to 90 %, s": _quantiles(steps.rise_s),
        "press before it, %": _quantiles(100.0 * steps.press),
        "overshoot, %": _quantiles(100.0 * steps.overshoot),
        "creep in 3 s, %": _quantiles(100.0 * steps.creep),
        "felt beside it, %": _quantiles(100.0 * steps.crossed),
    }


def _quantiles(values: Floats) -> str:
    if not values.size:
        return "none"
    shown = np.quantile(values, (*QUANTILES, 1.0)) if values.size > 1 else values
    return "  ".join(f"{value:.2f}" if abs(value) < 10.0 else f"{value:.0f}" for value in shown)


def table_of(real: Traces, simulated: Traces) -> Table:
    """Return both stores side by side, for people."""
    table = Table(
        Column("10, 50, 90 %, max", no_wrap=True), Column(real.name, no_wrap=True), Column(simulated.name, no_wrap=True)
    )
    ours, theirs = rows_of(simulated), rows_of(real)
    for name in theirs:
        table.add_row(name, theirs[name], ours[name])
    return table


def main(argv: list[str] | None = None) -> int:
    """Print the comparison, draw it if asked to, judge the idle SD."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, default=REAL, help="folder of the real test case")
    parser.add_argument("--scenario", default="corner")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--png", type=Path, help="draw both into this file")
    args = parser.parse_args(argv)
    try:
        real, simulated = real_traces(args.real), simulated_traces(args.scenario, args.seed)
    except (OSError, RecordingError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    Console().print(table_of(real, simulated))
    ratios = sd_ratios(simulated, real)
    verdict = "alike" if are_alike(ratios) else f"not alike: a factor of {FACTOR_MAX} is allowed"
    print("idle SD, simulated over real at 10, 50, 90 %:", "  ".join(f"{ratio:.2f}" for ratio in ratios), verdict)
    if args.png:
        from bench.realism_picture import draw  # here, because matplotlib is an extra

        draw(real, simulated, args.png)
        print(args.png)
    return 0 if are_alike(ratios) else 1


if __name__ == "__main__":
    sys.exit(main())
