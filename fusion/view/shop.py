"""The store itself: shelves and plates as a scene, the floor as a grid, cameras as calibrations and transforms."""

import numpy as np
import polars as pl
from foxglove_schemas_protobuf.CameraCalibration_pb2 import CameraCalibration
from foxglove_schemas_protobuf.CubePrimitive_pb2 import CubePrimitive
from foxglove_schemas_protobuf.FrameTransform_pb2 import FrameTransform
from foxglove_schemas_protobuf.FrameTransforms_pb2 import FrameTransforms
from foxglove_schemas_protobuf.Grid_pb2 import Grid
from foxglove_schemas_protobuf.LinePrimitive_pb2 import LinePrimitive
from foxglove_schemas_protobuf.PackedElementField_pb2 import PackedElementField
from foxglove_schemas_protobuf.SceneEntity_pb2 import SceneEntity
from foxglove_schemas_protobuf.SceneUpdate_pb2 import SceneUpdate
from foxglove_schemas_protobuf.TextPrimitive_pb2 import TextPrimitive
from foxglove_schemas_protobuf.TriangleListPrimitive_pb2 import TriangleListPrimitive
from foxglove_schemas_protobuf.Vector2_pb2 import Vector2
from foxglove_schemas_protobuf.Vector3_pb2 import Vector3

from fusion.arrays import Bools, Floats
from fusion.store import Fixture, Store
from fusion.view.places import WORLD, colour, point, pose, quaternion, stamp

CELL_M = 0.1
CELLS_MAX = 4_000_000  # of the grid: 400 m by 100 m; larger floors get larger cells
PLATE_HIGH_M = 0.02
SAMPLE_S = 0.1  # tracks.parquet holds a row this often
OUTSIDE, WALKABLE, FIXTURE = 0.0, 1.0, 2.0


def scene(store: Store, t_ns: int) -> SceneUpdate:
    """Return floor, gates, fixtures and plates; they stay until the end."""
    floor = SceneEntity(timestamp=stamp(t_ns), frame_id=WORLD, id="floor")
    floor.lines.append(_loop(store.outline, 0.0, "#444444"))
    for line in store.gates.line:
        floor.lines.append(_loop(line, 0.02, "#D55E00", thickness_m=0.08))
    plates = SceneEntity(timestamp=stamp(t_ns), frame_id=WORLD, id="plates")
    rows = zip(store.plates.centre.tolist(), store.plates.yaw_deg.tolist(), store.plates.size.tolist(), strict=True)
    for (x, y, z), yaw_deg, (width, depth) in rows:
        cube = CubePrimitive(pose=pose(x, y, z - PLATE_HIGH_M / 2, yaw_deg), color=colour("#56B4E9", 0.6))
        cube.size.CopyFrom(Vector3(x=width, y=depth, z=PLATE_HIGH_M))
        plates.cubes.append(cube)
    return SceneUpdate(entities=[floor, plates, *(_fixture(one, t_ns) for one in store.fixtures)])


def _fixture(one: Fixture, t_ns: int) -> SceneEntity:
    """Return a fixture as walls, edges and its name; walls suit any outline, a lid only convex ones."""
    entity = SceneEntity(timestamp=stamp(t_ns), frame_id=WORLD, id=f"fixture {one.fixture_id}")
    walls = TriangleListPrimitive(pose=pose(0.0, 0.0, 0.0), color=colour("#999999", 0.25))
    corners, high = one.outline.tolist(), one.height_m
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        a, b, c, d = (x0, y0, 0.0), (x1, y1, 0.0), (x1, y1, high), (x0, y0, high)
        walls.points.extend(point(p) for p in (a, b, c, a, c, d))
    entity.triangles.append(walls)
    entity.lines.extend([_loop(one.outline, z, "#777777") for z in (0.0, high)])
    x, y = one.outline.mean(axis=0).tolist()
    text = TextPrimitive(pose=pose(x, y, high + 0.15), billboard=True, font_size=0.2, text=one.fixture_id)
    text.color.CopyFrom(colour("#444444"))
    entity.texts.append(text)
    return entity


def _loop(xy: Floats, z: float, hexadecimal: str, thickness_m: float = 0.02) -> LinePrimitive:
    line = LinePrimitive(type=LinePrimitive.LINE_LOOP, pose=pose(0.0, 0.0, 0.0), thickness=thickness_m)
    line.color.CopyFrom(colour(hexadecimal))
    line.points.extend(point((*p, z)) for p in xy.tolist())
    return line


def floor_grid(store: Store, tracks: pl.DataFrame, t_ns: int) -> Grid:
    """Return the floor in cells: `ground` 0 outside, 1 walkable, 2 fixture; `seconds` people stood there."""
    low, high = store.outline.min(axis=0), store.outline.max(axis=0)
    cell = CELL_M
    while np.prod(np.ceil((high - low) / cell)) > CELLS_MAX:
        cell *= 2.0
    columns, rows = (max(1, int(n)) for n in np.ceil((high - low) / cell))
    x, y = (low[k] + cell * (np.arange(n) + 0.5) for k, n in enumerate((columns, rows)))
    cells = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    values = np.zeros((rows * columns, 2), "<f4")
    values[inside(cells, store.outline), 0] = WALKABLE
    for one in store.fixtures:
        values[inside(cells, one.outline), 0] = FIXTURE
    xy = tracks.select("x", "y").to_numpy().astype(np.float64)
    at = np.floor((xy[np.isfinite(xy).all(axis=1)] - low) / cell).astype(np.int64)
    at = at[((at >= 0) & (at < (columns, rows))).all(axis=1)]
    values[:, 1] = SAMPLE_S * np.bincount(at[:, 1] * columns + at[:, 0], minlength=rows * columns)
    f4 = PackedElementField.FLOAT32
    return Grid(
        timestamp=stamp(t_ns), frame_id=WORLD, pose=pose(float(low[0]), float(low[1]), 0.0), column_count=columns,
        cell_size=Vector2(x=cell, y=cell), row_stride=8 * columns, cell_stride=8, data=values.tobytes(),
        fields=[PackedElementField(name=n, offset=4 * i, type=f4) for i, n in enumerate(("ground", "seconds"))],
    )  # fmt: skip


def inside(points: Floats, outline: Floats) -> Bools:
    """Tell which points (n, 2) are inside an outline (v, 2): where a ray crosses it an odd number of times."""
    found = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        beside = (points[:, 1] >= min(y0, y1)) & (points[:, 1] < max(y0, y1))
        found ^= beside & (points[:, 0] < x0 + (points[:, 1] - y0) * (x1 - x0) / (y1 - y0))
    return found


def calibrations(store: Store, t_ns: int) -> list[tuple[str, CameraCalibration]]:
    """Return the calibration of each camera with its id."""
    cameras = store.cameras
    found = []
    for row, camera in enumerate(cameras.camera_id):
        fx, fy, cx, cy = cameras.K[row].tolist()
        width, height = (int(n) for n in cameras.size_px[row])
        one = CameraCalibration(timestamp=stamp(t_ns), frame_id=camera, width=width, height=height)
        one.distortion_model = "plumb_bob"  # k1 k2 p1 p2 k3, as ours
        one.D.extend(cameras.dist[row].tolist())
        one.K.extend([fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0])
        one.R.extend([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0])
        one.P.extend([fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0])
        found.append((camera, one))
    return found


def camera_frames(store: Store, t_ns: int) -> FrameTransforms:
    """Return where cameras are and where they look."""
    found = FrameTransforms()
    for camera, R, T in zip(store.cameras.camera_id, store.cameras.R, store.cameras.T, strict=True):
        x, y, z = (-R.T @ T).tolist()
        one = found.transforms.add(timestamp=stamp(t_ns), parent_frame_id=WORLD, child_frame_id=camera)
        one.translation.CopyFrom(Vector3(x=x, y=y, z=z))
        one.rotation.CopyFrom(quaternion(R.T))
    assert all(isinstance(one, FrameTransform) for one in found.transforms)
    return found
