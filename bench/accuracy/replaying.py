"""Replay cases with a configuration, and score them, in a pool of processes."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from bench.accuracy.cases import Case
from bench.accuracy.scoring import Scored, load_judge
from bench.judge import replay_case
from fusion.checkout.holds import AGE, TENDER
from fusion.checkout.receipts import SETTLED
from fusion.config import Config

In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Job:
    """One case to replay into `out` and to score with the judge at `judge`."""

    case: Case
    out: Path
    config: Config
    judge: Path


def replay_and_score(job: Job) -> Scored:
    """Return what the judge counts; an engine that fails counts as one that said nothing, and the note says why.

    Raises ValueError for a truth or a store that the judge cannot read.
    """
    judge = load_judge(job.judge)
    shutil.rmtree(job.out, ignore_errors=True)
    failed = ""
    try:
        replay_case(job.case.folder, job.out, job.config)
    except Exception as error:  # one bad case must not cost a run of an hour; the exit status tells
        failed = f"{type(error).__name__}: {error}"
        shutil.rmtree(job.out, ignore_errors=True)
    else:
        settle_what_rules_hold(job.out / "receipts.jsonl")
    try:
        counts = judge.score_case(job.case.folder, job.out)
    except judge.Unreadable as error:  # of the judge's own module, which another process cannot name
        raise ValueError(str(error)) from None
    return Scored(job.case, counts, failed or counts["note"])


def settle_what_rules_hold(path: Path) -> None:
    """Call receipts settled that only a rule of the store holds: a check of age says nothing of accuracy.

    One that waits because of a sensor stays in review: that is a doubt of the engine.
    """
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        if row.get("hold") and {AGE, TENDER}.issuperset(row["hold"]):
            row["status"] = SETTLED
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def in_pool(function: Callable[[In], Out], items: Iterable[In], jobs: int) -> Iterator[Out]:
    """Return the results in order; one job runs here. Processes are spawned: polars does not survive a fork."""
    if jobs == 1:
        yield from map(function, items)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(function, items)
