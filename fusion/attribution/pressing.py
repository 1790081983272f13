"""A hand that rests on a plate and leaves it again makes two changes, and no goods moved.

A light hand that lies still for half a second passes for goods: its plate goes to a level, and back when it leaves. The
second change undoes the first. Who believes that the first was a hand expects the second; who believes it was goods has
to say what the second was.
"""

from collections.abc import Collection, Mapping

from fusion.attribution.beam import Hypothesis
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange

LEFT_SHARE = 0.25  # of what the first change was: what may be left once it is undone

Before = tuple[tuple[str, float], ...]  # event, grams


def shortly_before(change: ShelfChange, open_: Mapping[str, ShelfChange], config: AttributionConfig) -> Before:
    """Return the open changes of the same plates not long before one, newest first."""
    found = [(one.step_ns, event, one.total_g) for event, one in open_.items() if follows(change, one, config.press_s)]
    return tuple((event, grams) for _, event, grams in sorted(found, reverse=True))


def pressed_g(before: Before, hypothesis: Hypothesis) -> float:
    """Return by how much a plate still is pressed, in grams, where the changes before were no goods; 0 for not."""
    total = 0.0
    for event, grams in before:
        reading = hypothesis.choice.get(event)
        if reading is None or reading.parts:
            break
        total += grams
    return total


def is_undone(change: ShelfChange, waiting: Collection[ShelfChange], config: AttributionConfig) -> bool:
    """Tell whether one of the changes that nobody has read yet undoes this one."""
    left_g = LEFT_SHARE * abs(change.total_g)
    return any(follows(one, change, config.press_s) and abs(one.total_g + change.total_g) <= left_g for one in waiting)


def follows(change: ShelfChange, before: ShelfChange, most_s: float) -> bool:
    """Tell whether a change came after another at most so long, on one of the same plates."""
    return is_soon_after(change, before, most_s) and not set(change.plates).isdisjoint(before.plates)


def is_soon_after(change: ShelfChange, before: ShelfChange, most_s: float) -> bool:
    """Tell whether a change came after another at most so long."""
    return 0 < change.step_ns - before.step_ns <= most_s * SECOND_NS
