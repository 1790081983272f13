"""Where the time of a replay goes: every function that the engine takes from a stage's package is timed.

The engine composes stages and calls each by name. While a replay is watched these names lead to timed functions; what
a timed function calls is its own time, and what nobody watches (the composing itself) is the rest.
"""

import inspect
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, Final, TypeAlias, TypeVar

import fusion.engine
import fusion.session
import fusion.settlement
from fusion.intake import Sequencer
from fusion.session import Session

READING, INTAKE, TRACKING, SHELF = "reading", "intake", "tracking", "shelf"
ATTRIBUTION, CHECKOUT, WRITING, REST = "attribution", "checkout", "writing", "the rest"
STAGES: Final = (READING, INTAKE, TRACKING, SHELF, ATTRIBUTION, CHECKOUT, WRITING, REST)
STAGE_OF: Final = {  # by the package a function comes from
    "fusion.wire": INTAKE,
    "fusion.intake": INTAKE,
    "fusion.clock_steps": INTAKE,
    "fusion.tracking": TRACKING,
    "fusion.shelf": SHELF,
    "fusion.attribution": ATTRIBUTION,
    "fusion.checkout": CHECKOUT,
    "fusion.ledger": WRITING,
}
COMPOSING: Final = (fusion.engine, fusion.settlement, fusion.session)
FUNCTIONS: Final = (  # by the place they are looked up in
    (fusion.engine, "_people", ATTRIBUTION),  # who was who, as only attribution asks
    (Sequencer, "push", INTAKE),
    (Sequencer, "flush", INTAKE),
    (Session, "_write", WRITING),
    (Session, "_reject", WRITING),
    (Session, "close", WRITING),
)
T = TypeVar("T")
Spent: TypeAlias = dict[tuple[int, str], float]  # seconds by stretch of store time and stage


@dataclass(slots=True)
class Stopwatch:
    """Adds up what each stage takes, by the stretch of store time it was at work on."""

    at: int = 0  # the stretch now
    wall_s: Spent = field(default_factory=lambda: defaultdict(float))
    cpu_s: Spent = field(default_factory=lambda: defaultdict(float))
    is_running: bool = False  # inside a stage: what it calls is its own time

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Time what happens inside for a stage."""
        self.is_running = True
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.cpu_s[self.at, stage] += time.process_time() - cpu_s
            self.wall_s[self.at, stage] += time.perf_counter() - wall_s
            self.is_running = False

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, timed; a generator does all its work at once, for it is its work that is timed."""
        is_lazy = inspect.isgeneratorfunction(function)

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.is_running:
                return function(*args, **kwargs)
            with self.timing(stage):
                return iter(list(function(*args, **kwargs))) if is_lazy else function(*args, **kwargs)

        return call

    def each(self, stage: str, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, timing how long each takes to come."""
        waiting = iter(items)
        while True:
            with self.timing(stage):
                one = next(waiting, None)
            if one is None:
                return
            yield one


@contextmanager
def watched(stopwatch: Stopwatch) -> Iterator[None]:
    """Have the stages timed of every Session that runs inside."""
    kept: list[tuple[Any, str, Any]] = []
    try:
        for module in COMPOSING:
            for name, value in list(vars(module).items()):
                new = _timed_value(stopwatch, value)
                if new is not value:
                    kept.append((module, name, value))
                    setattr(module, name, new)
        for owner, name, stage in FUNCTIONS:
            kept.append((owner, name, vars(owner)[name]))
            setattr(owner, name, stopwatch.timed(stage, vars(owner)[name]))
        yield
    finally:
        for owner, name, value in reversed(kept):
            setattr(owner, name, value)


def _timed_value(stopwatch: Stopwatch, value: Any) -> Any:
    """Return a stage's function timed, a stage's module with its functions timed, and anything else as it is."""
    if isinstance(value, FunctionType) and (stage := stage_of(value.__module__)):
        return stopwatch.timed(stage, value)
    if isinstance(value, ModuleType) and stage_of(value.__name__):
        return SimpleNamespace(**{name: _timed_value(stopwatch, inner) for name, inner in vars(value).items()})
    return value


def stage_of(module: str) -> str | None:
    """Return the stage that a module of the engine belongs to; None for what composes stages."""
    return next((s for package, s in STAGE_OF.items() if module == package or module.startswith(f"{package}.")), None)
