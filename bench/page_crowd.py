"""More people for the page than were in the store at once: scenes of several instants, laid over each other.

Tracks and accounts of each layer have names of their own; what is said stays as it was. The result is a log as
`fusion.web` writes it, in a folder beside links to all else that the run wrote.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from fusion.config import SECOND_NS
from fusion.web.recorder import FOLDER
from fusion.web.scene_file import Kind
from fusion.web.scene_log import SceneLog
from fusion.web.scene_writer import SceneWriter
from fusion.web.times import ms_of

TRACKS = 1_000_000  # a layer's tracks begin at a multiple of it


def crowded(out: Path, to: Path, layers: int, apart_s: float) -> int:
    """Write a log of so many layers, each so much later in the run, into `to`; return the most people in a scene."""
    to.mkdir(parents=True)
    for one in out.iterdir():
        if one.name != FOLDER:
            (to / one.name).symlink_to(one.resolve())
    log, most = SceneLog(out / FOLDER), 0
    span = log.span()
    writer = SceneWriter(to / FOLDER)
    ahead_ns = [round(layer * apart_s * SECOND_NS) for layer in range(layers)]
    cursors = [log.at(span.from_ns + ns)[1] for ns in ahead_ns]
    last: list[Any] = [None] * layers
    for record in cursors[0].read(span.to_ns - ahead_ns[-1]):
        text = msgspec.json.decode(record.text) if record.text else None
        if record.kind is Kind.SCENE:
            for layer, cursor in enumerate(cursors[1:], 1):
                for later in cursor.read(record.t_ns + ahead_ns[layer]):
                    last[layer] = msgspec.json.decode(later.text) if later.kind is Kind.SCENE else last[layer]
            scene = overlaid([text, *last[1:]], ms_of(record.t_ns))
            most = max(most, len(scene["people"]))
            writer.scene(record.t_ns, scene)
        elif record.kind is Kind.SAID:
            writer.said(record.t_ns, text)
        elif record.kind is Kind.RATES:
            writer.rates(record.t_ns, text)
    writer.end()
    for cursor in cursors:
        cursor.close()
    return most


def overlaid(scenes: Sequence[dict[str, Any] | None], t_ms: float) -> dict[str, Any]:
    """Return one scene of several; t_ms is its time."""
    found: dict[str, Any] = {"kind": "scene", "t": t_ms, "people": [], "carts": [], "reaches": [], "plates": []}
    busy: dict[int, float] = {}
    for layer, scene in enumerate(scenes):
        if scene is None:
            continue
        base, mark = layer * TRACKS, f"-{layer}" if layer else ""
        for track, x, y, sd, account, p, cart, party in scene["people"]:
            who = None if account is None else account + mark
            found["people"].append([track + base, x, y, sd, who, p, cart, party])
        found["carts"] += [[f"{cart}{mark}", x, y, who and who + mark] for cart, x, y, who in scene["carts"]]
        found["reaches"] += [[track + base, *rest] for track, *rest in scene["reaches"]]
        busy |= dict(scene["plates"])
    found["plates"] = [[plate, grams] for plate, grams in sorted(busy.items())]
    return found
