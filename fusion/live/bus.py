"""ZeroMQ over TCP: the sockets that the gateway listens on."""

import re
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import zmq
from zmq.utils.monitor import recv_monitor_message

from fusion.live.admission import PART_BYTES_MAX, PARTS
from fusion.live.keys import ENGINE, BadKey, read_pair
from fusion.live.zap import READERS, SENDERS

RECEIVE_HWM: Final = 64  # messages held per sensor; beyond it TCP, and then the sensor, waits
ANSWERS_HWM: Final = 1000  # acknowledgements held per sensor; a later one says all that a lost one said
OUTPUT_HWM: Final = 10_000  # outputs held per subscriber; a slower one loses the rest (PUB drops)
OUTPUT_LINGER_MS: Final = 1000  # how long closing waits for subscribers to take what is queued
HANDSHAKE_MS: Final = 2000  # who has not said who he is by then is cut
GROUP_BYTES_MAX: Final = 16 << 20  # of messages taken at once
NOBLOCK, NOBLOCK_MORE = int(zmq.NOBLOCK), int(zmq.NOBLOCK | zmq.SNDMORE)  # plain numbers: enums are slow to combine
LEAVING_S: Final = 1.0
KEEPALIVE_S: Final = 60

_ACCEPTED, _SHAKEN = zmq.EVENT_ACCEPTED, zmq.EVENT_HANDSHAKE_SUCCEEDED
_FAILED = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
_WORDS: Final[dict[int, str]] = {_ACCEPTED: "accepted", _SHAKEN: "shaken hands"}
_ADDRESS = re.compile(r"tcp://(?P<host>[A-Za-z0-9.*_-]+):(?P<port>\*|[0-9]{1,5})")
_LOOPBACK = re.compile(r"localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}")


class BusError(Exception):
    """An address that cannot be used, or nobody at the other end; one line names it and says why."""


def check_address(address: str, *, bind: bool) -> str:
    """Return the address if a socket could bind or connect to it; raise BusError if not."""
    match = _ADDRESS.fullmatch(address)
    port = match["port"] if match else ""
    wild = match is not None and (port == "*" or match["host"] == "*")
    if match is None or (port != "*" and not 1 <= int(port) <= 65535) or (wild and not bind):
        expected = "tcp://HOST:PORT" + (" with * for any free port" if bind else "")
        raise BusError(f"address {address!r}: expected {expected}, port 1 to 65535")
    return address


def check_open(address: str, keys: Path | None) -> None:
    """Refuse to listen where others than this machine could speak to us without a key."""
    check_address(address, bind=True)
    if keys is None and not is_loopback(address):
        expected = "expected --keys for an address that others can reach, or a loopback one (127.0.0.1)"
        raise BusError(f"address {address!r}: {expected}")


def is_loopback(address: str) -> bool:
    """Return whether an address can be reached from this machine only."""
    match = _ADDRESS.fullmatch(address)
    return match is not None and _LOOPBACK.fullmatch(match["host"]) is not None


@dataclass(frozen=True, slots=True)
class Lock:
    """The engine's own pair, for sockets that only allowed keys may open."""

    public: bytes
    secret: bytes


def read_lock(keys: Path | None) -> Lock | None:
    """Return the engine's pair from its folder of keys; raises BusError where it cannot be read."""
    if keys is None:
        return None
    try:
        return Lock(*read_pair(keys / f"{ENGINE}.key_secret"))
    except BadKey as error:
        raise BusError(str(error)) from None


class Arrival(NamedTuple):
    """One message as it came from the network."""

    peer: bytes  # ROUTER's name for the connection, good for answers and nothing else
    user: str  # the key that it came under, "" without keys
    parts: list[bytes]  # never more than one too many
    arrival_ns: int


class Inbox:
    """The ROUTER that sensors send to; never raises for what a peer sent."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", address: str, lock: Lock | None = None) -> None:
        self._has_keys = lock is not None
        self.socket = context.socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.RCVHWM, RECEIVE_HWM)
        self.socket.setsockopt(zmq.SNDHWM, ANSWERS_HWM)
        self.socket.setsockopt(zmq.MAXMSGSIZE, PART_BYTES_MAX)
        self.connections: Counter[str] = Counter()  # what became of them
        self._monitor = self.socket.get_monitor_socket(_ACCEPTED | _SHAKEN | _FAILED)
        try:
            self.endpoint = _bind(self.socket, address, lock, SENDERS)
        except BusError:
            self._monitor.close(linger=0)
            raise

    def watch(self) -> None:
        """Count what has happened to connections since the last time."""
        while self._monitor.poll(0):
            event = int(recv_monitor_message(self._monitor)["event"])
            self.connections[_WORDS.get(event, "failed handshake")] += 1

    def take(self, count_max: int) -> list[Arrival]:
        """Return the messages that are waiting and wait for no more; at most count_max, and not too many bytes."""
        arrivals: list[Arrival] = []
        size = 0
        while len(arrivals) < count_max and size < GROUP_BYTES_MAX:
            try:
                arrivals.append(self._receive())
            except zmq.Again:
                break
            size += sum(map(len, arrivals[-1].parts))
        return arrivals

    def answer(self, peer: bytes, header: bytes) -> None:
        """Send an answer; it is lost where the peer has gone or reads nothing."""
        try:
            self.socket.send(peer, NOBLOCK_MORE)
            self.socket.send(header, NOBLOCK_MORE)
            self.socket.send(b"", NOBLOCK)
        except zmq.Again:
            return

    def close(self) -> None:
        """Close the socket and every connection; nothing of ours needs to be sent."""
        self.socket.disable_monitor()
        self._monitor.close(linger=0)
        self.socket.close(linger=0)

    def _receive(self) -> Arrival:
        # Parts beyond the first too many are let go one by one, so a message of a million parts stays small.
        frame = self.socket.recv(NOBLOCK, copy=False)
        peer, user = frame.bytes, _user(frame) if self._has_keys else ""
        parts: list[bytes] = []
        while frame.more:
            frame = self.socket.recv(0, copy=False)
            if len(parts) <= PARTS:
                parts.append(frame.bytes)
        return Arrival(peer, user, parts, time.time_ns())


def open_outputs(
    context: "zmq.Context[zmq.Socket[bytes]]", address: str, lock: Lock | None
) -> tuple["zmq.Socket[bytes]", str]:
    """Return the PUB that outputs leave by, and where it listens; a subscriber that is slow or late misses some."""
    socket = context.socket(zmq.PUB)
    socket.setsockopt(zmq.SNDHWM, OUTPUT_HWM)
    socket.setsockopt(zmq.MAXMSGSIZE, 1 << 12)  # subscriptions are all that anybody sends here
    return socket, _bind(socket, address, lock, READERS)


def open_requests(
    context: "zmq.Context[zmq.Socket[bytes]]", address: str, lock: Lock | None
) -> tuple["zmq.Socket[bytes]", str]:
    """Return the ROUTER that followers ask for snapshots at, and where it listens."""
    socket = context.socket(zmq.ROUTER)
    socket.setsockopt(zmq.RCVHWM, 16)
    socket.setsockopt(zmq.MAXMSGSIZE, 1 << 12)
    return socket, _bind(socket, address, lock, READERS)


def _user(frame: "zmq.Frame") -> str:
    try:
        return str(frame.get("User-Id"))
    except zmq.ZMQError:
        return ""


def _bind(socket: "zmq.Socket[bytes]", address: str, lock: Lock | None, domain: bytes) -> str:
    socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
    # No heartbeats: while we are not reading they would cut simple sensors off, and what is under way with them.
    socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
    socket.setsockopt(zmq.TCP_KEEPALIVE_IDLE, KEEPALIVE_S)
    if lock is not None:
        socket.setsockopt(zmq.ZAP_DOMAIN, domain)
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)  # without a doorkeeper nobody gets in
        socket.curve_server = True
        socket.curve_publickey, socket.curve_secretkey = lock.public, lock.secret
    try:
        _bind_soon(socket, check_address(address, bind=True))
    except BusError:
        socket.close(linger=0)
        raise
    except zmq.ZMQError as error:
        socket.close(linger=0)
        raise BusError(f"address {address!r}: cannot listen: {error}") from None
    endpoint: bytes = socket.getsockopt(zmq.LAST_ENDPOINT)  # type: ignore[assignment]
    return endpoint.rstrip(b"\0").decode()


def _bind_soon(socket: "zmq.Socket[bytes]", address: str) -> None:
    """Bind, waiting a moment for whoever is just leaving the address: a gateway that died, or our own closed socket."""
    end_s = time.monotonic() + LEAVING_S
    while True:
        try:
            socket.bind(address)
            return
        except zmq.ZMQError as error:
            if error.errno != zmq.EADDRINUSE or time.monotonic() >= end_s:
                raise
            time.sleep(0.02)
