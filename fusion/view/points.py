"""The store as a cloud of coloured points, for viewers that draw no scenes and grids: Rerun 0.3x is one."""

import numpy as np
from foxglove_schemas_protobuf.PackedElementField_pb2 import PackedElementField
from foxglove_schemas_protobuf.PointCloud_pb2 import PointCloud

from fusion.arrays import Floats
from fusion.store import Store
from fusion.view.places import WORLD, pose, stamp

APART_M = 0.05  # points along an edge
POINT = np.dtype([("xyz", "<f4", 3), ("rgba", "u1", 4)])
FLOOR, EDGE, PLATE, GATE = (68, 68, 68, 255), (119, 119, 119, 255), (86, 180, 233, 255), (213, 94, 0, 255)


def points(store: Store, t_ns: int) -> PointCloud:
    """Return edges of floor and fixtures, gates, and the middle of each plate."""
    parts = [(_along(store.outline, 0.0), FLOOR), (store.plates.centre, PLATE)]
    parts += [(_along(line, 0.02), GATE) for line in store.gates.line]
    parts += [(_along(one.outline, z), EDGE) for one in store.fixtures for z in (0.0, one.height_m)]
    cloud = np.zeros(sum(len(xyz) for xyz, _ in parts), POINT)
    cloud["xyz"] = np.concatenate([xyz for xyz, _ in parts])
    cloud["rgba"] = np.concatenate([np.tile(np.array(rgba, np.uint8), (len(xyz), 1)) for xyz, rgba in parts])
    f4, u1 = PackedElementField.FLOAT32, PackedElementField.UINT8
    layout = [(n, 4 * i, f4) for i, n in enumerate("xyz")]
    layout += [(n, 12 + i, u1) for i, n in enumerate(("red", "green", "blue", "alpha"))]
    return PointCloud(
        timestamp=stamp(t_ns),
        frame_id=WORLD,
        pose=pose(0.0, 0.0, 0.0),
        point_stride=POINT.itemsize,
        fields=[PackedElementField(name=n, offset=at, type=kind) for n, at, kind in layout],
        data=cloud.tobytes(),
    )


def _along(outline: Floats, z: float) -> Floats:
    """Return points (n, 3) along a closed line (v, 2)."""
    rows = []
    for a, b in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        n = max(1, int(np.ceil(np.linalg.norm(b - a) / APART_M)))
        xy = a + (np.arange(n) / n)[:, None] * (b - a)
        rows.append(np.column_stack([xy, np.full(n, z)]))
    return np.concatenate(rows)
