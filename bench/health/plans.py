"""The faults, each as a plan for one tape and the name of its culprit: the sensor that most depends on.

All begin when shoppers have come in, but one: a plate whose gain goes wrong during the day, in the middle of a longer
tape. By then the store knows what its goods weigh; a plate that was wrong from the start is told from goods that are
off by many picks, on the longer tape, or in doubt (telling.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.clock_faults import busiest
from fusion.config import SECOND_NS
from fusion.messages import Frame
from fusion.store import Store
from sensors.faults import Fault

FROM_S: Final = 12.0  # shoppers have come in by then


@dataclass(frozen=True, slots=True)
class Target:
    """The sensor of each kind that has most to say on a tape; "" where there is none."""

    plate: str
    lasting: str  # the plate most is taken from both before and under the fault, of goods sold by the piece
    camera: str
    cart: str
    portal: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault and whom it hits."""

    name: str
    whom: Callable[[Target], str]
    fault: Callable[[str, float], Fault]  # the culprit, and from when on, s
    long: bool = False  # on the longer tape
    midway: bool = False  # from its middle on


def _plate(kind: str, name: str = "", long: bool = False, midway: bool = False, **more: float) -> Trouble:
    def fault(plate: str, from_s: float) -> Fault:
        return Fault(kind, from_s=from_s, plates=(plate,), **more)  # type: ignore[arg-type]

    whom: Callable[[Target], str] = (lambda target: target.lasting) if long else (lambda target: target.plate)
    return Trouble(f"plate {name or kind}", whom, fault, long, midway)


def _camera(name: str, kind: str, **more: float) -> Trouble:
    def fault(camera: str, from_s: float) -> Fault:
        return Fault(kind, src=camera, from_s=from_s, **more)  # type: ignore[arg-type]

    return Trouble(f"camera {name}", lambda target: target.camera, fault)


TROUBLES: Final = (
    Trouble("none", lambda target: "", lambda name, from_s: Fault("drop", p=0.0)),
    Trouble("none, long", lambda target: "", lambda name, from_s: Fault("drop", p=0.0), long=True),
    _plate("stuck"),
    _plate("dead"),
    _plate("spiking", size=1000.0, p=0.1),
    _plate("drifting", size=1.0),
    _plate("gain", name="gain from the start", size=0.25),
    _plate("gain", name="gain from the start, long", long=True, size=0.25),
    _plate("gain", name="gain during the day", long=True, midway=True, size=0.25),
    _camera("out", "outage"),
    _camera("frozen", "freeze"),
    _camera("300 ms off", "restart", jump_s=0.3),
    _camera("rotated 3 degrees", "rotated", size=3.0),
    Trouble("cart lying", lambda t: t.cart, lambda cart, from_s: Fault("lying", src=cart, from_s=from_s, p=0.15)),
    Trouble(
        "portal cross-reading",
        lambda t: t.portal,
        lambda portal, from_s: Fault("cross-reading", src=portal, from_s=from_s, p=0.5),
    ),
)


def begin_s(trouble: Trouble, frames: Sequence[Frame], truth: Mapping[str, Any]) -> float:
    """Return when a fault begins, s from the first message: in the middle of what happens on a long tape."""
    if not trouble.midway:
        return FROM_S
    times = sorted(event["t"] for event in truth["events"])
    return float((times[len(times) // 2] - frames[0].arrival_ns) / SECOND_NS)


def target_of(frames: Sequence[Frame], store: Store, truth: Mapping[str, Any], from_s: float = FROM_S) -> Target:
    """Return the plates most is taken from, and the camera, cart and portal with most to say."""
    begin_ns = frames[0].arrival_ns if frames else 0
    picked = {name: [0, 0] for name in store.plates.plate_id}  # before the fault, and under it
    for event in truth["events"]:
        for plate in event["plates"]:
            picked[plate][(event["t"] - begin_ns) / SECOND_NS > from_s] += 1
    by_piece = {
        store.plates.plate_id[plate]
        for product, plates in zip(store.facings.product.tolist(), store.facings.plates, strict=True)
        for plate in plates
        if not store.products.by_weight[product]
    }
    names = sorted(picked)
    plate = max(names, key=lambda name: picked[name][::-1], default="")
    lasting = max((n for n in names if n in by_piece), key=lambda n: (min(picked[n]), picked[n][1]), default="")
    found = busiest(frames, store, truth["events"])
    portal = store.portals[0][0] if store.portals else ""
    return Target(plate, lasting, found.get("camera", ""), found.get("cart", ""), portal)
