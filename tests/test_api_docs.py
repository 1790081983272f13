"""What docstrings refer to is there: files, folders, and the names in backticks; pdoc builds pages of them."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("fusion", "sensors", "scenarios", "bench")
FILES = tuple(file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))
INSTANCES = {"tok_4111111111111111", "BASE.seg", "SKU.COLA"}  # of what is told, no names in the code
HEADING = re.compile(r"^    ([a-z_]+/)(?= |$)", re.M)  # a folder in the list that a package's docstring opens with


def docstrings_of(file: Path) -> list[str]:
    """Return every docstring of a module."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    return [text for node in nodes if isinstance(node, documented) and (text := ast.get_docstring(node))]


@cache
def known_names() -> frozenset[str]:
    """Return every name that code of the packages defines or uses, and every word of its short texts."""
    out = {part for file in FILES for part in file.relative_to(ROOT).with_suffix("").parts} | {"py"}
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for field in ("id", "attr", "arg", "name"):
                name = getattr(node, field, None)
                out |= {name} if isinstance(name, str) else set()
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 60:
                out |= set(re.findall(r"\w+", node.value))
    return frozenset(out)


def broken(text: str, folder: Path) -> list[str]:
    """Return what a docstring of a module in a folder refers to that is not there."""
    places = (folder, *(parent for parent in folder.parents if parent.is_relative_to(ROOT)))
    places += tuple(ROOT / package for package in PACKAGES)
    files = re.findall(r"[\w/]+\.py\b", text) + HEADING.findall(text)
    out = [file for file in files if not any((place / file).exists() for place in places)]
    names = set(re.findall(r"`([A-Za-z_][\w.]*)`", text)) - INSTANCES
    return out + sorted(name for name in names if not set(name.split(".")) <= known_names())


@pytest.mark.parametrize("package", PACKAGES)
def test_docstrings_name_what_is_there(package: str) -> None:
    files = [file for file in FILES if file.is_relative_to(ROOT / package)]
    told = {str(file.relative_to(ROOT)): broken(text, file.parent) for file in files for text in docstrings_of(file)}
    assert {file: wrong for file, wrong in told.items() if wrong} == {}


def test_what_was_renamed_is_found() -> None:
    folder = ROOT / "fusion"
    assert broken("`engine.step` of engine.py, in\n    intake/   order", folder) == []
    assert broken("`engine.stride` of motor.py, in\n    outtake/   order", folder) == [
        "motor.py",
        "outtake/",
        "engine.stride",
    ]


def test_pages_are_built_of_a_package_and_link_to_what_is_there(tmp_path: Path) -> None:
    words = ["-W", "error", "-m", "pdoc", "--no-show-source", "-o", str(tmp_path), "fusion.checkout"]
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True)
    pages = sorted(tmp_path.rglob("*.html"))
    assert {"checkout.html", "pricing.html", "receipts.html"} <= {page.name for page in pages}
    texts = {page: re.sub(r"<script.*?</script>", "", page.read_text(encoding="utf-8"), flags=re.S) for page in pages}
    ids = {page: set(re.findall(r'id="([^"]+)"', text)) for page, text in texts.items()}
    for page, text in texts.items():
        for link in re.findall(r'href="([^":]+)"', text):
            target, _, place = link.partition("#")
            there = (page.parent / target).resolve() if target else page
            assert there in ids, f"{page.name} links to {link}"
            assert not place or place in ids[there], f"{page.name} links to {link}"
