"""The life cycle of a purchase as a table; see `standing` for what moves it."""

from enum import Enum, StrEnum


class Outcome(StrEnum):
    """What has happened to one request, as it is kept."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    LATER = "later"
    DEAD = "dead"  # no answer for too long: an operator has to look
    OFFSET = "offset"  # not asked, because there was nothing to let go or to give back
    RETRY = "retry"  # an operator wants it asked again
    SETTLED = "settled"  # what a declined charge left was paid some other way


class Status(Enum):
    """Where the money of a purchase stands."""

    ASKED = "asked"
    HELD = "held"
    UNHELD = "not held"  # it may be impossible to charge; nothing is owed yet
    PAID = "paid"
    OWED = "owed"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class Happening(Enum):
    """What moves a purchase on."""

    HOLD_ACCEPTED = "hold accepted"
    HOLD_DECLINED = "hold declined"
    CHARGE_ACCEPTED = "charge accepted"
    CHARGE_DECLINED = "charge declined"
    LET_GO = "let go"
    SETTLED = "settled"


_ANY_ANSWER = (
    Happening.HOLD_ACCEPTED,
    Happening.HOLD_DECLINED,
    Happening.CHARGE_ACCEPTED,
    Happening.CHARGE_DECLINED,
)

# A missing cell is a bug in us. The outside may answer twice and out of order, and that is none.
NEXT: dict[Status, dict[Happening, Status]] = {
    Status.ASKED: {
        Happening.HOLD_ACCEPTED: Status.HELD,
        Happening.HOLD_DECLINED: Status.UNHELD,
        Happening.CHARGE_ACCEPTED: Status.PAID,
        Happening.CHARGE_DECLINED: Status.OWED,
    },
    Status.HELD: {
        Happening.HOLD_ACCEPTED: Status.HELD,
        Happening.CHARGE_ACCEPTED: Status.PAID,
        Happening.CHARGE_DECLINED: Status.OWED,
        Happening.LET_GO: Status.CANCELLED,
    },
    Status.UNHELD: {
        Happening.HOLD_ACCEPTED: Status.HELD,
        Happening.HOLD_DECLINED: Status.UNHELD,
        Happening.CHARGE_ACCEPTED: Status.PAID,
        Happening.CHARGE_DECLINED: Status.OWED,
        Happening.LET_GO: Status.CANCELLED,
    },
    Status.OWED: {
        Happening.HOLD_ACCEPTED: Status.OWED,
        Happening.HOLD_DECLINED: Status.OWED,
        Happening.CHARGE_ACCEPTED: Status.PAID,
        Happening.CHARGE_DECLINED: Status.OWED,
        Happening.SETTLED: Status.SETTLED,
    },
    Status.PAID: dict.fromkeys(_ANY_ANSWER, Status.PAID),
    Status.SETTLED: {},
    Status.CANCELLED: dict.fromkeys((*_ANY_ANSWER[:2], Happening.LET_GO), Status.CANCELLED),
}
