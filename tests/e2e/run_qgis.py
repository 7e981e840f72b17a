"""Opens QGIS with the plugin from this checkout and the sample scenes, in a profile of its own."""

from __future__ import annotations

import subprocess

from installed import ROOT, SCENES, environ, make_home


def main() -> None:
    """Starts QGIS; its profile is kept in `build/home` for the next time."""
    home = ROOT / "build" / "home"
    if not home.exists():
        make_home(home)
    scenes = sorted(str(path) for path in SCENES.glob("*.tif"))
    subprocess.run(["qgis", "--nologo", "--noversioncheck", *scenes], env=environ(home), check=True)


if __name__ == "__main__":
    main()
