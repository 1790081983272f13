"""The courier: takes what is due to the port and keeps what comes back, one courier at a time.

A request is asked before its answer is kept, never the other way round: a courier that is killed in between asks again
under the same id. Two couriers at once could ask in the wrong order, so a lock that dies with its holder allows one.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from fusion.purchase.backoff import Patience, event_of
from fusion.purchase.life import Event, Open, Outcome, is_to_ask
from fusion.purchase.outbox import Outbox
from fusion.purchase.port import Port

Clock: TypeAlias = Callable[[], int]  # ns since the Unix epoch
LOCK = "purchases.lock"
PATIENCE = Patience()


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
    patience: Patience = PATIENCE,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Ask everything that is due until nothing is, or until stopping; return how many answers came."""
    answered = 0
    while due := outbox.due(clock()):
        for one in due:
            if stopping():
                return answered
            event = _ask(outbox, port, one, clock, patience)
            outbox.record(event)
            answered += event.outcome is not Outcome.LATER
    return answered


def _ask(outbox: Outbox, port: Port, one: Open, clock: Clock, patience: Patience) -> Event:
    request_id = one.request.head.request_id
    purchase = outbox.purchase(one.request.head.trip)
    if not is_to_ask(one.request, purchase.status):
        return Event(request_id, clock(), Outcome.OFFSET, purchase.status.value)
    answer = port.ask(request_id, outbox.body(request_id))
    return event_of(one, answer, clock(), patience)
