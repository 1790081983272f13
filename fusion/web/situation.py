"""What has been said so far, as a page shows it: feed, baskets, receipts, health, mode; one fold for writer and reader.

Pure. A said message is {"kind": "said", "t", "what", "body"}; a situation is what all of them add up to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

FEED_MAX: Final = 200
RECEIPTS_MAX: Final = 200
OPEN: Final = {"mode": "open", "blind": [], "text": ""}

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything said so far, the oldest forgotten."""

    feed: tuple[Message, ...] = ()  # said messages, oldest first
    baskets: Mapping[str, Message] = field(default_factory=dict)  # account -> {"lines", "total"}
    receipts: Mapping[str, Message] = field(default_factory=dict)  # id -> receipt, oldest first
    health: Mapping[str, Message] = field(default_factory=dict)  # source -> {"state", "text", "t"}
    mode: Message = field(default_factory=lambda: OPEN)


def heard(so_far: Situation, said: Message) -> Situation:
    """Return the situation after one more thing is said."""
    body = said["body"]
    after = so_far if said["what"] == "basket" else replace(so_far, feed=(*so_far.feed, said)[-FEED_MAX:])
    match said["what"]:
        case "basket":
            others = {account: one for account, one in so_far.baskets.items() if account != body["account"]}
            mine = {body["account"]: {"lines": body["lines"], "total": body["total"]}} if body["lines"] else {}
            return replace(after, baskets=others | mine)
        case "receipt":
            receipts = [(key, one) for key, one in so_far.receipts.items() if key != body["id"]]
            return replace(after, receipts=dict([*receipts, (body["id"], body)][-RECEIPTS_MAX:]))
        case "health":
            return replace(after, health={**so_far.health, body["src"]: {k: body[k] for k in ("state", "text", "t")}})
        case "mode":
            return replace(after, mode=body)
    return after


def state_message(situation: Situation, t_ms: float) -> dict[str, Any]:
    """Return a situation as it is sent and stored."""
    return {
        "kind": "state",
        "t": t_ms,
        "feed": list(situation.feed),
        "baskets": dict(situation.baskets),
        "receipts": list(situation.receipts.values()),
        "health": dict(situation.health),
        "mode": dict(situation.mode),
    }


def situation_of(message: Message) -> Situation:
    """Return the situation of a state message."""
    receipts = {one["id"]: one for one in message["receipts"]}
    return Situation(tuple(message["feed"]), message["baskets"], receipts, message["health"], message["mode"])
