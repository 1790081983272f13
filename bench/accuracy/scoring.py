"""Pure functions from what the judge counted to figures: by family, by source, by bin of belief.

The judge is a script of its own; it is loaded from its path, and its `score_case`, `add` and `report` do the counting.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np

from bench.accuracy.cases import Case
from fusion.arrays import Floats, Ints

BINS: Final = 10  # of belief, as the judge has them

Counts = dict[str, Any]  # what the judge counts of a case; its `add` adds them up
Figures = dict[str, Any]  # name -> number, or None where there is nothing to divide by
Pairs = list[tuple[float, bool]]  # (belief, was it right)


@dataclass(frozen=True, slots=True)
class Scored:
    """One case as the judge counted it; a note says what went wrong."""

    case: Case
    counts: Counts
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Beliefs by tenths; means are NaN where a bin is empty."""

    count: Ints  # (BINS,)
    belief: Floats  # (BINS,) mean
    right: Floats  # (BINS,) share


@cache
def load_judge(path: Path) -> ModuleType:
    """Return the judge as a module; raises ValueError for a file that is none."""
    spec = spec_from_file_location("judge_score", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise ValueError(f"{path}: expected the judge, a Python script")
    judge = module_from_spec(spec)
    spec.loader.exec_module(judge)
    missing = [name for name in ("score_case", "add", "report", "Unreadable") if not hasattr(judge, name)]
    if missing:
        raise ValueError(f"{path}: expected a judge with {', '.join(missing)}")
    return judge


def figures(judge: ModuleType, scored: Iterable[Scored]) -> Figures:
    """Return the judge's figures over all cases, and the share of receipts that were settled and wrong."""
    cases = list(scored)
    total = judge.add([one.counts for one in cases])
    n = total["n"]
    wrong = (n["settled"] - n["settled_exact"]) / n["issued"] if n["issued"] else None
    return {"cases": len(cases), **judge.report(total), "settled_wrong": wrong}


def families(judge: ModuleType, scored: Iterable[Scored]) -> dict[str, Figures]:
    """Return figures per family, the worst first."""
    members: dict[str, list[Scored]] = {}
    for one in scored:
        members.setdefault(one.case.family, []).append(one)
    found = {name: figures(judge, cases) for name, cases in members.items()}
    return dict(sorted(found.items(), key=lambda row: (*_goodness(row[1]), row[0])))


def _goodness(one: Figures) -> tuple[float, float, float]:
    """Return what families are sorted by: line F1, then receipts exactly right, then money off."""
    off = (one.get("over_bp") or 0.0) + (one.get("under_bp") or 0.0)
    return _number(one.get("line_f1")), _number(one.get("exact")), -off


def _number(value: float | None) -> float:
    return 1.0 if value is None else value  # nothing to get right is all right


def pairs_of(judge: ModuleType, scored: Iterable[Scored]) -> dict[str, Pairs]:
    """Return beliefs and whether they came true, of receipts and of events."""
    total = judge.add([one.counts for one in scored])
    return {"receipts": total["rc"], "events": total["ev"]}


def bins_of(pairs: Pairs) -> Bins:
    """Sort beliefs into tenths."""
    belief = np.clip(np.array([p for p, _ in pairs], dtype=np.float64), 0.0, 1.0)
    right = np.array([y for _, y in pairs], dtype=np.float64)
    at = np.minimum((belief * BINS).astype(np.int64), BINS - 1)
    count = np.bincount(at, minlength=BINS)
    sums = (np.bincount(at, weights=values, minlength=BINS) for values in (belief, right))
    means = [np.divide(s, count, out=np.full(BINS, np.nan), where=count > 0) for s in sums]
    return Bins(count, means[0], means[1])


def calibration_error(bins: Bins) -> float | None:
    """Return the expected calibration error, or None without any belief."""
    if not bins.count.sum():
        return None
    return float(np.nansum(np.abs(bins.belief - bins.right) * bins.count) / bins.count.sum())
