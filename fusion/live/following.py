"""A follower of what the engine publishes: what there is, then every change, without gap or repetition."""

import json
import secrets
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Final, Self

import zmq

from fusion.live.bus import BusError, check_address
from fusion.live.keys import Badge, show_again, wear
from fusion.live.outputs import COUNT, MARK, Follower

ASK_S: Final = 0.2  # until the subscription stands, the question is asked again
SILENT_S: Final = 5.0  # counts come every second: after so long without a word we connect anew


class Following:
    """Subscribed to a PUB, with the socket beside it that answers for what was before; raises BusError."""

    def __init__(self, publish: str, snapshots: str, prefix: str = "", badge: Badge | None = None) -> None:
        """Follow the topics that begin with a prefix."""
        self._prefix, self._places = prefix, (publish, snapshots)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._sub, self._asking = self._context.socket(zmq.SUB), self._context.socket(zmq.DEALER)
        for socket, address in ((self._sub, publish), (self._asking, snapshots)):
            if badge is not None:
                wear(socket, badge)
            try:
                socket.connect(check_address(address, bind=False))
            except zmq.ZMQError as error:
                raise BusError(f"address {address!r}: cannot connect: {error}") from None
        for topic in (prefix, COUNT):
            self._sub.setsockopt(zmq.SUBSCRIBE, topic.encode())
        self.times_synced, self._nonce = 0, ""
        self._heard_s = time.monotonic()
        self._begin()

    def hear(self, wait_s: float) -> Iterator[tuple[str, str]]:
        """Yield topic and text of what is there and comes within a time; a new snapshot where something was missed."""
        end_s = time.monotonic() + wait_s
        while True:
            left_s = end_s - time.monotonic()
            if time.monotonic() - self._heard_s > SILENT_S:
                self._connect_anew()
            if not self._follower.is_synced and time.monotonic() >= self._ask_s:
                self._ask()
            ready = dict(self._poller().poll(max(0, int(min(left_s, ASK_S) * 1000))))
            if self._asking in ready:
                yield from self._hand_on(self._answered(self._asking.recv_multipart()))
            if self._sub in ready:
                self._heard_s = time.monotonic()
                topic, text = (part.decode() for part in self._sub.recv_multipart())
                yield from self._hand_on(self._follower.hear(topic, text))
                if topic.startswith(COUNT) and self._has_missed(json.loads(text)):
                    self._begin()
            if left_s <= 0 and not ready:
                return

    def close(self) -> None:
        """Close both sockets."""
        self._sub.close(linger=0)
        self._asking.close(linger=0)
        self._context.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> None:
        if self._nonce:
            self._sub.setsockopt(zmq.UNSUBSCRIBE, self._nonce.encode())
        self._follower = Follower(secrets.token_hex(8))
        self._is_joined = False
        self._nonce = MARK + self._follower.nonce
        self._sub.setsockopt(zmq.SUBSCRIBE, self._nonce.encode())
        self._ask_s = time.monotonic()

    def _ask(self) -> None:
        # A question is asked under a nonce of its own each time: the mark of an earlier one may have been missed.
        self._begin()
        if self._asking.poll(0, zmq.POLLOUT):  # not where our key was refused
            self._asking.send_multipart([self._follower.nonce.encode(), self._prefix.encode()])
        self._ask_s = time.monotonic() + ASK_S

    def _connect_anew(self) -> None:
        """Show our key again, for it may have been refused, and begin again with what there was."""
        self._heard_s = time.monotonic()
        for socket, address in zip((self._sub, self._asking), self._places, strict=True):
            show_again(socket, address)
        self._begin()

    def _answered(self, parts: list[bytes]) -> list[tuple[str, str]]:
        nonce, counts, *pairs = (part.decode() for part in parts)
        if nonce != self._follower.nonce:
            return []
        values = list(zip(pairs[::2], pairs[1::2], strict=True))
        return self._follower.answer(values, json.loads(counts))

    def _hand_on(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Note when the stream is joined."""
        if self._follower.is_synced and not self._is_joined:
            self._is_joined = True
            self.times_synced += 1
        return pairs

    def _has_missed(self, counts: dict[str, int]) -> bool:
        mine = {topic: count for topic, count in counts.items() if topic.startswith(self._prefix)}
        return self._follower.has_missed(mine)

    def _poller(self) -> zmq.Poller:
        poller = zmq.Poller()
        poller.register(self._sub, zmq.POLLIN)
        poller.register(self._asking, zmq.POLLIN)
        return poller
