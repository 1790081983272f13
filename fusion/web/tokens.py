"""Who may look and who may decide: tokens, of which only hashes are kept; a file of them, or one per role for a run."""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from fusion.checkout.rulings import NAME

VIEWER, REVIEWER = "viewer", "reviewer"
ROLES: Final = (VIEWER, REVIEWER)
TOKENS_MAX: Final = 1000
_HASH: Final = re.compile(r"[0-9a-f]{64}")

Tokens = Mapping[str, "Person"]  # by hash


class TokenError(Exception):
    """A file of tokens that cannot be used, said in one line."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may come in."""

    role: str
    name: str  # author of what they decide


def new_token() -> str:
    """Return a token nobody can guess."""
    return secrets.token_urlsafe(24)


def hash_of(token: str) -> str:
    """Return what is kept of a token: it is random, so a plain hash does."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def find(tokens: Tokens, token: str) -> str | None:
    """Return the hash of a token that is good, None of any other."""
    mine, found = hash_of(token), None
    for one in tokens:
        if hmac.compare_digest(one, mine):
            found = one
    return found


def of_run(roles: Mapping[str, str]) -> Tokens:
    """Return the tokens of a run without a file, from token by role."""
    return {hash_of(token): Person(role, role) for role, token in roles.items()}


def read_tokens(path: Path) -> Tokens:
    """Read a file of lines `role name sha256`; raises TokenError that names file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise TokenError(f"{path}: expected a file of tokens, received {error.strerror}") from None
    except UnicodeDecodeError:
        raise TokenError(f"{path}: expected a file of tokens, received bytes that are no text") from None
    found: dict[str, Person] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3 or words[0] not in ROLES or not NAME.fullmatch(words[1]) or not _HASH.fullmatch(words[2]):
            # Somebody may have written a token where its hash belongs: the line is not repeated.
            expected = "viewer or reviewer, a name of A-Z a-z 0-9 . _ -, and the SHA-256 of a token in hexadecimal"
            raise TokenError(f"{path}: line {number}: expected {expected}, received something else")
        found[words[2]] = Person(words[0], words[1])
    if not 0 < len(found) <= TOKENS_MAX:
        raise TokenError(f"{path}: expected 1 to {TOKENS_MAX} tokens, received {len(found)}")
    return found


def add_token(path: Path, person: Person) -> str:
    """Make a token, append its hash to a file that only its owner can read, and return it."""
    token = new_token()
    if not path.exists():
        path.touch(mode=0o600)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{person.role} {person.name} {hash_of(token)}\n")
    return token
