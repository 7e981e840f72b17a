"""Real QGIS processes: the window, and qgis_process."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.installed import ROOT, SCENES

PYTHON = ROOT / ".venv" / "bin" / "python"


@pytest.fixture(scope="session")
def scene() -> dict:
    """The first sample scene, with its path."""
    scene = json.loads((SCENES / "scenes.json").read_text("utf-8"))[0]
    return {**scene, "path": str(SCENES / scene["file"])}


@pytest.fixture(scope="session")
def command_line():
    """Segments with the engine's command line: what the other ways are compared with."""

    def run(source: str, expression: str, out: Path, *options: str) -> dict:
        command = [PYTHON, "-m", "engine", "segment", source, expression, "--out", str(out)]
        done = subprocess.run(
            [*command, "--json", *options],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout.splitlines()[-1])

    return run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs QGIS's programs, and skips it where they are not."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(400))
            if shutil.which("qgis") is None:
                item.add_marker(pytest.mark.skip(reason="QGIS is not on the PATH"))
