"""What every request goes through: who may ask by which name, from which page, how much; and headers of answers."""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fusion.web.flags import is_loopback

BODY_BYTES_MAX: Final = 64 << 10
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Shield:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, *, is_local: bool) -> None:
        """Guard an application; on a loopback address other names than its own are refused (DNS rebinding)."""
        self._app, self._is_local = app, is_local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        fault = self._fault(headers, changes=scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD"))
        if scope["type"] == "websocket":
            if fault is not None:
                await send({"type": "websocket.close", "code": 1008})  # before it is accepted: HTTP status 403
                return
            await self._app(scope, receive, send)
            return
        answer = self._guarded(send, scope["path"])
        if fault is not None:
            await JSONResponse({"error": fault}, 403)(scope, receive, answer)
            return
        await self._app(scope, receive, answer)

    def _fault(self, headers: Headers, *, changes: bool) -> str | None:
        """Return what is wrong with where a request comes from."""
        host = headers.get("host", "")
        if self._is_local and not is_loopback(_name(f"//{host}") or ""):
            return "expected a Host of this machine, received another"
        # Browsers name the page that asks; a request that changes something without that comes from none of ours.
        if changes and urlsplit(headers.get("origin", "")).netloc != host:
            return "expected an Origin of this server, received another"
        return None

    def _guarded(self, send: Send, path: str) -> Send:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers["Cache-Control"] = "no-store" if path.startswith("/api/") else "no-cache"
            await send(message)

        return answer


def _name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
