"""The plugin in a real QGIS without a window."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsSettings

from tests.plugin.rasters import write_scene
from tests.plugin.tile_server import TileServer, serving
from tests.plugin.waiting import until

ROOT = Path(__file__).resolve().parents[2]
FAKE_ENGINE = Path(__file__).with_name("fake_engine.py")
PLUGIN = "segment_by_text"


def _load_plugin() -> None:
    """Makes the repository importable under the name QGIS knows it by."""
    spec = importlib.util.spec_from_file_location(
        PLUGIN, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[PLUGIN] = module
    spec.loader.exec_module(module)


_load_plugin()


@pytest.fixture(autouse=True)
def fresh_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test sees what another one, or the analyst, has chosen."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    QgsSettings().remove(PLUGIN)
    QgsSettings().setValue(f"{PLUGIN}/results_folder", str(tmp_path / "results"))
    QgsSettings().setValue(f"{PLUGIN}/training_folder", str(tmp_path / "training"))
    yield
    QgsSettings().remove(PLUGIN)


@pytest.fixture
def project(qgis_new_project) -> QgsProject:
    """An empty project in the CRS of the test raster."""
    project = QgsProject.instance()
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:32617"))
    return project


@pytest.fixture
def raster(project: QgsProject, tmp_path: Path) -> QgsRasterLayer:
    """A raster layer of 32 m squared in the project: four storage tanks."""
    layer = QgsRasterLayer(str(write_scene(tmp_path / "scene.tif")), "scene")
    project.addMapLayer(layer)
    return layer


@pytest.fixture
def server() -> Iterator[TileServer]:
    """A server of tiles, on this computer."""
    server = TileServer()
    with serving(server):
        yield server
        server.go_on.set()


@pytest.fixture
def tiles(server: TileServer, project: QgsProject) -> QgsRasterLayer:
    """The layer of its tiles in the project."""
    layer = QgsRasterLayer(server.uri, "tiles", "wms")
    project.addMapLayer(layer)
    return layer


@pytest.fixture(scope="session")
def engine() -> Iterator:
    """The real engine, one process for all tests."""
    from segment_by_text.plugin.engine.process import Engine
    from segment_by_text.plugin.settings import Settings

    engine = Engine(Settings())
    yield engine
    engine.close()


@pytest.fixture
def faulty_engine(tmp_path: Path) -> Iterator:
    """An engine whose faults are asked for in the expression."""
    from segment_by_text.plugin.engine.process import Engine
    from segment_by_text.plugin.settings import Settings

    program = tmp_path / "python"
    program.write_text(f"#!{sys.executable}\n{FAKE_ENGINE.read_text('utf-8')}", "utf-8")
    program.chmod(0o755)
    QgsSettings().setValue(f"{PLUGIN}/interpreter", str(program))
    engine = Engine(Settings())
    yield engine
    engine.close()


@pytest.fixture
def open_dock(qgis_iface, project: QgsProject) -> Iterator[Callable]:
    """Opens docks on engines, waits until they know their models, closes them after the test."""
    from segment_by_text.plugin.dock.widget import Dock
    from segment_by_text.plugin.settings import Settings

    docks = []

    def open_on(engine, wait: bool = True) -> Dock:
        dock = Dock(qgis_iface, engine, Settings(), project)
        docks.append(dock)
        dock.show()
        until(lambda: dock.session.cards or not engine.installed or not wait)
        return dock

    yield open_on
    for dock in docks:
        dock.close_session()
        dock.close()
        dock.deleteLater()


@pytest.fixture
def dock(open_dock: Callable, engine):
    """A dock on the real engine."""
    return open_dock(engine)


@pytest.fixture
def faulty_dock(open_dock: Callable, faulty_engine, raster: QgsRasterLayer):
    """A dock on the engine that injects faults, the raster chosen, its whole extent."""
    dock = open_dock(faulty_engine)
    dock.form.layer.setLayer(raster)
    dock.form.extent.setCurrentIndex(1)
    return dock
