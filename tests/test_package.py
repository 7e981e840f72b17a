"""The zip holds what git knows, and nothing that a program left beside it."""

from __future__ import annotations

import runpy
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGING = runpy.run_path(str(ROOT / ".ci" / "package.py"))

LEFT_BEHIND = (
    "resources/scenes/harbor.tif.aux.xml",  # QGIS, of a raster it drew
    "resources/scenes/harbor.tif.ovr",
    "engine/__pycache__/__init__.cpython-311.pyc",
    "plugin/notes.txt",
    "engine/.env",
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with every entry that is shipped, and what programs leave beside them."""
    for entry in PACKAGING["SHIPPED"]:
        path = tmp_path / entry
        file = path if "." in path.name or path.name == "LICENSE" else path / "__init__.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n")
    (tmp_path / "metadata.txt").write_bytes((ROOT / "metadata.txt").read_bytes())
    (tmp_path / ".gitignore").write_text("*.aux.xml\n__pycache__/\n")
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", "-C", tmp_path, *command], check=True)
    for name in LEFT_BEHIND:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"left behind")
    return tmp_path


def entries(root: Path) -> list[str]:
    """The names in the zip of a repository, without the plugin's folder."""
    archive = root / "dist" / "plugin.zip"
    PACKAGING["package"](root, archive)
    with zipfile.ZipFile(archive) as zipped:
        return [name.partition("/")[2] for name in zipped.namelist()]


def test_the_zip_holds_what_git_knows_and_nothing_else(repository: Path) -> None:
    packed = entries(repository)
    git = ["git", "-C", str(repository), "ls-files"]
    known = subprocess.run(git, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    assert sorted(packed) == sorted(set(known) - {".gitignore"})


def test_a_file_of_a_name_beyond_ascii_is_packed(repository: Path) -> None:
    (repository / "resources" / "Tänke.tif").write_bytes(b"")
    subprocess.run(["git", "-C", repository, "add", "resources/Tänke.tif"], check=True)
    assert "resources/Tänke.tif" in entries(repository)


def test_a_part_that_is_missing_is_named(repository: Path) -> None:
    (repository / "LICENSE").unlink()
    with pytest.raises(SystemExit, match="LICENSE"):
        entries(repository)
