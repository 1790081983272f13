"""Whoever should not get in tries to, while a sensor that may sends on."""

import socket as tcp
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq

from bench.chaos.zmtp import GREETING, send_bomb
from fusion.journal import read_journal
from fusion.live.gateway_child import GatewayChild
from fusion.live.gateway_words import Settings
from fusion.live.header import Data, encode
from fusion.live.keys import Allowed, Badge, allow, new_pair, read_badge, read_public, wear
from sensors.publish import Sender

GOOD_S = 3.0  # of a good sensor's sending, with and without an attack
GOOD_RATE = 300.0  # messages a second
JUNK = 200  # connections


@dataclass(slots=True)
class Outcome:
    """What an attack came to."""

    attack: str
    delivered: int  # messages that should not have been
    good_sent: int
    good_kept: int  # in the journal, each once
    longest_ms: float  # that the good sensor waited until all it had sent was durable
    restarts: int
    counted: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Site:
    """An engine's gateway and what attackers know."""

    address: str
    keys: Path
    context: "zmq.Context[zmq.Socket[bytes]]"


def attack_all(folder: Path) -> Iterator[Outcome]:
    """Yield the outcome of nothing, then of each attack."""
    for name in ATTACKS:
        yield under(folder / name.replace(" ", "-"), name)


def under(folder: Path, name: str) -> Outcome:
    """Return the outcome of one attack."""
    attack = ATTACKS[name]
    keys = folder / "keys"
    new_pair(keys, "engine")
    for one in ("good", "liar"):
        allow(keys, Allowed(one, read_public(new_pair(keys, one)).decode(), (one,)))
    is_plain = attack is _bomb
    settings = Settings(
        journal=str(folder / "journal"),
        listen="tcp://127.0.0.1:*",
        keys="" if is_plain else str(keys),
        memory_bytes=600 << 20,
        free_bytes_min=0,
    )
    with GatewayChild(settings) as gateway, zmq.Context() as context:
        site = Site(gateway.settings.listen, keys, context)
        badge = None if is_plain else _badge(site, "good")
        attacker = threading.Thread(target=attack, args=(site,))
        sent, longest_s = _send_well(site.address, badge, gateway, attacker)
        gateway.wait(1.2)  # counts come once a second
        gateway.drain()
        gateway.stop()
        state, restarts = gateway.state, gateway.restarts
    kept = list(read_journal(folder / "journal").frames())
    good = [frame.payload for frame in kept if frame.payload.startswith(b"good")]
    once = len(good) if len(set(good)) == len(good) else -1
    counted = {key: state[key] for key in ("refused", "numbered", "handshakes", "connections") if state.get(key)}
    return Outcome(name, len(kept) - len(good), sent, once, longest_s * 1e3, restarts, counted)


def _send_well(
    address: str, badge: Badge | None, gateway: GatewayChild, attacker: threading.Thread
) -> tuple[int, float]:
    """Be a good sensor before and during an attack; return messages sent, and the longest time until all were safe."""
    count, longest_s, waiting_s = 0, 0.0, 0.0
    with Sender(address, "good", badge=badge) as sender:
        sender.connect()
        begun_s = time.monotonic()
        while (now_s := time.monotonic()) - begun_s < GOOD_S or attacker.is_alive():
            if not attacker.ident and now_s - begun_s > 0.5:
                attacker.start()
            sender.send("people/good", b"good %d" % count)
            count += 1
            sender.wait(1 / GOOD_RATE)
            waiting_s = waiting_s or now_s if len(sender.outgoing) else 0.0
            longest_s = max(longest_s, time.monotonic() - waiting_s) if waiting_s else longest_s
            gateway.wait(0.0)
        while len(sender.outgoing):
            sender.wait(0.05)
            gateway.wait(0.0)
    return count, longest_s


def _nothing(site: Site) -> None:
    """Leave it alone, for comparison."""


def _unknown_key(site: Site) -> None:
    _say(site, Badge(*zmq.curve_keypair(), read_public(site.keys / "engine.key")))


def _no_encryption(site: Site) -> None:
    _say(site, None)


def _wrong_engine(site: Site) -> None:
    badge = _badge(site, "liar")
    _say(site, Badge(badge.public, badge.secret, zmq.curve_keypair()[0]))


def _impersonation(site: Site) -> None:
    with _client(site, _badge(site, "liar")) as liar:
        for number in range(200):
            liar.send_multipart([b"people/good", b"bad"])
            liar.send_multipart([encode(Data("good", 1, number, 0, "people/liar")), b"bad"])
            liar.send_multipart([encode(Data("liar", 1, number, 0, "people/good")), b"bad"])
        time.sleep(0.5)


def _replayed_messages(site: Site) -> None:
    """Send the same numbers many times, as somebody does who has the messages and a key."""
    with _client(site, _badge(site, "liar")) as liar:
        for _ in range(50):
            for number in range(10):
                liar.send_multipart([encode(Data("liar", 1, number, 0, "people/liar")), b"good liar %d" % number])
        time.sleep(0.5)


def _replayed_bytes(site: Site) -> None:
    """Record a whole session of an allowed sensor from the wire, and play it back."""
    host, port = site.address.removeprefix("tcp://").split(":")
    with tcp.create_server(("127.0.0.1", 0)) as tap:
        recorded = bytearray()
        passing = threading.Thread(target=_tap, args=(tap, (host, int(port)), recorded))
        passing.start()
        with _client(site, _badge(site, "liar"), f"tcp://127.0.0.1:{tap.getsockname()[1]}") as socket:
            for number in range(20):
                socket.send_multipart([b"people/liar", b"good liar %d" % number])
            time.sleep(0.5)
        passing.join()
    for _ in range(20):
        with suppress(OSError), tcp.create_connection((host, int(port))) as peer:
            peer.settimeout(0.2)
            peer.sendall(recorded)
            while peer.recv(4096):
                pass


def _bomb(site: Site) -> None:
    """Send messages of endless frames; without keys, for with them a stranger gets no word in."""
    for frame_bytes in (1 << 20, 100):
        send_bomb(site.address, frame_bytes=frame_bytes, total_bytes=1 << 30)


def _junk(site: Site) -> None:
    with _connections(site) as peers:
        for number, peer in enumerate(peers):
            with suppress(OSError):
                peer.sendall(b"GET / HTTP/1.1\r\n\r\n" if number % 2 else b"\xff" + bytes(40))
        time.sleep(1.0)


def _slow_handshakes(site: Site) -> None:
    with _connections(site) as peers:
        for byte in GREETING[:30]:
            for peer in peers:
                with suppress(OSError):
                    peer.sendall(bytes([byte]))
            time.sleep(0.1)


ATTACKS: dict[str, Callable[[Site], None]] = {
    "none": _nothing,
    "unknown key": _unknown_key,
    "no encryption": _no_encryption,
    "wrong engine": _wrong_engine,
    "impersonation": _impersonation,
    "replayed messages": _replayed_messages,
    "replayed bytes": _replayed_bytes,
    "multipart bomb": _bomb,
    "200 junk connections": _junk,
    "slow handshakes": _slow_handshakes,
}


def _say(site: Site, badge: Badge | None) -> None:
    with _client(site, badge) as socket:
        for _ in range(50):
            socket.send_multipart([b"people/good", b"bad"])
        time.sleep(1.0)


@contextmanager
def _client(site: Site, badge: Badge | None, address: str = "") -> "Iterator[zmq.Socket[bytes]]":
    with site.context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        if badge is not None:
            wear(socket, badge)
        socket.connect(address or site.address)
        yield socket


@contextmanager
def _connections(site: Site) -> Iterator[list[tcp.socket]]:
    host, port = site.address.removeprefix("tcp://").split(":")
    with ExitStack() as stack:
        yield [stack.enter_context(tcp.create_connection((host, int(port)))) for _ in range(JUNK)]


def _badge(site: Site, name: str) -> Badge:
    return read_badge(site.keys / f"{name}.key_secret", site.keys / "engine.key")


def _tap(tap: tcp.socket, target: tuple[str, int], recorded: bytearray) -> None:
    """Pass one connection on and keep what its client says."""
    client, _ = tap.accept()
    server = tcp.create_connection(target)
    back = threading.Thread(target=_copy, args=(server, client, bytearray()))
    back.start()
    _copy(client, server, recorded)
    back.join()


def _copy(source: tcp.socket, target: tcp.socket, kept: bytearray) -> None:
    with suppress(OSError):
        while piece := source.recv(4096):
            kept += piece
            target.sendall(piece)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(tcp.SHUT_RDWR)
        one.close()
