"""Authorisations in the outbox: kept before they are asked for, used by the next purchase of the account.

Somebody stands at the gate, so this does not wait in a queue: it is asked at once, and what came back is an event like
any other. What was accepted is named in the account's next purchase, as `authorisation`.
"""

from collections.abc import Callable

from fusion.cards import NOT_SHOWN
from fusion.purchase.answers import Accepted, Answer, Declined, Later
from fusion.purchase.debts import Admitted, AuthoriseEntry, Entry, entry_of, may_enter, names_card, to_json
from fusion.purchase.life import Outcome
from fusion.purchase.outbox import Outbox
from fusion.purchase.outbox_file import OutboxError
from fusion.purchase.port import Port
from fusion.purchase.standing import Event

VALID_NS = 12 * 3600 * 10**9  # an authorisation that no purchase has used by then covers none


def enter(outbox: Outbox, account: str) -> Entry:
    """Tell whether an account may enter: not while it owes anything."""
    return may_enter(outbox.purchases(account))


def authorise(outbox: Outbox, port: Port, ask: AuthoriseEntry, clock: Callable[[], int]) -> Entry:
    """Tell whether an account may enter, after asking whether its token is good for a limit.

    Raises OutboxError where a card number stands for a token or an account; nothing of it is kept.
    """
    if names_card(ask):
        raise OutboxError(f"{outbox.path}: authorisation: expected an account and a token, received {NOT_SHOWN}")
    admitted = enter(outbox, ask.account)
    if not isinstance(admitted, Admitted):
        return admitted
    answer = port.ask(ask.request_id, _kept(outbox, ask))
    with outbox.file.transaction():
        outbox.insert_event(_event(ask.request_id, answer, clock()))
    return entry_of(answer)


def _kept(outbox: Outbox, ask: AuthoriseEntry) -> str:
    """Keep what is asked; return it as it was first asked, which is what the outside knows under this id."""
    row = (ask.request_id, ask.account, to_json(ask), ask.t_ns + VALID_NS)
    with outbox.file.transaction():
        outbox.file.write("INSERT OR IGNORE INTO authorisations VALUES (NULL, ?, ?, ?, ?)", *row)
    body: str = outbox.file.read("SELECT body FROM authorisations WHERE request_id = ?", ask.request_id)[0][0]
    return body


def _event(request_id: bytes, answer: Answer, now_ns: int) -> Event:
    match answer:
        case Accepted():
            return Event(request_id, now_ns, Outcome.ACCEPTED)
        case Declined(reason):
            return Event(request_id, now_ns, Outcome.DECLINED, reason)
        case Later(reason):
            return Event(request_id, now_ns, Outcome.LATER, reason)
