"""Renews the pictures of the documentation, in a real QGIS window."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from ground import lay_out
from installed import SCENES, make_home, run_in_qgis


def main() -> None:
    """Runs `screenshots_script.py` in QGIS and prints the pictures it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    out = parser.parse_args().out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        script = Path(__file__).with_name("screenshots_script.py")
        done = Path(home) / "done"
        raster, polygons = lay_out(SCENES, Path(home))
        variables = {
            "E2E_OUT": str(out),
            "E2E_DONE": str(done),
            "E2E_RASTER": str(raster),
            "E2E_POLYGONS": str(polygons),
        }
        log = run_in_qgis(script, make_home(Path(home)), variables, timeout=1500)
        if not done.exists():
            sys.exit(log)
        print(done.read_text("utf-8"))


if __name__ == "__main__":
    main()
