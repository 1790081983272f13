"""What run.json says, as rows of the page: seconds, messages, notes, limits, clocks."""

from typing import Any

from fusion.outputs import Row

Facts = dict[str, Any]


def run_facts(run: Row, receipts: tuple[Row, ...]) -> Facts:
    """Return the figures of a run; empty parts where it has not ended or says nothing."""
    messages = _map(run.get("messages"))
    clocks = {src: _map(clock) for src, clock in _map(run.get("clocks")).items()}
    return {
        "ended": bool(run),
        "seconds": _map(run.get("seconds")),
        "latency": _map(run.get("latency")),
        "messages": {k: v for k, v in messages.items() if k != "dropped"},
        "dropped": {k: v for k, v in _map(messages.get("dropped")).items() if v},
        "notes": _map(run.get("notes")),
        "limits": _map(run.get("limits")),
        "faults": [str(one) for one in run.get("ledger_faults") or ()],
        "clocks": clocks,
        "versions": _map(run.get("versions")),
        "config": run.get("config"),
        "ledger": run.get("ledger"),
        "wait_s": waits_s(receipts),
    }


def waits_s(receipts: tuple[Row, ...]) -> list[float]:
    """Return how long after leaving each receipt was closed, in seconds of store time, shortest first."""
    pairs = [(r["left"], r["closed"]) for r in receipts if r["left"] is not None and r["closed"] is not None]
    return sorted(round((closed - left) / 1e9, 2) for left, closed in pairs)


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
