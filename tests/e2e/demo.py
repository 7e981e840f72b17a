"""Segments the sample scenes with the plugin's algorithm in QGIS, and draws a map of each."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from installed import SCENES, load_plugin
from qgis.core import (
    QgsApplication,
    QgsLayoutExporter,
    QgsLayoutItemLabel,
    QgsLayoutItemMap,
    QgsLayoutItemPage,
    QgsLayoutItemScaleBar,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsMapLayer,
    QgsPrintLayout,
    QgsProject,
    QgsRasterLayer,
    QgsUnitTypes,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QRectF
from qgis.PyQt.QtGui import QFont

MILLIMETRES = QgsUnitTypes.LayoutUnit.LayoutMillimeters
SIDE = 180.0
MARGIN = 10.0
DPI = 150


def main() -> None:
    """Segments every scene by its first expression."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/demo"))
    out = parser.parse_args().out
    with qgis():
        for scene in json.loads((SCENES / "scenes.json").read_text("utf-8")):
            for path in demonstrate(scene, out.resolve() / scene["name"]):
                print(path)


@contextmanager
def qgis() -> Iterator[None]:
    """QGIS with the plugin's algorithms, in a profile that is thrown away."""
    with tempfile.TemporaryDirectory() as profile:
        application = QgsApplication([], True, profile)
        application.initQgis()
        sys.path.append(str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins"))
        from processing.core.Processing import Processing

        Processing.initialize()
        plugin = load_plugin().classFactory(None)
        plugin.initProcessing()
        try:
            yield
        finally:
            plugin.unload()
            application.exitQgis()


def demonstrate(scene: dict, folder: Path) -> list[Path]:
    """Segments a scene and draws the map; gives the files."""
    import processing

    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "PROBABILITY": folder / "probability.tif",
        "MASK": folder / "mask.tif",
        "POLYGONS": folder / "polygons.gpkg",
    }
    image = SCENES / scene["file"]
    expression = scene["expressions"][0]
    found = processing.run(
        "segmentbytext:segment",
        {
            "INPUT": str(image),
            "EXPRESSION": expression,
            **{name: str(path) for name, path in files.items()},
        },
    )
    raster = QgsRasterLayer(str(image), "scene")
    polygons = QgsVectorLayer(str(files["POLYGONS"]), "polygons", "ogr")
    polygons.loadNamedStyle(str(SCENES.parent / "styles" / "polygons.qml"))
    area = sum(feature["area_m2"] for feature in polygons.getFeatures())
    caption = f"{found['COUNT']} found, {area:,.0f} m², at a threshold of 50 %"
    picture = folder / "map.png"
    draw(picture, [polygons, raster], f"“{expression}”", caption)
    return [*files.values(), picture]


def draw(path: Path, layers: list[QgsMapLayer], title: str, caption: str) -> None:
    """Draws layers, top first, under a title.

    Raises:
        OSError: The picture cannot be written.
    """
    project = QgsProject()
    project.setCrs(layers[-1].crs())
    project.addMapLayers(layers)
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    width, height = SIDE + 2 * MARGIN, SIDE + 38
    page: QgsLayoutItemPage = layout.pageCollection().page(0)
    page.setPageSize(QgsLayoutSize(width, height, MILLIMETRES))

    view = QgsLayoutItemMap(layout)
    view.attemptSetSceneRect(QRectF(MARGIN, 22, SIDE, SIDE))
    view.setLayers(layers)
    view.zoomToExtent(layers[-1].extent())
    view.setFrameEnabled(True)
    layout.addLayoutItem(view)

    for text, top, size in ((title, 7, 20), (caption, SIDE + 25, 11)):
        label = QgsLayoutItemLabel(layout)
        label.setText(text)
        label.setFont(QFont("DejaVu Sans", size))
        label.attemptSetSceneRect(QRectF(MARGIN, top, SIDE if top < 20 else 0.7 * SIDE, 12))
        layout.addLayoutItem(label)

    bar = QgsLayoutItemScaleBar(layout)
    bar.setLinkedMap(view)
    bar.setStyle("Line Ticks Up")
    bar.setUnits(QgsUnitTypes.DistanceUnit.DistanceMeters)
    bar.setUnitLabel("m")
    bar.setUnitsPerSegment(10)
    bar.setNumberOfSegments(2)
    bar.setNumberOfSegmentsLeft(0)
    bar.setFont(QFont("DejaVu Sans", 11))
    bar.update()
    bar.attemptMove(QgsLayoutPoint(MARGIN + SIDE - bar.rect().width(), SIDE + 24, MILLIMETRES))
    layout.addLayoutItem(bar)

    if not QgsLayoutExporter(layout).renderPageToImage(0, dpi=DPI).save(str(path)):
        raise OSError(f"{path} cannot be written")


if __name__ == "__main__":
    main()
