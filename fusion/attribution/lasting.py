"""What goes on for a while: it is over when it has not been seen for a moment, and counts if it lasted."""

from typing import Protocol, TypeVar

from fusion.config import SECOND_NS


class Lasting(Protocol):
    """Something that was seen from since_ns until t_ns."""

    @property
    def since_ns(self) -> int:
        """When it began."""

    @property
    def t_ns(self) -> int:
        """When it was seen last."""


Some = TypeVar("Some", bound=Lasting)


def over_by(
    going_on: tuple[Some, ...], until_ns: int, break_s: float, least_s: float
) -> tuple[list[Some], tuple[Some, ...]]:
    """Return what is over by until_ns and lasted for least_s, and what goes on; what was shorter is nothing."""
    over, still = broken_off(going_on, until_ns, break_s)
    return [one for one in over if one.t_ns - one.since_ns >= least_s * SECOND_NS], still


def broken_off(going_on: tuple[Some, ...], now_ns: int, break_s: float) -> tuple[tuple[Some, ...], tuple[Some, ...]]:
    """Return what has not been seen for a moment, so that what is seen now is another, and what still goes on."""
    since_ns = now_ns - int(break_s * SECOND_NS)
    if all(one.t_ns >= since_ns for one in going_on):
        return (), going_on
    past = tuple(one for one in going_on if one.t_ns < since_ns)
    return past, tuple(one for one in going_on if one not in past)
