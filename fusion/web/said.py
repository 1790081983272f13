"""What one step of the engine says, as messages for a page; pure."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fusion.checkout.pricing import price
from fusion.checkout.receipts import OPEN, Item, Receipt, TripEnd
from fusion.checkout.trips import Trip
from fusion.live.baskets import Baskets, follow
from fusion.settlement import Outputs
from fusion.store import Store, product_rows
from fusion.web.times import ms_of

EVENT_TIMES = ("t0", "t1")
RECEIPT_TIMES = ("entered", "left", "closed")


def said_by(
    outputs: Outputs, baskets: Baskets, live: tuple[Trip, ...], store: Store, t_ns: int
) -> tuple[Baskets, list[dict[str, Any]]]:
    """Return the baskets after a step and everything it says at t_ns; `live` are the trips inside."""
    after, changed = follow(baskets, outputs.provisional, outputs.receipts)
    bodies = [*_bodies(outputs), *(("basket", one) for one in _baskets(changed, live, store, t_ns))]
    return after, [{"kind": "said", "t": ms_of(t_ns), "what": what, "body": body} for what, body in bodies]


def receipt_body(line: str) -> dict[str, Any]:
    """Return a line of receipts.jsonl as the page has it."""
    return receipt_body_of(json.loads(line))


def receipt_body_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a receipt that was read back as the page has it."""
    return {"id": row["trip"], **in_ms(row, RECEIPT_TIMES)}


def mode_body(mode: str, blind: Iterable[str], reasons: Iterable[str]) -> dict[str, Any]:
    """Return the mode of a store as the page has it."""
    return {"mode": mode, "blind": list(blind), "text": "; ".join(reasons)}


def in_ms(row: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """Return a row whose times are milliseconds."""
    return {**row, **{key: None if row[key] is None else ms_of(row[key]) for key in keys if key in row}}


def basket_total(account: str, goods: Mapping[str, int], entered_ns: int, store: Store) -> int:
    """Return what a receipt over these pieces would say now, cents; what is weighed counts as of usual mass."""
    rows, by_weight, mass_g = product_rows(store.products), store.products.by_weight, store.products.mass_g
    known = [(rows[sku], pieces) for sku, pieces in goods.items() if sku in rows and pieces > 0]
    items = [
        Item(row, pieces, float(mass_g[row]) * pieces if by_weight[row] else None, 1.0, ()) for row, pieces in known
    ]
    receipt: Receipt = price(TripEnd("", account, 1, entered_ns, None, None), items, 1.0, OPEN, store)
    return receipt.total_cents


def _bodies(outputs: Outputs) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in outputs.health:
        yield "health", {"src": one.src, "state": one.state, "text": one.text, "t": ms_of(one.t_ns)}
    for mode in outputs.modes:
        yield "mode", mode_body(mode.mode, mode.blind, mode.reasons)
    for what, events in (("provisional", outputs.provisional), ("event", outputs.events)):
        for event in events:
            yield what, in_ms(json.loads(event.to_json()), EVENT_TIMES)
    for receipt in outputs.receipts:
        yield "receipt", receipt_body(receipt.to_json())


def _baskets(
    changed: Mapping[str, Mapping[str, int]], live: tuple[Trip, ...], store: Store, t_ns: int
) -> Iterator[dict[str, Any]]:
    entered = {trip.account: trip.entered_ns for trip in live}
    for account, goods in changed.items():
        total = basket_total(account, goods, entered.get(account, t_ns), store)
        yield {"account": account, "lines": [[sku, pieces] for sku, pieces in goods.items()], "total": total}
