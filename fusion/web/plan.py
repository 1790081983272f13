"""The store as a page draws it: floor, shelves, plates, gates, cameras and what they see, products; pure."""

from collections import defaultdict
from typing import Any, Final

import numpy as np

from fusion.arrays import Floats
from fusion.store import Store
from fusion.tracking.camera import picture_bounds

FAR_M: Final = 12.0  # a camera that looks at the horizon is drawn so far
EDGE_POINTS: Final = 6  # on each edge of a picture


def plan_of(store: Store) -> dict[str, Any]:
    """Return what there is to draw of a store."""
    return {
        "store": store.store_id,
        "currency": store.currency,
        "floor": _points(store.outline),
        "shelves": [{"id": one.fixture_id, "outline": _points(one.outline)} for one in store.fixtures],
        "plates": _plates(store),
        "gates": [
            {"id": gate, "kind": kind, "a": _points(line)[0], "b": _points(line)[1]}
            for gate, kind, line in zip(store.gates.gate_id, store.gates.kind, store.gates.line, strict=True)
        ],
        "cameras": [_camera(store, row) for row in range(len(store.cameras.camera_id))],
        "products": {
            sku: {"name": name, "price": int(cents), "unit": "kg" if by_weight else "each"}
            for sku, name, cents, by_weight in zip(
                store.products.sku, store.products.name, store.products.price_cents, store.products.by_weight,
                strict=True,
            )
        },
    }  # fmt: skip


def _plates(store: Store) -> list[dict[str, Any]]:
    """Return the plates in their order; `level` counts the boards of a gondola from the floor up, from 0."""
    skus: dict[int, list[str]] = defaultdict(list)
    for product, plates in zip(store.facings.product.tolist(), store.facings.plates, strict=True):
        for plate in plates:
            skus[plate].append(store.products.sku[product])
    heights: dict[str, set[float]] = defaultdict(set)
    rows = list(zip(store.plates.plate_id, store.plates.gondola, store.plates.centre.tolist(), strict=True))
    for _, gondola, (_, _, z) in rows:
        heights[gondola].add(round(z, 2))
    corners = plate_corners(store)
    return [
        {
            "id": plate,
            "shelf": gondola,
            "outline": _points(corners[row]),
            "level": sorted(heights[gondola]).index(round(z, 2)),
            "skus": skus[row],
        }
        for row, (plate, gondola, (_, _, z)) in enumerate(rows)
    ]


def plate_corners(store: Store) -> Floats:
    """Return the corners (p, 4, 2) of every plate, m; its depth axis is its width axis turned by +90 degrees."""
    yaw = np.radians(store.plates.yaw_deg)
    along = np.stack([np.cos(yaw), np.sin(yaw)], axis=1) * store.plates.size[:, :1] / 2
    across = np.stack([-np.sin(yaw), np.cos(yaw)], axis=1) * store.plates.size[:, 1:] / 2
    centre = store.plates.centre[:, :2]
    corners = [centre + a * along + b * across for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return np.stack(corners, axis=1)


def _camera(store: Store, row: int) -> dict[str, Any]:
    R, T = store.cameras.R[row], store.cameras.T[row]
    place = -R.T @ T
    return {
        "id": store.cameras.camera_id[row],
        "x": round(float(place[0]), 3),
        "y": round(float(place[1]), 3),
        "view": _points(floor_view(picture_bounds(store.cameras)[row], R, place)),
    }


def floor_view(bounds: Floats, R: Floats, place: Floats) -> Floats:
    """Return where the edge of a picture meets the floor (k, 2), m; what never does is cut off at FAR_M."""
    left, top, right, bottom = bounds
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    share = np.arange(EDGE_POINTS)[:, None] / EDGE_POINTS
    edge = np.concatenate([corners[i] + share * (corners[(i + 1) % 4] - corners[i]) for i in range(4)])
    rays = np.column_stack([edge, np.ones(len(edge))]) @ R  # R' v of each ray, in the world
    flat = np.maximum(np.hypot(rays[:, 0], rays[:, 1]), 1e-9)
    falls = rays[:, 2] < -1e-9
    steps = np.where(falls, place[2] / np.maximum(-rays[:, 2], 1e-9), np.inf)
    steps = np.minimum(steps, FAR_M / flat)
    return np.asarray(place[:2] + steps[:, None] * rays[:, :2])


def _points(xy: Any) -> list[list[float]]:
    return [[round(float(v), 3) for v in row] for row in np.asarray(xy)]
