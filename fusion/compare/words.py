"""A comparison as lines of the terminal, 100 columns at most."""

import textwrap
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from fusion.compare.differences import Said

WIDTH = 100
SHOWN_MAX = 60  # events that differ, told one by one


def compared_words(said: Said) -> list[str]:
    """Say what changed: receipts, events, totals."""
    lines = [*_fit(f"A {said['a']}"), *_fit(f"B {said['b']}")]
    for what, count in said["compared"].items():
        lines.append(f"{len(said[what])} of {count} {what} differ")
    for one in said["receipts"]:
        lines += ["", *_receipt(one)]
    if said["events"]:
        lines += ["", "Events"]
        lines += [line for one in said["events"][:SHOWN_MAX] for line in _event(one)]
        if len(said["events"]) > SHOWN_MAX:
            lines.append(f"  and {len(said['events']) - SHOWN_MAX} more: --json and --html have them all")
    return [*lines, "", *_totals(said)]


def _receipt(one: Said) -> list[str]:
    head = one["account"] or f"trip {one['trip']}"
    told = [f"{head}: {', '.join(one['what'])}{_right(one['right'])}"]
    told += [f"  {'status':34} {_both(one['status'], str)}"] if _differs(one["status"]) else []
    for line in one["lines"]:
        name = textwrap.shorten(line["name"], 32, placeholder="…")
        parts = [f"qty {_both(line['qty'], str)}"] if _differs(line["qty"]) else []
        parts += [f"g {_both(line['g'], '{:.0f}'.format)}"] if _differs(line["g"]) else []
        parts += [_both(line["amount"], _money)] if _differs(line["amount"]) else []
        parts += [f"p {_both(line['confidence'], _p)}"] if _differs(line["confidence"]) else []
        told.append(f"  {name:34} {'  '.join(parts)}")
    told += [f"  {'tax':34} {_both(one['tax'], _money)}"] if _differs(one["tax"]) else []
    told += [f"  {'total':34} {_both(one['total'], _money)}"] if _differs(one["total"]) else []
    told += [f"  {'confidence':34} {_both(one['confidence'], _p)}"] if _differs(one["confidence"]) else []
    return [row for line in told for row in _fit(line)]


def _event(one: Said) -> list[str]:
    at = datetime.fromtimestamp(one["t"] // 10**9, UTC).strftime("%H:%M:%S")
    head = f"  {at} {' '.join(one['plates'])}: {', '.join(one['what'])}{_right(one['right'])}"
    a, b = one["said"]
    if a == b:
        outcome = f", {_both(one['outcome'], str)}" if _differs(one["outcome"]) else ""
        return [*_fit(head), *_fit(f"    {a}, p {_both(one['p'], _p)}{outcome}")]
    sides = zip("AB", one["said"], one["p"], one["outcome"], strict=True)
    return [
        *_fit(head),
        *(row for side, told, p, outcome in sides if told for row in _fit(f"    {side} {told}, p {_p(p)}, {outcome}")),
    ]


def _totals(said: Said) -> list[str]:
    a, b = said["totals"]["a"], said["totals"]["b"]
    lines = [f"{'':20} {'A':>14} {'B':>14} {'B - A':>14}"]
    for key in a:
        show: Callable[[Any], str] = _money if key.startswith("cents") else str
        name = key.replace("cents", "money")
        if a[key] or b[key]:
            lines.append(f"{name:20} {show(a[key]):>14} {show(b[key]):>14} {_signed(b[key] - a[key], show):>14}")
    return lines


def _right(right: Sequence[bool | None]) -> str:
    told = {True: "right", False: "wrong", None: "-"}
    return f" ({told[right[0]]} -> {told[right[1]]})" if right != [None, None] else ""


def _differs(pair: Sequence[Any]) -> bool:
    return bool(pair[0] != pair[1])


def _both(pair: Sequence[Any], show: Callable[[Any], str]) -> str:
    a, b = ("-" if value is None else show(value) for value in pair)
    return f"{a} -> {b}" if a != b else a


def _fit(text: str) -> list[str]:
    indent = text[: len(text) - len(text.lstrip())]
    fitted = textwrap.wrap(text.rstrip(), WIDTH, subsequent_indent=f"{indent}    ", replace_whitespace=False)
    return fitted if len(text) > WIDTH else [text.rstrip()]


def _p(p: float) -> str:
    return f"{p:.3f}"


def _money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _signed(value: int, show: Callable[[Any], str]) -> str:
    return f"+{show(value)}" if value > 0 else show(value)
