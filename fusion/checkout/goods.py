"""Goods accounts and the transfers between them."""

from collections.abc import Iterable
from dataclasses import replace

from fusion.checkout.records import Transfer, derive_id
from fusion.store import Store

SUPPLY = "supply"  # where everything comes from
UNCLAIMED = "unclaimed"  # gone, and nobody can be charged
STAFF = "staff"
FLOOR = "floor"  # set down in the store, but on no plate


def plate(plate_id: str) -> str:
    """Name the account of what stands on a plate."""
    return f"plate:{plate_id}"


def hand(trip: str) -> str:
    """Name the account of what a trip holds in hand, on its way between plate and cart."""
    return f"hand:{trip}"


def cart(trip: str) -> str:
    """Name the account of what a trip carries."""
    return f"cart:{trip}"


def sold(trip: str) -> str:
    """Name the account of what a trip was charged for."""
    return f"sold:{trip}"


def suspense(trip: str) -> str:
    """Name the account of what a trip took and a person has yet to judge."""
    return f"suspense:{trip}"


def may_overdraw(account: str) -> bool:
    """Tell whether an account may go below zero: a planogram can be wrong, a cart cannot."""
    return account == SUPPLY or account.startswith("plate:")


def transfer_id(store_id: str, evidence: str, revision: int, sku: str, source: str, target: str) -> bytes:
    """Return the id of a transfer: the same evidence and revision can never move goods twice."""
    return derive_id("transfer", store_id, evidence, str(revision), sku, source, target)


def move(
    store_id: str,
    *,
    evidence: str,
    t_ns: int,
    sku: str,
    quantity: int,
    grams: float | None,
    source: str,
    target: str,
    revision: int = 0,
) -> Transfer:
    """Return the transfer of some units from one account to another.

    `evidence` names what was seen (an event, a trip's close); `revision` counts up each time it is judged.
    """
    return Transfer(
        transfer_id=transfer_id(store_id, evidence, revision, sku, source, target),
        t_ns=int(t_ns),
        sku=sku,
        quantity=int(quantity),
        grams=None if grams is None else float(grams),
        source=source,
        target=target,
        evidence=evidence,
    )


def reverse(transfer: Transfer, t_ns: int) -> Transfer:
    """Return the transfer that takes another back at t_ns; a transfer is taken back once."""
    return replace(
        transfer,
        transfer_id=derive_id("reversal", transfer.transfer_id.hex()),
        t_ns=int(t_ns),
        source=transfer.target,
        target=transfer.source,
        reverses=transfer.transfer_id,
    )


def opening(store: Store, t_ns: int) -> tuple[Transfer, ...]:
    """Return the transfers that fill the shelves as the planogram says, each facing on its first plate."""
    facings = store.facings
    return tuple(
        move(
            store.store_id,
            evidence=f"opening:{t_ns}:{facing_id}",
            t_ns=t_ns,
            sku=store.products.sku[facings.product[row]],
            quantity=int(facings.qty[row]),
            grams=None,
            source=SUPPLY,
            target=plate(store.plates.plate_id[facings.plates[row][0]]),
        )
        for row, facing_id in enumerate(facings.facing_id)
        if facings.qty[row] > 0
    )


def balances(transfers: Iterable[Transfer]) -> dict[tuple[str, str], int]:
    """Return units per (account, sku) after all transfers; accounts that are empty again are left out.

    Asserts that nothing but a plate or the supply ends below zero.
    """
    units: dict[tuple[str, str], int] = {}
    for transfer in transfers:
        source, target = (transfer.source, transfer.sku), (transfer.target, transfer.sku)
        units[source] = units.get(source, 0) - transfer.quantity
        units[target] = units.get(target, 0) + transfer.quantity
    for (account, sku), quantity in units.items():
        assert quantity >= 0 or may_overdraw(account), f"{account} holds {quantity} of {sku}"
    return {key: quantity for key, quantity in units.items() if quantity}
