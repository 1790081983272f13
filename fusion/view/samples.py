"""Plates of a recording as tables: grams by plate and time, in parts of bounded size."""

from pathlib import Path

import numpy as np
import polars as pl

from fusion.config import SECOND_NS
from fusion.messages import Plates
from fusion.progress import watched_recording
from fusion.recording import Recording
from fusion.store import Store
from fusion.wire import decode

PART_ROWS = 2_000_000  # of a part file, about 30 MB of memory
SCHEMA = {"t": pl.Int64, "plate": pl.String, "g": pl.Float32}


def write_samples(recording: Recording, store: Store, folder: Path, rate_hz: float) -> int:
    """Write plates/part-N.parquet, means over 1/rate_hz; return the number of rows.

    Times are of the sensor's own clock, uncorrected; channels that the store does not name are left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("part-*.parquet"):
        old.unlink()  # of an earlier run, which may have had more parts
    where = zip(store.plates.controller, store.plates.channel.tolist(), store.plates.plate_id, strict=True)
    plate = {(controller, channel): name for controller, channel, name in where}
    parts, rows, number, total = [], 0, 0, 0
    for frame in watched_recording(recording, "plates of"):
        message = decode(frame.topic, frame.payload)
        if not isinstance(message, Plates) or not message.g.size:
            continue
        parts.append(_means(message, plate, rate_hz))
        rows += parts[-1].height
        if rows >= PART_ROWS:
            number, total, rows = _write(parts, folder, number), total + rows, 0
            parts = []
    _write(parts, folder, number)
    return total + rows


def _means(message: Plates, plate: dict[tuple[str, int], str], rate_hz: float) -> pl.DataFrame:
    """Return the means of a batch's samples over each 1/rate_hz, at the first sample of each."""
    t = message.t_ns + message.dt_ns * np.arange(len(message.g), dtype=np.int64)
    _, first, of = np.unique(t // round(SECOND_NS / rate_hz), return_index=True, return_inverse=True)
    sums = np.zeros((len(first), message.g.shape[1]))
    np.add.at(sums, of, message.g.astype(np.float64))
    means = sums / np.bincount(of)[:, None]
    named = [(k, plate[message.src, k]) for k in range(means.shape[1]) if (message.src, k) in plate]
    return pl.DataFrame(
        {
            "t": np.repeat(t[first], len(named)),
            "plate": [name for _, name in named] * len(first),
            "g": means[:, [k for k, _ in named]].ravel().astype(np.float32),
        },
        schema=SCHEMA,
    )


def _write(parts: list[pl.DataFrame], folder: Path, number: int) -> int:
    table = pl.concat(parts) if parts else pl.DataFrame(schema=SCHEMA)
    if parts or number == 0:
        table.sort("plate", "t").write_parquet(folder / f"part-{number:04d}.parquet")
    return number + 1
