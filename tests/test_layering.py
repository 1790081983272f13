"""Who may import whom, and what the core must not touch: read from the source, nothing is run."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ABOVE = {
    "fusion": {"sensors", "scenarios", "bench"},
    "sensors": {"scenarios", "bench"},
    "scenarios": {"bench"},
    "bench": set(),
}
CORE = [
    *sorted((ROOT / "fusion" / "intake").glob("*.py")),
    *sorted((ROOT / "fusion" / "tracking").glob("*.py")),
    *sorted((ROOT / "fusion" / "shelf").glob("*.py")),
    *sorted((ROOT / "fusion" / "attribution").glob("*.py")),
    *sorted((ROOT / "fusion" / "checkout").glob("*.py")),
    *sorted((ROOT / "fusion" / "health").glob("*.py")),
    *[ROOT / "fusion" / "ledger" / f"{n}.py" for n in ("rules", "rows", "chain", "heads")],
    *[
        ROOT / "fusion" / "purchase" / f"{n}.py"
        for n in [
            "answers",
            "backoff",
            "bad_debts",
            "debts",
            "demands",
            "life",
            "request_json",
            "requests",
            "signature",
            "standing",
        ]
    ],
    *[
        ROOT / "fusion" / "live" / f"{n}.py"
        for n in ("admission", "baskets", "gaps", "header", "outputs", "rates", "receiving")
    ],
    *[ROOT / "fusion" / "web" / f"{n}.py" for n in ("plan", "said", "scene", "situation", "throttle", "times")],
    ROOT / "fusion" / "journal" / "record.py",
    ROOT / "sensors" / "window.py",
    *[
        ROOT / "fusion" / f"{n}.py"
        for n in ("engine", "clock_steps", "config", "messages", "arrays", "wire", "wire_arrays", "cards")
    ],
]
FORBIDDEN = {
    "socket", "zmq", "os", "sys", "time", "datetime", "random", "secrets", "uuid", "threading", "asyncio", "sqlite3",
    "psycopg", "subprocess", "multiprocessing", "pathlib", "io", "tempfile", "mcap", "polars",
}  # fmt: skip
FORBIDDEN_NAMES = {"open", "input", "print", "exec", "eval"}


def imports(path: Path) -> set[str]:
    """Every module a file names, deferred imports included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
    return names


@pytest.mark.parametrize("package", sorted(ABOVE))
def test_nothing_imports_what_stands_above_it(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        upward = {n for n in imports(path) if n.split(".")[0] in ABOVE[package]}
        assert not upward, f"{path.relative_to(ROOT)} imports {upward}"


@pytest.mark.parametrize("path", CORE, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_core_touches_no_socket_clock_file_or_global_random_number(path: Path) -> None:
    outside = {n for n in imports(path) if n.split(".")[0] in FORBIDDEN}
    assert not outside, f"{path.name} imports {outside}"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert not called & FORBIDDEN_NAMES, f"{path.name} calls {called & FORBIDDEN_NAMES}"
    dotted = {ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    assert not {d for d in dotted if d.startswith(("np.random", "numpy.random"))}


def test_the_core_never_reads_truth() -> None:
    for path in sorted((ROOT / "fusion").rglob("*.py")):
        assert "truth.json" not in path.read_text(encoding="utf-8")


def test_what_is_installed_is_every_package_of_the_tree() -> None:
    """Found when the desk was merged: a package that pyproject.toml does not name is missing from the wheel alone."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    tops = ("fusion", "sensors", "scenarios", "bench")
    inits = (path for top in tops for path in (ROOT / top).rglob("__init__.py"))
    there = {".".join(path.parent.relative_to(ROOT).parts) for path in inits}
    assert set(named) == there
