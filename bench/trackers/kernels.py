"""What the compiled kernels buy: the same frames through them and through the plain NumPy reference of the tests."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.trackers.streams import make_stream
from fusion.tracking.association import associate
from fusion.tracking.existence import Chances
from fusion.tracking.measurement import View

SIZES = (50, 200)
CHANCES = Chances(0.92, 0.03, 0.5, 0.99, 0.015, 0.9999, 16.0, 2.0, -1.0)

LIKENESS = (0.8, 0.12, 0.2, 0.22, 8.0)


def kernel_lines() -> Iterator[str]:
    """Yield one line per size: milliseconds a frame compiled and plain, and their ratio; the results are compared."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
    from reference_tracking import associate_reference

    for size in SIZES:
        state, view = _crowd(size)
        n, m = size, len(view.sd)
        look, seen, none = np.zeros((n, 64), np.float32), np.zeros((m, 64), np.float32), np.zeros(m, np.int64)
        ids, weight = np.zeros(n, np.int64), np.zeros(n)

        def compiled(state: Any = state, view: Any = view, rest: Any = (look, weight, ids, seen, none)) -> Any:
            own = [a.copy() for a in state]
            look, weight, ids, seen, none = rest
            return associate(*own, np.arange(len(ids)), look, weight, ids, view, seen, none, CHANCES, LIKENESS)[0], *own

        def plain(state: Any = state, view: Any = view) -> Any:
            return associate_reference(*state, view, CHANCES)

        for a, b in zip(compiled(), plain(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
        fast, slow = _median_ms(compiled, 50), _median_ms(plain, 3)
        yield f"{size:5} walkers: compiled {fast:8.3f} ms, plain {slow:9.1f} ms, {slow / fast:7.0f} times"


def _median_ms(call: Callable[[], object], times: int) -> float:
    out = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        out.append(1e3 * (time.perf_counter() - begun))
    return float(np.median(out))


def _crowd(walkers: int) -> tuple[list[Any], View]:
    """Return tracks on all walkers of a stream's first frame, and the frame."""
    stream = make_stream(walkers, 1.0, 0)
    rng = np.random.default_rng(walkers)
    truth = stream.truth_xy[: stream.truth_start[1]]
    xy = stream.xy[: stream.start[1]]
    mean = np.column_stack(
        [truth + rng.normal(0, 0.07, truth.shape), rng.normal(0, 0.5, truth.shape), np.full(walkers, 1.6)]
    )
    cov = np.broadcast_to(np.diag([0.005, 0.005, 0.1, 0.1, 0.01]), (walkers, 5, 5)).copy()
    m = len(xy)
    down, high = np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, 100.0])
    head = np.column_stack([xy, np.full(m, 1.6)])
    view = View(
        True, head, np.full((m, 2), np.nan), np.full(m, 0.12), down, -down @ high, 0.0, np.array([-9.0, -9, 9, 9])
    )
    return [mean, cov, np.full(walkers, 0.999), np.full(walkers, 0.9)], view
