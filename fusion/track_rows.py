"""Rows of tracks on disk until the run ends: who a track was is known only then, and a day of rows fills a memory."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from fusion.settlement import TrackRows

HEAD: Final = struct.Struct("<qi")  # t_ns, rows
ROW_BYTES: Final = 8 + 16  # track_id int64, x and y float64


def write_rows(file: BinaryIO, rows: TrackRows) -> None:
    """Append the rows of one instant."""
    file.write(HEAD.pack(rows.t_ns, len(rows.track_id)))
    file.write(np.ascontiguousarray(rows.track_id, "<i8").tobytes())
    file.write(np.ascontiguousarray(rows.xy, "<f8").tobytes())


def read_rows(path: Path) -> Iterator[TrackRows]:
    """Yield what was written, in order."""
    with path.open("rb") as file:
        while head := file.read(HEAD.size):
            t_ns, count = HEAD.unpack(head)
            packed = file.read(count * ROW_BYTES)
            ids = np.frombuffer(packed, "<i8", count)
            yield TrackRows(t_ns, ids, np.frombuffer(packed, "<f8", offset=count * 8).reshape(count, 2))
