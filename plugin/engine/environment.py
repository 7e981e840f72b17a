"""Builds and checks the isolated Python that the engine runs in. Standard library only.

QGIS calls `build`; without QGIS, in the folder of the plugin, it is a program:
`python3 -m plugin.engine.environment --into FOLDER [--python PATH] [--wheels FOLDER]`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

from .programs import BuildCancelled, EnvironmentFailure, Runner

__all__ = [
    "BuildCancelled",
    "EnvironmentFailure",
    "EnvironmentReport",
    "build",
    "check",
    "default_location",
    "python_in",
]

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
ENGINE_LOCK = REQUIREMENTS / "engine.lock"
UV_LOCK = REQUIREMENTS / "uv.lock"

OLDEST_PYTHON = (3, 11)
"""What the newest of the engine's libraries, transformers, needs."""

SPACE = 8 * 10**9
"""Bytes: PyTorch with CUDA takes six gigabytes, and its archives more while they are unpacked."""

STAMP = "segment_by_text.stamp"
"""The file that is written last: what the environment was built from."""

VERSION_SECONDS = 60.0
"""How long an interpreter may take to say which one it is."""

CHECK_SECONDS = 300.0
"""The first import of PyTorch from a cold disk, watched by a virus scanner, takes minutes."""

LIBRARIES = (
    *("torch", "torchvision", "transformers", "sam2", "peft", "open_clip", "timm", "accelerate"),
    *("safetensors", "tokenizers", "huggingface_hub", "numpy", "scipy", "PIL", "pycocotools"),
    *("rasterio", "affine", "shapely", "pyogrio", "pyproj", "pydantic", "pydantic_core"),
    *("typing_extensions", "platformdirs", "portalocker", "psutil", "tqdm", "tomli_w"),
    "google.protobuf",
)
"""What the engine imports."""

PROBE = """
import importlib, importlib.metadata, importlib.util, json, platform, sys

def there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False

versions, problems = {"python": platform.python_version()}, []
missing = [name for name in sys.argv[1:] if not there(name)]
if missing:
    more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
    problems.append("Not installed: " + ", ".join(missing[:8]) + more)
for name in () if missing else sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception as cause:
        problems.append(f"{name} cannot be imported: {type(cause).__name__}: {cause}")
for name in sys.argv[1:]:
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps([versions, problems]))
"""

Version = tuple[int, int]


@dataclass(frozen=True)
class EnvironmentReport:
    """What an environment can do.

    Attributes:
        versions: The versions of Python and of the libraries that can be imported.
        problem: Why the engine cannot run in it; empty if it can.
    """

    versions: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def usable(self) -> bool:
        """Whether the engine can run in it."""
        return not self.problem


def default_location() -> Path:
    """Where the engine's environment lies among the user's data."""
    home = Path.home()
    if sys.platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME", home / ".local" / "share"))
    return data / "segment-by-text" / "engine"


def python_in(venv: Path) -> Path:
    """The interpreter of a virtual environment."""
    return _program(venv, "python")


def build(
    venv: Path,
    *,
    interpreter: Optional[Path] = None,
    wheels: Optional[Path] = None,
    locks: Sequence[Path] = (ENGINE_LOCK,),
    environ: Optional[Mapping[str, str]] = None,
    progress: Callable[[str], None] = print,
    cancelled: Callable[[], bool] = lambda: False,
    again: bool = False,
) -> Path:
    """Makes `venv` hold exactly what the locks list; does nothing where it already does.

    A build that was interrupted is continued by the next one. uv and its cache come into a folder
    beside `venv`, so that nothing is left when both are deleted.

    Args:
        venv: The folder of the environment.
        interpreter: The Python to build from; None for the one that runs this, or what uv finds.
        wheels: A folder with all packages, uv among them, for a computer without network.
        locks: Requirement files with hashes.
        environ: The variables of uv and pip, proxies included; None for those of this process.
        progress: Called with every line that uv and pip print.
        cancelled: Asked several times a second, from a thread of its own.
        again: Whether every package is installed anew, although it seems to be there.

    Returns:
        The environment's interpreter.

    Raises:
        EnvironmentFailure: It cannot be built.
        BuildCancelled: `cancelled` said so.
    """
    variables = {
        "UV_CACHE_DIR": str(_beside(venv) / "cache"),  # goes when the analyst deletes the folders
        "SAM2_BUILD_CUDA": "0",  # a kernel that wants a compiler, and only fills holes in masks
        **(os.environ if environ is None else environ),
    }
    runner = Runner(variables, progress, cancelled)
    base = interpreter or _own_interpreter()
    wanted, found = _version(base, runner), _version(python_in(venv), runner)
    if interpreter is not None:
        _check_interpreter(interpreter, wanted)
    fits = found is not None and (interpreter is None or found == wanted)
    stamp = venv / STAMP
    if (
        not again
        and fits
        and stamp.exists()
        and stamp.read_text(encoding="utf-8") == _stamp(locks, found)
    ):
        return python_in(venv)
    stamp.unlink(missing_ok=True)
    uv = _uv(venv, base, wheels, runner)
    if not fits:
        _check_space(venv)
        _make(venv, base if _new_enough(wanted) else None, uv, wheels, runner)
        found = _version(python_in(venv), runner)
    _install(venv, locks, uv, wheels, runner, again)
    stamp.write_text(_stamp(locks, found), encoding="utf-8")
    return python_in(venv)


def check(
    python: Path,
    *,
    libraries: Sequence[str] = LIBRARIES,
    environ: Optional[Mapping[str, str]] = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> EnvironmentReport:
    """Imports the engine's libraries in an interpreter, which takes from seconds to minutes.

    Args:
        python: The interpreter, or whatever was taken for one.
        libraries: Modules.
        environ: Its variables; None for those of this process.
        cancelled: Asked several times a second, from a thread of its own.
    """
    runner = Runner(dict(os.environ if environ is None else environ), cancelled=cancelled)
    try:
        _check_interpreter(python, _version(python, runner))
        probe = runner.output(python, "-I", "-c", PROBE, *libraries, seconds=CHECK_SECONDS)
    except EnvironmentFailure as failure:
        return EnvironmentReport(problem=str(failure))
    try:
        versions, problems = json.loads(probe.stdout.splitlines()[-1])
        told = ". ".join(problems)
    except (ValueError, IndexError, TypeError):
        last = probe.stderr.strip()[-2000:]
        ended = (
            f"{python} cannot run the engine: it ended with exit code {probe.returncode}. {last}"
        )
        return EnvironmentReport(problem=ended.strip())
    problem = f"{python} cannot run the engine. {told}." if told else ""
    return EnvironmentReport(versions, problem)


def _beside(venv: Path) -> Path:
    """Where uv and its cache live."""
    return venv.with_name(venv.name + "-uv")


def _program(venv: Path, name: str) -> Path:
    return venv / "Scripts" / f"{name}.exe" if sys.platform == "win32" else venv / "bin" / name


def _own_interpreter() -> Optional[Path]:
    """The Python that runs this code, as a program of its own; None where QGIS hides it."""
    base = Path(sys.base_prefix)
    for path in (Path(sys.executable or ""), base / "python.exe", base / "bin" / "python3"):
        if path.is_file() and path.name.lower().startswith("python"):
            return path
    return None


def _version(python: Optional[Path], runner: Runner) -> Optional[Version]:
    """Major and minor version; None where the interpreter is not there or does not run."""
    if python is None or not python.is_file():
        return None
    told = "import sys; print(*sys.version_info[:2])"
    probe = runner.output(python, "-I", "-c", told, seconds=VERSION_SECONDS)
    numbers = probe.stdout.split()[-2:]  # whatever its start-up files print comes first
    if probe.returncode != 0 or len(numbers) != 2 or not all(map(str.isdecimal, numbers)):
        return None
    return int(numbers[0]), int(numbers[1])


def _new_enough(version: Optional[Version]) -> bool:
    return version is not None and version >= OLDEST_PYTHON


def _check_interpreter(interpreter: Path, version: Optional[Version]) -> None:
    needed = "the engine needs Python 3.11 or newer, because its library transformers does"
    if version is None:
        raise EnvironmentFailure(f"{interpreter} is not a Python that runs; {needed}.")
    if not _new_enough(version):
        raise EnvironmentFailure(f"{interpreter} is Python {version[0]}.{version[1]}; {needed}.")


def _check_space(venv: Path) -> None:
    folder = next(parent for parent in venv.resolve().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if free < SPACE:
        raise EnvironmentFailure(
            f"The disk of {folder} has {free / 1e9:.1f} GB free, and the engine needs "
            f"{SPACE / 1e9:.0f} GB. Free some space, or choose another folder."
        )


def _stamp(locks: Sequence[Path], version: Optional[Version]) -> str:
    digests = [hashlib.sha256(lock.read_bytes()).hexdigest() for lock in locks]
    return "\n".join([f"Python {version}", *digests])


def _uv(venv: Path, base: Optional[Path], wheels: Optional[Path], runner: Runner) -> Path:
    """The pinned uv: the one on the path, the one beside `venv`, or a new one there."""
    pinned = UV_LOCK.read_text(encoding="utf-8").split()[0].partition("==")[2]
    beside = _beside(venv)
    on_path = shutil.which("uv", path=runner.environ.get("PATH"))
    for uv in (_program(beside, "uv"), Path(on_path or "")):
        if uv.is_file() and runner.output(uv, "--version").stdout.split()[1:2] == [pinned]:
            return uv
    if base is None:
        raise EnvironmentFailure(
            "There is no Python to start from. Install Python 3.11 or newer, and choose it in the "
            "plugin's settings."
        )
    runner.progress(f"Getting uv {pinned}")
    runner.run(base, "-I", "-m", "venv", "--clear", beside)
    options = ["--require-hashes", "--only-binary", ":all:", "--disable-pip-version-check"]
    pip = (python_in(beside), "-I", "-m", "pip", "install", *options, *_offline(wheels))
    runner.run(*pip, "-r", UV_LOCK)
    return _program(beside, "uv")


def _make(
    venv: Path, base: Optional[Path], uv: Path, wheels: Optional[Path], runner: Runner
) -> None:
    """An empty environment from `base`, or from a Python that uv finds or downloads."""
    runner.progress(f"Making an empty environment in {venv}")
    python = [base or ">={}.{}".format(*OLDEST_PYTHON)]
    if wheels is not None:
        python.append("--no-python-downloads")
    runner.run(uv, "venv", "--no-project", "--system-certs", "--clear", venv, "--python", *python)


def _install(
    venv: Path,
    locks: Sequence[Path],
    uv: Path,
    wheels: Optional[Path],
    runner: Runner,
    again: bool,
) -> None:
    """Exactly the packages of the locks, every file compared with its hash, build tools as well."""
    runner.progress("Installing the packages; the first time, some gigabytes are downloaded")
    options: list[object] = ["--strict", "--system-certs", "--require-hashes", *_offline(wheels)]
    options += ["--require-build-hashes", "--preview-features", "build-dependency-hashes"]
    if again:
        options.append("--reinstall")
    for lock in locks:
        options += ["--build-constraints", lock]
    runner.run(uv, "pip", "sync", "--python", python_in(venv), *options, *locks)


def _offline(wheels: Optional[Path]) -> list[object]:
    return [] if wheels is None else ["--no-index", "--find-links", wheels.resolve()]


def main() -> None:
    """Builds or checks an environment from the command line."""
    parser = argparse.ArgumentParser(description="Builds the Python environment of the engine.")
    parser.add_argument("--into", type=Path, default=default_location(), help="its folder")
    parser.add_argument("--python", type=Path, help="the Python to build from, 3.11 or newer")
    parser.add_argument("--wheels", type=Path, help="a folder with all packages; uses no network")
    parser.add_argument("--lock", type=Path, action="append", help="what to install")
    parser.add_argument("--check", action="store_true", help="only import the libraries")
    chosen = parser.parse_args()
    if chosen.check:
        report = check(python_in(chosen.into))
        print(json.dumps(report.versions, indent=2))
        sys.exit(report.problem or 0)
    locks = chosen.lock or [ENGINE_LOCK]
    try:
        build(chosen.into, interpreter=chosen.python, wheels=chosen.wheels, locks=locks)
    except EnvironmentFailure as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
