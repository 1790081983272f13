"""What is measured on traces of load plates, real and simulated alike: noise, swings, touches, drift."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import label, median_filter

from bench.realism_traces import HZ, Traces
from fusion.arrays import Floats, Ints

IDLE_SHARE: Final = 0.1  # of all seconds: in the quietest ones nobody is near
SPECTRUM_S: Final = 4
BANDS_HZ: Final = ((0.4, 1.0), (1.0, 2.2), (2.2, 4.0), (4.0, 12.0), (12.0, 28.0))
SWING_G: Final = 50.0
BLOCK: Final = 6  # samples: touches and levels are sought in means over 0.1 s
LEVEL_BLOCKS: Final = 41  # a median over 4 s passes over whatever is shorter than 2 s
TOUCH_SDS: Final = 8.0
TOUCH_G: Final = 8.0
TOUCH_BLOCKS: Final = 2  # a hand stays longer than a shake lasts
EDGE_BLOCKS: Final = 10  # at both ends, and before and after a touch
KEPT_SHARE: Final = 0.3  # of a touch: if more of it stays it was a step
DRIFT_S: Final = 8
DRIFT_MEAN_S: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Touches:
    """Weight that came and went, m times."""

    column: Ints  # (m,) of the traces
    sample: Ints  # (m,) of the peak
    peak_g: Floats  # (m,)
    seconds: Floats  # (m,)


def window_sd(g: Floats, share: float) -> Floats:
    """Return the SD over one second, (p,) g, that this share of a plate's seconds stays below."""
    sd: Floats = np.quantile(_seconds(g, 1).std(axis=1), share, axis=0)
    return sd


def idle_sd(g: Floats) -> Floats:
    """Return the SD of each plate in its quietest seconds, (p,) g."""
    return window_sd(g, IDLE_SHARE)


def spectrum(g: Floats) -> tuple[Floats, Floats]:
    """Return frequencies (f,) Hz and the power of each plate in its quietest four seconds, (f, p), summing to one."""
    windows = _seconds(g, SPECTRUM_S)
    quiet = windows.std(axis=1).argmin(axis=0)
    own = windows[quiet, :, np.arange(g.shape[1])].T
    power = np.abs(np.fft.rfft((own - own.mean(axis=0)) * np.hanning(len(own))[:, None], axis=0)) ** 2
    return np.fft.rfftfreq(len(own), 1.0 / HZ), power / power.sum(axis=0)


def band_shares(g: Floats) -> Floats:
    """Return how much of the idle noise lies in each of BANDS_HZ, (bands,), medians over the plates."""
    hz, power = spectrum(g)
    return np.array([np.median(power[(hz >= low) & (hz < high)].sum(axis=0)) for low, high in BANDS_HZ])


def neighbour_correlation(traces: Traces) -> float:
    """Return the median correlation of plates beside each other, seconds without their mean."""
    windows = _seconds(traces.g, 1)
    swing = windows - windows.mean(axis=1, keepdims=True)
    quiet = swing[swing.std(axis=1).mean(axis=1).argsort()[: max(1, len(swing) // 4)]].reshape(-1, swing.shape[2])
    sd = quiet.std(axis=0)
    together = (quiet[:, 1:] * quiet[:, :-1]).mean(axis=0) / (sd[1:] * sd[:-1])
    return float(np.median(together[traces.beside]))


def repeated_share(g: Floats) -> float:
    """Return the share of samples that are exactly the one before, on plates so noisy that chance hardly does it."""
    loud = np.argsort(window_sd(g, 0.9))[-max(1, g.shape[1] // 6) :]
    moving = _seconds(g[:, loud], 1)
    moving = moving[moving.std(axis=1).mean(axis=1).argsort()[-max(1, len(moving) // 6) :]]
    return float((np.diff(moving, axis=1) == 0.0).mean())


def swings(g: Floats) -> Floats:
    """Return the widest swing of each plate within a second that leaves its level, (p,) g from peak to peak."""
    windows = _seconds(g, 1)
    level = np.median(windows, axis=1)
    same = np.abs(level[2:] - level[:-2]) < 0.2 * np.ptp(windows[1:-1], axis=1)
    widest: Floats = np.where(same, np.ptp(windows[1:-1], axis=1), 0.0).max(axis=0)
    return widest


def touches(g: Floats) -> Touches:
    """Find what pressed or raised a plate for less than two seconds and left no change."""
    means = blocks(g)
    level = median_filter(means, (LEVEL_BLOCKS, 1), mode="nearest")
    off = means - level
    plates = range(g.shape[1])
    found = [(column, *touch) for column in plates for touch in _touches_of(off[:, column], level[:, column])]
    columns = np.array(found).reshape(-1, 4).T
    return Touches(columns[0].astype(np.int64), columns[1].astype(np.int64) * BLOCK, columns[2], columns[3])


def _touches_of(off: Floats, level: Floats) -> list[tuple[int, float, float]]:
    """Return block, peak g and seconds of the touches of one plate."""
    spread = np.median(np.abs(off)) / 0.6745
    runs, count = label(np.abs(off) > max(TOUCH_SDS * spread, TOUCH_G))
    found = []
    for run in range(1, count + 1):
        own = np.flatnonzero(runs == run)
        first, last = int(own[0]) - EDGE_BLOCKS, int(own[-1]) + EDGE_BLOCKS
        if own.size < TOUCH_BLOCKS or first < 0 or last >= off.size:
            continue  # a shake, or what was before it or after it is not known
        at = int(own[np.abs(off[own]).argmax()])
        if abs(level[last] - level[first]) < KEPT_SHARE * abs(off[at]):
            found.append((at, float(off[at]), own.size * BLOCK / HZ))
    return found


def drift_g(g: Floats) -> Floats:
    """Return by how much the level of each plate moved over eight seconds, (p,) g, the median over the recording."""
    means = _seconds(g, DRIFT_MEAN_S).mean(axis=1)
    lag = DRIFT_S // DRIFT_MEAN_S
    moved: Floats = np.median(np.abs(means[lag:] - means[:-lag]), axis=0)
    return moved


def blocks(g: Floats) -> Floats:
    """Return means over 0.1 s, (blocks, p) g."""
    means: Floats = g[: len(g) // BLOCK * BLOCK].reshape(-1, BLOCK, g.shape[1]).mean(axis=1)
    return means


def _seconds(g: Floats, seconds: int) -> Floats:
    """Cut traces into windows, (windows, samples, p)."""
    size = seconds * HZ
    return g[: len(g) // size * size].reshape(-1, size, g.shape[1])
