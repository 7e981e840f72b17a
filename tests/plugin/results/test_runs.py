"""Where the files of a run go."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsProject, QgsSettings
from segment_by_text.engine.files.outputs import FILES, UNFINISHED
from segment_by_text.plugin.map.extents import Refusal
from segment_by_text.plugin.map.folders import results_folder
from segment_by_text.plugin.results.runs import new_run, next_version
from segment_by_text.plugin.settings import Settings

from tests.plugin.conftest import ROOT


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
    folders = {run.folder for run in runs}
    assert len(folders) == 3
    assert {folder.parent for folder in folders} == {tmp_path / "results"}
    assert all(len(folder.name.encode()) < 150 for folder in folders)


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


def test_a_run_without_a_file_leaves_no_folder(
    settings: Settings, project: QgsProject, tmp_path: Path
) -> None:
    settings.results_folder = str(tmp_path / "results")
    assert not new_run("tank", settings, project).discard()
    assert list((tmp_path / "results").iterdir()) == []


@pytest.mark.parametrize("file", [*FILES.values(), "notes of the analyst.txt"])
def test_files_are_never_discarded(
    settings: Settings, project: QgsProject, tmp_path: Path, file: str
) -> None:
    settings.results_folder = str(tmp_path / "results")
    run = new_run("tank", settings, project)
    (run.folder / file).write_text("kept")
    assert not run.discard()
    assert [each.name for each in run.folder.iterdir()] == [file]


def test_a_run_that_was_ended_is_kept_and_the_same_words_go_on_there(
    settings: Settings, project: QgsProject, tmp_path: Path
) -> None:
    settings.results_folder = str(tmp_path / "results")
    finished, ended = (new_run("The tank", settings, project) for _ in range(2))
    (finished.folder / "probability.tif").write_text("")
    finished.release()
    (ended.folder / UNFINISHED).write_text("")
    assert ended.discard()
    others = new_run("the tanks", settings, project)
    assert others.folder not in (finished.folder, ended.folder)
    again = new_run("the tank", settings, project)
    assert again.folder == ended.folder
    (again.folder / UNFINISHED).rename(again.folder / "probability.tif")
    again.release()
    assert new_run("the tank", settings, project).folder not in (finished.folder, ended.folder)


def test_the_same_words_over_another_raster_leave_what_was_ended(
    settings: Settings, project: QgsProject, tmp_path: Path
) -> None:
    settings.results_folder = str(tmp_path / "results")
    ended = new_run("tank", settings, project, "over the harbour")
    (ended.folder / UNFINISHED).write_text("hours of work")
    assert ended.discard()
    other = new_run("tank", settings, project, "over the airport")
    assert other.folder != ended.folder
    assert not other.discard()
    assert new_run("tank", settings, project, "over the harbour").folder == ended.folder
    assert (ended.folder / UNFINISHED).read_text() == "hours of work"


def test_nothing_is_left_beside_a_result(
    settings: Settings, project: QgsProject, tmp_path: Path
) -> None:
    settings.results_folder = str(tmp_path / "results")
    run = new_run("tank", settings, project, "over the harbour")
    (run.folder / "mask.tif").write_text("")
    run.release()
    assert [each.name for each in run.folder.iterdir()] == ["mask.tif"]


def test_a_run_that_is_under_way_is_not_taken(
    settings: Settings, project: QgsProject, tmp_path: Path
) -> None:
    settings.results_folder = str(tmp_path / "results")
    first = new_run("tank", settings, project)
    (first.folder / UNFINISHED).write_text("")
    second = new_run("tank", settings, project)
    assert second.folder != first.folder
    assert not second.discard()
    assert first.folder.is_dir()


@pytest.mark.parametrize("file", FILES.values())
def test_a_folder_that_holds_a_result_is_not_gone_on_in(
    settings: Settings, project: QgsProject, tmp_path: Path, file: str
) -> None:
    settings.results_folder = str(tmp_path / "results")
    first = new_run("tank", settings, project)
    (first.folder / UNFINISHED).write_text("")
    (first.folder / file).write_text("")
    assert first.discard()
    assert new_run("tank", settings, project).folder != first.folder


# -- two QGIS over one results folder ------------------------------------------------------------


@pytest.fixture
def another_qgis(tmp_path: Path) -> Iterator[Callable]:
    """Starts a QGIS that has taken a folder for "tank" in the same results folder."""
    processes = []

    def start() -> tuple[subprocess.Popen, Path]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.plugin.results.other_qgis", str(tmp_path / "results")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process, Path(process.stdout.readline().strip())

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def tell(process: subprocess.Popen, command: str) -> str:
    process.stdin.write(f"{command}\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_another_qgis_does_not_take_the_folder_of_a_run_under_way(
    settings: Settings, project: QgsProject, tmp_path: Path, another_qgis: Callable
) -> None:
    settings.results_folder = str(tmp_path / "results")
    other, theirs = another_qgis()
    (theirs / UNFINISHED).write_text("")
    ours = new_run("tank", settings, project)
    assert ours.folder != theirs
    (theirs / UNFINISHED).unlink()
    for name in FILES.values():
        (theirs / name).write_text("theirs")
    assert tell(other, "release") == "released"
    ours.discard()
    assert sorted(each.name for each in theirs.iterdir()) == sorted(FILES.values())


def test_one_of_two_qgis_goes_on_with_a_run_that_was_ended(
    settings: Settings, project: QgsProject, tmp_path: Path, another_qgis: Callable
) -> None:
    settings.results_folder = str(tmp_path / "results")
    ended = new_run("tank", settings, project)
    (ended.folder / UNFINISHED).write_text("")
    assert ended.discard()
    taken = {another_qgis()[1] for _ in range(2)} | {new_run("tank", settings, project).folder}
    assert len(taken) == 3
    assert ended.folder in taken


def test_a_crash_leaves_no_lock_and_no_empty_folder(
    settings: Settings, project: QgsProject, tmp_path: Path, another_qgis: Callable
) -> None:
    settings.results_folder = str(tmp_path / "results")
    (crashed, empty), (also, ended) = another_qgis(), another_qgis()
    (ended / UNFINISHED).write_text("")
    for process in (crashed, also):
        process.kill()
        process.wait()
    assert new_run("tank", settings, project).folder == ended
    assert not empty.exists()
