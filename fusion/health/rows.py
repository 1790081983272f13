"""Health as it is told outside: lines of health.jsonl and of the bus, a summary for run.json."""

import json
from collections.abc import Iterable
from typing import Any

from fusion.health.findings import state_of
from fusion.health.modes import Mode
from fusion.health.stage import Watch
from fusion.messages import Health


def health_row(one: Health) -> str:
    """Return what is said of a sensor as one line of JSON."""
    return json.dumps({"t": one.t_ns, "src": one.src, "state": one.state, "text": one.text})


def mode_row(mode: Mode, store_id: str) -> str:
    """Return the mode of a store as one line of JSON."""
    fields = {"t": mode.t_ns, "store": store_id, "mode": mode.mode, "blind": mode.blind, "reasons": mode.reasons}
    return json.dumps(fields)


def health_rows(health: Iterable[Health], modes: Iterable[Mode], store_id: str) -> tuple[str, ...]:
    """Return the lines of health.jsonl, sensors before the mode that follows from them."""
    return (*(health_row(one) for one in health), *(mode_row(one, store_id) for one in modes))


def unwell(watch: Watch) -> tuple[Health, ...]:
    """Return a message about every sensor that is not well, sorted by name."""
    return tuple(
        Health(sensor, 0, watch.looked_ns, state_of(found), "; ".join(f.text for f in found))
        for sensor, found in sorted(watch.told.items())
    )


def standing(watch: Watch) -> tuple[Health, ...]:
    """Return a message about every sensor of which something is told now, suspects too."""
    suspects = tuple(Health(name, 0, watch.looked_ns, "ok", words) for name, words in sorted(watch.suspects.items()))
    return (*unwell(watch), *suspects)


def summary(watch: Watch) -> dict[str, Any]:
    """Return the mode, every sensor that is not well and every plate that may weigh wrong, for run.json."""
    sensors = {one.src: {"state": one.state, "text": one.text} for one in unwell(watch)}
    return {
        "mode": watch.mode.mode,
        "blind": list(watch.mode.blind),
        "reasons": list(watch.mode.reasons),
        "sensors": sensors,
        "suspects": dict(watch.suspects),
    }
