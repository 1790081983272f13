"""The seal beside a ledger: its head, a mark of every page of its file, and one signature over both.

A database file has bytes that no query reads: free pages, gaps in pages, the header. The chain cannot vouch for them;
the marks can, and say which page was touched. A ledger in a server has no file: its seal is a copy of the head to keep
elsewhere, which tells when the server's ledger has become shorter.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fusion.ledger.chain import Finding
from fusion.ledger.heads import Head, is_signed

VERSION: Final = 1
PAGE_BYTES: Final = 4096
MARK_BYTES: Final = 16


class SealError(ValueError):
    """Bytes that are no seal; says what was expected."""


@dataclass(frozen=True, slots=True)
class FileMark:
    """A file as it was when the ledger was closed."""

    size_bytes: int
    pages: tuple[bytes, ...]  # a hash of each PAGE_BYTES of it


@dataclass(frozen=True, slots=True)
class Seal:
    """What was vouched for at closing time."""

    head: Head
    file: FileMark | None
    public_key: bytes
    signature: bytes

    def is_genuine(self) -> bool:
        """Tell whether the key of the seal signed it."""
        return is_signed(self.public_key, self.signature, _statement(self.head, self.file))

    def to_bytes(self) -> bytes:
        """Return the seal as the bytes of its file: JSON."""
        fields = _fields(self.head, self.file)
        fields |= {"public_key": self.public_key.hex(), "signature": self.signature.hex()}
        return json.dumps(fields, indent=1).encode() + b"\n"


def make_seal(head: Head, file: FileMark | None, key: Ed25519PrivateKey) -> Seal:
    """Sign a head and the mark of a file."""
    return Seal(head, file, key.public_key().public_bytes_raw(), key.sign(_statement(head, file)))


def parse_seal(text: bytes) -> Seal:
    """Return the seal of these bytes; SealError where one of them is not as `to_bytes` writes it."""
    try:
        seal = _parsed(json.loads(text))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise SealError(f"expected a seal, received: {type(error).__name__} {error}") from error
    if seal.to_bytes() != text:
        raise SealError("expected a seal, received one that is written in another way")
    return seal


def mark_file(path: Path) -> FileMark:
    """Return the mark of a file as it is now."""
    with path.open("rb") as file:
        pages = tuple(_mark(page) for page in iter(lambda: file.read(PAGE_BYTES), b""))
    return FileMark(path.stat().st_size, pages)


def touched(sealed: FileMark, now: FileMark) -> Iterator[Finding]:
    """Say which bytes of a file are not as they were sealed, neighbouring pages together."""
    first = None
    for page, (was, is_) in enumerate([*zip_longest(sealed.pages, now.pages), (b"", b"")]):
        if was != is_ and first is None:
            first = page
        elif was == is_ and first is not None:
            last = min(page * PAGE_BYTES, max(sealed.size_bytes, now.size_bytes)) - 1
            yield Finding(f"bytes {first * PAGE_BYTES} to {last}", "what was sealed", "something else")
            first = None
    if sealed.size_bytes != now.size_bytes:
        yield Finding("file", f"{sealed.size_bytes} bytes as sealed", f"{now.size_bytes}")


def _mark(page: bytes) -> bytes:
    return blake2b(page, digest_size=MARK_BYTES, person=b"aisle page").digest()


def _statement(head: Head, file: FileMark | None) -> bytes:
    return json.dumps(_fields(head, file)).encode()


def _fields(head: Head, file: FileMark | None) -> dict[str, Any]:
    mark = file and {"size_bytes": file.size_bytes, "pages": b64encode(b"".join(file.pages)).decode()}
    return {
        "aisle ledger seal": VERSION,
        "store_id": head.store_id,
        "currency": head.currency,
        "records": head.records,
        "link": head.link.hex(),
        "digest": head.digest,
        "file": mark,
    }


def _parsed(fields: Any) -> Seal:
    link = bytes.fromhex(fields["link"])
    head = Head(fields["store_id"], fields["currency"], int(fields["records"]), link, fields["digest"])
    mark, file = fields["file"], None
    if mark is not None:
        marks = b64decode(mark["pages"], validate=True)
        pages = tuple(marks[at : at + MARK_BYTES] for at in range(0, len(marks), MARK_BYTES))
        file = FileMark(int(mark["size_bytes"]), pages)
    return Seal(head, file, bytes.fromhex(fields["public_key"]), bytes.fromhex(fields["signature"]))
