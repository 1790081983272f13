"""Random trips: shoppers whose scripts can always be played, for crowds, stress and property tests."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import Final, TypeAlias

import numpy as np

from fusion.arrays import Bools, Ints
from fusion.store import Store
from scenarios.demand import stock_of
from scenarios.script import (
    Give,
    Hold,
    Intention,
    IntoCart,
    Leave,
    Lift,
    Look,
    Pick,
    PutBack,
    Receive,
    Script,
    Shopper,
    Swap,
    TakeCart,
    Touch,
)

NAMES: Final = (
    "ann", "ben", "cat", "dan", "eve", "fay", "gus", "hal", "ida", "jon", "kim", "leo", "mia", "ned", "ola", "pia",
    "quin", "ray", "sue", "tom", "una", "val", "wes", "xia", "yan", "zoe",
)  # fmt: skip
PICKS_MEAN: Final = 3.0  # of a shopper
PICKS_MAX: Final = 9
TWO_SHARE: Final = 0.12  # of picks that take two packages at once
CART_SHARE: Final = 0.4  # of shoppers who take a cart while there is one
PAIR_SHARE: Final = 0.5  # of pairs in which one hands something to the other, if all behaviour were hard
LOOK_SHARE: Final = 0.4  # of picks after which the shopper looks about
LOOK_S: Final = (0.5, 6.0)
HOLD_S: Final = (0.5, 5.0)
PACES: Final = {"normal": 0.7, "fast": 0.15, "slow": 0.15}

Doing: TypeAlias = list[Intention]


@dataclass(slots=True, eq=False)
class _Shelves:
    """What a drawing may still take from a store."""

    names: tuple[str, ...]
    is_shown: Bools  # (k,) stands in the store and may be touched
    left: Ints  # (k,) packages by product row that may be taken
    rng: np.random.Generator

    def take(self, qty: int = 1) -> str | None:
        """Return a product of which so many may be taken, and count them; None if there is none."""
        rows = np.flatnonzero(self.left >= qty)
        if not rows.size:
            return None
        row = int(self.rng.choice(rows))
        self.left[row] -= qty
        return self.names[row]

    def show(self) -> str:
        """Return a product to stand before."""
        return self.names[int(self.rng.choice(np.flatnonzero(self.is_shown)))]


def draw_script(
    people: int,
    over_s: float,
    hard: float,
    store_name: str,
    store: Store,
    rng: np.random.Generator,
    *,
    picks_mean: float = PICKS_MEAN,
) -> Script:
    """Return a script of random trips in a store; see draw_shoppers."""
    shoppers = draw_shoppers(people, over_s, hard, store, rng, picks_mean=picks_mean)
    about = f"{people} people who come within {over_s:g} s, drawn at random, {hard:.0%} of what they do hard"
    return Script(name="drawn", about=about, shoppers=shoppers, store=store_name, handover=store.handover)


def draw_shoppers(
    people: int,
    over_s: float,
    hard: float,
    store: Store,
    rng: np.random.Generator,
    names: Collection[str] = (),
    *,
    goods: Collection[str] = (),
    carts: Collection[str] = (),
    picks_mean: float = PICKS_MEAN,
) -> tuple[Shopper, ...]:
    """Return shoppers who come within over_s seconds; `hard`, 0 to 1, is the share of hard behaviour in what they do.

    `names`, `goods` and `carts` are taken already: nobody is called so, and nobody takes those. Everybody takes
    something about `picks_mean` times. Raises ValueError for numbers out of range and for a store without goods.
    """
    if people < 1 or not over_s >= 0.0 or not 0.0 <= hard <= 1.0:
        expected = "1 person or more within 0 s or more, a share of hard behaviour from 0 to 1"
        raise ValueError(f"crowd: expected {expected}, received {people}, {over_s}, {hard}")
    assert picks_mean >= 1.0
    shelves = _shelves(store, goods, rng)
    free = [cart for cart in store.carts if cart not in carts]
    trips = [_trip(shelves, hard, free, picks_mean) for _ in range(people)]
    called = list(islice(_names(names), people))
    _hand_over(trips, called, hard, shelves)
    at_s = np.sort(rng.uniform(0.0, over_s, people)).round(2)
    return tuple(
        Shopper(name, float(when), (*does, Leave())) for name, when, does in zip(called, at_s, trips, strict=True)
    )


def _shelves(store: Store, goods: Collection[str], rng: np.random.Generator) -> _Shelves:
    names, stock = store.products.name, stock_of(store)
    is_free = np.array([name not in goods for name in names])
    if not (is_free & (stock.at_once > 0)).any():
        raise ValueError(f"crowd: expected goods in store {store.store_id} besides those spoken for, received none")
    # No more than stand in one place: two shoppers may come to different places of one product.
    return _Shelves(names, is_free & (stock.total > 0), np.where(is_free, stock.at_once, 0), rng)


def _names(taken: Collection[str]) -> Iterator[str]:
    every = chain(NAMES, (f"p{number}" for number in count(len(NAMES) + 1)))
    return (name for name in every if name not in taken)


def _trip(shelves: _Shelves, hard: float, free_carts: list[str], picks_mean: float) -> Doing:
    """Draw what one shopper does before she leaves; a cart that she takes is free no more."""
    rng, does = shelves.rng, list[Intention]()
    has_cart = bool(free_carts) and rng.random() < CART_SHARE
    if has_cart:
        does.append(TakeCart(free_carts.pop(0)))
    for _ in range(int(np.clip(1 + rng.poisson(picks_mean - 1.0), 1, PICKS_MAX))):
        if rng.random() < hard:
            does += HARD[int(rng.integers(len(HARD)))](shelves)
        else:
            does += _plain(shelves, has_cart)
    return does


def _plain(shelves: _Shelves, has_cart: bool) -> Doing:
    rng = shelves.rng
    qty = 2 if rng.random() < TWO_SHARE else 1
    product = shelves.take(qty)
    if product is None:
        return [Look(_seconds(shelves, LOOK_S))]
    does: Doing = [Pick(product, qty, pace=rng.choice(list(PACES), p=list(PACES.values())).item())]
    if has_cart:
        does.append(IntoCart(product))
    if rng.random() < LOOK_SHARE:
        does.append(Look(_seconds(shelves, LOOK_S)))
    return does


def _put_back(shelves: _Shelves) -> Doing:
    product = shelves.take()
    if product is None:
        return _touch(shelves)
    return [Pick(product), Hold(_seconds(shelves, HOLD_S)), PutBack(product)]


def _put_elsewhere(shelves: _Shelves) -> Doing:
    product, place = shelves.take(), shelves.show()
    if product is None or place == product:
        return _touch(shelves)
    return [Pick(product), Look(_seconds(shelves, LOOK_S)), PutBack(product, beside=place)]


def _touch(shelves: _Shelves) -> Doing:
    return [Touch(shelves.show())]


def _hesitate(shelves: _Shelves) -> Doing:
    product = shelves.take()
    return _touch(shelves) if product is None else [Pick(product, hold_s=_seconds(shelves, HOLD_S))]


def _lift(shelves: _Shelves) -> Doing:
    product = shelves.take(2)
    if product is None:
        return _touch(shelves)
    return [Lift(product, 2, _seconds(shelves, HOLD_S), int(shelves.rng.integers(2)))]


def _swap(shelves: _Shelves) -> Doing:
    product, other = shelves.take(), shelves.take()
    if product is None or other is None or product == other:
        return _touch(shelves)
    return [Pick(product), Swap(product, other)]


HARD: Final[tuple[Callable[[_Shelves], Doing], ...]] = (_put_back, _put_elsewhere, _touch, _hesitate, _lift, _swap)


def _hand_over(trips: list[Doing], called: list[str], hard: float, shelves: _Shelves) -> None:
    """Let some neighbours in the order of coming meet before they leave, and one give the other something."""
    for at in range(0, len(trips) - 1, 2):
        product = shelves.take() if shelves.rng.random() < hard * PAIR_SHARE else None
        if product is not None:
            trips[at] += [Pick(product), Give(product, called[at + 1])]
            trips[at + 1].append(Receive(product, called[at]))


def _seconds(shelves: _Shelves, span: tuple[float, float]) -> float:
    return round(float(shelves.rng.uniform(*span)), 1)
