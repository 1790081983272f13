"""What a store cannot see, and whether it should let anybody else in."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from fusion.arrays import Bools
from fusion.frozen import record
from fusion.health.coverage import Coverage, coverage
from fusion.health.settings import HealthConfig
from fusion.store import Store

OPEN, DEGRADED, CLOSED = "open", "degraded", "closed"
AREA_CELLS_MIN = 2  # a smaller blind area is the edge of a picture


@record()
class Mode:
    """How a store is open, since when, what it is blind to and why."""

    t_ns: int
    mode: str  # "open", "degraded" or "closed": to new entries; who is inside is served on
    blind: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def mode_of(
    plates_out: Bools, cameras_out: Bools, gates_out: Sequence[str], now_ns: int, store: Store, config: HealthConfig
) -> Mode:
    """Return the mode for plates (p,) and cameras (c,) that tell nothing, and gates by name."""
    blind, shut = list[str](), list[str]()
    if plates_out.any():
        plates = Counter(store.plates.gondola)
        out = Counter(store.plates.gondola[row] for row in np.flatnonzero(plates_out).tolist())
        blind += [f"gondola {one}: {out[one]} of {plates[one]} plates" for one in plates if one in out]
    share = float(plates_out.mean()) if len(plates_out) else 0.0
    if share > config.plates_blind_max:
        shut.append(f"{share:.0%} of the plates are blind, {config.plates_blind_max:.0%} at most")
    if cameras_out.any():
        floor = coverage(store, config.area_m)
        lost = np.asarray(floor.seen.any(axis=1) & ~floor.seen[:, ~cameras_out].any(axis=1))
        blind += _areas(floor, lost)
        share = float(lost.sum()) / max(int(floor.seen.any(axis=1).sum()), 1)
        if share > config.floor_blind_max:
            shut.append(f"no camera sees {share:.0%} of the floor, {config.floor_blind_max:.0%} at most")
    entries = [gate for gate, kind in zip(store.gates.gate_id, store.gates.kind, strict=True) if kind != "exit"]
    blind += [f"gate {gate}" for gate in store.gates.gate_id if gate in gates_out]
    if entries and set(entries) <= set(gates_out):
        shut.append("no gate says who comes in")
    mode = CLOSED if shut else DEGRADED if blind else OPEN
    return Mode(now_ns, mode, tuple(blind), tuple(shut))


def _areas(floor: Coverage, lost: Bools) -> list[str]:
    """Return the connected areas of lost cells in words, the largest first."""
    if not lost.any():
        return []
    from scipy.ndimage import label  # here, because a store that sees its floor need not wait 0.2 s for it

    size = floor.cell.max(axis=0) + 1
    grid = np.zeros((int(size[1]), int(size[0])), np.bool_)
    grid[floor.cell[lost, 1], floor.cell[lost, 0]] = True
    areas, count = label(grid)
    found = []
    for number in range(1, count + 1):
        y, x = np.nonzero(areas == number)
        if len(x) >= AREA_CELLS_MIN:
            (x0, y0), (x1, y1) = (
                floor.least + floor.area_m * np.array(c) for c in ((x.min(), y.min()), (x.max() + 1, y.max() + 1))
            )
            found.append((len(x), f"floor x {x0:.1f} to {x1:.1f} m, y {y0:.1f} to {y1:.1f} m"))
    return [words for _, words in sorted(found, key=lambda one: (-one[0], one[1]))]
