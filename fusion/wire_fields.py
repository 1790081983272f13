"""From messages to the keys of their payloads (contract section 3), in types msgpack can pack."""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from fusion.messages import (
    KIND_OF,
    Boxes,
    Cart,
    Gate,
    Health,
    Held,
    Kind,
    Message,
    People,
    Plates,
    Portal,
    packed,
)

Fields: TypeAlias = dict[str, Any]

VERSION = 1


def fields_of(message: Message) -> Fields:
    """Return every key of a message's payload."""
    kind = KIND_OF[type(message)]
    common: Fields = {
        "v": VERSION,
        "kind": str(kind),
        "src": message.src,
        "seq": int(message.seq),
        "t": int(message.t_ns),
    }
    return common | _FIELDS[kind](message)


def _plates_fields(message: Plates) -> Fields:
    n, ch = message.g.shape
    return {"dt": int(message.dt_ns), "n": n, "ch": ch, "g": packed(message.g)}


def _people_fields(message: People) -> Fields:
    return {"n": message.n, "head": message.head_f4} | _rows_fields(message)


def _boxes_fields(message: Boxes) -> Fields:
    own = {"box": message.box_f4, "head": message.head_f4, "foot": message.foot_f4}
    return {"n": message.n} | own | _rows_fields(message)


def _rows_fields(message: People | Boxes) -> Fields:
    return {
        "hands": message.hands_f4,
        "sd": message.sd_f4,
        "score": message.score_f4,
        "d": message.look_dim,
        "look": message.look_f2,
        "ids": list(message.ids),
        "held": [_held_fields(held) for held in message.held],
    }


def _held_fields(held: Held) -> list[Any]:
    return [int(held.row), int(held.hand), _belief_fields(held.beliefs)]


def _belief_fields(beliefs: tuple[tuple[str, float], ...]) -> list[Any]:
    return [[sku, float(p)] for sku, p in beliefs]


def _cart_fields(message: Cart) -> Fields:
    moves = [[int(m.t_ns), int(m.direction), _belief_fields(m.beliefs), float(m.score)] for m in message.moves]
    return {
        "pos": None if message.pos is None else np.asarray(message.pos, dtype="<f4").tobytes(),
        "sd": None if math.isnan(message.sd) else float(message.sd),
        "moves": moves,
        "g": None if message.g is None else float(message.g),
    }


def _gate_fields(message: Gate) -> Fields:
    return {
        "gate": message.gate,
        "event": message.event,
        "account": message.account,
        "party": int(message.party),
        "role": message.role,
    }


def _portal_fields(message: Portal) -> Fields:
    return {"portal": message.portal, "tags": [[epc, float(rssi)] for epc, rssi in message.tags]}


def _health_fields(message: Health) -> Fields:
    test = {"test": [[plate, float(g)] for plate, g in message.test]} if message.test else {}
    return {"state": message.state, "text": message.text, **test}


_FIELDS: dict[Kind, Callable[[Any], Fields]] = {
    Kind.PLATES: _plates_fields,
    Kind.PEOPLE: _people_fields,
    Kind.BOXES: _boxes_fields,
    Kind.CART: _cart_fields,
    Kind.GATE: _gate_fields,
    Kind.PORTAL: _portal_fields,
    Kind.HEALTH: _health_fields,
}
