"""What a service says of itself once a second: how far behind it is, whether anybody speaks, what was not taken."""

import time
from collections.abc import Mapping
from typing import Any, Final

from fusion.live.announce import Announcer
from fusion.live.gateway_child import GatewayChild
from fusion.live.logs import SERVICE
from fusion.live.metrics import Service, Tallies, tally
from fusion.live.zap import Door
from fusion.session import Session

SAY_S: Final = 1.0
SILENCE_S: Final = 10.0  # without a word from any sensor for so long, nobody else should be let in
NOT_TAKEN_S: Final = 10.0  # between two lines about what was not taken, however much it is


class Bulletin:
    """Tells log, bus and metrics how a service goes; the times it needs are those of this machine."""

    def __init__(self, tell: Announcer, metrics: Tallies, gateway: GatewayChild, next_: int) -> None:
        """Begin where record `next_` is the next to be read."""
        self._tell, self._metrics, self._gateway = tell, metrics, gateway
        self._next, self._full, self._heard_s = next_, "", time.monotonic()
        self._said_s = self._not_taken_s = float("-inf")
        self._not_taken: Mapping[str, int] = {}

    def is_due(self) -> bool:
        """Return whether it is time to say it again."""
        return time.monotonic() - self._said_s >= SAY_S

    def say(self, session: Session, next_: int) -> None:
        """Say how the service goes, with record `next_` the next to be read."""
        self._said_s = now_s = time.monotonic()
        if next_ != self._next:
            self._next, self._heard_s = next_, now_s
        behind, silent_s = self._gateway.end - next_, now_s - self._heard_s
        self._tell.say_lag(behind)
        self._tell.say_silence(SILENCE_S, is_silent=silent_s >= SILENCE_S)
        state = self._gateway.state
        self._metrics.show(
            tally(session, Service(state, behind, silent_s, self._gateway.restarts), self._tell.mode.mode)
        )
        self._say_full(state.get("full", ""))
        self._say_not_taken(state)

    def _say_full(self, full: str) -> None:
        if full != self._full:
            self._full = full
            text = f"nothing is taken, sensors wait: {full}" if full else "messages are taken again"
            SERVICE.warning("%s", text)

    def _say_not_taken(self, state: Mapping[str, Any]) -> None:
        if self._said_s - self._not_taken_s < NOT_TAKEN_S:
            return
        before, self._not_taken = self._not_taken, not_taken(state)
        news = growth(before, self._not_taken)
        if news:
            self._not_taken_s = self._said_s
            SERVICE.warning("not taken: %s", "; ".join(f"{count} {what}" for what, count in news.items()))


def not_taken(state: Mapping[str, Any]) -> dict[str, int]:
    """Return in words what a gateway has counted of all that did not get into the journal."""
    lossy = state.get("lossy", {}).values()
    return {
        **{f"refused, {reason}": count for reason, count in state.get("refused", {}).items()},
        **{f"given up by {source}": count for source, count in state.get("lost", {}).items()},
        **{f"lost by {src}": count for one in lossy for src, count in one["lost"].items()},
        **{f"not let in, {why}": count for why, count in state.get("handshakes", {}).items() if why != Door.OPENED},
    }


def growth(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """Return by how much counts have grown; one that has shrunk began anew, with the gateway that counts."""
    grown = {what: count - before.get(what, 0) for what, count in now.items()}
    return {what: now[what] if more < 0 else more for what, more in grown.items() if more and now[what]}
