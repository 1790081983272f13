"""The faults, each as a plan for one tape and the name of its culprit: the sensor that most depends on.

All begin when shoppers have come in, but one: a plate whose gain goes wrong during the day, in the middle of a longer
tape. By then the store knows what its goods weigh; a plate that was wrong from the start is told from goods that are
off by many picks, on the longer tape, or in doubt (telling.py).

A plate that jumps does so by just a piece of its goods, which is the worst for whoever is near: every few seconds,
whoever is there, or whenever somebody takes something beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bench.clock_faults import busiest
from fusion.arrays import Floats
from fusion.config import SECOND_NS
from fusion.messages import Frame, Plates
from fusion.store import Store
from fusion.wire import decode
from sensors.faults import Fault, FaultPlan

FROM_S: Final = 12.0  # shoppers have come in by then
JUMP_S: Final = 6.0  # between two jumps of a plate
SLOWLY_S: Final = 0.05  # in which a converter that filters goes to another level
CLEAR: Final = 4.0  # times what samples differ by: a step so large stands out among them
BESIDE_M: Final = 0.6  # a plate so near to what somebody takes has their hand beside it


@dataclass(frozen=True, slots=True)
class Target:
    """The sensor of each kind that has most to say on a tape; "" where there is none."""

    plate: str
    lasting: str  # the plate most is taken from both before and under the fault, of goods sold by the piece
    camera: str
    cart: str
    portal: str
    gate: str
    beside: str  # the plate beside which most is taken, of those whose samples do not hide a piece of their goods


@dataclass(frozen=True, slots=True)
class Scene:
    """Whom a fault hits on a tape, and what there is to hit."""

    culprit: str
    from_s: float
    to_s: float  # when the tape ends
    piece_g: float = 0.0  # of the goods of a plate that is sold by the piece
    beside_s: tuple[float, ...] = ()  # when something is taken beside a plate, and not from it


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault and whom it hits."""

    name: str
    whom: Callable[[Target], str]
    faults: Callable[[Scene], FaultPlan]
    long: bool = False  # on the longer tape
    midway: bool = False  # from its middle on


def _plate(kind: str, name: str = "", long: bool = False, midway: bool = False, **more: float) -> Trouble:
    def faults(scene: Scene) -> FaultPlan:
        return (Fault(kind, from_s=scene.from_s, plates=(scene.culprit,), **more),)  # type: ignore[arg-type]

    whom: Callable[[Target], str] = (lambda target: target.lasting) if long else (lambda target: target.plate)
    return Trouble(f"plate {name or kind}", whom, faults, long, midway)


def _camera(name: str, kind: str, **more: float) -> Trouble:
    def faults(scene: Scene) -> FaultPlan:
        return (Fault(kind, src=scene.culprit, from_s=scene.from_s, **more),)  # type: ignore[arg-type]

    return Trouble(f"camera {name}", lambda target: target.camera, faults)


def _jumps(within_s: float, every_s: float = JUMP_S) -> Callable[[Scene], FaultPlan]:
    """Return what makes a plate jump every few seconds, up or down by turns."""

    def faults(scene: Scene) -> FaultPlan:
        times_s = np.arange(scene.from_s, scene.to_s, every_s).tolist()
        return tuple(_jump(scene, t_s, (-1) ** (k + 1), within_s) for k, t_s in enumerate(times_s))

    return faults


def _jumps_beside_hands(scene: Scene) -> FaultPlan:
    """Return what makes a plate lose a piece whenever somebody takes something beside it."""
    return tuple(_jump(scene, t_s, -1, 0.0) for t_s in scene.beside_s)


def _jump(scene: Scene, at_s: float, sign: int, within_s: float) -> Fault:
    return Fault("jumping", from_s=at_s, plates=(scene.culprit,), size=sign * scene.piece_g, seconds=within_s)


TROUBLES: Final = (
    Trouble("none", lambda target: "", lambda scene: ()),
    Trouble("none, long", lambda target: "", lambda scene: (), long=True),
    _plate("stuck"),
    _plate("dead"),
    _plate("spiking", size=1000.0, p=0.1),
    _plate("drifting", size=1.0),
    _plate("gain", name="gain from the start", size=0.25),
    _plate("gain", name="gain from the start, long", long=True, size=0.25),
    _plate("gain", name="gain during the day", long=True, midway=True, size=0.25),
    Trouble("plate jumping", lambda target: target.beside, _jumps(0.0)),
    Trouble("plate jumping slowly", lambda target: target.beside, _jumps(SLOWLY_S)),
    Trouble("plate jumping slowly, long", lambda target: target.beside, _jumps(SLOWLY_S, 10.0 * JUMP_S), long=True),
    Trouble("plate jumping beside hands", lambda target: target.beside, _jumps_beside_hands),
    _camera("out", "outage"),
    _camera("frozen", "freeze"),
    _camera("300 ms off", "restart", jump_s=0.3),
    _camera("rotated 3 degrees", "rotated", size=3.0),
    Trouble("cart lying", lambda t: t.cart, lambda s: (Fault("lying", src=s.culprit, from_s=s.from_s, p=0.15),)),
    Trouble(
        "portal cross-reading",
        lambda t: t.portal,
        lambda s: (Fault("cross-reading", src=s.culprit, from_s=s.from_s, p=0.5),),
    ),
    Trouble(
        "gate miscounting",
        lambda t: t.gate,
        lambda s: (Fault("miscounting", src=s.culprit, from_s=s.from_s, p=0.15),),
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
    pieces_g, names = _pieces_g(store), sorted(picked)
    plate = max(names, key=lambda name: picked[name][::-1], default="")
    lasting = max((n for n in names if n in pieces_g), key=lambda n: (min(picked[n]), picked[n][1]), default="")
    noise_g = _noise_g(frames, store)
    clear = sorted(name for name, piece_g in pieces_g.items() if piece_g > CLEAR * noise_g.get(name, 0.0))
    most = {name: len(_beside_s(name, frames, store, truth, from_s)) for name in clear}
    beside = max(most, key=most.__getitem__, default="")
    found = busiest(frames, store, truth["events"])
    portal = store.portals[0][0] if store.portals else ""
    gate = next(iter(store.gates.gate_id), "")
    return Target(plate, lasting, found.get("camera", ""), found.get("cart", ""), portal, gate, beside)


def scene_of(culprit: str, frames: Sequence[Frame], store: Store, truth: Mapping[str, Any], from_s: float) -> Scene:
    """Return what a fault that hits a culprit finds on a tape."""
    to_s = (frames[-1].arrival_ns - frames[0].arrival_ns) / SECOND_NS
    if culprit not in store.plates.plate_id:
        return Scene(culprit, from_s, to_s)
    beside_s = _beside_s(culprit, frames, store, truth, from_s)
    return Scene(culprit, from_s, to_s, _pieces_g(store).get(culprit, 0.0), beside_s)


def _pieces_g(store: Store) -> dict[str, float]:
    """Return the plates on which goods are sold by the piece, and what the lightest of these weighs."""
    by_piece = ~store.products.by_weight
    out = dict[str, float]()
    for product, plates in zip(store.facings.product.tolist(), store.facings.plates, strict=True):
        for name in (store.plates.plate_id[plate] for plate in plates if by_piece[product]):
            out[name] = min(out.get(name, np.inf), float(store.products.mass_g[product]))
    return out


def _noise_g(frames: Sequence[Frame], store: Store) -> dict[str, float]:
    """Return by how much the samples of each plate differ from one to the next, g, all but one in twenty."""
    shown = dict[str, list[Floats]]()
    for frame in frames:
        if isinstance(message := decode(frame.topic, frame.payload), Plates):
            shown.setdefault(message.src, []).append(np.diff(message.g, axis=0))
    most = {src: np.quantile(np.abs(np.concatenate(each)), 0.95, axis=0) for src, each in shown.items()}
    table = zip(store.plates.plate_id, store.plates.controller, store.plates.channel.tolist(), strict=True)
    return {name: float(most[src][channel]) for name, src, channel in table if src in most}


def _beside_s(
    plate: str, frames: Sequence[Frame], store: Store, truth: Mapping[str, Any], from_s: float
) -> tuple[float, ...]:
    """Return when, s from the first message, something is taken beside a plate and not from it."""
    row = {name: at for at, name in enumerate(store.plates.plate_id)}
    place = store.plates.centre
    times = []
    for event in truth["events"]:
        t_s = (event["t"] - frames[0].arrival_ns) / SECOND_NS
        if event["kind"] == "pick" and t_s >= from_s and plate not in event["plates"]:
            far_m = [np.linalg.norm(place[row[one]] - place[row[plate]]) for one in event["plates"]]
            times += [t_s] if far_m and min(far_m) < BESIDE_M else []
    return tuple(sorted(times))
