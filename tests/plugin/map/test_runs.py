"""Where the files of a run go."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsProject, QgsSettings
from segment_by_text.plugin.map.extents import Refusal
from segment_by_text.plugin.map.runs import (
    UNFINISHED,
    discard,
    new_run,
    next_version,
    results_folder,
)
from segment_by_text.plugin.settings import Settings


@pytest.fixture
def settings() -> Settings:
    QgsSettings().remove("segment_by_text/results_folder")
    return Settings()


def test_results_lie_beside_a_saved_project(
    settings: Settings, project: QgsProject, tmp_path: Path
) -> None:
    project.write(str(tmp_path / "map.qgz"))
    assert results_folder(settings, project) == tmp_path / "segment_by_text"


def test_results_of_an_unsaved_project_outlive_the_session(
    settings: Settings, project: QgsProject
) -> None:
    profile = Path(QgsApplication.qgisSettingsDirPath())
    assert results_folder(settings, project) == profile / "segment_by_text"


def test_choice_of_the_analyst_comes_first(
    settings: Settings, project: QgsProject, tmp_path: Path
) -> None:
    project.write(str(tmp_path / "map.qgz"))
    settings.results_folder = str(tmp_path / "chosen")
    assert results_folder(settings, project) == tmp_path / "chosen"


@pytest.mark.parametrize(
    "expression", ["storage tank", "../../etc", "a/b\\c:d*?", "резервуар", "油罐", "x" * 5000, "—"]
)
def test_every_run_is_a_new_folder_inside_the_results(
    settings: Settings, project: QgsProject, tmp_path: Path, expression: str
) -> None:
    settings.results_folder = str(tmp_path / "results")
    runs = [new_run(expression, settings, project) for _ in range(3)]
    assert len(set(runs)) == 3
    assert {run.parent for run in runs} == {tmp_path / "results"}
    assert all(len(run.name.encode()) < 150 for run in runs)


def test_versions_of_a_run_do_not_meet(tmp_path: Path) -> None:
    names = [next_version(tmp_path).name for _ in range(3)]
    assert names == ["threshold", "threshold-2", "threshold-3"]


def test_folder_that_cannot_be_written_is_refused_by_its_name(
    settings: Settings, project: QgsProject, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    settings.results_folder = str(tmp_path / "file")
    with pytest.raises(Refusal, match=str(tmp_path / "file")):
        new_run("tank", settings, project)


def test_discarded_run_is_gone(tmp_path: Path) -> None:
    run = next_version(tmp_path)
    (run / "probability.tif").write_text("")
    assert not discard(run)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_ended_is_kept_and_the_same_words_go_on_there(
    settings: Settings, project: QgsProject, tmp_path: Path
) -> None:
    settings.results_folder = str(tmp_path / "results")
    finished, ended = (new_run("The tank", settings, project) for _ in range(2))
    (finished / "probability.tif").write_text("")
    (ended / UNFINISHED).write_text("")
    assert discard(ended)
    assert new_run("the tank", settings, project) == ended
    assert new_run("the tanks", settings, project) not in (finished, ended)
    (ended / UNFINISHED).unlink()
    assert new_run("the tank", settings, project) not in (finished, ended)
