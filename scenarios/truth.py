"""What truly happened, told for scoring (contract section 7): receipts, events, and where people were."""

from collections.abc import Iterable, Mapping
from math import inf
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from scenarios.bills import HOLDER, PICKER, bills
from scenarios.performance import DROP, EAT, GIVE, PICK, PICK_UP, PUT, Move, Visit
from scenarios.staging import Staging
from sensors.clocks import Clock
from sensors.world import RATE_HZ

TRACK_HZ: Final = 10
HAND_NAMES: Final = ("L", "R")
SHELF_KINDS: Final = (PICK, PUT)
OTHER_KINDS: Final = {DROP: "laid down", PICK_UP: "picked up", EAT: "eaten"}


def truth_of(staging: Staging, clocks: Mapping[str, Clock], epoch_ns: int) -> dict[str, Any]:
    """Return the truth of a scenario as it stands in truth.json."""
    products, performance = staging.world.store.products, staging.performance
    policy = staging.world.store.handover
    other_policy = HOLDER if policy == PICKER else PICKER
    receipts, unaccounted = bills(staging.trips, performance, staging.goods, products, policy)
    return {
        "receipts": receipts,
        "receipts_other_policy": bills(staging.trips, performance, staging.goods, products, other_policy)[0],
        "events": [_event(staging, move, epoch_ns) for move in performance.moves if move.kind in SHELF_KINDS],
        "handover": policy,
        "handovers": [_handover(staging, move, epoch_ns) for move in performance.moves if move.kind == GIVE],
        "unaccounted": unaccounted,
        "other": sorted(_others(staging, epoch_ns), key=lambda one: one["t"]),
        "people": [_person(staging, visit, epoch_ns) for visit in performance.visits],
        "cart_moves": [
            {
                "t": _at(move.t_s, epoch_ns),
                "cart": staging.world.store.carts[move.cart],
                "dir": move.direction,
                "sku": products.sku[move.product],
                "seen": not move.hidden,
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


def _handover(staging: Staging, move: Move, epoch_ns: int) -> dict[str, Any]:
    bodies = staging.world.bodies
    return {
        "t": _at(move.t_s, epoch_ns),
        "sku": staging.world.store.products.sku[move.product],
        "giver": bodies.account[move.person],
        "taker": bodies.account[move.other],
        "from_person": bodies.person[move.person],
        "to_person": bodies.person[move.other],
    }


def _others(staging: Staging, epoch_ns: int) -> Iterable[dict[str, Any]]:
    """Tell what happened besides picks, put-backs and hand-overs."""
    performance, person = staging.performance, staging.world.bodies.person
    sku, plate_id = staging.world.store.products.sku, staging.world.store.plates.plate_id
    for press in performance.presses:
        yield {
            "t": _at(press.t0_s, epoch_ns),
            "kind": "press",
            "person": person[press.person],
            "plate": plate_id[press.plate],
            "seconds": round(press.t1_s - press.t0_s, 3),
            "peak_g": round(press.peak_g, 1),
        }
    for lift in performance.lifts:
        yield {
            "t": _at(lift.t0_s, epoch_ns),
            "kind": "lift",
            "person": person[lift.person],
            "sku": sku[lift.product],
            "seconds": round(lift.t1_s - lift.t0_s, 3),
        }
    for bump in performance.bumps:
        yield {"t": _at(bump.t_s, epoch_ns), "kind": "bump", "person": person[bump.person], "gondola": bump.gondola}
    for change in performance.undressings:
        yield {"t": _at(change.t_s, epoch_ns), "kind": "jacket", "person": person[change.person]}
    for move in performance.moves:
        if move.kind in OTHER_KINDS:
            yield {
                "t": _at(move.t_s, epoch_ns),
                "kind": OTHER_KINDS[move.kind],
                "person": person[move.person],
                "sku": sku[move.product],
                "qty": len(move.items),
            }


def _person(staging: Staging, visit: Visit, epoch_ns: int) -> dict[str, Any]:
    bodies = staging.world.bodies
    trip = next(trip for trip in staging.trips if visit.person in trip.people)
    return {
        "person": bodies.person[visit.person],
        "account": bodies.account[visit.person],
        "role": bodies.role[visit.person],
        "height": round(float(bodies.height_m[visit.person]), 3),
        "party": bodies.person[trip.people[0]],
        "entered": _at(visit.entered_s, epoch_ns),
        "left": None if visit.left_s == inf else _at(visit.left_s, epoch_ns),
    }


def write_tracks(staging: Staging, path: Path, epoch_ns: int) -> None:
    """Write where everybody was between coming in and going out, at 10 Hz."""
    bodies = staging.world.bodies
    rows = np.arange(0, bodies.foot.shape[1], RATE_HZ // TRACK_HZ)
    frames = []
    for visit in staging.performance.visits:
        t_s = rows / RATE_HZ
        here = rows[(t_s >= visit.entered_s) & (t_s <= min(visit.left_s, staging.world.seconds))]
        frames.append(
            pl.DataFrame(
                {
                    "t": epoch_ns + np.rint(here / RATE_HZ * 1e9).astype(np.int64),
                    "person": [bodies.person[visit.person]] * here.size,
                    "x": bodies.foot[visit.person, here, 0].astype(np.float32),
                    "y": bodies.foot[visit.person, here, 1].astype(np.float32),
                    "account": pl.Series([bodies.account[visit.person]] * here.size, dtype=pl.String),
                }
            )
        )
    pl.concat(frames).sort("t", "person").write_parquet(path)
