"""Keys of engine and sensors: pairs in files, and who may do what in `allowed.json`.

A pair is two files in ZeroMQ's own format, NAME.key (public) and NAME.key_secret. The engine's folder holds its pair
`engine` and the list of allowed keys: for each name its public key, the sources it may speak for ("*": any), and
whether it may read what the engine publishes. Whoever is not on the list is nobody.
"""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    import zmq

ENGINE: Final = "engine"
ALLOWED: Final = "allowed.json"
ANY: Final = "*"
NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
KEY_CHARS: Final = 40  # a public key in Z85


class BadKey(Exception):
    """A key, or a list of them, that cannot be used; one line names file, expected and received."""


@dataclass(frozen=True, slots=True)
class Badge:
    """What a client needs: its own pair and the public key of the engine that it means."""

    public: bytes
    secret: bytes
    engine: bytes


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the owner of one key may do."""

    name: str
    public: str
    srcs: tuple[str, ...] = ()  # sources it may speak for
    reads: bool = False  # what the engine publishes

    def may_send(self, src: str) -> bool:
        """Return whether it may speak for a source."""
        return src in self.srcs or ANY in self.srcs


def new_pair(folder: Path, name: str) -> Path:
    """Make a pair of keys in a folder and return the public one's file; a pair that is there is never replaced."""
    from zmq.auth import create_certificates

    if not NAME.fullmatch(name):
        raise BadKey(f"name {name!r}: expected 1 to 64 of A-Z a-z 0-9 . _ -")
    folder.mkdir(parents=True, exist_ok=True)
    public, secret = folder / f"{name}.key", folder / f"{name}.key_secret"
    for path in (public, secret):
        if path.exists():
            raise BadKey(f"{path}: expected no key of that name yet, received one; revoke it and take another name")
    before = os.umask(0o077)
    try:
        create_certificates(folder, name)
    finally:
        os.umask(before)
    public.chmod(0o644)
    return public


def read_public(path: Path) -> bytes:
    """Return the public key in a file."""
    return _read(path)[0]


def read_pair(path: Path) -> tuple[bytes, bytes]:
    """Return the public and the secret key in a file."""
    public, secret = _read(path)
    if secret is None:
        raise BadKey(f"{path}: expected a secret key (NAME.key_secret), received a public one only")
    return public, secret


def read_badge(secret: Path, engine: Path) -> Badge:
    """Return what a client needs, from its secret key's file and the engine's public one."""
    return Badge(*read_pair(secret), read_public(engine))


def read_allowed(folder: Path) -> dict[str, Allowed]:
    """Return who is allowed by public key; nobody where there is no list."""
    path = folder / ALLOWED
    if not path.exists():
        return {}
    try:
        listed = msgspec.json.decode(path.read_bytes(), type=list[Allowed])
    except msgspec.DecodeError as error:
        raise BadKey(f"{path}: expected a list of allowed keys, received {error}") from None
    return {one.public: one for one in listed}


def allow(folder: Path, one: Allowed) -> None:
    """Put a key on the list, in the place of one of the same name."""
    if not NAME.fullmatch(one.name):
        raise BadKey(f"name {one.name!r}: expected 1 to 64 of A-Z a-z 0-9 . _ -")
    others = [other for other in read_allowed(folder).values() if other.name != one.name]
    for other in others:
        if other.public == one.public:
            raise BadKey(f"{folder / ALLOWED}: expected a key of its own for {one.name}, received that of {other.name}")
    _write(folder, [*others, one])


def revoke(folder: Path, name: str) -> None:
    """Take a key off the list."""
    listed = read_allowed(folder)
    left = [one for one in listed.values() if one.name != name]
    if len(left) == len(listed):
        names = ", ".join(sorted(one.name for one in listed.values())) or "nobody"
        raise BadKey(f"{folder / ALLOWED}: expected {name} on it, received {names}")
    _write(folder, left)


def wear(socket: "zmq.Socket[bytes]", badge: Badge) -> None:
    """Let a socket that is about to connect show its key, and accept one engine only."""
    socket.curve_publickey = badge.public
    socket.curve_secretkey = badge.secret
    socket.curve_serverkey = badge.engine


def show_again(socket: "zmq.Socket[bytes]", address: str) -> None:
    """Connect a socket anew: ZeroMQ never tries again by itself where its key was refused."""
    socket.disconnect(address)
    socket.connect(address)


def _write(folder: Path, allowed: list[Allowed]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{ALLOWED}.part"
    listed = sorted(allowed, key=lambda one: one.name)
    part.write_text(json.dumps([asdict(one) for one in listed], indent=1) + "\n", encoding="utf-8")
    part.replace(folder / ALLOWED)


def _read(path: Path) -> tuple[bytes, bytes | None]:
    from zmq.auth import load_certificate

    if not path.is_file():
        received = "a folder" if path.is_dir() else "none"
        raise BadKey(f"{path}: expected a key file, received {received}; `aisle keys new` makes one")
    try:
        public, secret = load_certificate(path)
    except (ValueError, OSError) as error:
        received = getattr(error, "strerror", None) or "a file without a key"
        raise BadKey(f"{path}: expected a key file, received {received}") from None
    for key in (public, secret):
        if key is not None and len(key) != KEY_CHARS:
            raise BadKey(f"{path}: expected a key of {KEY_CHARS} characters, received {len(key)}")
    return public, secret
