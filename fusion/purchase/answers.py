"""What comes back for a request: accepted, declined with a reason, or not now."""

from dataclasses import dataclass
from typing import TypeAlias

from fusion.cards import NOT_SHOWN, holds_card

REASON_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Accepted:
    """It is done, or will be: the outside has taken it over."""


@dataclass(frozen=True, slots=True)
class Declined:
    """It will not be done, however often it is asked."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """Nobody knows; ask again, and not before so long."""

    reason: str
    wait_s: float = 0.0


Answer: TypeAlias = Accepted | Declined | Later


def reason_of(said: object, otherwise: str) -> str:
    """Return what somebody outside said as one short line that can be kept; `otherwise` where that is nothing."""
    if holds_card(said):
        return NOT_SHOWN
    text = " ".join("".join(char if char.isprintable() else " " for char in str(said or "")).split())
    return text[:REASON_CHARS_MAX] or otherwise
