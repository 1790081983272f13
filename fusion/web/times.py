"""Instants as the page has them, milliseconds as floats, and as the engine has them, whole nanoseconds."""

from typing import Final

MS_NS: Final = 1_000_000
SLACK_NS: Final = 1_000  # a float of milliseconds since 1970 is good to a quarter of a microsecond


def ms_of(t_ns: int) -> float:
    """Return an instant in milliseconds."""
    return t_ns / MS_NS


def until_ns(t_ms: float) -> int:
    """Return nanoseconds that are no less than those that a page's milliseconds were made of, and hardly more."""
    return round(t_ms * MS_NS) + SLACK_NS
