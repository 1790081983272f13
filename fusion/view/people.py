"""Where everybody was: what the engine believed, and what a depth camera said."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from foxglove_schemas_protobuf.CylinderPrimitive_pb2 import CylinderPrimitive
from foxglove_schemas_protobuf.PosesInFrame_pb2 import PosesInFrame
from foxglove_schemas_protobuf.SceneEntity_pb2 import SceneEntity
from foxglove_schemas_protobuf.SceneUpdate_pb2 import SceneUpdate
from foxglove_schemas_protobuf.TextPrimitive_pb2 import TextPrimitive
from foxglove_schemas_protobuf.Vector3_pb2 import Vector3

from fusion.messages import People
from fusion.view.places import WORLD, colour, colours, lasting, pose, stamp

HIGH_M, WIDE_M = 1.7, 0.4
SEEN_S = 0.35  # somebody of whom nothing more is said is gone this much later


def people(tracks: pl.DataFrame) -> Iterator[tuple[int, SceneUpdate, PosesInFrame]]:
    """Yield, for each moment of tracks.parquet, everybody as a cylinder with a name, and their places."""
    look = colours(tracks["account"].unique().to_list())
    there = tracks.filter(pl.col("x").is_finite() & pl.col("y").is_finite()).sort("t", "track")
    for (t,), rows in there.group_by("t", maintain_order=True):
        t_ns = int(t)
        poses = PosesInFrame(timestamp=stamp(t_ns), frame_id=WORLD)
        update = SceneUpdate()
        for track, x, y, account in rows.select("track", "x", "y", "account").iter_rows():
            poses.poses.append(pose(x, y, 0.0))
            update.entities.append(_person(t_ns, track, x, y, account, look[account]))
        yield t_ns, update, poses


def _person(t_ns: int, track: int, x: float, y: float, account: str | None, hexadecimal: str) -> SceneEntity:
    entity = SceneEntity(timestamp=stamp(t_ns), frame_id=WORLD, id=f"track {track}", lifetime=lasting(SEEN_S))
    body = CylinderPrimitive(pose=pose(x, y, HIGH_M / 2), size=Vector3(x=WIDE_M, y=WIDE_M, z=HIGH_M))
    body.bottom_scale, body.top_scale = 1.0, 0.6
    body.color.CopyFrom(colour(hexadecimal, 0.75))
    entity.cylinders.append(body)
    name = account or f"track {track}"
    text = TextPrimitive(pose=pose(x, y, HIGH_M + 0.2), billboard=True, font_size=0.18, text=name)
    text.color.CopyFrom(colour(hexadecimal))
    entity.texts.append(text)
    entity.metadata.add(key="account", value=account or "")
    return entity


def heads(message: People) -> PosesInFrame:
    """Return the heads that a depth camera saw; what was not measured is left out."""
    poses = PosesInFrame(timestamp=stamp(message.t_ns), frame_id=WORLD)
    seen = message.head[np.isfinite(message.head).all(axis=1)]
    poses.poses.extend(pose(x, y, z) for x, y, z in seen.astype(float).tolist())
    return poses
