"""The checkout as an installed plugin: QGIS profiles that are thrown away."""

from __future__ import annotations

import importlib.util
import os
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
askToSaveProjectChanges=false
showTips=false
newProjectDefault=false

[{PLUGIN}]
results_folder={{results}}
"""


def make_profile(folder: Path, results: Path) -> Path:
    """Makes a folder of profiles in which QGIS finds the plugin, enabled.

    Args:
        folder: Where to; must not hold profiles yet.
        results: The folder for the plugin's results.

    Returns:
        The default profile.
    """
    profile = folder / "profiles" / "default"
    plugins = profile / "python" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / PLUGIN).symlink_to(ROOT, target_is_directory=True)
    settings = profile / "QGIS" / "QGIS3.ini"
    settings.parent.mkdir()
    settings.write_text(SETTINGS.format(results=results), "utf-8")
    return profile


def run_in_qgis(script: Path, profiles: Path, environ: dict[str, str], timeout: float) -> str:
    """Runs a script in QGIS's window; the script has to end QGIS itself.

    Returns:
        What QGIS wrote to standard error; where it did not end in time, where it was.
    """
    command = ["qgis", "--nologo", "--noversioncheck"]
    log = profiles / "qgis.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*command, "--profiles-path", str(profiles), "--code", str(script)],
            env={**_own_environ(), "PYTHONFAULTHANDLER": "1", **environ},
            stdout=stream,
            stderr=stream,
        )
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            process.wait()
    return log.read_text("utf-8", "replace")


def _own_environ() -> dict[str, str]:
    """The variables of this process without those by which a test's QGIS finds its settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("QGIS_")}


def load_plugin() -> ModuleType:
    """Imports the checkout under the name QGIS knows it by."""
    spec = importlib.util.spec_from_file_location(
        PLUGIN, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{ROOT} is no plugin")
    module = importlib.util.module_from_spec(spec)
    sys.modules[PLUGIN] = module
    spec.loader.exec_module(module)
    return module
