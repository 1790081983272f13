"""Every command block of README and docs is run, page by page in an empty folder."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
FENCE = re.compile(r"(?:^<!-- (?P<mark>[^\n]+) -->\n)?^```(?P<words>[^\n]*)\n(?P<body>.*?)^```$", re.M | re.S)
PORTS = ("5555", "5601", "5602", "9464", "8080")  # what pages call them; free ones take their place
STOPPED, SHARED = "until stopped", "needs ../shared"  # marks: every command serves until Ctrl-C; reads what lies there
READY = {  # what they say when they serve
    "aisle serve": "listening on",
    "aisle web": "page for a",
    "aisle replay": "page for a",
    "aisle fleet": "listening",
}
TOOLS = ("aisle", "make", "python", "python3", "pip")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    kind: str  # "sh": commands; else what the file is that it shows
    file: str  # its name, "" where it is none
    body: str
    mark: str  # what the comment before it says


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    out = []
    for found in FENCE.finditer(page.read_text(encoding="utf-8")):
        kind, _, file = found["words"].partition(" file=")
        out.append(Block(kind, file, found["body"], found["mark"] or ""))
    return out


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_stand_in_blocks_that_are_run(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    outside = FENCE.sub("", text)
    loose = [line for line in outside.splitlines() if re.match(rf"    ({'|'.join(TOOLS)}) ", line)]
    assert not loose, f"{page.name}: commands outside of a ```sh block: {loose}"
    for block in blocks_of(page):
        assert block.kind in ("sh", "text", "toml", "python"), f"{page.name}: block of kind {block.kind!r}"
        assert block.kind == "sh" or block.file, f"{page.name}: a block shows what is neither run nor a file"
        # CI runs the two commands of the README: a test that ran the tests would not end.
        assert block.mark in ("", STOPPED, SHARED, "not run: CI runs both"), f"{page.name}: {block.mark}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_do_what_it_says(page: Path, tmp_path: Path) -> None:
    shared, folder = ROOT.parent / "shared", tmp_path / "page"
    folder.mkdir()
    blocks = blocks_of(page)
    if shared.is_dir():
        (tmp_path / "shared").symlink_to(shared)
    wanted = [b for b in blocks if not b.file and (b.mark in ("", STOPPED) or (b.mark == SHARED and shared.is_dir()))]
    ports = {port: str(free_port()) for port in PORTS}
    for block in blocks:
        if block.file:
            (folder / block.file).write_text(moved(block.body, ports), encoding="utf-8")
    before: list[str] = []  # commands that run to their end, up to one that does not
    for block in wanted:
        body = moved(block.body, ports)
        if block.mark != STOPPED:
            before.append(f"cd {folder}\n{body}")
            continue
        run_all(page, folder, before)
        before = []
        for command in body.splitlines():
            serve_until_stopped(command, folder)
    run_all(page, folder, before)
    if any(b.mark == SHARED for b in blocks) and not shared.is_dir():
        pytest.skip(f"{page.name}: {shared} is not there; all other commands were run")


def moved(body: str, ports: dict[str, str]) -> str:
    """Return commands or a file with other ports."""
    for port, free in ports.items():
        body = body.replace(port, free)
    return body


def run_all(page: Path, folder: Path, bodies: list[str]) -> None:
    """Run commands as one script, as somebody does who pastes them one after the other."""
    script = "\n".join(bodies)
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{page.name}:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"


def serve_until_stopped(command: str, folder: Path) -> None:
    """Start what serves, wait until it says where, stop it as Ctrl-C does, and expect that it ends in order."""
    ready = READY[" ".join(command.split()[:2])]
    child = subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    guard = threading.Timer(120.0, child.kill)  # nothing said ends the loop below
    guard.start()
    assert child.stdout is not None
    try:
        said = []
        for line in child.stdout:
            said.append(line)
            if ready in line:
                break
        assert said and ready in said[-1], f"{command}: {''.join(said)}"
        child.send_signal(signal.SIGINT)
        said += child.stdout.readlines()
        assert child.wait() in (0, 130), f"{command}: {''.join(said)}"
        assert "Traceback" not in "".join(said)
    finally:
        guard.cancel()
        child.kill()
        child.wait()
        child.stdout.close()


def environment() -> dict[str, str]:
    """Return the environment that pages are run in."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "AISLE": str(ROOT), "COLUMNS": "100"}


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
