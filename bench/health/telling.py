"""What the picks of a tape can tell of a plate's gain, to anybody who sees no more than goods, plates and grams.

Plates are not zeroed, so that only differences count, and a product's packages are all off the catalogue together by as
much as a wrong gain shows where a package lies on two plates. Goods that are off and a plate that is off look alike
until the same goods were weighed elsewhere, or before, or many goods on that plate: where no pick of the truth did
that, the plate is in doubt and cannot be named. Then nothing may be charged wrongly for it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

PICKS: Final = 2  # under the fault: one odd package is no plate
PRODUCTS: Final = 3  # so many are not all off alike


def in_doubt(events: Iterable[Mapping[str, Any]], plate: str, begun_ns: int, by_piece: Collection[str]) -> str:
    """Return why nobody can tell that a plate's gain is off since begun_ns, by true events; "" where it can be told.

    by_piece are the goods whose pieces have a weight in the catalogue.
    """
    under, right = Counter[str](), Counter[str]()  # picks of each SKU on the plate since then, and all others
    for event in events:
        if event["kind"] == "pick" and event["sku"] in by_piece:
            is_under = plate in event["plates"] and event["t"] >= begun_ns
            (under if is_under else right)[event["sku"]] += 1
    compared = sum(count for sku, count in under.items() if right[sku])
    if compared >= PICKS or len(under) >= PRODUCTS:
        return ""
    if under.total() < PICKS:
        return f"{under.total()} of its picks tell too little"
    return f"all {under.total()} picks of its goods lay on it: goods that are off and a plate that is look alike"
