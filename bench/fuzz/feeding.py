"""Mutants through a whole session, between the messages of a tape."""

import random
import resource
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.fuzz.mutations import mutant
from fusion.ledger.verify import verify
from fusion.messages import Frame
from fusion.recording import read_recording
from fusion.session import Session
from fusion.store import load_store

MARKS: Final = 10  # times memory is looked at


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the mutants."""

    fed: int
    rejected: Counter[str]  # by reason
    taken: int  # that were messages after all, and went through the engine
    memory_mib: tuple[float, ...]  # the most that was in use, after each tenth
    receipts: int
    ledger: str  # what `aisle ledger verify` finds wrong, "" for nothing


class Crashed(Exception):
    """Bytes that stopped the engine: which mutant, and its topic and payload as hex, to be fed again."""

    def __init__(self, number: int, frame: Frame) -> None:
        super().__init__(f"mutant {number}: topic {frame.topic!r}, payload {frame.payload.hex()}")


def feed_mutants(
    case: Path, out: Path, *, count: int, seed: int, tell: Callable[[int], None] = lambda n: None
) -> Outcome:
    """Feed so many mutants to a session, evenly between the messages of a recording; Crashed where one raises."""
    rng = random.Random(seed)
    tape = list(read_recording(case / "recording.mcap"))
    session = Session(load_store(case / "store"), out)
    fed, memory = 0, list[float]()
    for place, good in enumerate(tape):
        due = count * (place + 1) // len(tape)
        while fed < due:
            bad = mutant(rng.choice(tape[max(0, place - 200) : place + 1]), tape, rng)
            try:
                session.feed(bad)
            except Exception as error:
                raise Crashed(fed, bad) from error
            fed += 1
            tell(fed)
        if (place + 1) * MARKS // len(tape) > len(memory):
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        session.feed(good)
    session.finish()
    session.close()
    rejected = session.reasons
    receipts = len((out / "receipts.jsonl").read_text().splitlines())
    found = verify(out / "ledger.db")
    wrong = "; ".join(str(one) for one in found.findings)
    return Outcome(fed, Counter(rejected), fed - rejected.total(), tuple(memory), receipts, wrong)
