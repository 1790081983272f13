"""Belongings: who carries what in a script, what lies in carts and on the floor; no space, no time."""

from collections import Counter
from dataclasses import dataclass, field

from scenarios.script import (
    Eat,
    Exchange,
    Give,
    Hold,
    Intention,
    IntoCart,
    LayDown,
    Leave,
    LeaveCart,
    Lift,
    OutOfCart,
    Pick,
    PickUp,
    PutBack,
    Shopper,
    Swap,
    TakeCart,
)


@dataclass(slots=True)
class Player:
    """One person in the middle of her script."""

    shopper: Shopper
    step: int = 0
    carried: Counter[str] = field(default_factory=Counter)
    cart: str | None = None

    @property
    def now(self) -> Intention | None:
        """What she is about to do, None after the last step."""
        return self.shopper.does[self.step] if self.step < len(self.shopper.does) else None


@dataclass(slots=True)
class Belongings:
    """Everybody with what she has, and the goods that nobody carries."""

    players: dict[str, Player]
    floor: Counter[str] = field(default_factory=Counter)
    baskets: dict[str, Counter[str]] = field(default_factory=dict)  # of the carts taken so far
    gone: set[str] = field(default_factory=set)  # carts that left the store
    wrong: list[tuple[str, int, str]] = field(default_factory=list)  # person, step from 1, what is wrong


def complaint(player: Player, intention: Intention) -> str:
    """Return what keeps a person from a step with what she has, "" if nothing does."""
    match intention:
        case PutBack(product, qty) if 0 < player.carried[product] < qty:
            return f"expected {qty} {product!r} that are carried, received {player.carried[product]}"
        case PutBack(product) | Swap(product) | Give(product) | Exchange(product) | LayDown(product) | Eat(product):
            return "" if player.carried[product] else _not_carried(product)
        case IntoCart(product, cart):
            if cart is None and player.cart is None:
                return "expected TakeCart() before IntoCart(), received no cart"
            return "" if player.carried[product] else _not_carried(product)
        case LeaveCart() | OutOfCart(cart=None) if player.cart is None:
            return f"expected TakeCart() before {type(intention).__name__}(), received no cart"
        case TakeCart(cart) if player.cart is not None:
            return f"expected LeaveCart() before another cart, received {cart!r} beside {player.cart!r}"
        case Hold() if not +player.carried:
            return "expected something that is carried, received empty hands"
    return ""


def _not_carried(product: str) -> str:
    return f"expected a product that is carried, received {product!r}"


def move(things: Belongings, player: Player, intention: Intention) -> None:
    """Move the goods of a step."""
    carried = player.carried
    match intention:
        case Pick(product, qty, _, _, also):
            for name, count in ((product, qty), *also):
                carried[name] += count
        case Lift(product=product, taken=taken):
            carried[product] += taken
        case PutBack(product, qty):
            carried[product] = max(0, carried[product] - qty)
        case Swap(product, into):
            carried[product], carried[into] = max(0, carried[product] - 1), carried[into] + 1
        case LayDown(product) | Eat(product):
            things.floor[product] += isinstance(intention, LayDown)
            carried[product] = max(0, carried[product] - 1)
        case PickUp(product):
            things.floor[product] -= 1
            carried[product] += 1
        case _:
            _move_carts(things, player, intention)


def _move_carts(things: Belongings, player: Player, intention: Intention) -> None:
    match intention:
        case TakeCart(cart):
            player.cart = cart
            things.baskets.setdefault(cart, Counter())
        case LeaveCart():
            player.cart = None
        case Leave() if player.cart is not None:
            things.gone.add(player.cart)
            player.cart = None
        case IntoCart(product, cart) if (basket := cart or player.cart) is not None:
            things.baskets[basket][product] += player.carried.pop(product, 0)
        case OutOfCart(product, cart) if (basket := cart or player.cart) is not None:
            things.baskets[basket][product] -= 1
            player.carried[product] += 1
