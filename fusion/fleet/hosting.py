"""One live store in an actor of Ray: the service of `aisle serve`, under a lease, in a thread beside the actor's calls.

No frame passes through a call: sensors publish to the store's own gateway. A store whose lease is lost dies at once, as
by kill -9: that is the one end from which everything is known to go on.
"""

import logging
import os
import socket
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fusion.fleet.stores import StorePlan

if TYPE_CHECKING:
    from fusion.fleet.lease import Lease
    from fusion.ledger.database import Database

LINES_MAX: Final = 1000  # kept for who asks
HAND_IN_S: Final = 20.0  # between two looks of the chain's ledger
LOST: Final = 3  # exit status
LOOK_S: Final = 0.5  # between two attempts to take a lease that somebody else holds
WAITING, LIVE, ENDED, FAILED = "waiting", "live", "ended", "failed"


@dataclass(frozen=True, slots=True)
class Told:
    """How a store is, and what it has said since it was last asked."""

    state: str
    text: str  # why it failed; who holds the lease it waits for
    epoch: int
    process: str
    lines: tuple[str, ...]
    next: int  # number of the next line


class Host:
    """Keeps one store live until it is told to stop."""

    def __init__(self, plan: StorePlan, lease: str | None, chain: str | None) -> None:
        self._plan, self._lease, self._chain = plan, lease, chain
        self._stop = threading.Event()
        self._hearing = threading.Lock()
        self._lines: deque[str] = deque(maxlen=LINES_MAX)
        self._count, self._state, self._text, self._epoch = 0, WAITING, "", 0
        threading.Thread(target=self._run, daemon=True).start()

    def told(self, since: int) -> Told:
        """Tell how the store is, with the lines from number `since` on."""
        with self._hearing:
            count, lines = self._count, list(self._lines)
        new = lines[len(lines) - min(max(0, count - since), len(lines)) :]
        process = f"process {os.getpid()} on {socket.gethostname()}"
        return Told(self._state, self._text, self._epoch, process, tuple(new), count)

    def stop(self) -> None:
        """Let the store end as by SIGTERM."""
        self._stop.set()

    def hear(self, line: str) -> None:
        """Keep a line for who asks; from any thread."""
        with self._hearing:
            self._lines.append(line)
            self._count += 1

    def _run(self) -> None:
        from fusion.cli import explained
        from fusion.collector import collect_seldom
        from fusion.live.bus import BusError

        collect_seldom()
        _log_to(self)
        try:
            self._serve_under_lease()
            self._state = ENDED
        except Exception as error:  # a port in use, a server away, a fault of ours: whoever keeps us tries again
            told = str(error) if isinstance(error, BusError) else explained(error)
            self._text = told or " ".join(traceback.format_exc().split())
            self._state = FAILED

    def _serve_under_lease(self) -> None:
        from fusion.fleet.lease import leased
        from fusion.live.serving import serve

        plan, args = self._plan, self._plan.args
        while not self._stop.is_set():
            with leased(self._lease, plan.store_id, args.out, lost=self._die) as lease:
                if lease is not None:
                    self._state, self._text, self._epoch = LIVE, "", lease.epoch
                    args.guard = partial(self._guard, lease)
                    with self._handing_in():
                        serve(args, lambda: nullcontext(self._stop.is_set))
                    return
            self._text = "another process holds its lease"
            self._stop.wait(LOOK_S)

    @contextmanager
    def _handing_in(self) -> Iterator[None]:
        """Have the chain's ledger take what is new in the store's, now and then and once at the end."""
        if self._chain is None:
            yield
            return
        ended = threading.Event()
        thread = threading.Thread(target=self._hand_in, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _hand_in(self, ended: threading.Event) -> None:
        from fusion.fleet.chain.tables import open_chain
        from fusion.fleet.chain.taking import ledger_of, take
        from fusion.ledger.database import BookError
        from fusion.store import load_store

        args, is_last = self._plan.args, False
        place, zone = ledger_of(args.out, self._plan.store_id, args.ledger), load_store(args.store).timezone
        while not is_last:
            is_last = ended.wait(HAND_IN_S)
            try:
                with closing(open_chain(str(self._chain))) as chain:
                    fault = take(chain, place, zone).fault
            except (BookError, OSError) as error:  # the store goes on: what is not taken now is taken later
                fault = str(error)
            if fault:
                self.hear(f"not in the chain's ledger: {fault}")

    def _guard(self, lease: "Lease", database: "Database") -> None:
        from fusion.fleet.lease import LeaseLost

        try:
            lease.guard(database)
        except LeaseLost as error:
            self._die(str(error))

    def _die(self, why: str) -> None:
        logging.getLogger(__name__).error("%s: lease lost: %s", self._plan.store_id, why)
        os._exit(LOST)


class _ToHost(logging.Handler):
    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host

    def emit(self, record: logging.LogRecord) -> None:
        self._host.hear(self.format(record).removeprefix("aisle serve: "))


def _log_to(host: Host) -> None:
    from fusion.live.logs import NAME, LineFormatter

    handler: logging.Handler = _ToHost(host)
    handler.setFormatter(LineFormatter())
    logger: Any = logging.getLogger(NAME)
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
