"""Scripts: what shoppers intend, as data that a person can write in a few lines.

    Shopper("ann", at_s=2.0, does=(Pick("cola", 2), Look(3.0), PutBack("cola"), Leave()))

Everything names goods as the catalogue does. Where a shopper walks, which hand she takes and how long it
lasts is the business of the motion model.
"""

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

from scenarios.catalogue import row_named


@dataclass(frozen=True, slots=True)
class Walk:
    """Go and stand in front of a product."""

    product: str


@dataclass(frozen=True, slots=True)
class Look:
    """Stand and look about; goods in the hands go into the bag."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Touch:
    """Press or feel a product without taking it."""

    product: str


@dataclass(frozen=True, slots=True)
class Pick:
    """Take `qty` packages in one grab."""

    product: str
    qty: int = 1


@dataclass(frozen=True, slots=True)
class Hold:
    """Stand with what was picked last still in the hand."""

    seconds: float


@dataclass(frozen=True, slots=True)
class PutBack:
    """Put one package back: in its place, or in front of another product."""

    product: str
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class TakeCart:
    """Fetch a cart from its bay."""

    cart: str


@dataclass(frozen=True, slots=True)
class IntoCart:
    """Lay all packages of a product that she carries into her cart."""

    product: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Go out through the door with everything carried."""


Intention: TypeAlias = Walk | Look | Touch | Pick | Hold | PutBack | TakeCart | IntoCart | Leave


@dataclass(frozen=True, slots=True)
class Shopper:
    """One person: when she comes and what she does."""

    name: str
    at_s: float
    does: tuple[Intention, ...]
    role: str = "shopper"


@dataclass(frozen=True, slots=True)
class Script:
    """A named scenario."""

    name: str
    about: str  # one line
    shoppers: tuple[Shopper, ...]


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
