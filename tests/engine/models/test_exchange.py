"""Models of one's own in files: whole or not at all, whatever file, disk and analyst do."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tomli_w
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from engine.errors import Cancelled, InputError, ModelError, OutputError
from engine.models import exchange, zoo
from engine.models.card import ADAPTER_FILES, OWN_CARD
from engine.models.folders import MODELS_VARIABLE
from engine.models.integrity import sha256
from engine.progress import Progress
from engine.service.methods import Methods
from tests.engine.models.test_cards import OWN, good

WEIGHTS, CONFIG = ADAPTER_FILES
ROOT = Path(__file__).resolve().parents[3]
FAULTS = (InputError, ModelError)


@dataclass
class Patience:
    """Somebody who wants it no more after so many looks."""

    looks: int = 1000
    told: list[Progress] = field(default_factory=list)

    def progress(self, progress: Progress) -> None:
        self.told.append(progress)

    def cancelled(self) -> bool:
        self.looks -= 1
        return self.looks < 0


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's models: one, of 3 MB."""
    folder = tmp_path / "models"
    (folder / OWN).mkdir(parents=True)
    monkeypatch.setenv(MODELS_VARIABLE, str(folder))
    save_file({"x": torch.rand(3 * 2**18)}, folder / OWN / WEIGHTS)
    config = {"peft_type": "LORA", "target_modules": ["a.b"], "rank_pattern": {r"a\.b": 4},
              "modules_to_save": None, "lora_alpha": 16}  # fmt: skip
    (folder / OWN / CONFIG).write_text(json.dumps(config))
    weights = [{"name": name, "sha256": sha256(folder / OWN / name)} for name in ADAPTER_FILES]
    (folder / OWN / OWN_CARD).write_text(tomli_w.dumps({**good(), "weights": weights}), "utf-8")
    return folder


@pytest.fixture
def file(models: Path, tmp_path: Path) -> Path:
    """An exported model, which is not among the user's models any more."""
    (tmp_path / "there").mkdir()
    path = exchange.export(OWN, tmp_path / "there" / "ponds.zip")
    exchange.delete(OWN)
    assert not list(models.iterdir())
    return path


def test_it_comes_back_as_it_was_and_says_how_far_it_is(models: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in (models / OWN).iterdir()}
    out, back = Patience(), Patience()
    path = exchange.export(OWN, tmp_path / "a.zip", out)
    exchange.delete(OWN)
    assert exchange.load(path, back).id == OWN
    assert {path.name: path.read_bytes() for path in (models / OWN).iterdir()} == before
    for watcher in (out, back):
        steps = [(step.done, step.total) for step in watcher.told]
        assert steps == sorted(steps)
        assert len(set(steps)) > 2
        assert all(done <= total for done, total in steps)


@pytest.mark.parametrize("looks", range(4))
def test_a_cancelled_import_leaves_no_trace(models: Path, file: Path, looks: int) -> None:
    with pytest.raises(Cancelled):
        exchange.load(file, Patience(looks))
    assert not list(models.iterdir())
    assert exchange.load(file).id == OWN


@pytest.mark.parametrize("looks", range(4))
def test_a_cancelled_export_leaves_what_was_there(models: Path, tmp_path: Path, looks: int) -> None:
    path = tmp_path / "there" / "ponds.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.toml", "the one before")
    before = path.read_bytes()
    with pytest.raises(Cancelled):
        exchange.export(OWN, path, Patience(looks))
    assert [each.name for each in path.parent.iterdir()] == ["ponds.zip"]
    assert path.read_bytes() == before


def test_the_service_can_be_asked_to_stop(models: Path, file: Path) -> None:
    methods: dict[str, Any] = Methods().table()
    with pytest.raises(Cancelled):
        methods["import_model"](Patience(0), path=file)
    methods["import_model"](Patience(), path=file)
    with pytest.raises(Cancelled):
        methods["export_model"](Patience(0), model=OWN, path=file)


KILLED = """
import os, signal, sys
from pathlib import Path
from engine.models import exchange

class Killer:
    def progress(self, step):
        if step.done:
            os.kill(os.getpid(), signal.SIGKILL)
    def cancelled(self):
        return False

getattr(exchange, sys.argv[1])(*map(eval, sys.argv[2:]), Killer())
"""


def killed(*call: str) -> None:
    program = [sys.executable, "-c", KILLED, *call]
    ended = subprocess.run(program, cwd=ROOT, env=dict(os.environ), capture_output=True)
    assert ended.returncode == -9, ended.stderr


@pytest.mark.parametrize("then", ["models", "import", "--list"])
def test_what_a_killed_import_has_left_is_swept(models: Path, file: Path, then: str) -> None:
    killed("load", f"Path({str(file)!r})")
    (left,) = models.iterdir()
    assert left.name.startswith(".partial-")
    assert any(path.is_file() for path in left.rglob("*"))
    if then == "models":
        Methods().models(None)  # type: ignore[arg-type]
    elif then == "import":
        exchange.load(file)
    else:
        from engine.command import main

        main.main(["models"])
    assert not left.exists()


def test_what_a_killed_export_has_left_is_swept(models: Path, tmp_path: Path) -> None:
    path = tmp_path / "there" / "ponds.zip"
    path.parent.mkdir()
    killed("export", repr(OWN), f"Path({str(path)!r})")
    assert not path.exists()
    assert list(path.parent.iterdir())
    exchange.export(OWN, path)
    assert [each.name for each in path.parent.iterdir()] == ["ponds.zip"]


def test_the_leftovers_of_earlier_versions_go_and_work_in_progress_stays(models: Path) -> None:
    old, fresh = (models / name for name in (".partial-abc_1234", ".deleted-abc_1234"))
    living = models / f".partial-{os.uname().nodename}-{os.getpid()}-x"
    for folder in (old, fresh, living):
        folder.mkdir()
    os.utime(old, (0, time.time() - 2 * exchange.EARLIER_SECONDS))
    exchange.sweep()
    assert [folder.exists() for folder in (old, fresh, living, models / OWN)] == [0, 1, 1, 1]


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def bound(path: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    return path


def dangling(path: Path) -> Path:
    path.symlink_to("nowhere")
    return path


def to_a_fifo(path: Path) -> Path:
    path.symlink_to(fifo(path.with_name("fifo")))
    return path


NO_FILES = [
    fifo,
    bound,
    dangling,
    to_a_fifo,
    lambda path: path,
    lambda path: path.parent,
    lambda _: Path("/dev/zero"),
    lambda _: Path("/dev/tty"),
]


@pytest.mark.parametrize("make", NO_FILES, ids=range(len(NO_FILES)))
def test_what_is_no_file_is_refused_before_it_is_opened(
    models: Path, tmp_path: Path, make: Any
) -> None:
    path = make(tmp_path / "x.zip")
    with pytest.raises(InputError, match=r"cannot be read as an exported model"):
        exchange.load(path)
    assert [each.name for each in models.iterdir()] == [OWN]


@pytest.mark.parametrize("make", [fifo, bound, lambda p: p.parent], ids=["fifo", "socket", "dir"])
def test_an_export_replaces_files_only(models: Path, tmp_path: Path, make: Any) -> None:
    path = make(tmp_path / "x.zip")
    with pytest.raises(InputError, match="no file that could be replaced"):
        exchange.export(OWN, path)
    assert path.exists()


def test_an_export_to_a_name_that_no_file_has_ends_in_a_sentence(
    models: Path, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        exchange.export(OWN, tmp_path / ("a" * 300))


def test_an_export_takes_the_place_of_a_link_to_itself(models: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.symlink_to(path)
    exchange.export(OWN, path)
    assert zipfile.is_zipfile(path)


@pytest.mark.parametrize("way", ["plain", "dots", "link", "new", "beside"])
def test_an_export_never_replaces_what_it_is_made_of(
    models: Path, tmp_path: Path, way: str
) -> None:
    (tmp_path / "link").symlink_to(models)
    path = {
        "plain": models / OWN / WEIGHTS,
        "dots": models / ".." / "models" / OWN / CONFIG,
        "link": tmp_path / "link" / OWN / OWN_CARD,
        "new": models / OWN / "ponds.zip",
        "beside": models / "ponds.zip",
    }[way]
    before = {path: path.read_bytes() for path in models.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="among the models"):
        exchange.export(OWN, path)
    assert {path: path.read_bytes() for path in models.rglob("*") if path.is_file()} == before


def packed(file: Path, **how: Any) -> Path:
    """The same files, packed in another way."""
    with zipfile.ZipFile(file) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content |= how.pop("content", {})
    with zipfile.ZipFile(file, "w", **how) as archive:
        for name, each in content.items():
            archive.writestr(name, each)
    return file


def understated(file: Path) -> Path:
    """Its weights have more bytes than it says, and the right checksum of what it says."""
    import zlib

    whole = packed(file).read_bytes()
    with zipfile.ZipFile(file) as archive:
        entry, content = archive.getinfo(WEIGHTS), archive.read(WEIGHTS)
    for said, claimed in ((entry.file_size, 1000), (entry.CRC, zlib.crc32(content[:1000]))):
        whole = whole.replace(said.to_bytes(4, "little"), claimed.to_bytes(4, "little"))
    file.write_bytes(whole)
    return file


def vast(file: Path) -> Path:
    """It says that its weights have sixteen gigabytes."""
    whole = packed(file).read_bytes()
    with zipfile.ZipFile(file) as archive:
        size = archive.getinfo(CONFIG).file_size.to_bytes(4, "little")
    file.write_bytes(whole.replace(size, (2**31).to_bytes(4, "little")))
    return file


def endless_contents(file: Path) -> Path:
    with zipfile.ZipFile(file, "a") as archive:
        for number in range(25):
            entry = zipfile.ZipInfo(f"{number}{'x' * 60_000}")
            entry.comment = b"x" * 60_000
            archive.writestr(entry, b"")
    return file


def overstated(file: Path) -> Path:
    """It says that its configuration is longer than it is."""
    with zipfile.ZipFile(file) as archive:
        size = archive.getinfo(CONFIG).file_size
    said, claimed = (each.to_bytes(4, "little") for each in (size, size + 7))
    file.write_bytes(file.read_bytes().replace(said, claimed))
    return file


ARCHIVES = [
    understated,
    overstated,
    vast,
    endless_contents,
    lambda file: packed(file, compression=zipfile.ZIP_BZIP2),
    lambda file: packed(file, compression=zipfile.ZIP_LZMA),
    lambda file: packed(file, content={"more": b""}),
    lambda file: packed(file, content={OWN_CARD: b" " * 10**6}, compression=zipfile.ZIP_DEFLATED),
    lambda file: packed(file, content={WEIGHTS: b""}),
    lambda file: packed(file, content={CONFIG: b"[" * 10**5}),
    lambda file: packed(file, content={CONFIG: b'{"lora_alpha": ' + b"9" * 10**5 + b"}"}),
]


@pytest.mark.parametrize("make", ARCHIVES, ids=range(len(ARCHIVES)))
def test_an_archive_of_another_kind_is_refused_and_leaves_no_trace(
    models: Path, file: Path, make: Any
) -> None:
    path = make(file)
    with pytest.raises(FAULTS, match=r"ponds\.zip"):
        exchange.load(path)
    assert not list(models.iterdir())


def test_a_table_of_contents_that_would_fill_the_memory_is_not_read(
    models: Path, file: Path
) -> None:
    with pytest.raises(InputError, match="table of contents is too large"):
        exchange.load(endless_contents(file))


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_archive_is_refused_or_is_the_same_model(
    models: Path, file: Path, data: st.DataObject
) -> None:
    """Around its table of contents and its heads: the weights themselves have their SHA-256."""
    path, whole = file.with_name("damaged.zip"), file.read_bytes()
    for folder in models.iterdir():
        exchange.delete(folder.name)
    at = data.draw(st.integers(0, 300) | st.integers(1, 500).map(lambda back: len(whole) - back))
    part = data.draw(st.binary(max_size=8))
    path.write_bytes(whole[:at] + part + whole[at + data.draw(st.integers(0, 8)) :])
    with suppress(*FAULTS):
        exchange.load(path)
    assert all(folder.name == OWN for folder in models.iterdir())
    assert not zoo.damaged()


def test_a_strangers_card_is_refused_by_its_place_in_the_file(models: Path, file: Path) -> None:
    card = {**good(), "metrics": {"accuracy": float("nan")}}
    packed(file, content={OWN_CARD: tomli_w.dumps(card)})
    with pytest.raises(ModelError) as refused:
        exchange.load(file)
    assert f"{file} cannot be imported. The model card card.toml" in str(refused.value)
    assert "metrics: 'accuracy'" in str(refused.value)
    assert ".partial" not in str(refused.value)
    assert not list(models.iterdir())


FULL = """
import resource, sys
from engine.command.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 2**20, 2 * 2**20))
main(sys.argv[1:])
"""


def on_a_full_disk(*arguments: str) -> str:
    """What a command says that may write no more than 2 MB into a file."""
    program = [sys.executable, "-c", FULL, "models", *arguments]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 1
    return ended.stderr


def test_a_full_disk_ends_an_import_in_a_sentence(models: Path, file: Path) -> None:
    told = on_a_full_disk("--import", str(file))
    assert "Traceback" not in told
    assert f"error: {models} cannot be written" in told
    assert not list(models.iterdir())


def test_a_full_disk_ends_an_export_in_a_sentence(models: Path, tmp_path: Path) -> None:
    path = tmp_path / "there" / "ponds.zip"
    path.parent.mkdir()
    told = on_a_full_disk("--export", OWN, str(path))
    assert "Traceback" not in told
    assert f"error: {path} cannot be written" in told
    assert not list(path.parent.iterdir())


def test_a_model_that_the_disk_cannot_hold_is_refused_at_once(
    models: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Few)
    with pytest.raises(OutputError, match="Make room"):
        exchange.load(file)
    assert not list(models.iterdir())


class Few:
    free = 1000


def test_a_folder_without_a_model_is_in_the_way_and_named(models: Path, file: Path) -> None:
    (models / OWN).mkdir()
    (models / OWN / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="in the way"):
        exchange.load(file)
    assert (models / OWN / "notes.txt").read_text() == "mine"
