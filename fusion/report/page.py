"""The page: a template, styles, scripts and the contents as JSON, in one file. Everything from data is escaped here."""

import base64
import hashlib
import html
import json
from importlib.resources import files
from typing import Any

STYLES = ("page.css",)
SCRIPTS = ("dom.js", "floor.js", "timeline.js", "traces.js", "events.js", "receipts.js", "run.js", "page.js")


def page(contents: dict[str, Any]) -> str:
    """Return the whole HTML file."""
    style = "\n".join(map(_file, STYLES))
    script = '"use strict";\n(() => {\n' + "\n".join(map(_file, SCRIPTS)) + "\n})();\n"
    # Filled from left to right in one pass: what is put in is never searched for places again.
    places = {
        "TITLE": html.escape(str(contents["title"])),
        "STYLE_HASH": _hash(style),
        "SCRIPT_HASH": _hash(script),
        "STYLE": style,
        "CONTENTS": embedded(contents),
        "SCRIPT": script,
    }
    first, *parts = _file("page.html").split("{{")
    filled = [first]
    for part in parts:
        name, _, rest = part.partition("}}")
        filled += [places[name], rest]
    return "".join(filled)


def embedded(contents: dict[str, Any]) -> str:
    """Return JSON that may stand inside a script element, whatever it says: no markup can begin or end in it."""
    text = json.dumps(contents, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _file(name: str) -> str:
    return (files("fusion.report") / name).read_text(encoding="utf-8")
