"""Sessions: a token is shown once, a cookie says from then on who it was. A token that is revoked ends its sessions."""

import secrets
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.requests import HTTPConnection

from fusion.web.throttle import Throttle
from fusion.web.tokens import Person, TokenError, Tokens, find, read_tokens

SESSIONS_MAX: Final = 1024  # the oldest end
SESSION_S: Final = 12 * 3600.0  # a long shift


class Access:
    """Who is logged in."""

    def __init__(self, tokens: Tokens, file: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Let the owners of tokens in; those of a file as it is now, where there is one."""
        self.throttle = Throttle()
        self._tokens, self._file, self._clock = tokens, file, clock
        self._changed = _stamp(file)
        self._sessions: OrderedDict[str, tuple[str, float]] = OrderedDict()  # cookie -> hash of token, until when

    def wait_s(self, place: str) -> float:
        """Return how long a place has to wait before it may try a token, s."""
        return self.throttle.wait_s(place, self._clock())

    def login(self, token: str, place: str) -> str | None:
        """Return the cookie of a new session, None for a wrong token."""
        found = find(self._known(), token)
        if found is None:
            self.throttle.failed(place, self._clock())
            if self.throttle.wrong & (self.throttle.wrong - 1) == 0:  # the 1st, 2nd, 4th and so on
                print(f"aisle web: wrong tokens so far: {self.throttle.wrong}", file=sys.stderr, flush=True)
            return None
        self.throttle.succeeded(place)
        cookie = secrets.token_urlsafe(24)
        self._sessions[cookie] = found, self._clock() + SESSION_S
        if len(self._sessions) > SESSIONS_MAX:
            self._sessions.popitem(last=False)
        return cookie

    def logout(self, request: HTTPConnection) -> None:
        """End a session."""
        self._sessions.pop(request.cookies.get(cookie_of(request), ""), None)

    def who(self, request: HTTPConnection) -> Person | None:
        """Return whose request it is, None where nobody is logged in."""
        found, until_s = self._sessions.get(request.cookies.get(cookie_of(request), ""), ("", 0.0))
        return self._known().get(found) if self._clock() < until_s else None

    def _known(self) -> Tokens:
        """Return the tokens as the file has them now; one that has become unreadable lets nobody in."""
        stamp = _stamp(self._file)
        if self._file is not None and stamp != self._changed:
            self._changed = stamp
            try:
                self._tokens = read_tokens(self._file)
            except TokenError:
                self._tokens = {}
        return self._tokens


def cookie_of(request: HTTPConnection) -> str:
    """Return the name of our cookie: browsers keep cookies by host, and several pages may share one."""
    _, port = request.scope.get("server") or ("", 0)
    return f"aisle-{port}"


def _stamp(file: Path | None) -> tuple[int, int] | None:
    try:
        found = None if file is None else file.stat()
    except OSError:
        return None
    return None if found is None else (found.st_mtime_ns, found.st_size)
