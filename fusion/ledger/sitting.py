"""A sitting: a ledger is opened for further records, after closing time too, and signed again where it was signed.

One sitting at a time: whoever seals a file must be the only one who has it open. A server lets several write at once,
but the seal of its ledger is a file too: of two who sign, the later must have seen what the earlier did. A closed
ledger is verified before anything is added to it: a signature over the new records would make good whatever somebody
else has done to the old ones. It is signed again with the key that signed it, where that lies at hand.
"""

import fcntl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from fusion.ledger.book import Book, is_url, open_existing
from fusion.ledger.closing import KEY, close_book
from fusion.ledger.database import BookError
from fusion.ledger.keys import signing_key
from fusion.ledger.reading import reading_book
from fusion.ledger.verify import Report, verify

LOOK_S: Final = 0.05  # between two attempts to be alone
LOCK = ".lock"  # after the name of a ledger file, or of a server's seal: who holds it sits


def _say(text: str) -> None:
    print(text, file=sys.stderr)


@contextmanager
def sitting(
    place: Path | str, *, key: Path | None = None, seal: Path | None = None, say: Callable[[str], None] = _say
) -> Iterator[Book]:
    """Open a ledger that is there for further records; `key` signs it again, by default the one beside a file.

    Raises OSError or BookError where there is no such ledger, or something in a signed one is not as it was signed.
    """
    with alone_with(place, seal):
        before = _verified(place, seal)
        with open_existing(place) as book:
            yield book
        if before is not None:
            _sign_again(place, before, key, seal, say)


@contextmanager
def alone_with(place: Path | str, seal: Path | None = None, *, patience_s: float | None = None) -> Iterator[None]:
    """Wait until nobody else sits over a ledger file, and keep it so until the end.

    A server needs no such thing but from who writes its `seal`. Whoever has a `patience_s` goes on after that all the
    same, where the others may hang. Raises OSError where there is no such file, or no folder for the seal, BookError
    where the file is no ledger.
    """
    if not is_url(place):
        from fusion.ledger.sqlite import expect_a_ledger

        path = Path(place)
        expect_a_ledger(path)  # before a lock stands beside it
    elif seal is not None:
        path = seal
    else:
        yield
        return
    with path.with_name(path.name + LOCK).open("w") as file:
        _lock(file, patience_s)
        yield


def _lock(file: TextIO, patience_s: float | None) -> None:
    if patience_s is None:
        fcntl.flock(file, fcntl.LOCK_EX)
        return
    end_s = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= end_s:
                _say(f"{file.name}: expected nobody to sit over the ledger for so long, received somebody who does")
                return
        time.sleep(LOOK_S)


def _sign_again(
    place: Path | str, before: Report, key: Path | None, seal: Path | None, say: Callable[[str], None]
) -> None:
    with open_existing(place) as book:
        head = book.head()
        if head.records == before.records:
            return  # nothing was added: the seal still fits
        signing = _at_hand(place, key, before)
        try:
            if signing is None:
                raise BookError("expected the key that signed it at hand, received none")
            close_book(book, head, key=signing, seal=seal)
        except BookError as error:  # what was decided stands; only its signature is missing
            say(f"{book.place}: new records are not signed yet: {error} (aisle ledger close)")


def _verified(place: Path | str, seal: Path | None) -> Report | None:
    """Return what a closed ledger holds, None of one that is in use; raises BookError where it was touched."""
    with reading_book(place) as book:
        if not book.is_signed():
            return None
    report = verify(place, seal=seal, is_open=True)
    if report.findings:
        finding = report.findings[0]
        raise BookError(f"{report.place}: {finding} (aisle ledger verify tells more)")
    return report


def _at_hand(place: Path | str, key: Path | None, before: Report) -> Path | None:
    """Return the key that signed a ledger, if it lies where it was said to be."""
    beside = None if is_url(place) else Path(place).with_name(KEY)
    for path in (key, beside):
        if path is not None and path.is_file():
            public = signing_key(path).public_key().public_bytes_raw()
            if public in before.keys:
                return path
    return None
