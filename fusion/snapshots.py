"""Snapshots of the engine: its whole state as it was before one record of the journal.

Theory of operation. A snapshot is a head, one line of JSON, and a body. The head says which record of the journal
comes next, and what the snapshot is good for: its version, the digests of configuration and store. The body is a
pickle under a hash. Pickles can name any function; ours may name only dataclasses and enums of this package and what
arrays are made of, and every dataclass is written as its fields by name: one that has gained a field since, with a
default, is upgraded by it, and any other difference is a reason not to use the snapshot, in words. Then the one
before it is tried, then the journal from its beginning.
"""

import dataclasses
import io
import json
import os
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import zstandard

from fusion.journal.writer import sync_folder

VERSION: Final = 1  # of what the fields mean; a change of meaning counts it up
MAGIC: Final = "AISLE snapshot"
KEPT: Final = 2
SUFFIX: Final = ".snap"
PLAIN: Final = frozenset(
    {
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
        ("collections", "Counter"),
        ("collections", "OrderedDict"),
        ("collections", "deque"),
        ("builtins", "frozenset"),
        ("builtins", "set"),
    }
)


class SnapshotError(Exception):
    """Why a snapshot cannot be used, in one line."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a snapshot is of."""

    next: int  # offset in the journal of the first record that it does not know
    config: str
    store: str
    version: int = VERSION


def write_snapshot(folder: Path, head: Head, body: object) -> Path:
    """Write a snapshot, durable and whole or not at all; older ones than the last few go."""
    folder.mkdir(parents=True, exist_ok=True)
    packed = zstandard.ZstdCompressor(level=1).compress(_pickled(body))
    line = json.dumps({"magic": MAGIC, **dataclasses.asdict(head), "hash": _hash(packed)})
    path = folder / f"{_stem(head)}{SUFFIX}"
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(line.encode() + b"\n" + packed)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(folder)
    for old in snapshots_in(folder)[KEPT:]:
        old.unlink()
    return path


def snapshots_in(folder: Path) -> list[Path]:
    """Return the snapshots of a folder, newest first."""
    return sorted((path for path in folder.glob(f"*{SUFFIX}")), reverse=True)


def read_head(path: Path) -> Head:
    """Return what a snapshot is of; SnapshotError where that cannot be read."""
    return _parts(path)[0]


def read_snapshot(path: Path, *, config: str, store: str) -> tuple[Head, Any]:
    """Return a snapshot made under this configuration and store; SnapshotError says why there is none."""
    head, expected, packed = _parts(path)
    if _hash(packed) != expected:
        raise SnapshotError(f"{path}: expected a body with hash {expected!r}, received {_hash(packed)}")
    if head.version > VERSION:
        raise SnapshotError(f"{path}: expected version {VERSION} or before, received {head.version}")
    for what, ours, theirs, why in (
        ("configuration", config, head.config, "another version of aisle made it"),
        ("store", store, head.store, "the store folder has been changed since"),
    ):
        if ours != theirs:
            raise SnapshotError(f"{path}: expected {what} {ours}, received one of {theirs!r}: {why}")
    try:
        return head, _Reader(io.BytesIO(zstandard.ZstdDecompressor().decompress(packed))).load()
    except SnapshotError as error:
        raise SnapshotError(f"{path}: {error}") from None
    except Exception as error:  # a pickle of other code can fail in any way
        raise SnapshotError(f"{path}: expected a state, received one that cannot be built: {error!r}") from None


def usable(folder: Path, *, config: str, store: str) -> Iterator[tuple[Head, Any] | SnapshotError]:
    """Yield each snapshot of a folder, newest first, or why it cannot be used."""
    for path in snapshots_in(folder):
        try:
            yield read_snapshot(path, config=config, store=store)
        except SnapshotError as error:
            yield error


def rebuild(kind: type[Any], fields: dict[str, Any]) -> Any:
    """Return a dataclass of its fields by name; fields it has gained since take their defaults."""
    known = {field.name: field for field in dataclasses.fields(kind)}
    gone = sorted(set(fields) - set(known))
    needed = sorted(
        name
        for name, field in known.items()
        if name not in fields and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    )
    if gone or needed:
        raise SnapshotError(f"{kind.__qualname__}: expected fields {sorted(known)}, received {sorted(fields)}")
    return kind(**fields)


class _Writer(pickle.Pickler):
    def reducer_override(self, obj: object) -> Any:
        if dataclasses.is_dataclass(obj) and not isinstance(obj, type):
            fields = {field.name: getattr(obj, field.name) for field in dataclasses.fields(obj)}
            return rebuild, (type(obj), fields)
        return NotImplemented


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (__name__, rebuild.__name__):
            return rebuild
        if (module, name) in PLAIN:
            return getattr(import_module(module), name)
        if module.split(".")[0] == "fusion":
            found = getattr(import_module(module), name, None)
            if isinstance(found, type) and (dataclasses.is_dataclass(found) or issubclass(found, Enum)):
                return found
        raise SnapshotError(f"expected types of the engine, received {module}.{name}")


def _pickled(body: object) -> bytes:
    stream = io.BytesIO()
    _Writer(stream, protocol=5).dump(body)
    return stream.getvalue()


def _parts(path: Path) -> tuple[Head, str, bytes]:
    line, _, packed = path.read_bytes().partition(b"\n")
    try:
        fields = json.loads(line)
        if fields.pop("magic") != MAGIC:
            raise ValueError("another magic word")
        expected = fields.pop("hash")
        head = Head(**fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SnapshotError(f"{path}: expected the head of a snapshot, received none ({error!r})") from None
    if path.stem != _stem(head):
        raise SnapshotError(f"{path}: expected a snapshot before record {path.stem}, received one before {head.next!r}")
    return head, expected, packed


def _stem(head: Head) -> str:
    """Return the name of a snapshot's file, which says once more what it is of."""
    return str(head.next).zfill(20)


def _hash(packed: bytes) -> str:
    return blake2b(packed, digest_size=16).hexdigest()
