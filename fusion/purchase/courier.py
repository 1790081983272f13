"""The courier: takes what is due to the port and keeps what comes back, one courier at a time.

A request is asked before its answer is kept, never the other way round: a courier that is killed in between asks again
under the same id. Two couriers at once could ask in the wrong order, so a lock that dies with its holder allows one.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from fusion.purchase.backoff import Patience, event_of
from fusion.purchase.life import Outcome
from fusion.purchase.outbox import Outbox
from fusion.purchase.port import Port
from fusion.purchase.requests import Request
from fusion.purchase.standing import Event, Open, is_to_ask

Clock: TypeAlias = Callable[[], int]  # ns since the Unix epoch
LOCK = "purchases.lock"
PATIENCE = Patience()
SILENT_MAX = 3  # requests in a row without an answer: whoever is asked will not answer the next ones either
POLL_S = 0.2  # between two looks at the outbox


@contextmanager
def only_courier(out: Path) -> Iterator[bool]:
    """Tell whether this is the only courier of a folder, and keep it so until the end."""
    with (out / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def deliver_due(
    outbox: Outbox,
    port: Port,
    clock: Clock,
    *,
    patience: Patience = PATIENCE,
    stopping: Callable[[], bool] = lambda: False,
    tell: Callable[[Request, Event], None] = lambda request, event: None,
) -> int:
    """Ask everything that is due until nothing is, nobody answers, or stopping; return how many answers came.

    `tell` is called with every event once it is kept.
    """
    answered, silent = 0, 0
    while due := outbox.due(clock()):
        for one in due:
            if stopping() or silent >= SILENT_MAX:
                return answered
            event = _ask(outbox, port, one, clock, patience)
            outbox.record(event)
            tell(one.request, event)
            is_answer = event.outcome not in (Outcome.LATER, Outcome.DEAD)
            answered, silent = answered + is_answer, 0 if is_answer else silent + 1
    return answered


def run(outbox: Outbox, port: Port, *, stopping: Callable[[], bool], tell: Callable[[Request, Event], None]) -> None:
    """Deliver until stopping, and then what is left once more."""
    while not stopping():
        deliver_due(outbox, port, time.time_ns, stopping=stopping, tell=tell)
        time.sleep(POLL_S)
    deliver_due(outbox, port, time.time_ns, tell=tell)


def _ask(outbox: Outbox, port: Port, one: Open, clock: Clock, patience: Patience) -> Event:
    request_id = one.request.head.request_id
    purchase = outbox.purchase(one.request.head.trip)
    if not is_to_ask(one.request, purchase.status):
        return Event(request_id, clock(), Outcome.OFFSET, purchase.status.value)
    answer = port.ask(request_id, outbox.body(request_id))
    return event_of(one, answer, clock(), patience)
