"""Rehearse a script: who carries what and who waits for whom, without space, time or a store.

Everybody goes on as far as she can. A step that needs something first, a partner, a mark that others have not come
to, a cart that is in use, waits; where all who are left wait, what they wait for never comes.
"""

from collections.abc import Iterator

from scenarios.belongings import Belongings, Player, complaint, move
from scenarios.script import (
    Exchange,
    Follow,
    Give,
    Intention,
    IntoCart,
    Leave,
    OutOfCart,
    PickUp,
    Receive,
    Script,
    Stay,
    TakeCart,
    Together,
)


def rehearse(script: Script) -> Iterator[tuple[str, int, str]]:
    """Yield what cannot be done: person, step counted from 1, what was expected and received."""
    things = Belongings({shopper.name: Player(shopper) for shopper in script.shoppers})
    while any(_advance(things, player) for player in things.players.values()):
        pass
    yield from things.wrong
    for name, player in things.players.items():
        if player.now is not None:
            yield name, player.step + 1, _missing(things, player)


def _advance(things: Belongings, player: Player) -> bool:
    """Let one person go on as far as she can; tell whether she did anything."""
    before = player.step
    while (intention := player.now) is not None and _is_ready(things, player, intention):
        if not _meet(things, player, intention):
            _say(things, player, intention)
            move(things, player, intention)
            player.step += 1
    return player.step > before


def _is_ready(things: Belongings, player: Player, intention: Intention) -> bool:
    """Tell whether what a step waits for is there."""
    match intention:
        case Together(mark):
            return all(one.now == intention for one in _marked(things, mark))
        case Give() | Receive() | Exchange():
            partner = things.players.get(_partner(intention))
            return partner is not None and partner.now == _mirrored(player.shopper.name, intention)
        case Follow(person, None):
            leader = things.players.get(person)
            return leader is None or leader.now is None or isinstance(leader.now, Leave | Stay)
        case PickUp(product):
            return things.floor[product] > 0
        case TakeCart(cart):
            return cart not in things.gone and all(one.cart != cart for one in things.players.values())
        case IntoCart(cart=cart) if cart is not None:
            return cart in things.baskets and cart not in things.gone
        case OutOfCart(product, cart) if (cart or player.cart) is not None:
            basket = cart or player.cart
            return basket in things.baskets and basket not in things.gone and things.baskets[basket][product] > 0
    return True


def _marked(things: Belongings, mark: str) -> list[Player]:
    return [one for one in things.players.values() if Together(mark) in one.shopper.does]


def _partner(intention: Give | Receive | Exchange) -> str:
    match intention:
        case Give(to=name) | Receive(giver=name) | Exchange(other=name):
            return name


def _mirrored(name: str, intention: Give | Receive | Exchange) -> Intention:
    """Return what the partner's script has to say."""
    match intention:
        case Give(product, _):
            return Receive(product, name)
        case Receive(product, _):
            return Give(product, name)
        case Exchange(product, _, theirs):
            return Exchange(theirs, name, product)


def _meet(things: Belongings, player: Player, intention: Intention) -> bool:
    """Do what several people do at once, if the step is of that kind."""
    match intention:
        case Together(mark):
            for one in _marked(things, mark):
                one.step += 1
        case Give() | Receive() | Exchange():
            partner = things.players[_partner(intention)]
            for one, other in ((player, partner), (partner, player)):
                if isinstance(one.now, Give | Exchange):
                    _say(things, one, one.now)
                    one.carried[one.now.product] -= 1
                    other.carried[one.now.product] += 1
            player.step, partner.step = player.step + 1, partner.step + 1
        case _:
            return False
    return True


def _say(things: Belongings, player: Player, intention: Intention) -> None:
    text = complaint(player, intention)
    if text:
        things.wrong.append((player.shopper.name, player.step + 1, text))


def _missing(things: Belongings, player: Player) -> str:
    """Return what a step waits for that never comes."""
    name, now = player.shopper.name, player.now
    match now:
        case Together(mark):
            late = [one.shopper.name for one in _marked(things, mark) if one.now != now]
            return f"expected everybody marked {mark!r} to come to it, received that {', '.join(late)} never will"
        case Give() | Receive() | Exchange():
            return f"expected {_partner(now)} to come to {_mirrored(name, now)}, received that this never happens"
        case Follow(person):
            return f"expected {person} to set out to leave, received that this never happens"
        case PickUp(product):
            return f"expected {product!r} to be laid down before, received that it never is"
        case TakeCart(cart) | IntoCart(cart=cart):
            return f"expected cart {cart!r} within reach and, to take it, in nobody's hands, received that it never is"
        case OutOfCart(product, cart):
            return f"expected {product!r} in {cart or player.cart}, received that it never is there"
    raise AssertionError(f"{now!r} waits for nothing")
