"""Frozen dataclasses that are cheap to make: a slice passes through hundreds of them.

To freeze a dataclass Python sets every field through a function of its own, which takes a microsecond for ten of them;
`dataclasses.replace` looks up all by name besides. A `record` is built by msgspec instead, in C: it takes a tenth of
that, and is a frozen dataclass in all other respects. Python's collector of cycles does not follow it: what is frozen
holds what was there before it, and is in no cycle.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Final, Protocol, TypeVar, cast, dataclass_transform

import msgspec

T = TypeVar("T")
UNLIKE = ("__dict__", "__weakref__", "__init__", "__setattr__", "__delattr__")  # what msgspec makes in its own way


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(*, eq: bool = True) -> Callable[[type[T]], type[T]]:
    """Make a class a frozen dataclass with slots; with eq=False records are the same only where they are one."""

    def made(kind: type[T]) -> type[T]:
        plain: Any = dataclass(frozen=True, eq=eq)(kind)
        own = {name: value for name, value in vars(plain).items() if name not in UNLIKE and not _is_field(plain, name)}
        columns = [(one.name, one.type, msgspec.field(**_default(one))) for one in fields(plain)]
        built: Any = msgspec.defstruct(
            kind.__name__, columns, module=kind.__module__, namespace=own, frozen=True, eq=False, gc=False
        )
        return built  # type: ignore[no-any-return]

    return made


def _is_field(kind: Any, name: str) -> bool:
    return name in {one.name for one in fields(kind)}


def _default(one: Any) -> dict[str, Any]:
    if one.default_factory is not MISSING:
        return {"default_factory": one.default_factory}
    return {} if one.default is MISSING else {"default": one.default}


class _Replace(Protocol):
    def __call__(self, one: T, /, **changes: Any) -> T:
        """Return a record with some fields changed."""


replace: Final = cast("_Replace", msgspec.structs.replace)
