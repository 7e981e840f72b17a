"""Another QGIS: takes the folder of a run for "tank", says which, and lets go when told to."""

from __future__ import annotations

import sys

from qgis.core import QgsApplication, QgsProject

from tests.plugin import conftest  # noqa: F401  makes the plugin importable


class Chosen:
    """The analyst's choice of a results folder, in a QGIS without a profile."""

    results_folder = sys.argv[1]


def main() -> None:
    """Until standard input ends."""
    QgsApplication([], False)
    from segment_by_text.plugin.results.runs import new_run

    run = new_run("tank", Chosen(), QgsProject.instance())
    print(run.folder, flush=True)
    for line in sys.stdin:
        if line.strip() == "release":
            run.release()
            print("released", flush=True)


if __name__ == "__main__":
    main()
