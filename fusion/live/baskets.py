"""What each account has with it now, provisional readings added up, for live pages; pure, nothing is charged by it."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from fusion.attribution.events import Event
from fusion.checkout.receipts import Receipt

Baskets: TypeAlias = dict[str, dict[str, int]]  # account -> SKU -> pieces


def follow(
    baskets: Mapping[str, Mapping[str, int]], events: Iterable[Event], receipts: Iterable[Receipt]
) -> tuple[Baskets, dict[str, dict[str, int]]]:
    """Return the baskets after what happened, and those that changed; a receipt empties its account's basket."""
    after = {account: dict(goods) for account, goods in baskets.items()}
    changed: dict[str, None] = {}
    for event in events:
        if event.account is None:
            continue
        goods = after.setdefault(event.account, {})
        goods[event.sku] = max(0, goods.get(event.sku, 0) + (event.qty if event.kind == "pick" else -event.qty))
        if not goods[event.sku]:
            del goods[event.sku]
        changed[event.account] = None
    for receipt in receipts:
        if receipt.account is not None and after.pop(receipt.account, None) is not None:
            changed[receipt.account] = None
    return after, {account: after.get(account, {}) for account in changed}
