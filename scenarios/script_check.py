"""What cannot be done in a script, told before it is played."""

from collections import Counter

from scenarios.catalogue import row_named
from scenarios.script import Hold, Intention, IntoCart, Leave, Look, Pick, PutBack, Script, TakeCart


def check_script(script: Script) -> list[str]:
    """Return what cannot be done in a script, one line each: place, expected, received."""
    wrong: list[str] = []
    for shopper in script.shoppers:
        carried: Counter[str] = Counter()
        has_cart = False
        for at, intention in enumerate(shopper.does, start=1):
            place = f"{script.name}, {shopper.name}, step {at}"
            wrong += [f"{place}: {text}" for text in _wrong(intention, carried, has_cart)]
            _carry(intention, carried)
            has_cart |= isinstance(intention, TakeCart)
        if not shopper.does or shopper.does[-1] != Leave():
            wrong.append(f"{script.name}, {shopper.name}: expected Leave() as the last step")
    return wrong


def _wrong(intention: Intention, carried: Counter[str], has_cart: bool) -> list[str]:
    names = [getattr(intention, key, None) for key in ("product", "beside")]
    wrong: list[str] = []
    for name in names:
        try:
            if name is not None:
                row_named(name)
        except ValueError as error:
            wrong.append(str(error))
    if isinstance(intention, PutBack | IntoCart) and not carried[intention.product]:
        wrong.append(f"expected a product that is carried, received {intention.product!r}")
    if isinstance(intention, IntoCart) and not has_cart:
        wrong.append("expected TakeCart() before IntoCart()")
    if isinstance(intention, Pick) and intention.qty < 1:
        wrong.append(f"expected a quantity of 1 or more, received {intention.qty}")
    if isinstance(intention, Look | Hold) and intention.seconds < 0:
        wrong.append(f"expected seconds of 0 or more, received {intention.seconds}")
    return wrong


def _carry(intention: Intention, carried: Counter[str]) -> None:
    if isinstance(intention, Pick):
        carried[intention.product] += intention.qty
    elif isinstance(intention, PutBack):
        carried[intention.product] -= 1
    elif isinstance(intention, IntoCart):
        carried[intention.product] = 0
