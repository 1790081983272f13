"""The WebSocket: what a viewer wishes, what is due to them, twenty times a second."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from fusion.web.player import BadWish, Player
from fusion.web.scene_log import SceneLog
from fusion.web.times import ms_of

TICK_S: Final = 0.05
SPAN_S: Final = 1.0
REFUSED_MAX: Final = 100  # words that wait for a viewer who does not read


class Stream:
    """Everybody who looks, and what is told to all of them at once."""

    def __init__(self, log: SceneLog, decided: Mapping[str, Any]) -> None:
        """Stream a log; `decided` holds the receipts that were decided on since they were said."""
        self._log, self._decided = log, decided
        self._told: dict[WebSocket, list[str]] = {}

    def tell(self, message: dict[str, Any]) -> None:
        """Tell every viewer something that stands in no log: what was decided."""
        text = msgspec.json.encode(message).decode()
        for waiting in self._told.values():
            waiting.append(text)

    @property
    def viewers(self) -> int:
        """How many look."""
        return len(self._told)

    async def serve(self, socket: WebSocket, may_look: Callable[[], bool]) -> None:
        """Serve one viewer until they leave, or may look no longer."""
        await socket.accept()
        self._told[socket] = []
        player = Player(self._log, time.monotonic(), self._decided)
        listening = asyncio.create_task(self._listen(socket, player))
        try:
            await self._send(socket, player, listening, may_look)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect):
                await listening
            player.close()
            del self._told[socket]

    async def _send(
        self, socket: WebSocket, player: Player, listening: "asyncio.Task[None]", may_look: Callable[[], bool]
    ) -> None:
        span, span_s = "", -SPAN_S
        with suppress(WebSocketDisconnect, RuntimeError):  # they left while we were sending
            while not listening.done():
                now_s = time.monotonic()
                found = self._log.span()
                said = {"kind": "span", "from": ms_of(found.from_ns), "to": ms_of(found.to_ns), "over": found.is_over}
                text = msgspec.json.encode({**said, "live": player.is_live}).decode()
                if not may_look():
                    await socket.close(1008, "logged out")
                    return
                if text != span and now_s - span_s >= SPAN_S:
                    span, span_s = text, now_s
                    await socket.send_text(text)
                waiting, self._told[socket] = self._told[socket], []
                for text in (*player.due(now_s), *waiting):
                    await socket.send_text(text)
                await asyncio.sleep(max(0.0, TICK_S - (time.monotonic() - now_s)))

    async def _listen(self, socket: WebSocket, player: Player) -> None:
        """Hear what a viewer wishes until they leave; what cannot be is answered with why."""
        with suppress(WebSocketDisconnect):
            while True:
                text = await socket.receive_text()
                try:
                    player.wish(msgspec.json.decode(text, type=dict[str, Any]))
                except (msgspec.DecodeError, BadWish) as error:
                    refused = {"kind": "refused", "text": str(error)}
                    self._told[socket].append(msgspec.json.encode(refused).decode())
                    del self._told[socket][:-REFUSED_MAX]
