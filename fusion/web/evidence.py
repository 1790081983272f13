"""The evidence of one event as a page draws it: plate traces, hand distances, paths, alternatives, words.

The facts and words are those of `aisle explain`; the paths come from the scene log.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from fusion.config import SECOND_NS
from fusion.explain_facts import Folder, Names, event_facts, told
from fusion.explain_words import event_words
from fusion.web.lines import OutLines
from fusion.web.said import EVENT_TIMES, in_ms
from fusion.web.scene_log import SceneLog
from fusion.web.times import ms_of

AROUND_NS: Final = 3 * SECOND_NS
NOT_SETTLED: Final = "Read as it looked at first; the evidence is written when the trip closes."
Row = Mapping[str, Any]


def evidence_of(id_: str, files: OutLines, log: SceneLog, names: Names) -> dict[str, Any] | None:
    """Return the evidence of an event, None where nothing of that id has happened."""
    event, row = files.event(id_), files.evidence(id_)
    if event is None and row is None:
        return None
    said = {"event": id_} if event is None else in_ms(event, EVENT_TIMES)
    if row is None:
        assert event is not None
        others = [{"words": _guess(other, names), "p": other["p"]} for other in event["alternatives"]]
        return _answer(said, alternatives=others, words=[NOT_SETTLED])
    decided, *rest = row["readings"]
    events = () if event is None else (event,)
    at_ms = ms_of(row["t"])
    return _answer(
        said,
        plates=[{"plate": one["plate"], "t": _ms(one["t"], at_ms), "grams": one["g"]} for one in row.get("plates", ())],
        hands=[
            {**_whose(one), "t": _ms(one["hand"]["t"], at_ms), "distance": one["hand"]["m"]}
            for one in row.get("people", ())
            if one.get("hand") and one["hand"]["t"]
        ],
        floor=[{**_whose(one), **path} for one, path in _paths(row, log)],
        alternatives=[{"words": told(one, row["kind"], names), "p": one["p"]} for one in rest if one["p"] is not None],
        witnesses=[{"name": name, "nats": nats} for name, nats in decided["why"].items()],
        words=event_words(event_facts(row, Folder((), events, ()), names)),
    )


def _answer(event: Row, **found: list[Any]) -> dict[str, Any]:
    parts = ("plates", "hands", "floor", "alternatives", "witnesses", "words")
    return {"event": event, **{part: found.get(part, []) for part in parts}}


def _guess(other: Row, names: Names) -> str:
    verb = {"pick": "took", "put": "put back"}[other["kind"]]
    return f"{other['account'] or 'nobody known'} {verb} {other['qty']} x {names.get(other['sku'], other['sku'])}"


def _whose(person: Row) -> dict[str, Any]:
    return {"track": person["track"], "account": person["account"]}


def _ms(seconds: list[float], at_ms: float) -> list[float]:
    """Return instants that were told in seconds after a step."""
    return [round(at_ms + 1000.0 * s, 3) for s in seconds]


def _paths(row: Row, log: SceneLog) -> list[tuple[Row, dict[str, list[float]]]]:
    """Return where everybody near went around a step; one point where no scene tells."""
    people = row.get("people", ())
    places: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for text in log.scenes(row["t"] - AROUND_NS, row["t"] + AROUND_NS) if people else ():
        for track, x, y, *_ in msgspec.json.decode(text)["people"]:
            places[track].append((x, y))
    paths = [(one, places.get(one["track"]) or [tuple(one["xy"])]) for one in people]
    return [(one, {"x": [x for x, _ in path], "y": [y for _, y in path]}) for one, path in paths]
