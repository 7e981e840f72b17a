"""The checkout as an installed plugin: homes with a QGIS profile that are thrown away."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
SCENES = ROOT / "resources" / "scenes"
PLUGIN = "segment_by_text"

SETTINGS = f"""\
[PythonPlugins]
{PLUGIN}=true

[qgis]
checkVersion=false
showTips=false

[{PLUGIN}]
results_folder={{results}}
"""


def make_home(folder: Path) -> Path:
    """Makes a home folder in which QGIS finds the plugin, enabled; results go into it as well."""
    profile = folder / ".local" / "share" / "QGIS" / "QGIS3" / "profiles" / "default"
    plugins = profile / "python" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / PLUGIN).symlink_to(ROOT, target_is_directory=True)
    settings = profile / "QGIS" / "QGIS3.ini"
    settings.parent.mkdir()
    settings.write_text(SETTINGS.format(results=folder / "results"), "utf-8")
    return folder


def environ(home: Path) -> dict[str, str]:
    """The variables of this process, with another home and no other place for QGIS's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QGIS_")}
    kept.pop("XDG_DATA_HOME", None)
    return {**kept, "HOME": str(home), "PYTHONFAULTHANDLER": "1"}


def run_in_qgis(script: Path, home: Path, variables: dict[str, str], timeout: float) -> str:
    """Runs a script in QGIS's window; the script has to end QGIS itself.

    Returns:
        What QGIS wrote; where it did not end in time, where it was then.
    """
    log = home / "qgis.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            ["qgis", "--nologo", "--noversioncheck", "--code", str(script)],
            env={**environ(home), **variables},
            stdout=stream,
            stderr=stream,
        )
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            process.wait()
    return log.read_text("utf-8", "replace")


def qgis_process() -> str:
    """The program; Debian's wrapper hands it options that it does not know."""
    return shutil.which("qgis_process.bin") or shutil.which("qgis_process") or "qgis_process"


def load_plugin() -> ModuleType:
    """Imports the checkout under the name QGIS knows it by.

    Raises:
        ImportError: The checkout is no package.
    """
    spec = importlib.util.spec_from_file_location(
        PLUGIN, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{ROOT} is no plugin")
    module = importlib.util.module_from_spec(spec)
    sys.modules[PLUGIN] = module
    spec.loader.exec_module(module)
    return module
