"""Signing keys: an Ed25519 key in a file that only its owner can read."""

import os
import re
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from fusion.ledger.database import BookError

MODE: Final = 0o600
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Return the key of a file (PKCS 8, PEM), or make the file where there is none.

    Raises BookError where it is no such key, or where others than its owner can read it.
    """
    try:
        return _make(path)
    except FileExistsError:
        return _read(path)


def public_key(text: str) -> bytes:
    """Return the public key that is written as 64 hexadecimal digits, there or in the file of that name."""
    digits = text if _HEX.fullmatch(text) else _first_line(Path(text))
    if not _HEX.fullmatch(digits):
        raise BookError(f"{text}: expected a public key of 64 hexadecimal digits, received {digits[:80]!r}")
    return bytes.fromhex(digits)


def _make(path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # Never readable by others, not even for the moment between making the file and closing it to them.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return key


def _read(path: Path) -> Ed25519PrivateKey:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise BookError(f"{path}: expected a key that only its owner can read (0600), received mode {mode:04o}")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise BookError(f"{path}: expected an Ed25519 key in PEM, received: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BookError(f"{path}: expected an Ed25519 key in PEM, received a key of another kind")
    return key


def _first_line(path: Path) -> str:
    return (path.read_text(encoding="ascii", errors="replace").splitlines() or [""])[0].strip()
