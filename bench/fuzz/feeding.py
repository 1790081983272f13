"""Mutants through a whole session, between the messages of a recording that is played round after round."""

import faulthandler
import math
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.fuzz.mutations import mutant
from bench.rounds import Reel, memory_mib, play_round, read_reel
from fusion.ledger.verify import verify
from fusion.messages import Frame, Malformed
from fusion.session import Session
from fusion.store import load_store
from fusion.wire import decode

QUIET: Final = 4  # every so many-th round, and the last, nobody disturbs: the store has to be itself again
LATEST: Final = 200  # messages that mutants are made of
HANGS_S: Final = 600.0  # of some messages: the process says where it is, and dies
WATCHED: Final = 200  # messages that a watchdog is set for at once; each is a thread, and takes longer than a message


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is fed; every run of one plan draws the same mutants."""

    count: int  # mutants
    each: int = 1  # of them before every message of a round
    seed: int = 1
    refused_only: bool = False  # feed those alone that are no messages
    none: bool = False  # feed no mutant

    def rounds(self, reel: Reel) -> int:
        """Return how many rounds it takes, with the quiet ones."""
        loud = math.ceil(self.count / (self.each * len(reel.messages)))
        return loud + math.ceil(loud / (QUIET - 1))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the mutants."""

    fed: int
    rejected: Counter[str]  # by reason
    taken: int  # that were messages after all, and went through the engine
    memory_mib: tuple[float, ...]  # after each round
    slowest_s: float  # of one message
    store_s: float  # store time
    out: Path
    ledger: str  # what `aisle ledger verify` finds wrong, "" for nothing


class Crashed(Exception):
    """Bytes that stopped the engine: which mutant, and its topic and payload as hex, to be fed again."""

    def __init__(self, number: int, frame: Frame) -> None:
        super().__init__(f"mutant {number}: topic {frame.topic!r}, payload {frame.payload.hex()}")


def is_quiet(number: int, rounds: int) -> bool:
    """Tell whether nobody disturbs round `number`, from 0, of so many."""
    return number % QUIET == QUIET - 1 or number == rounds - 1


def feed_mutants(case: Path, out: Path, plan: Plan, tell: Callable[[int], None] = lambda n: None) -> Outcome:
    """Play a recording round after round to a session, mutants before its messages; Crashed where one stops it."""
    reel, rng = read_reel(case / "recording.mcap"), random.Random(plan.seed)
    session, rounds = Session(load_store(case / "store"), out), plan.rounds(reel)
    latest, fed, memory, slowest_s = deque[Frame](maxlen=LATEST), 0, list[float](), 0.0
    for number in range(rounds):
        for at, good in enumerate(play_round(reel, number)):
            if at % WATCHED == 0:
                faulthandler.dump_traceback_later(HANGS_S, exit=True)  # in place of the one before
            latest.append(good)
            room = 0 if plan.none or is_quiet(number, rounds) else min(plan.each, plan.count - fed)
            drawn = [mutant(rng.choice(latest), latest, rng) for _ in range(room)]
            begun_s = time.perf_counter()
            for k, frame in enumerate([*drawn, good]):
                if plan.refused_only and k < room and not isinstance(decode(frame.topic, frame.payload), Malformed):
                    continue
                try:
                    session.feed(frame)
                except Exception as error:
                    faulthandler.cancel_dump_traceback_later()
                    raise Crashed(fed + k, frame) from error
            slowest_s = max(slowest_s, time.perf_counter() - begun_s)
            fed += room
        memory.append(memory_mib())
        tell(number + 1)
    session.finish()
    record = session.close()
    faulthandler.cancel_dump_traceback_later()
    rejected, wrong = Counter(session.reasons), "; ".join(str(one) for one in verify(out / "ledger.db").findings)
    taken = session.counts["read"] - rejected.total() - rounds * len(reel.messages)
    return Outcome(fed, rejected, taken, tuple(memory), slowest_s, record["seconds"]["store"], out, wrong)
