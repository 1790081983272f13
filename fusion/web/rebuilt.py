"""The scene log of a run that was made without one, from what it left in its folder: paths, events, receipts,
health.

It shows less than one written beside the engine: no reaches, carts, plates, baskets and rates, everybody where the
tracks have them in the light of the whole visit, and what was said at the time that it is about.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import polars as pl

from fusion.outfolder import Out, read_out, read_rows
from fusion.web.recorder import FOLDER, SCENE_NS
from fusion.web.said import EVENT_TIMES, in_ms, mode_body, receipt_body_of
from fusion.web.scene_file import segments_of
from fusion.web.scene_writer import SceneWriter
from fusion.web.times import ms_of

ENDED: Final = "run.json"  # a run that has none goes on
GAP_NS: Final = 5 * SCENE_NS  # nobody was there: one empty scene says so


def rebuild(folder: Path) -> bool:
    """Write the log of a run that has ended and has none; tell whether one was written.

    Raises FolderError where the folder is not one of a run.
    """
    if segments_of(folder / FOLDER) or not (folder / ENDED).is_file():
        return False
    out, part = read_out(folder), folder / f"{FOLDER}.part"
    log = SceneWriter(part)
    for t_ns, message in sorted(
        (*_scenes(out), *_said(out), *_health(folder)), key=lambda one: (one[0], one[1]["kind"] == "said")
    ):
        (log.scene if message["kind"] == "scene" else log.said)(t_ns, message)
    log.end()
    (folder / FOLDER).mkdir(exist_ok=True)
    part.replace(folder / FOLDER)
    return True


def _scenes(out: Out) -> Iterator[tuple[int, dict[str, Any]]]:
    last_ns = 0
    for (t_ns,), rows in out.tracks.sort("t", "track").partition_by("t", as_dict=True, maintain_order=True).items():
        if last_ns and t_ns - last_ns > GAP_NS:
            yield last_ns + SCENE_NS, _scene(last_ns + SCENE_NS, [])
        last_ns = t_ns
        rows = rows.with_columns(pl.col("x", "y").cast(pl.Float64).round(2))
        where = rows.select("track", "x", "y", "account").iter_rows()
        yield t_ns, _scene(t_ns, [[track, x, y, 0.0, account, 1.0, None, None] for track, x, y, account in where])
    if last_ns:
        yield last_ns + SCENE_NS, _scene(last_ns + SCENE_NS, [])


def _scene(t_ns: int, people: list[list[Any]]) -> dict[str, Any]:
    return {"kind": "scene", "t": ms_of(t_ns), "people": people, "carts": [], "reaches": [], "plates": []}


def _said(out: Out) -> Iterator[tuple[int, dict[str, Any]]]:
    for event in out.events:
        yield event["t1"], _one(event["t1"], "event", in_ms(event, EVENT_TIMES))
    last_ns = max((event["t1"] for event in out.events), default=0)
    for receipt in out.receipts:
        t_ns = receipt["closed"] or max(last_ns, receipt["entered"])
        yield t_ns, _one(t_ns, "receipt", receipt_body_of(receipt))


def _health(folder: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for row in read_rows(folder / "health.jsonl", ("t",)):
        if "mode" in row:
            yield row["t"], _one(row["t"], "mode", mode_body(row["mode"], row["blind"], row["reasons"]))
        else:
            body = {"src": row["src"], "state": row["state"], "text": row["text"], "t": ms_of(row["t"])}
            yield row["t"], _one(row["t"], "health", body)


def _one(t_ns: int, what: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "said", "t": ms_of(t_ns), "what": what, "body": body}
