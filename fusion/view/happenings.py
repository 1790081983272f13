"""Events and receipts: lines of a log, and marks in the scene where goods moved."""

from collections.abc import Iterator

from foxglove_schemas_protobuf.Log_pb2 import Log
from foxglove_schemas_protobuf.SceneEntity_pb2 import SceneEntity
from foxglove_schemas_protobuf.SceneUpdate_pb2 import SceneUpdate
from foxglove_schemas_protobuf.SpherePrimitive_pb2 import SpherePrimitive
from foxglove_schemas_protobuf.TextPrimitive_pb2 import TextPrimitive
from foxglove_schemas_protobuf.Vector3_pb2 import Vector3

from fusion.explain_facts import Names
from fusion.explain_verdict import Row
from fusion.outfolder import Out
from fusion.store import Store
from fusion.view.places import WORLD, colour, colours, lasting, pose, stamp

SHOWN_S = 6.0  # a mark stays so long
DOUBTED = ("ambiguous", "unclaimed")


def log_lines(out: Out, names: Names) -> Iterator[tuple[int, Log]]:
    """Yield a line for each event and receipt, at the time it was made; doubts are warnings."""
    for event in out.events:
        doubt = event["outcome"] in DOUBTED
        yield int(event["t1"]), _line(int(event["t1"]), f"{told(event, names)}, {event['outcome']}", "events", doubt)
    for receipt in out.receipts:
        closed = receipt["closed"] if receipt["closed"] is not None else receipt["left"] or receipt["entered"]
        text = f"{receipt['account'] or receipt['trip']}: {receipt['status']}, {receipt['total'] / 100:.2f}"
        text += f", p {receipt['confidence']:.3f}, {sum(line['qty'] for line in receipt['lines'])} pieces"
        yield int(closed), _line(int(closed), text, "receipts", receipt["status"] != "settled")


def told(event: Row, names: Names) -> str:
    """Say an event."""
    verb = "took" if event["kind"] == "pick" else "put back"
    name = names.get(event["sku"], event["sku"])
    return f"{event['account'] or 'nobody known'} {verb} {event['qty']} x {name}, p {event['p']:.3f}"


def marks(out: Out, store: Store, names: Names) -> Iterator[tuple[int, SceneUpdate]]:
    """Yield a ball and a text at the plates of each event."""
    look = colours([event["account"] for event in out.events])
    at = dict(zip(store.plates.plate_id, store.plates.centre.tolist(), strict=True))
    for event in out.events:
        places = [at[plate] for plate in event["plates"] if plate in at]
        if not places:
            continue
        x, y, z = (sum(axis) / len(places) for axis in zip(*places, strict=True))
        t_ns, shade = int(event["t1"]), look[event["account"]]
        entity = SceneEntity(timestamp=stamp(t_ns), frame_id=WORLD, id=event["event"], lifetime=lasting(SHOWN_S))
        ball = SpherePrimitive(pose=pose(x, y, z), size=Vector3(x=0.12, y=0.12, z=0.12), color=colour(shade))
        entity.spheres.append(ball)
        text = TextPrimitive(pose=pose(x, y, z + 0.2), billboard=True, font_size=0.14, text=told(event, names))
        text.color.CopyFrom(colour(shade))
        entity.texts.append(text)
        yield t_ns, SceneUpdate(entities=[entity])


def _line(t_ns: int, message: str, name: str, warns: bool) -> Log:
    return Log(timestamp=stamp(t_ns), level=Log.WARNING if warns else Log.INFO, message=message, name=name)
