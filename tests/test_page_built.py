"""What ships of the operator's page is what its sources build, and its types hold."""

import shutil
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE, ASSETS = ROOT / "fusion" / "web" / "page", ROOT / "fusion" / "web" / "assets"
HINT = "expected {}, received none: `make node` installs it"


def node(*words: str) -> subprocess.CompletedProcess[str]:
    assert shutil.which("node"), HINT.format("node on the PATH")
    assert (PAGE / "node_modules").is_dir(), HINT.format("the page's compiler")
    return subprocess.run(["node", *words], cwd=PAGE, capture_output=True, text=True)


def test_the_assets_are_what_the_sources_build(tmp_path: Path) -> None:
    built = node("build.mjs", str(tmp_path / "built"))
    assert built.returncode == 0, built.stderr
    files = {path.name: path.read_bytes() for path in (tmp_path / "built").iterdir()}
    shipped = {path.name: path.read_bytes() for path in ASSETS.iterdir()}
    assert sorted(files) == sorted(shipped), "`make page` builds them anew"
    assert [name for name in files if files[name] != shipped[name]] == [], "`make page` builds them anew"


def test_the_types_hold() -> None:
    checked = node("node_modules/typescript/bin/tsc", "--noEmit")
    assert checked.returncode == 0, checked.stdout


def test_the_assets_are_in_the_wheel_and_ask_nobody_else_for_anything() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert "assets/*" in settings["package-data"]["fusion.web"]
    assert "fusion.web" in settings["packages"]
    assert (ASSETS / "index.html").is_file()
    for path in ASSETS.glob("*.[chj]*"):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text and "https://" not in text and "//# sourceMappingURL" not in text, path.name
