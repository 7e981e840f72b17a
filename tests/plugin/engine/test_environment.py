"""Environments built by the real uv, from a folder of wheels and without a network."""

from __future__ import annotations

import hashlib
import os
import shutil
import socketserver
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from segment_by_text.plugin.engine import environment
from segment_by_text.plugin.engine.environment import (
    BuildCancelled,
    EnvironmentFailure,
    build,
    check,
    python_in,
)
from segment_by_text.plugin.engine.programs import PIECE, PIECES, Runner

from tests.imports import SHIPPED, imports, name

ROOT = Path(__file__).resolve().parents[3]


def wheel(folder: Path, name: str, version: str) -> str:
    """Writes a wheel with one module; returns its line in a lock."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version} --hash=sha256:{digest}\n"


class Site:
    """A folder of wheels, a lock, and a place for the environment."""

    def __init__(self, folder: Path, uv: Path) -> None:
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        self.lock = folder / "engine.lock"
        self.lock.write_text(wheel(self.wheels, "spade", "1.0"))
        self.venv = folder / "data" / "engine"
        self.environ = {"PATH": f"{uv.parent}:/usr/bin:/bin", "HOME": str(folder)}
        self.lines: list[str] = []

    def build(self, **changes: object) -> Path:
        options = {
            "wheels": self.wheels,
            "locks": [self.lock],
            "environ": self.environ,
            "progress": self.lines.append,
            **changes,
        }
        return build(self.venv, **options)

    def check(self, *libraries: str) -> environment.EnvironmentReport:
        return check(python_in(self.venv), libraries=libraries, environ=self.environ)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    uv = shutil.which("uv", path=f"{ROOT / '.venv-uv' / 'bin'}:{os.environ['PATH']}")
    if uv is None:
        pytest.skip("uv is not here; `make test` brings it")
    monkeypatch.setattr(environment, "SPACE", 0)
    return Site(tmp_path, Path(uv))


def test_an_environment_holds_what_the_lock_lists(site):
    python = site.build()

    found = subprocess.check_output([python, "-c", "import spade; print(spade.VERSION)"], text=True)
    assert found.strip() == "1.0"
    report = site.check("spade")
    assert report.usable
    assert report.versions["spade"] == "1.0"


def test_nothing_is_written_outside_the_environments_own_folders(site, tmp_path):
    before = set(tmp_path.iterdir())
    site.build()

    assert set(tmp_path.iterdir()) - before == {site.venv.parent}
    assert {path.name for path in site.venv.parent.iterdir()} == {"engine", "engine-uv"}


def test_the_second_build_needs_neither_uv_nor_wheels_and_does_nothing(site):
    site.build()
    site.lines.clear()
    shutil.rmtree(site.wheels)

    assert site.build(environ={}) == python_in(site.venv)
    assert site.lines == []


def test_a_new_lock_replaces_what_the_old_one_brought(site):
    site.build()
    site.lock.write_text(wheel(site.wheels, "rake", "2.0"))
    site.build()

    assert site.check("rake").versions["rake"] == "2.0"
    assert not site.check("spade").usable


def test_several_locks_make_one_environment(site, tmp_path):
    more = tmp_path / "more.lock"
    more.write_text(wheel(site.wheels, "rake", "2.0"))
    site.build(locks=[site.lock, more])

    assert site.check("spade", "rake").usable


def test_a_wheel_that_was_changed_is_refused_and_the_right_one_taken_later(site):
    right = next(site.wheels.iterdir())
    original = right.read_bytes()
    wheel(site.wheels, "spade", "1.0")
    with zipfile.ZipFile(right, "a") as archive:
        archive.writestr("more.py", "print('unasked')")

    with pytest.raises(EnvironmentFailure, match="not the file it should be"):
        site.build()
    assert not site.check("spade").usable
    right.write_bytes(original)
    site.build()
    assert site.check("spade").usable


def test_a_lock_without_hashes_is_refused(site):
    site.lock.write_text("spade==1.0\n")

    with pytest.raises(EnvironmentFailure, match="hash"):
        site.build()


def test_a_folder_that_lacks_a_wheel_says_so(site):
    shutil.rmtree(site.wheels)
    site.wheels.mkdir()

    with pytest.raises(EnvironmentFailure, match=r"folder with the packages lacks(.|\n)*spade"):
        site.build()


@pytest.mark.slow
def test_without_uv_and_without_its_wheel_the_folder_lacks_it(site):
    site.environ["PATH"] = "/usr/bin:/bin"

    with pytest.raises(EnvironmentFailure, match=r"folder with the packages lacks(.|\n)*uv"):
        site.build()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("#!/bin/sh\necho 3 9\n", "is Python 3.9; the engine needs Python 3.11 or newer"),
        ("#!/bin/sh\nexit 1\n", "not a Python that runs"),
        (None, "not a Python that runs"),
    ],
)
def test_an_interpreter_that_will_not_do_is_named(site, tmp_path, script, words):
    interpreter = tmp_path / "python"
    if script is not None:
        interpreter.write_text(script)
        interpreter.chmod(0o755)

    with pytest.raises(EnvironmentFailure, match=words) as failure:
        site.build(interpreter=interpreter)
    assert str(interpreter) in str(failure.value)
    assert not site.venv.exists()


@pytest.mark.parametrize("moment", ["Making", "Creating virtual", "Installing", "Resolved"])
def test_a_cancelled_build_is_incomplete_and_the_next_one_completes_it(site, moment):
    reached = threading.Event()

    def progress(line: str) -> None:
        if line.startswith(moment):
            reached.set()

    with pytest.raises(BuildCancelled):
        site.build(progress=progress, cancelled=reached.is_set)
    assert not (site.venv / environment.STAMP).exists()
    site.build()
    assert site.check("spade").usable


def test_an_environment_that_lost_its_python_is_built_again(site):
    python = site.build()
    python.unlink()
    site.build()

    assert site.check("spade").usable


def test_an_environment_that_lost_a_module_is_mended_by_a_build_with_a_new_stamp(site):
    site.build()
    (site.venv / environment.STAMP).unlink()
    site.lines.clear()
    site.build()

    assert not any("Making" in line for line in site.lines)
    assert site.check("spade").usable


def test_a_folder_with_other_files_is_left_alone(site):
    site.venv.mkdir(parents=True)
    (site.venv / "thesis.txt").write_text("mine")

    with pytest.raises(EnvironmentFailure, match="Choose an empty one"):
        site.build()
    assert (site.venv / "thesis.txt").read_text() == "mine"


def test_too_little_space_is_told_before_anything_is_built(site, monkeypatch):
    monkeypatch.setattr(environment, "SPACE", 10**18)

    with pytest.raises(EnvironmentFailure, match="GB free"):
        site.build()
    assert not site.venv.exists()


class Refusing(socketserver.StreamRequestHandler):
    """A proxy that wants to know who is there."""

    def handle(self) -> None:
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")


def test_the_proxy_of_the_variables_is_used_and_its_refusal_told(site):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusing) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{proxy.server_address[1]}"
        site.environ.update(HTTPS_PROXY=address, HTTP_PROXY=address, UV_HTTP_RETRIES="0")
        with pytest.raises(EnvironmentFailure, match="proxy wants a name and a password"):
            site.build(wheels=None)
        proxy.shutdown()


def test_a_network_that_does_not_answer_is_told(site):
    site.environ.update(HTTPS_PROXY="http://127.0.0.1:9", UV_HTTP_RETRIES="0")

    with pytest.raises(EnvironmentFailure, match="package index cannot be reached"):
        site.build(wheels=None)


def test_what_cannot_be_imported_is_named(site):
    site.build()

    assert "Not installed: trowel." in site.check("spade", "trowel").problem
    assert "not a Python that runs" in check(site.venv / "nowhere").problem


def test_everything_that_is_missing_is_named_at_once(site):
    site.build()

    problem = site.check("spade", "trowel", "hoe.blade").problem
    assert "Not installed: trowel, hoe.blade." in problem
    assert str(python_in(site.venv)) in problem


def test_what_is_there_and_broken_is_named_with_the_reason(site):
    python = site.build()
    (packages,) = site.venv.glob("lib/*/site-packages")
    (packages / "spade.py").write_text("raise OSError('libtorch.so: cannot open')")

    problem = site.check("spade").problem
    assert "spade cannot be imported: OSError: libtorch.so: cannot open" in problem
    assert not check(python, libraries=["spade"]).usable


def test_a_module_that_was_lost_is_installed_again(site):
    site.build()
    (packages,) = site.venv.glob("lib/*/site-packages")
    (packages / "spade.py").unlink()
    site.build()
    assert not site.check("spade").usable, "it seems to be there"

    site.build(again=True)
    assert site.check("spade").usable


NO_PYTHONS = {
    "nothing": (None, "not a Python that runs"),
    "no program": ("3 11", "cannot be started"),
    "an old one": ("#!/bin/sh\necho 3 9\n", "is Python 3.9; the engine needs Python 3.11"),
    "one that fails": ("#!/bin/sh\nexit 1\n", "not a Python that runs"),
    "another program": ("#!/bin/sh\necho hello\n", "not a Python that runs"),
    "a silent one": ("#!/bin/sh\n", "not a Python that runs"),
    "a talkative one": ("#!/bin/sh\necho three eleven\n", "not a Python that runs"),
    "one that hangs": ("#!/bin/sh\nsleep 600\n", "did not answer within"),
    "one that only says so": ("#!/bin/sh\necho 3 11\n", "ended with exit code 0"),
    "one that crashes": (
        "#!/bin/sh\n[ $# -gt 3 ] || exec echo 3 11\necho no luck >&2\nkill -SEGV $$\n",
        "ended with exit code -11. no luck",
    ),
    "one that never ends to talk": ("#!/bin/sh\nyes\n", "did not answer within"),
    **{
        f"one whose answer is {answer}": (
            f"#!/bin/sh\n[ $# -gt 3 ] || exec echo 3 11\necho '{answer}'\n",
            "cannot run the engine: it ended with exit code 0.",
        )
        for answer in ("5", "null", "{}", "[1, 2]", "[{}, [1]]", "[{}, null]")
    },
}


@pytest.mark.parametrize(("script", "words"), NO_PYTHONS.values(), ids=NO_PYTHONS)
def test_what_was_taken_for_a_python_is_told_to_be_none(tmp_path, monkeypatch, script, words):
    monkeypatch.setattr(environment, "VERSION_SECONDS", 1.0)
    program = tmp_path / "python"
    if script is not None:
        program.write_text(script)
        program.chmod(0o755 if script.startswith("#!") else 0o644)

    problem = check(program).problem
    assert words in problem
    assert str(program) in problem
    assert "Traceback" not in problem


def test_a_python_with_a_word_of_welcome_is_one(tmp_path):
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\necho Welcome to Python 2\nexec {sys.executable} "$@"\n')
    program.chmod(0o755)
    new_enough = sys.version_info >= environment.OLDEST_PYTHON
    assert check(program, libraries=["pip"]).usable is new_enough


def test_of_what_a_program_prints_the_end_is_kept():
    script = "head -c 5000000 /dev/zero | tr '\\0' x; echo the end"
    printed = Runner(dict(os.environ)).output("/bin/sh", "-c", script).stdout
    assert printed.endswith("the end\n")
    assert len(printed) <= PIECE * PIECES


def test_a_folder_is_no_python(tmp_path):
    assert "not a Python that runs" in check(tmp_path).problem


def test_a_check_can_be_stopped(tmp_path):
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nsleep 600\n")
    program.chmod(0o755)
    assert not check(program, cancelled=lambda: True).usable


def test_what_the_engine_imports_is_what_is_looked_for():
    ours = {"engine", "tests", "distributed"}  # and what only a cluster needs
    found = {
        each.split(".")[0]
        for file in SHIPPED
        if name(file).startswith("engine/")
        for each in imports(file)
    }
    looked_for = {library.split(".")[0] for library in environment.LIBRARIES}
    assert found - looked_for - set(sys.stdlib_module_names) - ours - {"__future__", ""} == set()


def test_the_command_line_builds_and_checks_without_qgis(site):
    no_qgis = "import runpy, sys; sys.modules['qgis'] = None; "
    program = f"{no_qgis} runpy.run_module('plugin.engine.environment', run_name='__main__')"
    command = [sys.executable, "-c", program, "--into", site.venv, "--lock", site.lock]

    def run(*options: object) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*command, *options], cwd=ROOT, env=site.environ, capture_output=True, text=True
        )

    assert run("--wheels", site.wheels).returncode == 0
    assert site.check("spade").usable
    failed = run("--python", "/no/python")
    assert failed.returncode == 1
    assert "/no/python is not a Python that runs" in failed.stderr
    lacking = run("--check")
    assert lacking.returncode == 1
    assert "cannot run the engine. Not installed: torch, torchvision" in lacking.stderr


def test_the_environment_lies_among_the_users_data(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")

    assert environment.default_location() == tmp_path / "segment-by-text" / "engine"
