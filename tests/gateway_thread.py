"""A gateway for tests, in a thread of its own, on a journal in a folder."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import zmq

from fusion.journal import read_journal
from fusion.live.bus import Inbox, read_lock
from fusion.live.gateway import Gateway, Limits
from fusion.live.keys import Allowed, read_allowed
from fusion.live.zap import Doorkeeper
from fusion.messages import Frame

ANY_PORT = "tcp://127.0.0.1:*"


@contextmanager
def gateway_at(
    folder: Path, address: str = ANY_PORT, keys: Path | None = None, limits: Limits | None = None
) -> Iterator[Gateway]:
    """Give a gateway that nobody turns yet."""
    with zmq.Context() as context:
        door = Doorkeeper(context) if keys else None
        with closing(Inbox(context, address, read_lock(keys))) as inbox:
            gateway = Gateway(inbox, folder, limits)
            if keys is not None and door is not None:
                allowed: Mapping[str, Allowed] = read_allowed(keys)
                gateway.allowed = door.allowed = allowed
            gateway.door = door  # type: ignore[attr-defined]
            yield gateway
            gateway.journal.close()
        if door is not None:
            door.close()


@contextmanager
def gateway_turning(
    folder: Path, address: str = ANY_PORT, keys: Path | None = None, limits: Limits | None = None
) -> Iterator[Gateway]:
    """Give a gateway that works until the block ends, and once more then."""
    with gateway_at(folder, address, keys, limits) as gateway:
        ending = threading.Event()

        def work() -> None:
            while not ending.is_set():
                turn_once(gateway, 20)
            turn_until_quiet(gateway)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            yield gateway
        finally:
            ending.set()
            worker.join()


def turn_once(gateway: Gateway, wait_ms: int) -> bool:
    """Let a gateway do what there is to do; return whether anything came."""
    poller = zmq.Poller()
    door: Doorkeeper | None = gateway.door  # type: ignore[attr-defined]
    if gateway.is_reading():
        poller.register(gateway.inbox.socket, zmq.POLLIN)
    if door is not None:
        poller.register(door.socket, zmq.POLLIN)
    ready = dict(poller.poll(wait_ms))
    if door is not None:
        door.answer(0.0)
    return gateway.inbox.socket in ready and gateway.turn() > 0


def turn_until_quiet(gateway: Gateway, quiet_ms: int = 300) -> None:
    """Let a gateway take all that comes."""
    while turn_once(gateway, quiet_ms):
        pass


def kept(folder: Path) -> list[Frame]:
    """Return the frames of a journal."""
    return list(read_journal(folder).frames())
