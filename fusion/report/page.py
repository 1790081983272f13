"""The file itself: one page with style, scripts and facts inside, and a policy that lets nothing else in."""

import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

STYLES = ("page.css",)


def page(template: str, title: str, said: Any, scripts: tuple[str, ...]) -> str:
    """Return one self-contained HTML file that shows a value; scripts run in this order."""
    loader = PackageLoader("fusion.report", "page")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)

    def text(name: str) -> Markup:
        return Markup(loader.get_source(environment, name)[0])  # our own files, not anybody's input

    return environment.get_template(template).render(
        title=title,
        style=Markup("\n").join(map(text, STYLES)),
        script=Markup("\n").join(map(text, scripts)),
        said=Markup(embedded(said)),
    )


def embedded(said: Any) -> str:
    """Return a value as JSON that no name of a product or a person can break out of: it holds no < > &."""
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text
