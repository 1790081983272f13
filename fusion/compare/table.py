"""What differs between two runs, as tables of at most 100 columns."""

from collections.abc import Iterator
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH_MAX: Final = 100
TOLD: Final = ("kind", "sku", "qty", "account", "p", "outcome")  # of an event; other differences are named only
MONEY: Final = frozenset({"amount", "tax", "total"})

Facts = dict[str, Any]


def print_differences(found: Facts, first: str, second: str) -> None:
    """Print what differs; one line where nothing does."""
    console = Console(highlight=False)
    if not console.is_terminal or console.width > WIDTH_MAX:
        console = Console(width=WIDTH_MAX, highlight=False)
    if found["same"]:
        totals = found["totals"]
        text = f"the same: {totals['receipts'][0]} receipts, {totals['events'][0]} events"
        console.print(text, markup=False, soft_wrap=True)
        return
    console.print(f"A {first}\nB {second}", markup=False, soft_wrap=True)
    _print(console, ("totals", "A", "B", "B - A"), _total_rows(found))
    if found["receipts"]:
        _print(console, ("receipt", "what", "A", "B"), _receipt_rows(found))
    if found["events"]:
        _print(console, ("event", "what", "A", "B"), _event_rows(found))


def _print(console: Console, heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> None:
    view = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for head in heads:
        view.add_column(head, overflow="fold", justify="right" if head == "B - A" else "left")
    for row in rows:
        view.add_row(*(Text(cell) for cell in row))  # Text, so that no name is taken for markup
    console.print(view)


def _total_rows(found: Facts) -> Iterator[tuple[str, ...]]:
    for name, (a, b) in found["totals"].items():
        money = name in MONEY
        changed = "" if a == b else f"{(b - a) / 100:+.2f}" if money else f"{b - a:+d}"
        yield name, _cell(name, a), _cell(name, b), changed


def _receipt_rows(found: Facts) -> Iterator[tuple[str, ...]]:
    for row in found["receipts"]:
        whose = _either(row["account"]) or _either(row["trip"])
        if None in row["trip"]:
            side = "only in A" if row["trip"][1] is None else "only in B"
            status, total = (_either(row["fields"].get(k, [None, None])) for k in ("status", "total"))
            yield whose, side, *_on_side(row["trip"], f"{status}, {_cell('total', total)}")
            whose = ""
        else:
            for name, (a, b) in row["fields"].items():
                yield whose, name, _cell(name, a), _cell(name, b)
                whose = ""
        for line in row["lines"]:
            yield whose, line["sku"], *(_line(line["fields"], side) for side in (0, 1))
            whose = ""


def _line(fields: Facts, side: int) -> str:
    parts = []
    for name, pair in fields.items():
        if name == "events" or pair[side] is None:
            continue
        parts.append(f"{name} {_cell(name, pair[side])}")
    behind = "other changes behind it" if "events" in fields and len(fields) == 1 else "-"
    return ", ".join(parts) or behind


def _event_rows(found: Facts) -> Iterator[tuple[str, ...]]:
    for row in found["events"]:
        name = _either(row["event"])
        if None in row["event"]:
            side = "only in A" if row["event"][1] is None else "only in B"
            said = " ".join(_cell(k, _either(row["fields"][k])) for k in TOLD if k in row["fields"])
            yield name, side, *_on_side(row["event"], said)
            continue
        for k in TOLD:
            if k in row["fields"]:
                yield name, k, *(_cell(k, value) for value in row["fields"][k])
                name = ""
        others = [k for k in row["fields"] if k not in TOLD]
        if others:
            yield name, "also", ", ".join(others), ""


def _on_side(pair: list[Any], text: str) -> tuple[str, str]:
    return ("-", text) if pair[0] is None else (text, "-")


def _either(pair: list[Any]) -> Any:
    return pair[0] if pair[0] is not None else pair[1]


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name in MONEY:
        return f"{value / 100:.2f}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
