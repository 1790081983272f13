"""The server: a socket, uvicorn on it, until somebody says stop."""

import asyncio
import socket
from collections.abc import Callable

import uvicorn

from fusion.web.app import make_app
from fusion.web.settings import Settings, WebError

WISH_BYTES_MAX = 4096  # of a message from a browser
BACKLOG = 128
CLOSE_S = 2  # for viewers to be told
ASKED_S = 0.1  # between two looks whether to stop


def bound(settings: Settings) -> socket.socket:
    """Return a socket that listens where the settings say; raises WebError where that cannot be."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        expected = "expected an address that is free to listen on"
        raise WebError(f"--web {settings.host}:{settings.port}: {expected}, received {error.strerror}") from None
    return listening


def serve(settings: Settings, opened: Callable[[int], None], stopped: Callable[[], bool]) -> None:
    """Serve until a signal, or until `stopped` says so, which is asked often; `opened` is told the port."""
    app = make_app(settings)
    listening = bound(settings)
    config = uvicorn.Config(
        app,
        access_log=False,  # who looked at what is nobody's business
        log_level="warning",
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        ws="websockets-sansio",
        ws_max_size=WISH_BYTES_MAX,
        timeout_graceful_shutdown=CLOSE_S,
    )
    server = uvicorn.Server(config)
    opened(listening.getsockname()[1])
    asyncio.run(_serve(server, listening, stopped))


async def _serve(server: uvicorn.Server, listening: socket.socket, stopped: Callable[[], bool]) -> None:
    async def stop() -> None:
        while not stopped():
            await asyncio.sleep(ASKED_S)
        server.should_exit = True

    waiting = asyncio.create_task(stop())
    with listening:
        await server.serve(sockets=[listening])
    waiting.cancel()
