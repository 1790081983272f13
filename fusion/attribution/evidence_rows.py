"""Settled changes as rows of evidence.jsonl: what was there to see, and what was made of it."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from fusion.attribution.events import OwnerOf
from fusion.attribution.explanations import Explanation
from fusion.attribution.record import Bystander
from fusion.attribution.settled import Settled
from fusion.attribution.why import add, explained
from fusion.config import SECOND_NS
from fusion.frozen import record
from fusion.rounding import rounded
from fusion.store import Store

READINGS_SHOWN = 5
KINDS = {"ev": "shelf", "ho": "passing", "rf": "exit"}  # by the beginning of the id


@record()
class EvidenceRow:
    """The evidence of one settled change, under its id."""

    event: str
    fields: Mapping[str, Any]

    def to_json(self) -> str:
        """Return the row as one line of evidence.jsonl, without the line end."""
        return json.dumps({"event": self.event, **self.fields}, allow_nan=False)


def evidence_row(settled: Settled, owner_of: OwnerOf, store: Store) -> EvidenceRow:
    """Return the evidence of a settled change; one without plates has only its readings."""
    change, evidence = settled.change, settled.evidence
    fields: dict[str, Any] = {
        "kind": KINDS[settled.event.partition("-")[0]],
        "t": change.step_ns,
        "readings": [_reading(reading, p, owner_of, store) for reading, p in _readings(settled)],
    }
    if change.plates:
        fields["plates"] = [_plate(settled, i, store) for i in range(len(change.plates))]
    if evidence is not None:
        fields["at"] = [evidence.x_m, evidence.y_m]
        fields["people"] = [_bystander(one, owner_of, store) for one in evidence.near]
    return EvidenceRow(settled.event, fields)


def _readings(settled: Settled) -> tuple[tuple[Explanation, float | None], ...]:
    """Return what was decided, what else was left, and without p what had been weighed at first and was ruled out."""
    left = ((settled.reading, settled.p), *settled.others)[:READINGS_SHOWN]
    known = {reading.parts for reading, _ in left}
    weighed = settled.evidence.weighed if settled.evidence is not None else ()
    gone = tuple((reading, None) for reading in weighed if reading.parts not in known)
    return (*left, *gone)[: READINGS_SHOWN + 1]


def _reading(reading: Explanation, p: float | None, owner_of: OwnerOf, store: Store) -> dict[str, Any]:
    return {
        "parts": [
            {
                "kind": part.kind,
                "sku": store.products.sku[part.product],
                "qty": part.qty,
                "account": owner_of(part.trip).account,
                "known": bool(part.trip),
                "g": round(part.grams, 1),
            }
            for part in reading.parts
        ],
        "p": None if p is None else float(f"{p:.9g}"),  # small ones too: their logarithm is told
        "nats": round(reading.nats, 4),
        "why": {witness: round(nats, 4) + 0.0 for witness, nats in explained(add(reading.why), reading.nats)},
    }


def _plate(settled: Settled, i: int, store: Store) -> dict[str, Any]:
    """Return one plate of a change: how much it lost or gained, and its levels around the step, s and g."""
    change = settled.change
    trace = change.trace[i] if change.trace else ()
    late_ns = np.array([t_ns for t_ns, _ in trace], np.int64) - change.step_ns
    return {
        "plate": store.plates.plate_id[change.plates[i]],
        "delta_g": round(change.delta_g[i], 2),
        "sd_g": round(change.var[i] ** 0.5, 2),
        "t": (rounded(late_ns / SECOND_NS, 2) + 0.0).tolist(),
        "g": rounded(np.array([g for _, g in trace]), 1).tolist(),
    }


def _bystander(one: Bystander, owner_of: OwnerOf, store: Store) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "track": one.track_id,
        "account": owner_of(one.trip).account,
        "known": bool(one.trip),
        "p": round(one.p, 4),
        "xy": [one.x_m, one.y_m],
    }
    if not one.within_reach:
        return fields
    return fields | {
        "why": {witness: round(nats, 3) + 0.0 for witness, nats in one.why},
        "held": {store.products.sku[product]: round(nats, 2) for product, nats in one.held},
        "hand": {"t": one.hand.t_s, "m": one.hand.far_m, "sd": one.hand.sd_m},
    }
