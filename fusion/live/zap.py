"""The doorkeeper of every socket with keys: ZeroMQ asks it about each handshake (ZAP, RFC 27)."""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import zmq
from zmq.utils import z85

from fusion.live.keys import Allowed
from fusion.live.rates import Bucket

ENDPOINT: Final = "inproc://zeromq.zap.01"
VERSION: Final = b"1.0"
FRAMES: Final = 7  # of a request with a CURVE key
HANDSHAKES_PER_S: Final = 100.0
HANDSHAKES_BURST: Final = 400.0
SENDERS, READERS = b"senders", b"readers"  # domains: sockets that take, and that give


class Door(StrEnum):
    """What the doorkeeper said to a handshake; each is counted."""

    OPENED = "let in"
    UNKNOWN = "unknown key"
    RIGHTS = "key without the right"
    MECHANISM = "no encryption"
    BUSY = "too many handshakes"


def judge(domain: bytes, mechanism: bytes, key: bytes, allowed: Mapping[str, Allowed]) -> Door:
    """Decide about a handshake; pure."""
    if mechanism != b"CURVE" or len(key) != 32:
        return Door.MECHANISM
    one = allowed.get(z85.encode(key).decode("ascii"))
    if one is None:
        return Door.UNKNOWN
    has_right = bool(one.srcs) if domain == SENDERS else one.reads and domain == READERS
    return Door.OPENED if has_right else Door.RIGHTS


class Doorkeeper:
    """Answers ZeroMQ's questions; whoever it does not know stays out."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        self.said: Counter[Door] = Counter()
        self.allowed: Mapping[str, Allowed] = {}  # by public key
        self._bucket = Bucket(HANDSHAKES_PER_S, HANDSHAKES_BURST)
        self.socket = context.socket(zmq.REP)
        self.socket.linger = 0
        self.socket.bind(ENDPOINT)

    def answer(self, now_s: float) -> None:
        """Answer every question that waits."""
        while self.socket.poll(0):
            frames = self.socket.recv_multipart()
            if len(frames) < 2 or frames[0] != VERSION:
                self.socket.send_multipart([VERSION, b"", b"500", b"no ZAP 1.0", b"", b""])
                continue
            domain, mechanism, key = (frames[2], frames[5], frames[6]) if len(frames) == FRAMES else (b"", b"", b"")
            said = judge(domain, mechanism, key, self.allowed) if self._bucket.take(now_s) else Door.BUSY
            self.said[said] += 1
            status = {Door.OPENED: b"200", Door.BUSY: b"300"}.get(said, b"400")
            user = z85.encode(key) if said is Door.OPENED else b""
            self.socket.send_multipart([VERSION, frames[1], status, said.value.encode(), user, b""])

    def close(self) -> None:
        """Close the socket: from then on nobody is let in."""
        self.socket.close(linger=0)
