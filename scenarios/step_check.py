"""What is wrong with one step of a script, whatever came before it."""

from collections.abc import Iterator
from typing import Final

from scenarios.catalogue import ARTICLES, row_named
from scenarios.script import Face, Intention, Lift, Pick, Restock, Script, Shopper, Weigh, people_of

PRODUCTS: Final = frozenset(article.name for article in ARTICLES)
CATEGORIES: Final = frozenset(article.category for article in ARTICLES)
PACES: Final = ("slow", "normal", "fast")
GOODS_FIELDS: Final = ("product", "beside", "into", "theirs")
PERSON_FIELDS: Final = ("person", "to", "giver", "other")


def wrong_in_step(intention: Intention, shopper: Shopper, script: Script, goods: set[str]) -> Iterator[str]:
    """Yield what is wrong with a step: names, numbers, who may do it; `goods` are the parts of the script."""
    for name in names_in(intention):
        yield from wrong_name(name, goods)
    for key in PERSON_FIELDS:
        name = getattr(intention, key, None)
        if name is not None and (name not in people_of(script) or name == shopper.name):
            yield f"expected another person of the script, received {name!r}"
    yield from _wrong_numbers(intention)
    if isinstance(intention, Restock | Face | Weigh) and shopper.role != "staff":
        yield f"expected staff to do this, received a {shopper.role}"


def names_in(intention: Intention) -> tuple[str, ...]:
    """Return the products and parts that a step names."""
    named = [getattr(intention, key, None) for key in GOODS_FIELDS]
    also = intention.also if isinstance(intention, Pick) else ()
    return (*(name for name in named if name is not None), *(name for name, _ in also))


def wrong_name(name: str, goods: set[str]) -> Iterator[str]:
    """Yield what is wrong with the name of a product or a part."""
    if name in goods:
        return
    try:
        row_named(name)
    except ValueError as error:
        yield str(error)


def _wrong_numbers(intention: Intention) -> Iterator[str]:
    for key in ("seconds", "hold_s"):
        seconds = getattr(intention, key, None)
        if seconds is not None and seconds < 0.0:
            yield f"expected seconds of 0 or more, received {seconds}"
    also = intention.also if isinstance(intention, Pick) else ()
    for qty in (getattr(intention, "qty", 1), *(qty for _, qty in also)):
        if qty < 1:
            yield f"expected a quantity of 1 or more, received {qty}"
    if isinstance(intention, Weigh) and not intention.grams > 0.0:
        yield f"expected a weight of more than 0 g, received {intention.grams}"
    if isinstance(intention, Lift) and not 0 <= intention.taken <= intention.qty:
        yield f"expected to take from 0 to {intention.qty} of those lifted, received {intention.taken}"
    if getattr(intention, "pace", "normal") not in PACES:
        yield f"expected a pace of {', '.join(PACES)}, received {intention!r}"
