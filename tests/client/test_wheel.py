"""The wheel as it is built for the package index: what is in it, what it asks for, and that it runs alone."""

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.services import nothing_may_be_missing

PACKAGE = Path(__file__).resolve().parents[2] / "clients" / "python"


def done(*command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=os.environ | env, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with what is here: nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for each in [PACKAGE / "pyproject.toml", PACKAGE / "README.md", *(PACKAGE / "src").rglob("*")]:
        if each.is_file() and each.suffix in (".toml", ".md", ".py", ".typed"):
            to = source / each.relative_to(PACKAGE)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(each.read_bytes())
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation"]
    built = done(*pip, "--wheel-dir", folder, source)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("*.whl")
    return found


def test_it_is_pure_and_asks_for_two_packages(wheel: Path) -> None:
    assert wheel.name == "vernier_client-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as content:
        names = content.namelist()
        metadata = content.read("vernier_client-0.1.0.dist-info/METADATA").decode()
    assert {name.split("/")[0] for name in names} == {"vernier", "vernier_client-0.1.0.dist-info"}
    assert "vernier/py.typed" in names
    assert re.findall(r"^Requires-Dist: (\w+)", metadata, re.MULTILINE) == ["httpx", "rich"]
    assert "Requires-Python: >=3.9" in metadata


def test_it_is_installed_into_a_fresh_environment_and_runs(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    try:
        venv.create(home, with_pip=True)
    except subprocess.CalledProcessError as error:
        told = f"venv: this Python makes no environment with pip ({error})"
        (pytest.fail if nothing_may_be_missing() else pytest.skip)(told)
    installed = done(home / "bin" / "pip", "install", "--no-index", "--no-deps", wheel)
    assert installed.returncode == 0, installed.stderr
    # Its two packages are those that the tests run with: without an index there are no others to be had.
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    said = done(home / "bin" / "vernier", "--version", PYTHONPATH=packages)
    assert said.stdout == "vernier-client 0.1.0\n", said.stderr
    where = done(
        home / "bin" / "python", "-c", "import vernier; print(vernier.__file__)", PYTHONPATH=packages
    )
    assert where.stdout.startswith(str(home))
