"""What the server is told when it starts; not on its command line, for places can hold passwords."""

from pathlib import Path

import msgspec

from fusion.web.tokens import Person, Tokens, of_run, read_tokens


class WebError(Exception):
    """The page cannot be served: said in one line."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the server listens, what it shows, who may come in."""

    out: str
    store: str
    host: str
    port: int  # 0 for any that is free
    tokens: dict[str, tuple[str, str]]  # hash -> role, name
    tokens_file: str = ""  # "": the tokens stay as they are
    ledger: str = ""  # "": OUT/ledger.db
    key: str = ""  # "": OUT/ledger.key

    def people(self) -> Tokens:
        """Return who may come in."""
        return {token: Person(*who) for token, who in self.tokens.items()}


def settings_of(
    out: Path,
    store: Path,
    address: tuple[str, int],
    *,
    roles: dict[str, str],
    tokens_file: Path | None,
    ledger: Path | str | None,
    key: Path | None,
) -> Settings:
    """Return settings as a command line says; `roles` are the tokens of a run without a file, by role."""
    tokens = of_run(roles) if tokens_file is None else read_tokens(tokens_file)
    host, port = address
    return Settings(
        out=str(out.absolute()),
        store=str(store.absolute()),
        host=host,
        port=port,
        tokens={token: (who.role, who.name) for token, who in tokens.items()},
        tokens_file="" if tokens_file is None else str(tokens_file.absolute()),
        ledger="" if ledger is None else str(ledger),
        key="" if key is None else str(key),
    )
