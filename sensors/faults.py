"""Faults of sensors and of the network, as data: what goes wrong, where, from when to when.

    drop       a share p of the messages never comes
    delay      a share p comes up to `seconds` later
    reorder    a share p is overtaken by the next message of its source, or waits a second for it in vain
    duplicate  a share p comes twice, the second copy up to `seconds` later
    corrupt    a share p comes with bytes flipped or cut off, and is no message any more
    restart    at `from_s` the sensor is silent for `seconds`, then counts from 0 with its clock stepped by `jump_s`
    freeze     time and counter go on, but what is said is what was said last
    outage     nothing is sent; the counter goes on
    stuck, dead, gain, spiking, drifting, jumping   named plates repeat their last value; say 0 or nothing; are wrong
               by the share `size` in all differences; show single samples `size` grams off in a share p of the
               messages; walk away by `size` grams a second; show `size` grams more from `from_s` on, which they reach
               within `seconds`, or from one sample to the next
    rotated    a ceiling camera has been knocked: it tilts by `size` degrees and does not know
    lying      a cart's camera names its moves at random, and in a share p of its reports sees one that never was
    cross-reading   a portal hears what strangers carry past in the next lane as if it went through, in a share p of
               its messages
    miscounting a gate says in a share p of its messages that somebody came in or went out whom it does not know

For the faults that last, p is the chance that a source, or a plate, has them at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from math import inf, isfinite
from typing import Final

from fusion.store import Problem, Store

WIRE_FAULTS: Final = ("drop", "delay", "reorder", "duplicate", "corrupt", "restart", "freeze", "outage")
PLATE_FAULTS: Final = ("stuck", "dead", "spiking", "gain", "drifting", "jumping")
SENSE_FAULTS: Final = (
    "rotated",
    "lying",
    "cross-reading",
    "miscounting",
)  # all but plates
STORE_FAULTS: Final = (*PLATE_FAULTS, *SENSE_FAULTS)  # only a store says what these do


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    kind: str  # one of WIRE_FAULTS or STORE_FAULTS
    src: str = "*"  # which sources, a pattern as in a shell
    from_s: float = 0.0  # since the scenario or the recording began
    to_s: float = inf
    p: float = 1.0  # share of the messages it happens to
    seconds: float = 0.0  # how long a delay, or a restart, takes at most; a jump, exactly
    plates: tuple[str, ...] = ()  # which plates, patterns; only for PLATE_FAULTS
    size: float = (
        0.0  # of a spike or a jump g, of a wrong gain a share (0.05 is 5 % too much), of a drift g/s, of a tilt deg
    )
    jump_s: float = 0.0  # of the clock after a restart


FaultPlan = tuple[Fault, ...]

SECONDS_MAX: Final = 3600.0  # of a delay, a silence or a step of a clock: times stay times of the same day
SIZES: Final = {"gain": (-1.0, inf), "rotated": (-90.0, 90.0)}  # sizes between which there is such a fault
DEFAULT: Final = Fault("drop")
ANY_KIND: Final = frozenset({"kind", "src", "from_s", "p"})
KEYS: Final = {
    "delay": ANY_KIND | {"to_s", "seconds"},
    "duplicate": ANY_KIND | {"to_s", "seconds"},
    "restart": ANY_KIND | {"seconds", "jump_s"},
    **dict.fromkeys(("drop", "reorder", "corrupt", "freeze", "outage"), ANY_KIND | {"to_s"}),
    **dict.fromkeys(("stuck", "dead"), ANY_KIND | {"to_s", "plates"}),
    **dict.fromkeys(("spiking", "gain", "drifting"), ANY_KIND | {"to_s", "plates", "size"}),
    "jumping": ANY_KIND | {"plates", "size", "seconds"},
    "rotated": ANY_KIND | {"to_s", "size"},
    **dict.fromkeys(("lying", "cross-reading", "miscounting"), ANY_KIND | {"to_s"}),
}  # what means something to each kind
NEEDED: Final = {
    "delay": ("seconds",),
    "stuck": ("plates",),
    "dead": ("plates",),
    "spiking": ("plates", "size"),
    "gain": ("plates", "size"),
    "drifting": ("plates", "size"),
    "jumping": ("plates", "size"),
    "rotated": ("size",),
}


class PlanError(Exception):
    """A fault plan that cannot be used; carries every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")
        self.problems = problems


def check_plan(plan: FaultPlan, store: Store | None = None, *, file: str = "fault plan") -> list[Problem]:
    """Return what is wrong with a plan; with a store also patterns that match nothing there."""
    problems: list[Problem] = []
    for number, fault in enumerate(plan, 1):
        found = _check_values(fault) + (_check_names(fault, store) if store else [])
        problems += [Problem(file, f"fault {number}, key {key}", *rest) for key, *rest in found]
    return problems


def given(fault: Fault) -> list[str]:
    """Return the keys of a fault that are not as if left out."""
    return [field.name for field in fields(fault) if getattr(fault, field.name) != getattr(DEFAULT, field.name)]


Finding = tuple[str, str, str]  # key, expected, received


def _check_values(fault: Fault) -> list[Finding]:
    if fault.kind not in KEYS:
        return [("kind", f"one of {', '.join(WIRE_FAULTS + STORE_FAULTS)}", repr(fault.kind))]
    keys = given(fault)
    least, most = SIZES.get(fault.kind, (-inf, inf))
    found = [(key, f"nothing for {fault.kind}", _shown(fault, key)) for key in keys if key not in KEYS[fault.kind]]
    found += [(key, f"a value for {fault.kind}", "nothing") for key in NEEDED.get(fault.kind, ()) if key not in keys]
    bounds = {
        "from_s": (0.0 <= fault.from_s < inf, "seconds from 0 on"),
        "to_s": (fault.to_s > fault.from_s, f"seconds after from_s = {fault.from_s:g}"),
        "p": (0.0 <= fault.p <= 1.0, "a share from 0 to 1"),
        "seconds": (0.0 <= fault.seconds <= SECONDS_MAX, f"seconds from 0 to {SECONDS_MAX:g}"),
        "size": (
            isfinite(fault.size) and least < fault.size < most,
            "a finite size, over -1 for gain, between -90 and 90 for rotated",
        ),
        "jump_s": (abs(fault.jump_s) <= SECONDS_MAX, f"seconds from -{SECONDS_MAX:g} to {SECONDS_MAX:g}"),
    }
    found += [(key, expected, _shown(fault, key)) for key, (is_right, expected) in bounds.items() if not is_right]
    return found


def _shown(fault: Fault, key: str) -> str:
    return repr(getattr(fault, key))


def _check_names(fault: Fault, store: Store) -> list[Finding]:
    found: list[Finding] = []
    if not matching(fault.src, source_ids(store)):
        found.append(("src", f"a pattern of sources of store {store.store_id}", repr(fault.src)))
    found += [
        ("plates", f"patterns of plates of store {store.store_id}", repr(pattern))
        for pattern in fault.plates
        if not matching(pattern, store.plates.plate_id)
    ]
    return found


def source_ids(store: Store) -> list[str]:
    """Return the names of all sources of a store, sorted."""
    portals = (portal for portal, _ in store.portals)
    names = (*store.plates.controller, *store.cameras.camera_id, *store.carts, *store.gates.gate_id, *portals)
    return sorted(set(names))


def matching(pattern: str, names: Sequence[str]) -> list[str]:
    """Return the names that a pattern as in a shell means."""
    return [name for name in names if fnmatchcase(name, pattern)]
