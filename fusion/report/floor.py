"""The store from above, as numbers a page can draw."""

from typing import Any

import numpy as np

from fusion.store import Store

Plan = dict[str, Any]


def floor_plan(store: Store) -> Plan:
    """Return outline, fixtures, gates, cameras and plates, m."""
    return {
        "outline": _points(store.outline),
        "fixtures": [{"id": one.fixture_id, "outline": _points(one.outline)} for one in store.fixtures],
        "gates": [
            {"id": gate, "kind": kind, "line": _points(line)}
            for gate, kind, line in zip(store.gates.gate_id, store.gates.kind, store.gates.line, strict=True)
        ],
        "cameras": [
            {"id": camera, "at": _points((-R.T @ T)[None, :2])[0]}
            for camera, R, T in zip(store.cameras.camera_id, store.cameras.R, store.cameras.T, strict=True)
        ],
        "plates": {
            plate: _points(centre[None, :2])[0]
            for plate, centre in zip(store.plates.plate_id, store.plates.centre, strict=True)
        },
        "gondola": dict(zip(store.plates.plate_id, store.plates.gondola, strict=True)),
    }


def _points(xy: Any) -> list[list[float]]:
    return [[round(float(v), 3) for v in row] for row in np.asarray(xy)]
