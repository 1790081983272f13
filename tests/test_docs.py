"""Every command block of README and docs is run, page by page in an empty folder, or says why it is not."""

import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
FENCE = re.compile(r"(?:^<!-- not run: (?P<why>.+) -->\n)?^```(?P<words>[^\n]*)\n(?P<body>.*?)^```$", re.M | re.S)
PORTS = ("5555", "9464")  # what pages call them; free ones take their place
TOOLS = ("aisle", "make", "python", "python3", "pip")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    kind: str  # "sh": commands; else what the file is that it shows
    file: str  # its name, "" where it is none
    body: str
    why: str  # it is not run


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    out = []
    for found in FENCE.finditer(page.read_text(encoding="utf-8")):
        kind, _, file = found["words"].partition(" file=")
        out.append(Block(kind, file, found["body"], found["why"] or ""))
    return out


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_stand_in_blocks_that_are_run_or_say_why_not(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    outside = FENCE.sub("", text)
    loose = [line for line in outside.splitlines() if re.match(rf"    ({'|'.join(TOOLS)}) ", line)]
    assert not loose, f"{page.name}: commands outside of a ```sh block: {loose}"
    for block in blocks_of(page):
        assert block.kind in ("sh", "text", "toml", "python"), f"{page.name}: block of kind {block.kind!r}"
        assert block.kind == "sh" or block.file, f"{page.name}: a block shows what is neither run nor a file"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_do_what_it_says(page: Path, tmp_path: Path) -> None:
    commands = []
    for block in blocks_of(page):
        if block.file:
            (tmp_path / block.file).write_text(block.body, encoding="utf-8")
        elif not block.why:
            commands.append(block.body)
    script = "\n".join(commands)
    for port in PORTS:
        script = script.replace(port, str(free_port()))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "AISLE": str(ROOT), "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{page.name}:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_names_of_this_project_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    linked = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    named = re.findall(r"`((?:fusion|sensors|scenarios|bench|tests|docs)/[\w/.-]+)`", text)
    named += re.findall(r"(?<=[ ;])tests/test_\w+\.py", text)
    missing = [target for target in linked if not (page.parent / target).exists()]
    missing += [name for name in named if not (ROOT / name).exists()]
    benches = re.findall(r"bench\.(\w+)", text)
    missing += [
        f"bench.{b}" for b in benches if not ((ROOT / "bench" / f"{b}.py").exists() or (ROOT / "bench" / b).is_dir())
    ]
    assert not missing, f"{page.name} names what is not there: {missing}"
