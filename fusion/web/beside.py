"""The page beside a command that runs the engine: its tokens, where it is, its server."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fusion.live.baskets import Baskets
from fusion.session import Session
from fusion.web.child import WebChild, server_beside
from fusion.web.flags import is_loopback
from fusion.web.recorder import Behind, Recorder, not_behind
from fusion.web.settings import Settings, WebError, settings_of
from fusion.web.tokens import ROLES, new_token


def page_settings(args: argparse.Namespace, out: Path) -> tuple[Settings, dict[str, str]]:
    """Return what the server is told, and the tokens made for this run by role; raises WebError and TokenError."""
    host, _ = args.web
    if args.web_tokens is None and not is_loopback(host):
        raise WebError(f"--web {host}: expected --web-tokens FILE with an address that others can reach, received none")
    roles = {role: new_token() for role in ROLES} if args.web_tokens is None else {}
    settings = settings_of(
        out, args.store, args.web, roles=roles, tokens_file=args.web_tokens, ledger=args.ledger, key=args.key
    )
    return settings, roles


def say_where(command: str, settings: Settings, roles: dict[str, str], port: int) -> None:
    """Print the addresses to open; a token stands behind #, which browsers never send."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    if not roles:
        print(f"aisle {command}: page on http://{host}:{port}/", flush=True)
    for role, token in roles.items():
        print(f"aisle {command}: page for a {role} on http://{host}:{port}/#token={token}", flush=True)


def watched(
    args: argparse.Namespace, session: Session, baskets: Baskets, behind: Behind = not_behind
) -> Recorder | None:
    """Let the page's log be written beside a service, from where its run goes on; None where there is no page."""
    if args.web is None:
        return None
    keep = (args.keep_age, args.keep_size)
    recorder = Recorder(args.out, since_ns=session.state.now_ns, baskets=baskets, behind=behind, keep=keep)
    session.watch = recorder
    return recorder


@contextmanager
def page_beside(args: argparse.Namespace, command: str) -> Iterator[WebChild | None]:
    """Serve the page of a run until the block ends, where the command line asks for one."""
    if args.web is None:
        yield None
        return
    settings, roles = page_settings(args, args.out)
    with server_beside(settings) as child:
        say_where(command, settings, roles, child.port)
        yield child
