"""The client as a pipeline runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[2] / "clients" / "python" / "src"


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Nothing of the developer's own; the folder is their home."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(SOURCE),
        "PYTHONWARNINGS": "error",
        "NO_PROXY": "*",
        **more,
    }


def run(
    folder: Path,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    wrap: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Run `vernier` in the folder to its end."""
    return subprocess.run(
        [*wrap, sys.executable, "-m", "vernier", *arguments],
        cwd=folder,
        env=environment(folder, **(env or {})),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def body(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What `--json` printed."""
    found: dict[str, Any] = json.loads(done.stdout)
    return found
