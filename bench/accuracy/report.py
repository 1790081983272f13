"""Tables of how right the receipts are, and of what each witness earns."""

from dataclasses import dataclass
from types import ModuleType
from typing import Final

from rich.box import SIMPLE
from rich.table import Table

from bench.accuracy.scoring import Figures, Scored, families, figures

EPSILON: Final = 1e-9
HIT_MAX: Final = 4  # families named per run


@dataclass(frozen=True, slots=True)
class Measure:
    """One column: a key of the figures and how it is written."""

    title: str
    key: str
    digits: int = 3


MEASURES: Final = (
    Measure("line\nF1", "line_f1"),
    Measure("exact", "exact"),
    Measure("over\nbp", "over_bp", 0),
    Measure("under\nbp", "under_bp", 0),
    Measure("review", "review"),
    Measure("settled\nwrong", "settled_wrong"),
    Measure("receipt\nECE", "conf_ece"),
    Measure("event\nECE", "p_ece"),
    Measure("event\nrecall", "ev_r"),
)


def by_family(judge: ModuleType, scored: list[Scored]) -> Table:
    """Return a row a family, worst first, and a total, for each source; and one for all."""
    table = _table("family", "true\nreceipts")
    sources = list(dict.fromkeys(one.case.source for one in scored))
    for source in sources:
        mine = [one for one in scored if one.case.source == source]
        for name, row in families(judge, mine).items():
            table.add_row(name, _count(row), *_values(row))
        table.add_section()
        _total(table, f"TOTAL {source}", figures(judge, mine))
    if len(sources) > 1:
        _total(table, "TOTAL", figures(judge, scored))
    return table


def by_witness(judge: ModuleType, runs: dict[str, list[Scored]]) -> Table:
    """Return the figures of the first run, and how those of the others differ; each run holds the same cases."""
    (name, full), *others = runs.items()
    table = _table("run", "cases\nworse", "better")
    base = figures(judge, full)
    table.add_row(name, "", "", *_values(base), style="bold")
    table.add_section()
    for name, run in others:
        moved = [_f1(figures(judge, [b])) - _f1(figures(judge, [a])) for a, b in zip(full, run, strict=True)]
        worse, better = (str(sum(sign * change > EPSILON for change in moved)) for sign in (-1, 1))
        table.add_row(name, worse, better, *_values(difference(figures(judge, run), base), "+"))
    return table


def hit_most(judge: ModuleType, runs: dict[str, list[Scored]]) -> list[str]:
    """Return, per run but the first, the families that lose most line F1."""
    (_, full), *others = runs.items()
    before, lines = families(judge, full), []
    for run, scored in others:
        lost = {name: _f1(row) - _f1(before[name]) for name, row in families(judge, scored).items()}
        worst = sorted((change, name) for name, change in lost.items() if change < -EPSILON)[:HIT_MAX]
        told = ", ".join(f"{name} {change:+.3f}" for change, name in worst)
        lines.append(f"{run}: line F1 of {told}" if told else f"{run}: no family loses")
    return lines


def difference(one: Figures, base: Figures) -> Figures:
    """Return how every figure differs; None where either has none."""
    keys = [measure.key for measure in MEASURES]
    pairs = {key: (one.get(key), base.get(key)) for key in keys}
    return {key: None if a is None or b is None else a - b for key, (a, b) in pairs.items()}


def _f1(row: Figures) -> float:
    return float(row.get("line_f1", 1.0))


def _table(*names: str) -> Table:
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column(names[0], overflow="fold")
    for title in (*names[1:], *(measure.title for measure in MEASURES)):
        table.add_column(title, justify="right", no_wrap=True)
    return table


def _total(table: Table, name: str, row: Figures) -> None:
    table.add_row(f"{name}, {row['cases']} cases", _count(row), *_values(row), style="bold")
    table.add_section()


def _count(row: Figures) -> str:
    return str(row.get("receipts_true", 0))


def _values(row: Figures, sign: str = "") -> list[str]:
    return [_written(row.get(measure.key), measure.digits, sign) for measure in MEASURES]


def _written(value: float | None, digits: int, sign: str) -> str:
    if value is None:
        return "-"
    unchanged = sign and abs(value) < 0.5 * 10.0**-digits
    return "0" if unchanged else f"{value:{sign}.{digits}f}"


def figures_of(judge: ModuleType, runs: dict[str, list[Scored]]) -> dict[str, dict[str, dict[str, Figures]]]:
    """Return all figures, run by run: of cases, of families and of sources; names of cases begin with their source."""
    out = {}
    for run, scored in runs.items():
        sources = {one.case.source: [s for s in scored if s.case.source == one.case.source] for one in scored}
        rows = {source: families(judge, mine) for source, mine in sources.items()}
        out[run] = {
            "cases": {f"{one.case.source}/{one.case.name}": figures(judge, [one]) for one in scored},
            "families": {f"{source}/{name}": row for source, mine in rows.items() for name, row in mine.items()},
            "totals": {s: figures(judge, mine) for s, mine in sources.items()} | {"all": figures(judge, scored)},
        }
    return out
