"""Test weights: grams that are known, laid on a plate by staff, tell its gain without any goods.

Whoever is about to do so says it beforehand (`test` of a health message), by a device in their hand: no sensor of the
store is heard on this, not even the plate's own controller, for one that is bad must not hide goods. What comes to that
plate next, within a factor of what was said, and goes again as it came, was the weight: both are no goods, nobody is
asked about them, and each weighs the plate as a pick does whose package is known to the gram. Whatever is said, no
goods leave a shelf unnoticed by it: what has come counts as the weight only once it has gone, and is read like anything
else where it stays. And what is told may be false: a shopper who had a hand there meanwhile may have put goods back, or
taken them, and waits for a person.
"""

from collections.abc import Iterable
from typing import Final

from fusion.config import SECOND_NS
from fusion.frozen import record, replace
from fusion.health.gains import KNOWN, Gains, Pick, own_var
from fusion.health.settings import HealthConfig
from fusion.health.sources import SourceHealth
from fusion.messages import Health
from fusion.shelf import ShelfChange
from fusion.store import Store

FACTOR_MAX: Final = 3.0  # between what a plate shows of a weight and the weight
MOST: Final = 0.5  # of it, at least, lies on the plate it was meant for
SAME_SDS: Final = 4.0  # between its coming and its going,
SAME_SHARE: Final = 0.02  # and so much of it, for a plate that creeps
AWAITED_MAX: Final = 32  # at once: people lay one at a time
HAND_NS: Final = 2 * SECOND_NS  # from a hand at the plate to the weight's coming
BEING_WEIGHED: Final = "was being weighed with a test weight"
EARLY_NS: Final = SECOND_NS  # clocks differ


@record()
class Awaited:
    """A test weight that somebody is about to lay on a plate, or has."""

    plate: int
    g: float
    told_ns: int
    came: ShelfChange | None = None


@record()
class Weighed:
    """What a plate showed of a test weight."""

    plate: int
    g: float
    shown_g: float
    came_ns: int


def await_weights(
    awaited: tuple[Awaited, ...], messages: Iterable[Health], sources: SourceHealth, store: Store
) -> tuple[tuple[Awaited, ...], tuple[str, ...]]:
    """Return the weights to be expected after some messages, one a plate, and what was odd in these."""
    rows = {name: row for row, name in enumerate(store.plates.plate_id)}
    of, odd = {one.plate: one for one in awaited}, list[str]()
    for message in messages:
        for name, g in message.test:
            plate = rows.get(name, -1)
            if plate < 0:
                odd.append("test weight for a plate that is not in plates.csv")
            elif message.src in sources.row or message.src in store.carts:
                odd.append("test weight told by a sensor of the store")
            elif plate not in of and len(of) >= AWAITED_MAX:
                odd.append("test weight beyond those that can be awaited at once")
            elif plate not in of or of[plate].came is None:
                of[plate] = Awaited(plate, g, message.t_ns)
    return tuple(of[plate] for plate in sorted(of)), tuple(odd)


def being_weighed(awaited: tuple[Awaited, ...], weighed: tuple[Weighed, ...]) -> dict[int, tuple[int, str]]:
    """Return the plates on which something lies, or lay, that is said to be a weight: since when, ns, and in words."""
    came = {one.plate: one.came.step_ns for one in awaited if one.came is not None}
    came |= {one.plate: one.came_ns for one in weighed}
    return {plate: (t_ns - HAND_NS, BEING_WEIGHED) for plate, t_ns in came.items()}


def take_out(
    awaited: tuple[Awaited, ...], changes: tuple[ShelfChange, ...], gains: Gains, now_ns: int, config: HealthConfig
) -> tuple[tuple[ShelfChange, ...], tuple[Awaited, ...], tuple[tuple[Weighed, Pick, Pick], ...]]:
    """Return changes without test weights, the weights still to be expected, and what those that have gone weighed.

    A weight that has come is kept back until it has gone, or for test_lies_s; then it is a change like any other.
    """
    left, weighed = dict.fromkeys(awaited), list[tuple[Weighed, Pick, Pick]]()
    rest = list[ShelfChange]()
    for change in sorted(changes, key=lambda one: one.step_ns):
        mine = next((one for one in left if _is_it(one, change, config)), None)
        if mine is None:
            rest.append(change)
            continue
        del left[mine]
        if mine.came is None:
            left[replace(mine, came=change)] = None
        else:
            weighed.append(_weighed(mine, mine.came, change, gains))
    for one in tuple(left):
        since_ns = one.told_ns if one.came is None else one.came.step_ns
        if now_ns - since_ns > (config.test_wait_s if one.came is None else config.test_lies_s) * SECOND_NS:
            del left[one]
            rest += [one.came] if one.came is not None else []
    rest.sort(key=lambda change: (change.step_ns, change.plates))
    return tuple(rest), tuple(left), tuple(weighed)


def _is_it(one: Awaited, change: ShelfChange, config: HealthConfig) -> bool:
    """Tell whether a change is an awaited weight that comes, or one that has come and goes."""
    total = change.total_g
    here = dict(zip(change.plates, change.delta_g, strict=True)).get(one.plate, 0.0)
    if here * total <= 0.0 or abs(here) < MOST * abs(total):
        return False
    if one.came is None:
        in_time = 0 <= change.step_ns - (one.told_ns - EARLY_NS) <= config.test_wait_s * SECOND_NS
        return in_time and one.g / FACTOR_MAX < total < one.g * FACTOR_MAX
    came = one.came
    in_time = 0 < change.step_ns - came.step_ns <= config.test_lies_s * SECOND_NS
    sd_g = (came.total_var + change.total_var) ** 0.5
    return in_time and abs(came.total_g + total) < SAME_SDS * sd_g + SAME_SHARE * came.total_g


def _weighed(one: Awaited, came: ShelfChange, went: ShelfChange, gains: Gains) -> tuple[Weighed, Pick, Pick]:
    shown_g = 0.5 * (came.total_g - went.total_g)
    return Weighed(one.plate, one.g, shown_g, came.step_ns), _pick(came, one.g, gains), _pick(went, one.g, gains)


def _pick(change: ShelfChange, g: float, gains: Gains) -> Pick:
    total = change.total_g
    shares = tuple((plate, one / total) for plate, one in zip(change.plates, change.delta_g, strict=True))
    return Pick(KNOWN, abs(total) / g - 1.0, own_var(change, gains) / g**2, shares, change.step_ns)
