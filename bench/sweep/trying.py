"""One case with one configuration, replayed and counted in a worker; what was tried is kept and not tried again."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from bench.sweep.scoring import Counts, Prices, count
from bench.sweep.space import Candidate, SweepError, with_values
from fusion.config import Config
from fusion.fleet.machines import spread
from fusion.fleet.recordings import inputs_of, recordings_in

TRUTH: Final = "truth.json"
KEPT: Final = "tried"  # folder of what was tried, by configuration and case


@dataclass(frozen=True, slots=True)
class Trial:
    """A case to try a candidate on."""

    case: str
    candidate: Candidate


def cases_in(folder: Path, out: Path) -> list[str]:
    """Return the recordings under a folder that have a truth beside them; raises SweepError where there are none."""
    cases = [name for name in recordings_in(folder, out) if (folder / name / TRUTH).is_file()]
    if not cases:
        raise SweepError(f"{folder}: expected recordings with {TRUTH} beside them, received none")
    return cases


def split(cases: Sequence[str], share: float, seed: int) -> tuple[list[str], list[str]]:
    """Return the cases that pick and those held back, about so large a share, by family; raises SweepError."""
    families = sorted({family_of(case) for case in cases}, key=lambda name: _hash(f"{seed}:{name}"))
    held = set(families[: max(1, round(share * len(families)))])
    if len(held) == len(families):
        raise SweepError(f"expected cases of two families or more, to hold one back, received {', '.join(families)}")
    return [c for c in cases if family_of(c) not in held], [c for c in cases if family_of(c) in held]


def family_of(case: str) -> str:
    """Return the name of a case without its seed: FAMILY-SEED."""
    name, _, seed = case.rpartition("-")
    return name if name and seed.isdecimal() else case


def try_all(ray: Any, folder: Path, trials: Sequence[Trial], out: Path) -> Iterator[tuple[Trial, Counts]]:
    """Yield what each trial came to, as they end."""
    for trial, reference in spread(ray, try_one, trials, str(folder.resolve()), str(out.resolve())):
        yield trial, ray.get(reference)


def try_one(folder: str, out: str, trial: Trial) -> Counts:
    """Replay a case with a candidate and count it, unless that was done before."""
    from bench.judge import replay_case

    place, config = Path(folder) / trial.case, with_values(Config(), trial.candidate)
    inputs, truth = inputs_of(place), (place / TRUTH).read_bytes()
    key = _hash(f"{inputs.recording}:{inputs.store}:{config.digest()}:{hashlib.blake2b(truth).hexdigest()}")
    kept = Path(out) / KEPT / f"{key}.json"
    if kept.exists():
        return Counts(**json.loads(kept.read_text()))
    work = Path(tempfile.mkdtemp(prefix="aisle-sweep-"))
    try:
        replay_case(place, work, config)
        rows = [json.loads(line) for line in (work / "receipts.jsonl").read_text(encoding="utf-8").splitlines()]
    finally:
        shutil.rmtree(work, ignore_errors=True)
    found = count(json.loads(truth), rows, prices_of(place / "store"))
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{work.name}")
    part.write_text(json.dumps(asdict(found)) + "\n")
    part.replace(kept)
    return found


def prices_of(folder: Path) -> Prices:
    """Return the plain prices of a store."""
    from fusion.store import load_store

    products = load_store(folder).products
    cents = dict(zip(products.sku, (float(price) for price in products.price_cents), strict=True))
    weighed = frozenset(sku for sku, is_kg in zip(products.sku, products.by_weight, strict=True) if is_kg)
    return Prices(cents, weighed)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
