"""One viewer's way through a log: live, or at an instant, at a speed, paused, step by step.

Told what time it is, it says what to send next. Nothing waits in it: what a slow viewer has not been sent is still in
the log, so of scenes only the newest is sent, and where more than SAID_MAX things wait, a new state says them all.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from fusion.web.scene_file import Kind
from fusion.web.scene_log import Cursor, SceneLog, Span
from fusion.web.situation import state_message
from fusion.web.times import SLACK_NS, ms_of, until_ns

SAID_MAX: Final = 500
SPEED_MIN, SPEED_MAX = 0.05, 100.0
WISHES_MAX: Final = 20  # between two looks at the clock
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class BadWish(Exception):
    """Something a viewer asked for that cannot be, said in one line."""


class Player:
    """Where one viewer is in a log."""

    def __init__(self, log: SceneLog, now_s: float, decided: Mapping[str, Any] = NOTHING) -> None:
        """Begin live; `decided` are receipts as people have decided on them since, which only live shows."""
        self._log, self._decided = log, decided
        self.is_live, self.is_paused, self.speed = True, False, 1.0
        self._t_ns = 0  # as far as we have played
        self._clock_s = now_s
        self._cursor: Cursor | None = None
        self._wishes: list[dict[str, Any]] = [{"go": "live"}]

    def wish(self, wish: dict[str, Any]) -> None:
        """Take what a viewer asks for; raises BadWish and changes nothing where it is nonsense."""
        match wish:
            case {"go": "live"}:
                self._wishes = [{"go": "live"}]
            case {"go": int() | float() as t_ms} if not isinstance(t_ms, bool) and 0.0 <= t_ms < 1e15:
                speed, paused = wish.get("speed", self.speed), wish.get("paused", False)
                if isinstance(speed, bool) or not (isinstance(speed, (int, float)) and SPEED_MIN <= speed <= SPEED_MAX):
                    raise BadWish(f"expected a speed of {SPEED_MIN} to {SPEED_MAX}, received another")
                if not isinstance(paused, bool):
                    raise BadWish("expected true or false for paused, received something else")
                self._wishes = [{"go": until_ns(float(t_ms)), "speed": float(speed), "paused": paused}]
            case {"step": 1 | -1}:
                if not self._will_be_paused() or len(self._wishes) >= WISHES_MAX:
                    raise BadWish("expected to be paused before a step, received one while playing")
                self._wishes.append(wish)
            case _:
                raise BadWish('expected {"go": "live"}, {"go": MS} or {"step": 1}, received something else')

    def due(self, now_s: float) -> Iterator[str]:
        """Yield what is to be sent by now, in order."""
        wishes, self._wishes = self._wishes, []
        elapsed_s, self._clock_s = now_s - self._clock_s, now_s
        span = self._log.span()
        for wish in wishes:
            yield from self._follow(wish, span)
        if not wishes and self._cursor is not None and self._cursor.is_gone():
            yield from self._show(span.to_ns if self.is_live else min(max(self._t_ns, span.from_ns), span.to_ns))
        elif not wishes and not self.is_paused:
            ahead_ns = self._t_ns + round(elapsed_s * self.speed * 1e9)
            yield from self._play(span.to_ns if self.is_live else min(span.to_ns, ahead_ns))

    def _follow(self, wish: dict[str, Any], span: Span) -> Iterator[str]:
        match wish:
            case {"go": "live"}:
                self.is_live, self.is_paused, self.speed = True, False, 1.0
                yield from self._show(span.to_ns)
            case {"go": int(t_ns), "speed": speed, "paused": paused}:
                self.is_live, self.is_paused, self.speed = False, paused, speed
                yield from self._show(min(max(t_ns, span.from_ns), span.to_ns))
            case {"step": 1}:
                yield from self._step_on()
            case {"step": -1}:
                before = self._log.scene_before(self._t_ns)
                if before is not None:
                    yield from self._show(before)

    def _will_be_paused(self) -> bool:
        """Tell whether the viewer is paused once all wishes are followed."""
        last = next((wish for wish in reversed(self._wishes) if "go" in wish), None)
        return self.is_paused if last is None else bool(last.get("paused", False))

    def close(self) -> None:
        """Let go of the log."""
        if self._cursor is not None:
            self._cursor.close()

    def _show(self, t_ns: int) -> Iterator[str]:
        """Rebuild an instant: a state, the scene and the rates of then."""
        self.close()
        instant, self._cursor = self._log.at(t_ns)
        self._t_ns = instant.t_ns if t_ns - instant.t_ns <= SLACK_NS else t_ns
        said = state_message(instant.situation, ms_of(self._t_ns))
        if self.is_live:
            said["receipts"] = [self._decided.get(one["id"], one) for one in said["receipts"]]
        yield msgspec.json.encode(said).decode()
        for text in (instant.scene, instant.rates):
            if text:
                yield text.decode()

    def _play(self, until: int) -> Iterator[str]:
        """Go on to an instant: all that was said, and of scenes and rates the newest."""
        assert self._cursor is not None
        said: list[bytes] = []
        newest: dict[Kind, bytes] = {}
        for record in self._cursor.read(until):
            if record.kind is Kind.SAID:
                said.append(record.text)
            elif record.kind in (Kind.SCENE, Kind.RATES):
                newest[record.kind] = record.text
            if len(said) > SAID_MAX:
                yield from self._show(until)
                return
        self._t_ns = max(until, self._t_ns)
        for text in (*said, *newest.values()):
            yield text.decode()

    def _step_on(self) -> Iterator[str]:
        """Go on to the next scene, with what was said until then."""
        assert self._cursor is not None
        for record in self._cursor.read():
            self._t_ns = max(record.t_ns, self._t_ns)
            if record.kind in (Kind.SAID, Kind.SCENE):
                yield record.text.decode()
            if record.kind is Kind.SCENE:
                return
