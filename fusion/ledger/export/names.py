"""Names of the ledger in the syntax of other programs, and back again; pure.

Whatever text the ledger holds comes out as ASCII: hledger reads nothing else where the locale says so.
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, unquote

PLAIN: Final = "!#$&'()*+./:<=>?@^_~-"  # marks that end neither a string, a tag nor a description
AS_IT_IS: Final = "X-Z"  # before a beancount segment whose first letter was not made a capital
SKU: Final = "SKU."
CURRENCY: Final = "CUR."
_CURRENCY: Final = re.compile(r"[A-Z]{2,24}")


def text(words: str) -> str:
    """Return words as one line of ASCII, odd characters as %XX; `unquote` reads them back."""
    # Blanks at the ends and double ones would be lost.
    return quote(words, safe=PLAIN + (" " if words == " ".join(words.split()) else ""))


def beancount_segment(name: str) -> str:
    """Return one part of an account as beancount takes it: a capital or digit, then letters, digits and hyphens."""
    escaped = "".join(map(_escaped, name))
    if re.match(r"[0-9]", escaped):
        return escaped
    if re.match(r"[a-z]", escaped):
        return escaped[0].upper() + escaped[1:]
    return AS_IT_IS + escaped


def of_beancount_segment(segment: str) -> str:
    """Return the part of an account that a segment stands for."""
    as_it_is = segment.startswith(AS_IT_IS)
    escaped = segment.removeprefix(AS_IT_IS) if as_it_is else segment[0].lower() + segment[1:]
    # A hyphen is doubled, any other odd byte is a hyphen and two digits.
    return unquote(re.sub(r"-(-|[0-9A-F]{2})", lambda m: "%2D" if m[1] == "-" else "%" + m[1], escaped))


def beancount_sku(sku: str) -> str:
    """Return a SKU as a commodity: small letters as capitals, capitals behind an apostrophe, odd bytes as '0XX."""
    body, last = sku[:-1], sku[-1:]
    return SKU + "".join(map(_commodity, body)) + (_commodity(last) if last.isalnum() else _bytes(last, "'0"))


def of_beancount_sku(commodity: str) -> str:
    """Return the SKU that a commodity stands for."""
    return unquote(re.sub(r"'0([0-9A-F]{2})|'([A-Z])|([A-Z])", _sku_part, commodity.removeprefix(SKU)))


def beancount_currency(currency: str) -> str:
    """Return a currency as it is where it has a usual code, otherwise spelled like a SKU."""
    return currency if _CURRENCY.fullmatch(currency) else CURRENCY + beancount_sku(currency).removeprefix(SKU)


def hledger_segment(name: str) -> str:
    """Return one part of an account as hledger takes it, odd characters as %XX, nothing at all as %."""
    return quote(name, safe="") or "%"


def of_hledger_segment(segment: str) -> str:
    """Return the part of an account that a segment stands for."""
    return "" if segment == "%" else unquote(segment)


def hledger_sku(sku: str) -> str:
    """Return a SKU as a commodity, in quotes because hledger wants it where there are digits."""
    return f'"sku:{quote(sku, safe="")}"'


def of_hledger_sku(commodity: str) -> str:
    """Return the SKU that a commodity stands for."""
    return unquote(commodity.strip('"').removeprefix("sku:"))


def hledger_currency(currency: str) -> str:
    """Return a currency as it is where it has a usual code, otherwise in quotes."""
    return currency if _CURRENCY.fullmatch(currency) else f'"{quote(currency, safe="")}"'


def account(name: str, segment: Callable[[str], str]) -> str:
    """Return an account of several parts, each in the syntax of `segment`."""
    return ":".join(map(segment, name.split(":")))


def _escaped(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    return "--" if character == "-" else _bytes(character, "-")


def _commodity(character: str) -> str:
    if character.isascii() and (character.isdigit() or character.islower() or character in "._-"):
        return character.upper()
    return f"'{character}" if character.isascii() and character.isalpha() else _bytes(character, "'0")


def _bytes(character: str, mark: str) -> str:
    return "".join(f"{mark}{byte:02X}" for byte in character.encode())


def _sku_part(match: re.Match[str]) -> str:
    byte, capital, small = match.groups()
    return f"%{byte}" if byte else capital or small.lower()
