"""Closing time: the head is signed and kept in the ledger, and a seal is left beside it."""

import os
from pathlib import Path

from fusion.ledger.book import Book, is_url
from fusion.ledger.database import BookError
from fusion.ledger.heads import Head, sign_head
from fusion.ledger.keys import signing_key
from fusion.ledger.seal import Seal, make_seal, mark_file

KEY = "ledger.key"  # made beside a ledger file where no other key is given


def seal_beside(path: Path) -> Path:
    """Return where the seal of a ledger file lies."""
    return path.with_name(path.name + ".seal")


def close_book(book: Book, head: Head, *, key: Path, seal: Path | None = None) -> Seal:
    """Sign the head of a book, close it, and write its seal; the same head and key give the same bytes.

    `key` is made where it is missing. The seal of a file is written beside it, that of a server where `seal` says, if
    anywhere. Raises BookError where the key cannot be used or somebody else still has the file open.
    """
    signing = signing_key(key)
    book.add_head(sign_head(head, signing))
    book.close()
    if is_url(book.place):
        made = make_seal(head, None, signing)
    else:
        path = Path(book.place)
        seal = seal or seal_beside(path)
        _check_whole(path)
        made = make_seal(head, mark_file(path), signing)
    if seal is not None:
        _replace(seal, made.to_bytes())
    return made


def _check_whole(path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    if log.exists():
        raise BookError(f"{log}: expected nobody else to have the ledger open, received a write-ahead log in use")


def _replace(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
