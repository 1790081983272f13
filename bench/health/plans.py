"""The faults, each as a plan for one tape and the name of its culprit: the sensor that most depends on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.clock_faults import busiest
from fusion.messages import Frame
from fusion.store import Store
from sensors.faults import Fault

FROM_S: Final = 12.0  # shoppers have come in by then


@dataclass(frozen=True, slots=True)
class Target:
    """The sensor of each kind that has most to say on a tape; "" where there is none."""

    plate: str
    camera: str
    cart: str
    portal: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault and whom it hits."""

    name: str
    whom: Callable[[Target], str]
    fault: Callable[[str], Fault]


def _plate(kind: str, **more: float) -> Trouble:
    def fault(plate: str) -> Fault:
        return Fault(kind, from_s=FROM_S, plates=(plate,), **more)  # type: ignore[arg-type]

    return Trouble(f"plate {kind}", lambda target: target.plate, fault)


def _camera(name: str, kind: str, **more: float) -> Trouble:
    def fault(camera: str) -> Fault:
        return Fault(kind, src=camera, from_s=FROM_S, **more)  # type: ignore[arg-type]

    return Trouble(f"camera {name}", lambda target: target.camera, fault)


TROUBLES: Final = (
    Trouble("none", lambda target: "", lambda name: Fault("drop", p=0.0)),
    _plate("stuck"),
    _plate("dead"),
    _plate("spiking", size=1000.0, p=0.1),
    _plate("drifting", size=1.0),
    _plate("gain", size=0.25),
    _camera("out", "outage"),
    _camera("frozen", "freeze"),
    _camera("300 ms off", "restart", jump_s=0.3),
    _camera("rotated 3 degrees", "rotated", size=3.0),
    Trouble("cart lying", lambda t: t.cart, lambda cart: Fault("lying", src=cart, from_s=FROM_S, p=0.15)),
    Trouble(
        "portal cross-reading",
        lambda t: t.portal,
        lambda portal: Fault("cross-reading", src=portal, from_s=FROM_S, p=0.5),
    ),
)


def target_of(frames: Sequence[Frame], store: Store, truth: Mapping[str, Any]) -> Target:
    """Return the plate most is taken from under the fault, and the camera, cart and portal with most to say."""
    count: dict[str, int] = {}
    begin_s = min((event["t"] for event in truth["events"]), default=0)
    for event in truth["events"]:
        for plate in event["plates"]:
            late = (event["t"] - begin_s) * 1e-9 > FROM_S
            count[plate] = count.get(plate, 0) + (100 if late else 1)
    found = busiest(frames, store, truth["events"])
    plate = max(sorted(count), key=lambda name: count[name], default="")
    portal = store.portals[0][0] if store.portals else ""
    return Target(plate, found.get("camera", ""), found.get("cart", ""), portal)
