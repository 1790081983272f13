"""What truly happened, told for scoring (contract section 7): receipts, events, and where people were."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from scenarios.performance import PICK, PUT, Move, Visit
from scenarios.staging import Staging
from sensors.clocks import Clock
from sensors.world import RATE_HZ

TRACK_HZ: Final = 10
HAND_NAMES: Final = ("L", "R")


def truth_of(staging: Staging, clocks: Mapping[str, Clock], epoch_ns: int) -> dict[str, Any]:
    """Return the truth of a scenario as it stands in truth.json."""
    return {
        "receipts": [
            _receipt(staging, visit)
            for visit in staging.performance.visits
            if staging.world.bodies.role[visit.person] == "shopper"
        ],
        "events": [_event(staging, move, epoch_ns) for move in staging.performance.moves if move.kind in (PICK, PUT)],
        "handover": staging.world.store.handover,
        "unaccounted": {},
        "other": [
            {
                "t": _at(press.t0_s, epoch_ns),
                "kind": "press",
                "person": staging.world.bodies.person[press.person],
                "plate": staging.world.store.plates.plate_id[press.plate],
                "seconds": round(press.t1_s - press.t0_s, 3),
                "peak_g": round(press.peak_g, 1),
            }
            for press in staging.performance.presses
        ],
        "people": [_person(staging, visit, epoch_ns) for visit in staging.performance.visits],
        "cart_moves": [
            {
                "t": _at(move.t_s, epoch_ns),
                "cart": staging.world.store.carts[move.cart],
                "dir": move.direction,
                "sku": staging.world.store.products.sku[move.product],
            }
            for move in staging.world.carts.moves
        ],
        "clocks": {
            src: {"offset_ms": round(1e3 * clock.offset_s, 3), "ppm": round(clock.drift_ppm, 3)}
            for src, clock in clocks.items()
        },
    }


def _at(t_s: float, epoch_ns: int) -> int:
    return epoch_ns + round(t_s * 1e9)


def _receipt(staging: Staging, visit: Visit) -> dict[str, Any]:
    """Return what a person carried out: pieces, or grams of what is sold by weight."""
    products, lines = staging.world.store.products, dict[str, float]()
    for item in visit.items:
        product = int(staging.goods.product[item])
        amount = float(staging.goods.mass_g[item]) if products.by_weight[product] else 1
        lines[products.sku[product]] = lines.get(products.sku[product], 0) + amount
    rounded = {sku: amount if isinstance(amount, int) else round(amount, 1) for sku, amount in lines.items()}
    return {"account": staging.world.bodies.account[visit.person], "lines": rounded}


def _event(staging: Staging, move: Move, epoch_ns: int) -> dict[str, Any]:
    store, bodies = staging.world.store, staging.world.bodies
    return {
        "t": _at(move.t_s, epoch_ns),
        "kind": move.kind,
        "sku": store.products.sku[move.product],
        "qty": len(move.items),
        "account": bodies.account[move.person],
        "person": bodies.person[move.person],
        "role": bodies.role[move.person],
        "plates": [store.plates.plate_id[plate] for plate, _ in move.loads],
        "t0": _at(move.start_s, epoch_ns),
        "t1": _at(move.end_s, epoch_ns),
        "mass_g": round(move.mass_g, 2),
        "facing": store.facings.facing_id[move.facing],
        "hand": HAND_NAMES[move.hand],
        "misplaced": int(store.facings.product[move.facing]) != move.product,
    }


def _person(staging: Staging, visit: Visit, epoch_ns: int) -> dict[str, Any]:
    bodies = staging.world.bodies
    return {
        "person": bodies.person[visit.person],
        "account": bodies.account[visit.person],
        "role": bodies.role[visit.person],
        "height": round(float(bodies.height_m[visit.person]), 3),
        "entered": _at(visit.entered_s, epoch_ns),
        "left": _at(visit.left_s, epoch_ns),
    }


def write_tracks(staging: Staging, path: Path, epoch_ns: int) -> None:
    """Write where everybody was between coming in and going out, at 10 Hz."""
    bodies = staging.world.bodies
    rows = np.arange(0, bodies.foot.shape[1], RATE_HZ // TRACK_HZ)
    frames = []
    for visit in staging.performance.visits:
        t_s = rows / RATE_HZ
        here = rows[(t_s >= visit.entered_s) & (t_s <= visit.left_s)]
        frames.append(
            pl.DataFrame(
                {
                    "t": epoch_ns + np.rint(here / RATE_HZ * 1e9).astype(np.int64),
                    "person": [bodies.person[visit.person]] * here.size,
                    "x": bodies.foot[visit.person, here, 0].astype(np.float32),
                    "y": bodies.foot[visit.person, here, 1].astype(np.float32),
                    "account": [bodies.account[visit.person]] * here.size,
                }
            )
        )
    pl.concat(frames).sort("t", "person").write_parquet(path)
