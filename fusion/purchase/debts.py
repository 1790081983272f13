"""Who may enter: nobody who owes, and, where a limit is asked for, whose token is good for it; pure.

Authorisation. A gate that wants one asks under an id made of the account and of its own name for the visit, so asking
twice is asking once. What was accepted covers the next trip of that account, and expires unused.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from fusion.cards import holds_card
from fusion.checkout.records import derive_id
from fusion.purchase.answers import Accepted, Answer, Declined, Later
from fusion.purchase.standing import Purchase


@dataclass(frozen=True, slots=True)
class AuthoriseEntry:
    """Ask whether an account's token is good for a limit, before the account is let in."""

    request_id: bytes
    store_id: str
    account: str
    token: str
    limit_cents: int
    currency: str
    t_ns: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """The account may enter."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The account may not enter, and why."""

    reason: str


Entry: TypeAlias = Admitted | Refused


def authorisation_id(store_id: str, account: str, visit: str) -> bytes:
    """Return the id of an authorisation; `visit` is the gate's own name for somebody standing before it."""
    return derive_id("authorise", store_id, account, visit)


def may_enter(purchases: Iterable[Purchase]) -> Entry:
    """Tell from all purchases of an account whether it may enter."""
    owed = {one.trip: one.balance_cents for one in purchases if one.balance_cents > 0}
    if not owed:
        return Admitted()
    return Refused(f"owes {sum(owed.values())} cents for {', '.join(owed)}")


def entry_of(answer: Answer) -> Entry:
    """Return what an answer to an authorisation means at the gate; without one, nobody enters on trust."""
    match answer:
        case Accepted():
            return Admitted()
        case Declined(reason):
            return Refused(f"declined: {reason}")
        case Later(reason):
            return Refused(f"no answer, ask again: {reason}")


def names_card(ask: AuthoriseEntry) -> bool:
    """Tell whether a card number stands where a token or an account should."""
    return holds_card((ask.account, ask.token))


def to_json(ask: AuthoriseEntry) -> str:
    """Return an authorisation as one line of JSON."""
    fields = {
        "id": ask.request_id.hex(),
        "kind": "authorise",
        "store": ask.store_id,
        "account": ask.account,
        "currency": ask.currency,
        "t": ask.t_ns,
        "token": ask.token,
        "limit": ask.limit_cents,
    }
    return json.dumps(fields)
