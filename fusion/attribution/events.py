"""Settled changes as rows of events.jsonl and as transfers of goods."""

import json
from collections.abc import Callable

from fusion.attribution.explanations import PICK, Part
from fusion.attribution.settled import Settled
from fusion.checkout import goods
from fusion.checkout.records import Transfer
from fusion.config import AttributionConfig
from fusion.frozen import record
from fusion.store import Store

ATTRIBUTED, AMBIGUOUS, UNCLAIMED, STAFF = "attributed", "ambiguous", "unclaimed", "staff"
ALTERNATIVES = 4  # shown per event


@record()
class Owner:
    """What a trip means outside: its account, and whether it is staff."""

    account: str | None
    is_staff: bool


OwnerOf = Callable[[str], Owner]  # by trip; "" is nobody


@record()
class Event:
    """One pick or put-back, as in contract section 5."""

    event: str
    change: str  # event id of the shelf change; several events may share one
    t0_ns: int
    t1_ns: int
    kind: str
    plates: tuple[str, ...]
    delta_g: float
    sku: str
    qty: int
    account: str | None
    p: float
    alternatives: tuple[tuple[str, str, int, str | None, float], ...]  # kind, sku, qty, account, p
    outcome: str

    def to_json(self) -> str:
        """Return the event as one line of events.jsonl, without the line end."""
        keys = ("kind", "sku", "qty", "account", "p")
        fields = {
            "event": self.event,
            "t0": self.t0_ns,
            "t1": self.t1_ns,
            "kind": self.kind,
            "plates": list(self.plates),
            "delta_g": round(self.delta_g, 2),
            "sku": self.sku,
            "qty": self.qty,
            "account": self.account,
            "p": round(self.p, 6),
            "alternatives": [dict(zip(keys, row, strict=True)) for row in self.alternatives],
            "outcome": self.outcome,
        }
        return json.dumps(fields, allow_nan=False)


def events_of(settled: Settled, owner_of: OwnerOf, store: Store, config: AttributionConfig) -> tuple[Event, ...]:
    """Return one event per part of the final reading: none where no goods moved, unclaimed where nobody is known."""
    parts = settled.reading.parts if settled.change.plates else ()  # a hand-over is no event of the shelf
    known = any(part.trip for part in parts)
    change = settled.change
    return tuple(
        Event(
            event=settled.event if len(parts) == 1 else f"{settled.event}-{i + 1}",
            change=settled.event,
            t0_ns=change.t0_ns,
            t1_ns=change.t1_ns,
            kind=part.kind,
            plates=tuple(store.plates.plate_id[p] for p in change.plates),
            delta_g=change.total_g if len(parts) == 1 else (-part.grams if part.kind == PICK else part.grams),
            sku=store.products.sku[part.product],
            qty=part.qty,
            account=owner_of(part.trip).account,
            p=(p := _p_of(part, settled)),
            alternatives=_alternatives(part, settled, owner_of, store),
            outcome=_outcome(owner_of(part.trip), known, p, config),
        )
        for i, part in enumerate(parts)
    )


def _p_of(part: Part, settled: Settled) -> float:
    """Return how likely this part of the final reading is: others may agree about it and differ in the rest."""
    return min(1.0, settled.p + sum(q for r, q in settled.others if any(_same(part, other) for other in r.parts)))


def _alternatives(
    part: Part, settled: Settled, owner_of: OwnerOf, store: Store
) -> tuple[tuple[str, str, int, str | None, float], ...]:
    """Return what may have happened in place of a part, best first: of each other reading the part most like it."""
    other = ((r, q) for r, q in settled.others if r.parts and not any(_same(part, one) for one in r.parts))
    nearest = ((max(r.parts, key=lambda one: _likeness(part, one)), q) for r, q in other)
    return tuple(_alternative(one, q, owner_of, store) for one, q in nearest)[:ALTERNATIVES]


def _same(a: Part, b: Part) -> bool:
    return (a.trip, a.kind, a.product, a.qty) == (b.trip, b.kind, b.product, b.qty)


def _likeness(a: Part, b: Part) -> int:
    return sum((a.kind == b.kind, a.product == b.product, a.trip == b.trip))


def _alternative(part: Part, p: float, owner_of: OwnerOf, store: Store) -> tuple[str, str, int, str | None, float]:
    return part.kind, store.products.sku[part.product], part.qty, owner_of(part.trip).account, round(p, 6)


def _outcome(owner: Owner, known: bool, p: float, config: AttributionConfig) -> str:
    if owner.is_staff:
        return STAFF
    if not known or owner.account is None:
        return UNCLAIMED
    return ATTRIBUTED if p >= config.p_ambiguous else AMBIGUOUS


def transfers_of(settled: Settled, owner_of: OwnerOf, store: Store) -> tuple[Transfer, ...]:
    """Return the goods a settled change moved between shelf and cart, staff or nobody."""
    if not settled.change.plates:
        return _passed(settled, store)
    out = []
    for i, part in enumerate(settled.reading.parts):
        shelf = goods.plate(store.plates.plate_id[_shelf_plate(settled, part.product, store)])
        if not part.trip:
            # What nobody put down was never taken by anybody we know: it comes from outside the books.
            other = goods.UNCLAIMED if part.kind == PICK else goods.SUPPLY
        else:
            staff = owner_of(part.trip).is_staff
            other = (goods.STAFF if part.kind == PICK else goods.SUPPLY) if staff else goods.cart(part.trip)
        source, target = (shelf, other) if part.kind == PICK else (other, shelf)
        out.append(_moved(settled, part, f"{settled.event}:{i}", source, target, store))
    return tuple(out)


def _passed(settled: Settled, store: Store) -> tuple[Transfer, ...]:
    """Return goods that moved without a shelf noticing: from cart to cart, onto the floor, or from a blind plate."""
    parts, out = settled.reading.parts, list[Transfer]()
    while parts:
        evidence = settled.event if not out else f"{settled.event}:{len(out)}"
        if len(parts) > 1 and parts[0].trip != parts[1].trip:
            given, taken = parts[:2]
            out.append(_moved(settled, given, evidence, goods.cart(given.trip), goods.cart(taken.trip), store))
            parts = parts[2:]
        else:
            out.append(_unnoticed(settled, parts[0], evidence, store))
            parts = parts[1:]
    return tuple(out)


def _moved(settled: Settled, part: Part, evidence: str, source: str, target: str, store: Store) -> Transfer:
    return goods.move(
        store.store_id,
        evidence=evidence,
        t_ns=settled.change.step_ns,
        sku=store.products.sku[part.product],
        quantity=part.qty,
        grams=part.grams,
        source=source,
        target=target,
    )


def _unnoticed(settled: Settled, part: Part, evidence: str, store: Store) -> Transfer:
    """Return goods set down on no plate, or taken where no plate noticed: then from where the planogram has them."""
    homes = (plates for row, plates in enumerate(store.facings.plates) if store.facings.product[row] == part.product)
    home = next((goods.plate(store.plates.plate_id[plates[0]]) for plates in homes), goods.SUPPLY)
    cart = goods.cart(part.trip)
    source, target = (home, cart) if part.kind == PICK else (cart, goods.FLOOR)
    return _moved(settled, part, evidence, source, target, store)


def _shelf_plate(settled: Settled, product: int, store: Store) -> int:
    """Return the plate whose account holds these goods: a facing's first; off the planogram, the one that moved."""
    moved = set(settled.change.plates)
    for row, plates in enumerate(store.facings.plates):
        if int(store.facings.product[row]) == product and moved & set(plates):
            return plates[0]
    return settled.change.plates[0]
