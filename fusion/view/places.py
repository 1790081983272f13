"""Points, poses, times and colours as foxglove's protobuf messages have them."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from foxglove_schemas_protobuf.Color_pb2 import Color
from foxglove_schemas_protobuf.Point3_pb2 import Point3
from foxglove_schemas_protobuf.Pose_pb2 import Pose
from foxglove_schemas_protobuf.Quaternion_pb2 import Quaternion
from foxglove_schemas_protobuf.Vector3_pb2 import Vector3
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from scipy.spatial.transform import Rotation

from fusion.arrays import Floats
from fusion.config import SECOND_NS

WORLD = "world"
# Okabe and Ito: safe for the colour-blind.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def stamp(t_ns: int) -> Timestamp:
    """Return a time."""
    return Timestamp(seconds=t_ns // SECOND_NS, nanos=t_ns % SECOND_NS)


def lasting(seconds: float) -> Duration:
    """Return a length of time; 0 lasts until it is replaced."""
    return Duration(seconds=int(seconds), nanos=round((seconds % 1.0) * SECOND_NS))


def point(xyz: Sequence[float]) -> Point3:
    """Return a point, m."""
    return Point3(x=float(xyz[0]), y=float(xyz[1]), z=float(xyz[2]))


def pose(x: float, y: float, z: float, yaw_deg: float = 0.0) -> Pose:
    """Return a place and a turn about the vertical."""
    half = math.radians(yaw_deg) / 2.0
    return Pose(position=Vector3(x=x, y=y, z=z), orientation=Quaternion(z=math.sin(half), w=math.cos(half)))


def quaternion(R: Floats) -> Quaternion:
    """Return a rotation matrix (3, 3) as a quaternion."""
    x, y, z, w = Rotation.from_matrix(np.asarray(R)).as_quat().tolist()
    return Quaternion(x=x, y=y, z=z, w=w)


def colour(hexadecimal: str, alpha: float = 1.0) -> Color:
    """Return a colour written #rrggbb."""
    r, g, b = (int(hexadecimal[k : k + 2], 16) / 255.0 for k in (1, 3, 5))
    return Color(r=r, g=g, b=b, a=alpha)


def colours(accounts: Iterable[str | None]) -> dict[str | None, str]:
    """Return a colour for each account; nobody is grey."""
    known = sorted({a for a in accounts if a is not None})
    return {None: "#888888"} | {account: PALETTE[i % len(PALETTE)] for i, account in enumerate(known)}
