"""A named scenario on the stage: a store, its goods, a script acted in it, the world that sensors look at."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from fusion.store import Store
from fusion.store_terms import Terms
from scenarios.acting import act
from scenarios.bills import Trip, trips_of
from scenarios.casting import cast
from scenarios.catalogue import row_named
from scenarios.goods import Goods, opening_loads, stock_up
from scenarios.happenings import bumps, carts, crossings, load_steps, presses, tags, tests_told
from scenarios.layout import build_store
from scenarios.library import script_named
from scenarios.paths import survey
from scenarios.people import bodies_of, cast_people
from scenarios.performance import Performance
from scenarios.script import Restock, Script
from scenarios.shops import Shop, shop_named
from scenarios.stage import Setting
from scenarios.terms import draw_terms
from sensors.world import RATE_HZ, World, generator

STREAM: Final = 0  # first key of the random streams of scenarios; 1 belongs to the sensors
LAYOUT, STOCK, ACTING, BODIES, CASTING, PEOPLE, CARTS, TAGS, TERMS = range(9)  # second key


@dataclass(frozen=True, slots=True, eq=False)
class Staging:
    """A scenario as it truly happened, with all that its truth is told from."""

    script: Script
    trips: tuple[Trip, ...]
    world: World
    performance: Performance
    goods: Goods  # as they were left


def stage(name: str, seed: int, shop_name: str | None = None) -> Staging:
    """Return a named scenario for a seed, in its own kind of store or in another.

    Raises ValueError for an unknown name and for what cannot be done in that store.
    """
    written = script_named(name)
    shop = shop_named(shop_name or written.store)
    store = replace(build_store(shop, generator(seed, STREAM, LAYOUT)), handover=written.handover)
    script = cast(written, store, generator(seed, STREAM, CASTING))
    return play(script, shop, store, seed)


def play(script: Script, shop: Shop, store: Store, seed: int) -> Staging:
    """Return what comes of a cast script in a store built after `shop`."""
    goods = stock_up(store, generator(seed, STREAM, STOCK), stale=_stale(script), reserve=_reserve(script))
    opening = opening_loads(store, goods)
    setting = Setting(store, survey(store.outline, store.fixtures), shop.bays, shop.places)
    people = cast_people(script, generator(seed, STREAM, PEOPLE))
    performance = act(script, setting, goods, people.height_m, generator(seed, STREAM, ACTING))
    trips = trips_of(script, people.account)
    world = World(
        store=store,
        seconds=min(performance.foot.shape[1] / RATE_HZ, script.lasts_s),
        bodies=bodies_of(script, people, performance, generator(seed, STREAM, BODIES)),
        opening_g=opening,
        steps=load_steps(performance),
        presses=presses(performance),
        bumps=bumps(performance),
        carts=carts(setting, performance, goods, generator(seed, STREAM, CARTS)),
        crossings=crossings(trips, performance),
        tests=tests_told(performance),
        tags=tags(store, performance, goods, script.next_lane_tags, generator(seed, STREAM, TAGS)),
    )
    return Staging(script, trips, world, performance, goods)


def terms_of(staging: Staging, seed: int) -> Terms:
    """Return the terms on which a scenario's store sells to the people who come; sensors know nothing of them."""
    roles = {trip.account: trip.role for trip in staging.trips if trip.account is not None}
    return draw_terms(staging.world.store, roles, seed, STREAM, TERMS)


def _stale(script: Script) -> tuple[tuple[int, int], ...]:
    return tuple((row_named(one.product), row_named(one.instead)) for one in script.stale)


def _reserve(script: Script) -> dict[int, int]:
    """Return how many packages staff will fetch from the stockroom, by product row."""
    wanted: Counter[int] = Counter()
    for shopper in script.shoppers:
        for intention in shopper.does:
            if isinstance(intention, Restock):
                wanted[row_named(intention.product)] += intention.qty
    return dict(wanted)
