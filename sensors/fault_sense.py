"""Sensors that are well and wrong: knocked cameras, lying carts, portals that hear too far, gates that miscount."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np

from fusion.arrays import Floats, Singles
from fusion.messages import Boxes, Cart, CartMove, Frame, Gate, Health, Message, People, Portal, packed
from fusion.store import Store
from fusion.tracking.camera import distort, undistort
from fusion.wire import decode, encode, topic_of
from sensors.fault_chance import Chance, Timed, source_of

Alter: TypeAlias = Callable[[Message, np.random.Generator], Message]

INTO_P: Final = 0.7  # of moves that never were, into the basket
SCORES: Final = (0.7, 0.99)
NAMED_P: Final = 0.8  # what a liar believes in the product it names
WAY_IN_P: Final = 0.5  # of crossings that nobody made
STRANGERS_MAX: Final = 3  # tags that pass at one moment
HEARD_DBM: Final = (-51.0, 4.0)  # mean and SD: as strong as what goes through


def rotated(timed: Iterable[Timed], chance: Chance, store: Store) -> Iterator[Timed]:
    """Turn what a camera sees by an angle about its own x axis, as if it had been knocked."""
    turn = _tilt(chance.fault.size)

    def alter(message: Message, rng: np.random.Generator) -> Message:
        if not isinstance(message, People | Boxes) or message.src not in store.cameras.camera_id:
            return message
        row = store.cameras.camera_id.index(message.src)
        return (
            _turned_people(message, row, turn, store)
            if isinstance(message, People)
            else _turned_boxes(message, row, turn, store)
        )

    return _lasting(timed, chance, alter)


def lying(timed: Iterable[Timed], chance: Chance, store: Store) -> Iterator[Timed]:
    """Give every move of a cart any product's name; in a share p of the reports add a move that never was."""

    def alter(message: Message, rng: np.random.Generator) -> Message:
        if not isinstance(message, Cart):
            return message
        moves = [replace(move, beliefs=_any_product(store, rng)) for move in message.moves]
        if rng.random() < chance.fault.p:
            way = 1 if rng.random() < INTO_P else -1
            moves.append(CartMove(message.t_ns, way, _any_product(store, rng), round(float(rng.uniform(*SCORES)), 3)))
        return replace(message, moves=tuple(moves))

    return _altered(timed, chance, alter)


def cross_reading(timed: Iterable[Timed], chance: Chance, store: Store) -> Iterator[Timed]:
    """Let a portal hear tags of the store's goods that strangers carry by, in a share p of what it says.

    A portal with nothing to tell only says that it is alive: in place of that it tells of the strangers' tags.
    """
    prefixes = [prefix for prefix in store.products.epc_prefix if prefix]
    portals = {portal for portal, _ in store.portals}

    def alter(message: Message, rng: np.random.Generator) -> Message:
        if message.src not in portals or not isinstance(message, Health | Portal) or not prefixes:
            return message
        if rng.random() >= chance.fault.p:
            return message
        tags = tuple(_strange_tag(prefixes, rng) for _ in range(int(rng.integers(1, STRANGERS_MAX + 1))))
        if isinstance(message, Portal):
            return replace(message, tags=(*message.tags, *tags))
        return Portal(message.src, message.seq, message.t_ns, message.src, tags)

    return _altered(timed, chance, alter)


def miscounting(timed: Iterable[Timed], chance: Chance, store: Store) -> Iterator[Timed]:
    """Let a gate's beam be cut by nobody in a share p of what it says, in place of its saying that it is alive."""

    def alter(message: Message, rng: np.random.Generator) -> Message:
        if message.src not in store.gates.gate_id or not isinstance(message, Health) or rng.random() >= chance.fault.p:
            return message
        way = "enter" if rng.random() < WAY_IN_P else "exit"
        return Gate(message.src, message.seq, message.t_ns, message.src, way, None, 1, "shopper")

    return _altered(timed, chance, alter)


def _lasting(timed: Iterable[Timed], chance: Chance, alter: Alter) -> Iterator[Timed]:
    """Alter what a source says while a fault lasts that it has or has not."""
    for t_s, frame in timed:
        yield (t_s, _again(frame, alter, chance)) if chance.is_on(t_s, frame) else (t_s, frame)


def _altered(timed: Iterable[Timed], chance: Chance, alter: Alter) -> Iterator[Timed]:
    """Alter what every source says that the fault is about, while it lasts; the share is the alteration's own."""
    fault = chance.fault
    for t_s, frame in timed:
        is_on = fault.from_s <= t_s < fault.to_s and chance.reaches(frame)
        yield (t_s, _again(frame, alter, chance)) if is_on else (t_s, frame)


def _again(frame: Frame, alter: Alter, chance: Chance) -> Frame:
    message = decode(frame.topic, frame.payload)
    if not hasattr(message, "src") or message.src != source_of(frame):
        return frame  # bytes that are no message
    told = alter(message, chance.rng(frame))
    return frame if told is message else replace(frame, topic=topic_of(told), payload=encode(told))


def _tilt(degrees: float) -> Floats:
    """Return the rotation (3, 3) about a camera's x axis."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def _turned_people(message: People, row: int, turn: Floats, store: Store) -> People:
    """Return a depth camera's frame with every point turned about the camera: it still believes its old pose."""
    R, T = store.cameras.R[row], store.cameras.T[row]

    def moved(points: Singles) -> Singles:
        flat = points.reshape(-1, 3).astype(np.float64)
        out: Singles = (((flat @ R.T + T) @ turn.T - T) @ R).astype("<f4").reshape(points.shape)
        return out

    return replace(message, head_f4=packed(moved(message.head)), hands_f4=packed(moved(message.hands)))


def _turned_boxes(message: Boxes, row: int, turn: Floats, store: Store) -> Boxes:
    """Return an image camera's frame with every point turned; a box is drawn round its turned corners."""
    K, dist = store.cameras.K[row], store.cameras.dist[row]

    def moved(px: Singles) -> Singles:
        flat = undistort(px.reshape(-1, 2).astype(np.float64), K, dist)
        rays = np.column_stack([flat, np.ones(len(flat))]) @ turn.T
        out: Singles = distort(rays[:, :2] / rays[:, 2:], K, dist).astype("<f4").reshape(px.shape)
        return out

    left, top, width, height = message.box.T
    corners = np.stack([left, top, left + width, top, left, top + height, left + width, top + height], axis=1)
    corners = moved(corners.astype("<f4")).reshape(-1, 4, 2)
    least, most = corners.min(axis=1), corners.max(axis=1)
    box = np.concatenate([least, most - least], axis=1).astype("<f4")
    head, foot, hands = (packed(moved(points)) for points in (message.head, message.foot, message.hands))
    return replace(message, box_f4=packed(box), head_f4=head, foot_f4=foot, hands_f4=hands)


def _any_product(store: Store, rng: np.random.Generator) -> tuple[tuple[str, float], ...]:
    return ((store.products.sku[int(rng.integers(len(store.products.sku)))], NAMED_P),)


def _strange_tag(prefixes: list[str], rng: np.random.Generator) -> tuple[str, float]:
    """Return a tag nobody here carries, as (epc, dBm): any product's prefix and a serial of its own."""
    prefix = prefixes[int(rng.integers(len(prefixes)))]
    serial = rng.integers(0, 16, max(0, 24 - len(prefix)))
    return prefix + "".join(f"{digit:x}" for digit in serial), round(float(rng.normal(*HEARD_DBM)), 1)
