"""What a disturbed run charged, against the run that nobody disturbed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.fuzz.feeding import is_quiet
from bench.rounds import Reel, goods

SAME_BYTES = ("receipts.jsonl", "events.jsonl", "provisional.jsonl", "health.jsonl", "evidence.jsonl", "tracks.parquet")
Said = Mapping[tuple[int, str, int], tuple[str, list[tuple[str, int]]]]  # round, account, its how-manieth trip


@dataclass(frozen=True, slots=True)
class Likeness:
    """How many receipts of the undisturbed run a disturbed one has too, with the same goods."""

    loud: tuple[int, int]  # in rounds with mutants: the same, of
    quiet: tuple[int, int]
    other: tuple[int, int]  # receipts that were settled for other goods: in rounds with mutants, in quiet ones


def unlike(run: Path, undisturbed: Path) -> list[str]:
    """Return the outputs that are not the same to the last byte, "ledger" for its digest."""
    digests = {json.loads((out / "run.json").read_text())["ledger"] for out in (run, undisturbed)}
    wrong = [name for name in SAME_BYTES if (run / name).read_bytes() != (undisturbed / name).read_bytes()]
    return wrong + (["ledger"] if len(digests) > 1 else [])


def likeness(run: Path, undisturbed: Path, reel: Reel, rounds: int) -> Likeness:
    """Compare receipt by receipt."""
    mine, theirs = _said(run, reel), _said(undisturbed, reel)
    same = {key: mine.get(key, ("", []))[1] == lines for key, (_, lines) in theirs.items() if key in mine}
    of = {quiet: [key for key in theirs if is_quiet(key[0], rounds) == quiet] for quiet in (False, True)}
    loud, quiet = ((sum(same.get(key, False) for key in of[one]), len(of[one])) for one in (False, True))
    settled = [key for key, (status, _) in mine.items() if status == "settled"]
    other = [is_quiet(key[0], rounds) for key in settled if mine[key][1] != theirs.get(key, ("", []))[1]]
    return Likeness(loud, quiet, (other.count(False), other.count(True)))


def _said(out: Path, reel: Reel) -> Said:
    first_ns, found = reel.messages[0][0], dict[tuple[int, str, int], tuple[str, list[tuple[str, int]]]]()
    rows = [json.loads(line) for line in (out / "receipts.jsonl").read_text().splitlines()]
    for row in sorted((row for row in rows if row["account"]), key=lambda one: one["entered"]):
        number, trip = (row["entered"] - first_ns) // reel.length_ns, 0
        while (number, row["account"], trip) in found:
            trip += 1
        found[number, row["account"], trip] = row["status"], sorted(goods(row))
    return found
