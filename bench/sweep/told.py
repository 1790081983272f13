"""What a sweep found: a table for people, sweep.json for programs."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.sweep.scoring import Counts
from bench.sweep.space import Candidate

ROWS_MAX: Final = 15  # candidates shown; sweep.json has them all
DEFAULT: Final[Candidate] = ()


@dataclass(frozen=True, slots=True)
class Sweep:
    """What was tried, and what each case came to."""

    train: tuple[str, ...]
    held: tuple[str, ...]
    found: dict[Candidate, dict[str, Counts]]  # by candidate, the default first, and case

    def total(self, candidate: Candidate, cases: Iterable[str]) -> Counts:
        """Add up some cases of a candidate."""
        return sum((self.found[candidate][case] for case in cases), Counts())

    def order(self) -> list[Candidate]:
        """Return the candidates, best on the train cases first: right lines, then wrong money, the default."""
        return sorted(self.found, key=self._merit)

    def moved(self, candidate: Candidate) -> tuple[int, int]:
        """Return how many held-back cases have more lines right than by default, and how many fewer."""
        pairs = [(self.found[candidate][case].line_f1, self.found[DEFAULT][case].line_f1) for case in self.held]
        return sum(new > old for new, old in pairs), sum(new < old for new, old in pairs)

    def _merit(self, candidate: Candidate) -> tuple[float, float]:
        total = self.total(candidate, self.train)
        return -round(total.line_f1, 9), round(total.over_cents + total.under_cents, 6)


def show(sweep: Sweep) -> None:
    """Print the best on the train cases, then the picked one and the default on those held back."""
    console, order = Console(highlight=False, soft_wrap=True), sweep.order()
    best, shown = order[0], order[:ROWS_MAX]
    picking = list(dict.fromkeys([*shown, DEFAULT]))
    _table(console, f"picked on {len(sweep.train)} cases of {len(order)} candidates", sweep, sweep.train, picking)
    _table(console, f"held back: {len(sweep.held)} cases", sweep, sweep.held, list(dict.fromkeys([DEFAULT, best])))
    better, worse = sweep.moved(best)
    verdict = f"of the cases held back {better} are better for it, {worse} worse" if best else "nothing tried is better"
    console.print(f"{said(best)}: {verdict}", markup=False)


def write(sweep: Sweep, path: Path) -> None:
    """Write everything that was found; what was not tried on the held-back cases has null there."""
    rows = [
        {
            "values": dict(one),
            "train": asdict(sweep.total(one, sweep.train)),
            "held_back": asdict(sweep.total(one, sweep.held)) if set(sweep.held) <= set(sweep.found[one]) else None,
        }
        for one in sweep.order()
    ]
    told = {"best": rows[0]["values"], "train": sweep.train, "held_back": sweep.held, "candidates": rows}
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def said(candidate: Candidate) -> str:
    """Return a candidate in words."""
    return ", ".join(f"{name} {value:g}" for name, value in candidate) or "default"


def _table(console: Console, title: str, sweep: Sweep, cases: Iterable[str], some: Iterable[Candidate]) -> None:
    table = Table("candidate", "line F1", "over bp", "under bp", title=title, title_justify="left", box=None)
    for one in some:
        total = sweep.total(one, cases)
        money = (total.over_cents, total.under_cents)
        table.add_row(said(one), f"{total.line_f1:.4f}", *(f"{total.basis_points(cents):.0f}" for cents in money))
    console.print(table)
