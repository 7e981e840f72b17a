"""The zip holds what git knows, and nothing that a program left beside it."""

from __future__ import annotations

import os
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


def test_a_link_is_refused(repository: Path) -> None:
    (repository / "engine" / "notes.txt").symlink_to(repository / "metadata.txt")
    subprocess.run(["git", "-C", repository, "add", "engine/notes.txt"], check=True)
    with pytest.raises(SystemExit, match=r"notes\.txt.* is a link"):
        entries(repository)


def test_a_name_that_is_not_utf_8_is_refused(repository: Path) -> None:
    file = repository / "engine" / os.fsdecode(b"\xff.txt")
    file.write_bytes(b"")
    subprocess.run(["git", "-C", repository, "add", file], check=True)
    with pytest.raises(SystemExit, match="not UTF-8"):
        entries(repository)


def test_a_file_in_conflict_is_packed_once(repository: Path) -> None:
    blob = ["git", "-C", str(repository), "hash-object", "-w", "metadata.txt"]
    name = subprocess.run(blob, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    stages = "".join(f"100644 {name} {stage}\tengine/both.py\n" for stage in (1, 2, 3))
    index = ["git", "-C", repository, "update-index", "--index-info"]
    subprocess.run(index, check=True, input=stages, text=True)
    (repository / "engine" / "both.py").write_text("")
    assert entries(repository).count("engine/both.py") == 1


def test_without_git_there_is_a_sentence(repository: Path) -> None:
    (repository / ".git").rename(repository / "git")
    with pytest.raises(SystemExit, match="no checkout of git"):
        entries(repository)
