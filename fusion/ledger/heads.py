"""Heads: what a ledger holds, in a few words, and the signature that closes it. Pure.

Signatures are Ed25519 over one line of JSON. They are part of no digest: the same tape gives the same head, whoever
signs it, and the same key signs it with the same bytes.
"""

import json
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fusion.ledger.rows import Row

PURPOSE: Final = "aisle ledger head 1"  # no signature under anything else can pass for one under a head


@dataclass(frozen=True, slots=True)
class Head:
    """The state of a ledger after so many records."""

    store_id: str
    currency: str
    records: int
    link: bytes  # the last of the chain
    digest: str

    def statement(self) -> bytes:
        """Return the bytes that are signed."""
        words = [PURPOSE, self.store_id, self.currency, self.records, self.link.hex(), self.digest]
        return json.dumps(words).encode()


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head and who vouches for it."""

    head: Head
    public_key: bytes
    signature: bytes

    def row(self) -> Row:
        """Return the signed head as a row of `heads`; store and currency stand in `ledger`."""
        return (self.head.records, self.head.link, self.head.digest, self.public_key, self.signature)


def sign_head(head: Head, key: Ed25519PrivateKey) -> SignedHead:
    """Sign a head."""
    return SignedHead(head, key.public_key().public_bytes_raw(), key.sign(head.statement()))


def is_signed(public_key: bytes, signature: bytes, statement: bytes) -> bool:
    """Tell whether the key signed exactly this statement."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, statement)
    except (InvalidSignature, ValueError):  # ValueError: no key at all
        return False
    return True
