"""Verification of a ledger, in a file or a server: its content, its signatures, its seal.

Theory of operation. `content` checks what queries read. The seal beside a file then tells of the bytes that no query
reads, and of a ledger that has become shorter together with its heads. A ledger counts as proven only where a good
head covers all of it: whoever can write to it can also make up a chain, but not a signature. `is_open` lets the
records after the last head, and a file that has been written to since, pass for what they are: not closed yet.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from fusion.ledger.book import is_url
from fusion.ledger.chain import Finding
from fusion.ledger.closing import seal_beside
from fusion.ledger.content import Content, check_content
from fusion.ledger.database import BookError, Database
from fusion.ledger.seal import Seal, SealError, mark_file, parse_seal, touched


@dataclass(frozen=True, slots=True)
class Report:
    """What verification found in one ledger."""

    place: str
    findings: tuple[Finding, ...]
    records: int
    signed: int  # records under the last good head
    digest: str
    keys: tuple[bytes, ...]  # that signed


def verify(place: Path | str, *, key: bytes | None = None, seal: Path | None = None, is_open: bool = False) -> Report:
    """Check a ledger, a file or a postgresql:// URL, and say all that is wrong with it.

    `key` is the only public key to trust; without one any key will do. `seal` is where the seal lies, for a file by
    default beside it. Raises OSError where there is no such file, BookError where no server answers.
    """
    if is_url(place):
        from fusion.ledger.postgres import open_existing

        with closing(open_existing(str(place))) as database:
            return _report(database, [], seal, None, key, is_open)
    path = Path(place)
    seal = seal or seal_beside(path)
    beside = [] if is_open else list(_logs(path))
    with closing(_read_only(path, is_open)) as database:
        return _report(database, beside, seal, path, key, is_open)


def _report(
    database: Database, found: list[Finding], seal: Path | None, path: Path | None, key: bytes | None, is_open: bool
) -> Report:
    content = check_content(database, key)
    findings = [*found, *content.findings]
    if seal is not None:
        findings += _seal(database, content, seal, path, key, is_open)
    records = content.head.records if content.head else 0
    if content.signed < records and not is_open:
        findings.append(Finding(f"records {content.signed} to {records - 1}", "a signed head over them", "none"))
    digest = content.head.digest if content.head else ""
    return Report(database.place, tuple(findings), records, content.signed, digest, content.keys)


def _logs(path: Path) -> Iterator[Finding]:
    """Say where a log lies beside a file: whoever opens the ledger next would take what it holds for the ledger's."""
    for end in ("-wal", "-journal"):
        log = path.with_name(path.name + end)
        if log.exists() and log.stat().st_size:
            yield Finding(log.name, "no log beside a closed ledger", f"{log.stat().st_size} bytes")


def _seal(
    database: Database, content: Content, place: Path, path: Path | None, key: bytes | None, is_open: bool
) -> Iterator[Finding]:
    seal = _read_seal(place, key)
    if isinstance(seal, Finding):
        if place.exists() or not is_open:
            yield seal
        return
    yield from _against_chain(database, seal, place)
    grown = content.head is not None and content.head.records > seal.head.records
    if path is not None and not (is_open and grown):
        if seal.file is None:
            yield Finding(place.name, "the marks of a file", "none")
        else:
            yield from touched(seal.file, mark_file(path))


def _read_seal(place: Path, key: bytes | None) -> Seal | Finding:
    try:
        seal = parse_seal(place.read_bytes())
    except FileNotFoundError:
        return Finding(place.name, "the seal made at closing time", "no such file")
    except SealError as error:
        expected, _, received = str(error).removeprefix("expected ").partition(", received")
        return Finding(place.name, expected, received.lstrip(": "))
    if not seal.is_genuine():
        return Finding(place.name, "a signature of its key over this seal", "none that fits")
    if key is not None and seal.public_key != key:
        return Finding(place.name, f"the key {key.hex()}", seal.public_key.hex())
    return seal


def _against_chain(database: Database, seal: Seal, place: Path) -> Iterator[Finding]:
    last = seal.head.records - 1
    try:
        found = database.read("SELECT link FROM chain WHERE position = ?", (last,))
    except BookError:
        return  # told already, by whatever could not be read
    if found != [(seal.head.link,)]:
        received = "no such record: the chain was cut" if not found else f"{found[0][0]!r}"
        yield Finding(f"{place.name}: record {last}", f"link {seal.head.link.hex()}", received)


def _read_only(path: Path, is_open: bool) -> Database:
    from fusion.ledger.sqlite import expect_a_ledger, open_read_only

    if not path.is_file():  # of a file whose first bytes somebody changed, findings say more
        expect_a_ledger(path)
    return open_read_only(path, is_open=is_open)
