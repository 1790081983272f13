"""The application: routes, and who may take them."""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from fusion.ledger.book import is_url
from fusion.ledger.closing import KEY
from fusion.purchase.purchases import LEDGER
from fusion.store import load_store
from fusion.web.access import SESSION_S, Access, cookie_of
from fusion.web.evidence import evidence_of
from fusion.web.flags import is_loopback
from fusion.web.lines import OutLines
from fusion.web.plan import plan_of
from fusion.web.recorder import FOLDER
from fusion.web.reviews import Desk, Refused
from fusion.web.said import receipt_body_of
from fusion.web.scene_log import SceneLog
from fusion.web.settings import Settings
from fusion.web.shield import BODY_BYTES_MAX, Shield
from fusion.web.stream import Stream
from fusion.web.times import ms_of
from fusion.web.tokens import REVIEWER, Person

ASSETS: Final = Path(__file__).with_name("assets")
VIEWERS_MAX: Final = 64
UNKNOWN: Final = "expected somebody who is logged in, received nobody known"

Answer = Callable[[Request, Person], Awaitable[Response]]


class Page:
    """The operator's page of one run."""

    def __init__(self, settings: Settings) -> None:
        self.access = Access(settings.people(), Path(settings.tokens_file) if settings.tokens_file else None)
        self._store = load_store(Path(settings.store))
        self._plan = msgspec.json.encode(plan_of(self._store))
        self._names = dict(zip(self._store.products.sku, self._store.products.name, strict=True))
        out = Path(settings.out)
        self._files, self._folder = OutLines(out), out / FOLDER
        self._desk = Desk(ledger_of(settings), Path(settings.key or out / KEY), out, self._store)
        self._stream = Stream(SceneLog(self._folder), self._desk.decided)

    async def login(self, request: Request) -> Response:
        """Take a token, give a cookie."""
        place = request.client.host if request.client is not None else ""
        wait_s = self.access.wait_s(place)
        if wait_s > 0.0:
            return JSONResponse({"error": "too many wrong tokens"}, 429, headers={"Retry-After": str(int(wait_s) + 1)})
        said = await body_of(request)
        token = said.get("token")
        cookie = self.access.login(token, place) if isinstance(token, str) else None
        if cookie is None:
            return JSONResponse({"error": "expected a token that is known, received another"}, 401)
        answer = Response(status_code=204)
        secure = request.headers.get("origin", "").startswith("https://")  # whoever stands in front of us speaks TLS
        name = cookie_of(request)
        answer.set_cookie(name, cookie, int(SESSION_S), httponly=True, samesite="strict", secure=secure)
        return answer

    async def logout(self, request: Request) -> Response:
        """End the session."""
        self.access.logout(request)
        answer = Response(status_code=204)
        answer.delete_cookie(cookie_of(request), httponly=True, samesite="strict")
        return answer

    async def me(self, request: Request, who: Person) -> Response:
        """Say who is logged in."""
        return JSONResponse({"role": who.role, "name": who.name})

    async def store(self, request: Request, who: Person) -> Response:
        """Say what there is to draw of the store."""
        return Response(self._plan, media_type="application/json")

    async def reviews(self, request: Request, who: Person) -> Response:
        """Say what waits for a person."""
        return _json(await run_in_threadpool(self._desk.queue))

    async def receipt(self, request: Request, who: Person) -> Response:
        """Say all there is to say of one receipt."""
        found = await run_in_threadpool(self._receipt, request.path_params["id"])
        if found is None:
            raise Refused(404, "expected the id of a receipt, received another")
        return _json(found)

    async def event(self, request: Request, who: Person) -> Response:
        """Say all there is to say of one event."""
        found = await run_in_threadpool(self._evidence, request.path_params["id"])
        if found is None:
            raise Refused(404, "expected the id of an event, received another")
        return _json(found)

    async def decide(self, request: Request, who: Person) -> Response:
        """Approve, adjust or waive a receipt; everybody who looks hears of it."""
        if who.role != REVIEWER:
            raise Refused(403, "expected a reviewer, received a viewer")
        id_, said = request.path_params["id"], await body_of(request)
        decided = await run_in_threadpool(self._desk.decide, id_, said, who.name)
        if not decided.is_new:
            return _json(decided.answer)
        body = {"id": id_, "verdict": said["verdict"], "by": who.name, "receipt": decided.answer["receipt"]}
        self._stream.tell({"kind": "said", "t": ms_of(time.time_ns()), "what": "decided", "body": body})
        return _json(decided.answer, BackgroundTask(run_in_threadpool, self._desk.tell_port))

    def _receipt(self, id_: str) -> dict[str, Any] | None:
        found = self._desk.matter(id_)
        if found is None:  # a trip that is still open is in no ledger
            row = self._files.receipts.get(id_)
            if row is None:
                return None
            found = {"receipt": receipt_body_of(row), "decisions": []}
        lines = [{**line, "events": [*map(self._evidence, line["events"])]} for line in found["receipt"]["lines"]]
        return {**found, "lines": lines, "doubts": self._doubts(id_)}

    def _doubts(self, id_: str) -> list[dict[str, Any]]:
        """Return what leaves a receipt open; with its evidence where it is a change of shelves."""
        return [
            {
                "p": one["p_otherwise"],
                "decided": one["decided"],
                "others": [{"words": other["reading"], "p": other["p"]} for other in one["or"]],
                "change": self._evidence(one["event"]) if self._files.event(one["event"]) is not None else None,
            }
            for one in self._files.doubts(id_, self._names)
        ]

    def _evidence(self, id_: str) -> dict[str, Any] | None:
        # A log of its own: this runs in a thread beside those that stream.
        return evidence_of(id_, self._files, SceneLog(self._folder), self._names)

    async def stream(self, socket: WebSocket) -> None:
        """Serve one viewer."""
        if self.access.who(socket) is None or self._stream.viewers >= VIEWERS_MAX:
            await socket.close(1008)
            return
        await self._stream.serve(socket, lambda: self.access.who(socket) is not None)


def make_app(settings: Settings, assets: Path = ASSETS) -> ASGIApp:
    """Return the application; raises StoreError where the store folder cannot be used."""
    page = Page(settings)
    known = partial(_known, page.access)
    routes: list[BaseRoute] = [
        Route("/api/login", page.login, methods=["POST"]),
        Route("/api/logout", page.logout, methods=["POST"]),
        Route("/api/me", known(page.me)),
        Route("/api/store", known(page.store)),
        Route("/api/reviews", known(page.reviews)),
        Route("/api/reviews/{id}", known(page.receipt)),
        Route("/api/reviews/{id}", known(page.decide), methods=["POST"]),
        Route("/api/receipts/{id}", known(page.receipt)),
        Route("/api/events/{id}", known(page.event)),
        WebSocketRoute("/api/stream", page.stream),
        Route("/api/{rest:path}", _nothing),
    ]
    if assets.is_dir():  # built from page/; an installed package has it
        routes.append(Mount("/", StaticFiles(directory=assets, html=True)))
    app = Starlette(routes=routes, exception_handlers={Refused: _refused})
    return Shield(app, is_local=is_loopback(settings.host))


def ledger_of(settings: Settings) -> Path | str:
    """Return where the ledger of a run is."""
    if is_url(settings.ledger):
        return settings.ledger
    return Path(settings.ledger) if settings.ledger else Path(settings.out) / LEDGER


async def body_of(request: Request) -> dict[str, Any]:
    """Return the JSON object that a request carries; Refused where it is none, or a large one."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise Refused(413, f"expected at most {BODY_BYTES_MAX} bytes, received more")
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Refused(422, f"expected a JSON object, received none ({error})") from None


def _known(access: Access, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Let only those through who are logged in."""

    async def asked(request: Request) -> Response:
        who = access.who(request)
        return JSONResponse({"error": UNKNOWN}, 401) if who is None else await answer(request, who)

    return asked


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"error": str(error)}, error.status)


def _json(value: Any, after: BackgroundTask | None = None) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json", background=after)


async def _nothing(request: Request) -> Response:
    return JSONResponse({"error": "expected a name of the API, received another"}, 404)
