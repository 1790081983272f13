"""The hash chain over a ledger's records, and where it is broken; pure.

Theory of operation. A record's leaf is the hash of its bytes; its link is the hash of the link before it and of its
leaf. Records are linked one by one and not by commit, so that the chain of one tape is the same however its records
were grouped, and with the leaf of each kept beside the link a check can say which record was touched and go on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

HASH_BYTES: Final = 32
START: Final = bytes(HASH_BYTES)  # what the first link follows


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain: a record's place in the order of writing."""

    position: int
    kind: str  # "ledger", "transfer", "entry" or "receipt"
    record_id: bytes
    leaf: bytes
    link: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a ledger: where, what was expected, what is there."""

    place: str
    expected: str
    received: str

    def __str__(self) -> str:
        return f"{self.place}: expected {self.expected}, received {self.received}"


def leaf_of(record: bytes) -> bytes:
    """Return the hash of a record's bytes."""
    return blake2b(record, digest_size=HASH_BYTES, person=b"aisle leaf").digest()


def follow(previous: bytes, leaf: bytes) -> bytes:
    """Return the link that joins a record to those before it."""
    return blake2b(previous + leaf, digest_size=HASH_BYTES, person=b"aisle link").digest()


def extend(position: int, previous: bytes, records: Iterable[tuple[str, bytes, bytes]]) -> list[Link]:
    """Return the links of records, each (kind, id, bytes), from `position` on behind the link `previous`."""
    links = []
    for number, (kind, record_id, record) in enumerate(records, position):
        leaf = leaf_of(record)
        previous = follow(previous, leaf)
        links.append(Link(number, kind, record_id, leaf, previous))
    return links


def check(found: Iterable[tuple[Link, bytes | None]], due: int = 0, previous: bytes = START) -> Iterator[Finding]:
    """Say where a chain is broken: each link comes with the leaf its record has now, None where there is no record.

    The first is to be record `due`, behind the link `previous`.

    After a fault the check goes on from either link that could be meant, the stored or the computed one, so that
    one change is one finding.
    """
    before: tuple[bytes, ...] = (previous,)
    for link, leaf in found:
        if link.position != due:
            yield Finding(f"record {due}", "the next link of the chain", f"link {link.position}")
            before = ()
        wrong = tuple(_faults(link, leaf, before))
        yield from wrong
        due = link.position + 1
        before = (link.link, *(follow(p, leaf or link.leaf) for p in before)) if wrong else (link.link,)
    if due == 0:
        yield Finding("record 0", "the first link of the chain", "an empty chain")


def _faults(link: Link, leaf: bytes | None, before: tuple[bytes, ...]) -> Iterator[Finding]:
    place = f"record {link.position} ({link.kind} {shown(link.record_id)})"
    record_fits = leaf is not None and _fits(link, leaf, before)
    if leaf is None:
        yield Finding(place, "the record of this link", "none: it was removed")
    elif leaf != link.leaf and record_fits and before:
        yield Finding(place, f"leaf {leaf.hex()} in the chain", f"{shown(link.leaf)}: the chain was changed")
    elif leaf != link.leaf:
        yield Finding(place, f"content with leaf {shown(link.leaf)}", f"{leaf.hex()}: the record was changed")
    if not record_fits and not _fits(link, link.leaf, before):
        expected = follow(before[0], leaf or link.leaf).hex()
        yield Finding(place, f"link {expected}", f"{shown(link.link)}: the chain was changed before or here")


def _fits(link: Link, leaf: bytes, before: tuple[bytes, ...]) -> bool:
    """Tell whether the link joins this leaf to one before it; after a gap nothing can be told."""
    return not before or any(follow(previous, leaf) == link.link for previous in before)


def shown(value: object) -> str:
    """Return an id or hash as text, also one that somebody has replaced with something else."""
    return value.hex() if isinstance(value, bytes) else repr(value)
