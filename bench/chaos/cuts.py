"""A journal cut and spoiled at every byte of its last segment: all before is kept, and what is lost is said."""

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from fusion.journal import Journal, Origin, Record, read_journal
from fusion.journal.record import pack
from fusion.journal.segment import HEAD_BYTES, segments_of
from fusion.messages import Frame


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it."""

    places: int  # bytes of the last segment
    cuts: int
    flips: int
    failures: int  # where something before was lost, something after was believed, or nothing was said


def spoil_every_byte(folder: Path, *, seed: int, records: int = 40) -> Outcome:
    """Try every byte, once cut off there and once changed."""
    rng = random.Random(seed)
    written = [
        Record(
            Frame(f"plates/ctl-{n % 3}", rng.randbytes(rng.randrange(80)), n),
            Origin("ctl", 1, n, 0) if n % 2 else None,
        )
        for n in range(records)
    ]
    origin, copy = folder / "origin", folder / "copy"
    with Journal(origin, segment_bytes=1200) as journal:
        for record in written:
            journal.append(record)
    last = segments_of(origin)[-1]
    whole, base = last.read_bytes(), int(last.stem)
    ends = [HEAD_BYTES]
    for record in written[base:]:
        ends.append(ends[-1] + len(pack(record)))
    failures = 0
    for place in range(len(whole)):
        kept = written[: base + max(sum(end <= place for end in ends) - 1, 0)]
        spoiled = bytearray(whole)
        spoiled[place] ^= rng.randrange(1, 256)
        for text, is_cut in ((whole[:place], True), (bytes(spoiled), False)):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(origin, copy)
            (copy / last.name).write_bytes(text)
            failures += not _is_kept(copy, kept, says=not is_cut or place not in ends)
    return Outcome(len(whole), len(whole), len(whole), failures)


def _is_kept(folder: Path, kept: list[Record], *, says: bool) -> bool:
    reader = read_journal(folder)
    found = [record for _, record in reader]
    with Journal(folder) as journal:
        said = journal.dropped is not None
        journal.append(Frame("gate/door", b"next", 0))
    again = [record for _, record in read_journal(folder)]
    return found == kept and bool(reader.damage) == said == says and again[:-1] == kept and len(again) == len(kept) + 1
