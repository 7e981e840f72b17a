"""Another QGIS with a session of the dock, told line by line what to do over one results folder.

"segment WORDS" begins a run and prints its folder, "cancel" and "wait" print the state it ends in.
"""

from __future__ import annotations

import sys

from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer

from tests.plugin import conftest  # noqa: F401  makes the plugin importable
from tests.plugin.waiting import until

INTERPRETER, RASTER, RESULTS = sys.argv[1:]


def main() -> None:
    """Until standard input ends."""
    application = QgsApplication([], False)
    application.initQgis()
    from segment_by_text.plugin.dock.session import Request, Session
    from segment_by_text.plugin.engine.process import Engine
    from segment_by_text.plugin.map.layers import source_of
    from segment_by_text.plugin.settings import Settings

    class Chosen(Settings):
        interpreter = INTERPRETER
        results_folder = RESULTS

        def remember(self, expression: str) -> None:
            """The profile is not ours."""

    engine = Engine(Chosen())
    session = Session(engine, Chosen(), QgsProject.instance())
    source = source_of(QgsRasterLayer(RASTER, "scene"))
    for line in sys.stdin:
        command, _, words = line.strip().partition(" ")
        if command == "segment":
            crs = QgsCoordinateReferenceSystem("EPSG:32617")
            session.run(Request(source, crs, words, "fake", 0.5, ("polygons", "mask")))
            until(lambda: session._run)
            print(session._run.folder, flush=True)
            continue
        if command == "cancel":
            session.cancel()
        until(lambda: not session.state.busy)
        print(session.state.value, flush=True)
    session.close()
    engine.close()


if __name__ == "__main__":
    main()
