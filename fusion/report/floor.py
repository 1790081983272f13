"""The floor as the page draws it: outline, shelves, gates, cameras, and where people walked."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from fusion.arrays import Floats, Ints
from fusion.config import SECOND_NS
from fusion.outputs import OutputsError
from fusion.store import Store

STEP_S: Final = 0.4  # between points of a path, at first
POINTS_MAX: Final = 30_000  # of all paths together; beyond it the step doubles until they fit
GAP_S: Final = 2.5  # without a row for longer, a path is two
COLUMNS: Final = {"t": pl.Int64, "track": pl.Int64, "x": pl.Float32, "y": pl.Float32, "account": pl.String}

Facts = dict[str, Any]


def floor_facts(store: Store | None) -> Facts | None:
    """Return the drawing of a store, metres; None without one."""
    if store is None:
        return None
    return {
        "outline": _rounded(store.outline),
        "fixtures": [{"id": one.fixture_id, "outline": _rounded(one.outline)} for one in store.fixtures],
        "gates": [
            {"id": gate, "kind": kind, "line": _rounded(line)}
            for gate, kind, line in zip(store.gates.gate_id, store.gates.kind, store.gates.line, strict=True)
        ],
    }


def plate_facts(store: Store | None) -> dict[str, Facts]:
    """Return gondola, shelf and place of every plate."""
    if store is None:
        return {}
    plates = store.plates
    rows = zip(plates.plate_id, plates.gondola, plates.shelf, plates.centre, strict=True)
    return {name: {"gondola": g, "shelf": shelf, "xy": _rounded(centre[:2])} for name, g, shelf, centre in rows}


def path_facts(tracks: Path, start_ns: int) -> list[Facts]:
    """Return people's paths, each of one track and one account: seconds since start_ns, x and y in metres.

    A run that has not ended has no tracks yet, and no paths.
    """
    if not tracks.is_file():
        return []
    table = _read(tracks)
    step_s = STEP_S
    while (thin := thinned(table, step_s)).height > POINTS_MAX:
        step_s *= 2.0
    t = thin["t"].to_numpy()
    xy = thin.select("x", "y").to_numpy()
    track, account = thin["track"].to_numpy(), thin["account"].to_list()
    gap_ns = int(max(GAP_S, 2.5 * step_s) * SECOND_NS)
    paths = []
    for rows in _runs(track, account, t, gap_ns):
        t_s = np.round((t[rows] - start_ns) / SECOND_NS, 2)
        points = np.column_stack([t_s, np.round(xy[rows], 2)]).astype(np.float64)
        paths.append({"account": account[rows[0]], "points": [[round(v, 2) for v in p] for p in points.tolist()]})
    return paths


def thinned(table: pl.DataFrame, step_s: float) -> pl.DataFrame:
    """Keep the first row of each track in each step of time, and the last of each track and account."""
    step = pl.col("t") // int(step_s * SECOND_NS)
    first = (pl.col("t") == pl.col("t").min()).over("track", "account", step)
    last = (pl.col("t") == pl.col("t").max()).over("track", "account")
    return table.filter(first | last).sort("track", "t")


def _runs(track: Ints, account: list[str | None], t: Ints, gap_ns: int) -> list[Ints]:
    """Return the rows of each stretch of one track and one account without a gap."""
    if not len(track):
        return []
    changed = np.array([a != b for a, b in zip(account, account[1:], strict=False)], dtype=bool)
    cuts = np.flatnonzero(changed | (np.diff(track) != 0) | (np.diff(t) > gap_ns)) + 1
    return [rows for rows in np.split(np.arange(len(track)), cuts) if len(rows) > 1]


def _read(path: Path) -> pl.DataFrame:
    try:
        table = pl.read_parquet(path)
    except pl.exceptions.PolarsError as error:
        raise OutputsError(f"{path}: expected a parquet file, received {str(error).splitlines()[0]}") from error
    for name, dtype in COLUMNS.items():
        if name not in table.columns:
            raise OutputsError(f"{path}: expected a column {name}, received {', '.join(table.columns) or 'none'}")
        if name != "account" and not table.schema[name].is_numeric():
            raise OutputsError(f"{path}: column {name}: expected {dtype}, received {table.schema[name]}")
    return table.select(pl.col(name).cast(dtype) for name, dtype in COLUMNS.items()).filter(
        pl.col("x").is_finite() & pl.col("y").is_finite()
    )


def _rounded(points: Floats) -> Any:
    return np.round(np.asarray(points, dtype=np.float64), 3).tolist()
