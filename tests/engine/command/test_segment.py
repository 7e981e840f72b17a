"""`python -m engine segment` over many rasters, in this process, with a model that sees paint."""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio

from engine.batch.run import folder_name
from engine.command.main import main
from engine.files.outputs import UNFINISHED
from engine.segmentation.unfinished import alone
from engine.systems import loading
from tests.engine.painting import Oracle, painted, truth, write

NAMES = ("a", "b", "c", "d", "e")


class Counted(Oracle):
    """Counts the views it encodes, and how often it was loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.views = self.loads = 0

    def load(self, model: str, device: str) -> Counted:
        self.loads += 1
        return self

    def encode(self, views, resolution=None):
        self.views += len(views)
        return super().encode(views, resolution)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Counted:
    model = Counted()
    monkeypatch.setattr(loading, "load", model.load)
    return model


@pytest.fixture
def rasters(tmp_path: Path) -> Path:
    """A folder of five rasters, the third of them cut off in its pixels."""
    folder = tmp_path / "rasters"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        write(folder / f"{name}.tif", np.roll(painted(truth()), number, axis=2))
    whole = (folder / "c.tif").read_bytes()
    (folder / "c.tif").write_bytes(whole[: len(whole) // 3])
    return folder


def run(*arguments: object) -> int | str | None:
    """What the process ends with."""
    try:
        main(["segment", *map(str, arguments)])
    except SystemExit as end:
        return end.code
    return 0


def report(out: Path) -> dict:
    return json.loads((out / "report.json").read_text())


def states(out: Path) -> list[str]:
    return [outcome["state"] for outcome in report(out)["outcomes"]]


def mask(outcome: dict) -> np.ndarray:
    with rasterio.open(Path(outcome["folder"]) / "mask.tif") as raster:
        return raster.read(1)


def test_a_broken_raster_does_not_stop_the_others(model, rasters, tmp_path, capsys) -> None:
    out = tmp_path / "new" / "out"
    assert run(rasters / "*.tif", "the ship", "--out", out, "--json") == 1

    told = report(out)
    outcomes = told["outcomes"]
    assert [Path(o["source"]) for o in outcomes] == [rasters / f"{name}.tif" for name in NAMES]
    assert states(out) == ["done", "done", "failed", "done", "done"]
    assert told["states"] == {"done": 4, "skipped": 0, "failed": 1, "not started": 0}
    for number in (0, 1, 3, 4):
        assert np.array_equal(mask(outcomes[number]), np.roll(truth(), number, axis=1))
        assert outcomes[number]["polygons"] >= 5
    assert "c.tif cannot be read" in outcomes[2]["error"]
    assert list(Path(outcomes[2]["folder"]).glob("*")) == []
    assert (model.loads, told["sources"]) == (1, 5)

    printed = capsys.readouterr()
    assert printed.out.splitlines()[:2] == [str(out / "report.json"), str(out / "report.md")]
    assert json.loads(printed.out.splitlines()[-1]) == told
    assert "failed: " + outcomes[2]["error"] in printed.err
    assert printed.err.splitlines()[-1] == "5 sources: 4 done, 1 failed."


def test_what_is_no_raster_leaves_no_folder(model, rasters, tmp_path) -> None:
    (rasters / "c.txt").write_text("no raster")
    assert run(rasters / "a.tif", rasters / "c.txt", "the ship", "--out", tmp_path / "out") == 1
    done, failed = report(tmp_path / "out")["outcomes"]
    assert [outcome["state"] for outcome in (done, failed)] == ["done", "failed"]
    assert (Path(done["folder"]).exists(), Path(failed["folder"]).exists()) == (True, False)


def test_the_page_shows_a_row_a_source(model, rasters, tmp_path) -> None:
    out = tmp_path / "out"
    run(rasters / "c.tif", rasters / "b.tif", "the | ship", "--out", out)
    lines = (out / "report.md").read_text().splitlines()
    first, second = (line for line in lines if "rasters" in line and line.startswith("|"))
    assert f"| {rasters / 'c.tif'} | failed | - | - |" in first
    assert "cannot be read" in first
    area = report(out)["outcomes"][1]["area_m2"]
    assert f"| {rasters / 'b.tif'} | done | 5 | {area:,.1f} |" in second
    assert lines[0] == "# the | ship"
    assert "2 sources: 1 done, 1 failed." in lines


def test_reports_of_others_are_kept_beside_those_of_a_run(model, rasters, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.md").write_text("the analyst's")
    (out / "report.json").write_text('{"of": "another program"}')
    for _ in range(2):
        assert run(rasters / "[ab].tif", "the ship", "--out", out) == 0
    assert capsys.readouterr().err.count("it is kept as report-kept") == 2, "the first time only"
    assert (out / "report-kept.md").read_text() == "the analyst's"
    assert (out / "report-kept.json").read_text() == '{"of": "another program"}'
    with (out / "report.md").open("a") as page:
        page.write("checked by hand")
    assert run(rasters / "[ab].tif", "the ship", "--out", out) == 0
    assert (out / "report-kept-2.md").read_text().endswith("checked by hand")
    assert not (out / "report-kept-2.json").exists()


def test_a_second_run_does_only_what_is_left(model, rasters, tmp_path) -> None:
    out = tmp_path / "out"
    run(rasters / "*.tif", "the ship", "--out", out)
    views = model.views
    write(rasters / "c.tif", painted(truth()))

    assert run(rasters / "*.tif", "the ship", "--out", out) == 0
    assert states(out) == ["skipped", "skipped", "done", "skipped", "skipped"]
    assert model.views == views + 20, "the windows of one raster"
    assert [outcome["polygons"] for outcome in report(out)["outcomes"][:3]] == [5, 5, 5]

    assert run(rasters / "*.tif", "the ship", "--out", out, "--again") == 0
    assert states(out) == ["done"] * 5


def test_a_list_its_part_and_its_files_are_the_same_sources(
    model, rasters, tmp_path, monkeypatch
) -> None:
    out = tmp_path / "out"
    monkeypatch.chdir(rasters)
    Path("list.txt").write_text("# two of them\na.tif\n\nb.tif\n")
    assert run("@list.txt", "the ship", "--out", out) == 0
    assert run(rasters / "b.tif", "d.tif", "the ship", "--out", out) == 0
    assert states(out) == ["skipped", "done"]
    monkeypatch.setattr("sys.stdin", io.StringIO("d.tif\n"))
    assert run("@-", "the ship", "--out", out) == 0
    assert states(out) == ["skipped"], "a list of one is a list"
    assert {path.name for path in out.iterdir() if path.is_dir()} == {
        folder_name(str(rasters / f"{name}.tif")) for name in "abd"
    }


def test_rasters_of_the_same_name_do_not_meet(model, rasters, tmp_path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(other / "a.tif", painted(~truth()))
    assert run(rasters / "a.tif", other / "a.tif", "the ship", "--out", tmp_path / "out") == 0
    first, second = report(tmp_path / "out")["outcomes"]
    assert np.array_equal(mask(first), truth())
    assert np.array_equal(mask(second), ~truth())


@pytest.mark.parametrize("out_first", [False, True])
def test_one_raster_lies_in_the_folder_itself(model, rasters, tmp_path, out_first: bool) -> None:
    words = [rasters / "a.tif", "--out", tmp_path / "out", "the ship"]
    assert run(*(words if out_first else [*words[:1], words[3], *words[1:3]])) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "mask.tif",
        "polygons.gpkg",
        "probability.tif",
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a.tif", "b.tif"), "b.tif, is a file. Say what to segment"),
        (("@none.txt", "the ship"), "none.txt cannot be read"),
        (("a.tif", "b.tif", "the ship", "--model", "no-such"), "rsrefseg2-compact"),
        (("a.tif", "b.tif", "the ship", "--threshold", "2"), "threshold"),
        (("a.tif", "b.tif", "the ship", "--scheduler", "tcp://127.0.0.1:9"), "dask scheduler"),
    ],
    ids=["no expression", "no list", "no model", "threshold", "no scheduler"],
)
def test_what_makes_no_sense_is_refused_before_anything_runs(
    model, rasters, tmp_path, monkeypatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.setattr("engine.batch.cluster.CONNECT", 1)
    monkeypatch.chdir(rasters)
    end = run(*arguments, "--out", tmp_path / "out")
    assert end.startswith("error: ")
    assert words in end
    assert model.views == 0
    assert list(tmp_path.rglob("report.*")) == []


def test_a_cluster_without_its_package_names_the_command(
    model, rasters, tmp_path, monkeypatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    end = run(rasters / "a.tif", "the ship", "--out", tmp_path / "out", "--scheduler", "tcp://x:1")
    assert "plugin.engine.environment --into" in end
    assert "requirements/cluster.lock" in end


class Interrupted(Counted):
    """Presses Ctrl-C while it looks at the second raster: once, or once a window."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def encode(self, views, resolution=None):
        if self.views >= 20 and self.times:
            self.times -= 1
            os.kill(os.getpid(), signal.SIGINT)
        return super().encode(views, resolution)


@pytest.mark.skipif(os.name == "nt", reason="Windows has another Ctrl-C")
@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (1, ["done", "done", "not started"]),
        (2, ["done", "not started", "not started"]),
    ],
    ids=["once", "twice"],
)
def test_ctrl_c_ends_after_the_current_raster_and_twice_at_once(
    rasters, tmp_path, monkeypatch, capsys, times: int, expected: list[str]
) -> None:
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(loading, "load", Interrupted(times).load)
    out = tmp_path / "out"
    names = [rasters / f"{name}.tif" for name in "abd"]
    assert run(*names, "the ship", "--out", out) == "Cancelled."
    assert states(out) == expected
    for outcome in report(out)["outcomes"]:
        files = {path.name for path in Path(outcome["folder"]).glob("*")}
        assert len(files) == (4 if outcome["state"] == "done" else 0)
    assert "Press Ctrl-C again" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before

    monkeypatch.setattr(loading, "load", Counted().load)
    assert run(*names, "the ship", "--out", out) == 0
    assert states(out) == ["skipped" if state == "done" else "done" for state in expected]


@pytest.mark.parametrize("sources", ["a.tif", "[ab].tif"], ids=["one", "many"])
def test_a_folder_another_run_is_in_is_refused(model, rasters, tmp_path, capsys, sources) -> None:
    path, out = str(rasters / sources), tmp_path / "out"
    place = out if sources == "a.tif" else out / folder_name(str(rasters / "a.tif"))
    place.mkdir(parents=True)
    with alone(place / UNFINISHED):
        end = run(path, "the ship", "--out", out)
        assert [file.name for file in place.iterdir()] == [UNFINISHED]
    told = capsys.readouterr()
    assert end not in (0, None)
    assert f"Another run is writing into {place}" in str(end) + told.out + told.err


# Results are no sources, and sources no results


def kept(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_folder_inside_a_pattern_does_not_grow(model, rasters, tmp_path, capsys) -> None:
    (rasters / "c.tif").unlink()
    out = rasters / "results"
    for number, left in enumerate((0, 8, 8)):
        assert run(rasters / "**" / "*.tif", "the ship", "--out", out, "--json") == 0
        told, printed = report(out), capsys.readouterr()
        assert told["sources"] == 4, f"run {number + 1}"
        assert len(told["left_out"]) == left
        assert ("left out: " in printed.err) == bool(left)
        assert printed.err.count("it lies where the results go") == left
    assert f"4 sources: 0 done, 4 skipped. {left} left out." in (out / "report.md").read_text()
    assert (
        f"{told['left_out'][0]['path']} | it lies where the results go"
        in (out / "report.md").read_text()
    )


def test_results_of_any_run_are_no_sources(model, rasters, tmp_path, capsys) -> None:
    (rasters / "c.tif").unlink()
    assert run(rasters / "*.tif", "the ship", "--out", rasters / "first") == 0
    for found in ("mask.tif", "polygons.gpkg", "probability.tif"):
        for name in ("first/**", "first/*-*"):
            out = tmp_path / found / name[-1]
            assert run(rasters / name / found, rasters / "a.tif", "the ship", "--out", out) == 0
            told = report(out)
            assert [outcome["source"] for outcome in told["outcomes"]] == [str(rasters / "a.tif")]
            assert len(told["left_out"]) == 4
            assert {left["reason"] for left in told["left_out"]} == {
                "it is a result of this plugin"
            }
            assert f"{found}: it is a result of this plugin" in capsys.readouterr().err


def test_sources_that_all_lie_where_the_results_go_are_said_to(model, rasters, capsys) -> None:
    end = run(rasters.parent / "**" / "a.tif", "the ship", "--out", rasters)
    assert "lie where the results go" in str(end)
    assert model.loads == 0


def test_a_pattern_that_starts_where_the_results_go_means_what_it_finds(
    model, rasters, monkeypatch
) -> None:
    (rasters / "c.tif").unlink()
    monkeypatch.chdir(rasters)
    for _ in range(2):
        assert run("**/*.tif", "the ship", "--out", ".") == 0
        assert [Path(outcome["source"]).name for outcome in report(rasters)["outcomes"]] == [
            f"{name}.tif" for name in "abde"
        ]


def test_one_result_that_is_named_is_segmented_with_a_warning(
    model, rasters, tmp_path, capsys
) -> None:
    assert run(rasters / "a.tif", "the ship", "--out", tmp_path / "out") == 0
    mask = tmp_path / "out" / "mask.tif"
    capsys.readouterr()
    assert run(mask, "the ship", "--out", tmp_path / "again") == 0
    assert f"warning: {mask} is a result of this plugin, not an image." in capsys.readouterr().err


def of_one(folder: Path) -> tuple[Path, ...]:
    return (Path(write(folder / "mask.tif", painted(truth()))),)


def of_many(folder: Path) -> tuple[Path, ...]:
    """One of two sources lies where the other's mask would go."""
    scene = Path(write(folder / "scene.tif", painted(truth())))
    results = folder / folder_name(str(scene))
    results.mkdir()
    return scene, Path(write(results / "mask.tif", painted(truth())))


def a_list(folder: Path) -> tuple[str]:
    write(folder / "scene.tif", painted(truth()))
    (folder / "report.md").write_text(f"{folder / 'scene.tif'}\n")
    return (f"@{folder / 'report.md'}",)


@pytest.mark.parametrize("sources", [of_one, of_many, a_list])
def test_no_output_is_a_source_and_no_model_is_loaded_to_say_so(model, tmp_path, sources) -> None:
    out = tmp_path / "out"
    out.mkdir()
    given = sources(out)
    before = kept(out)
    end = run(*given, "the ship", "--out", out)
    assert "is read, and would be written over. Nothing was done" in end
    assert model.loads == 0
    assert kept(out) == before


@pytest.mark.parametrize("name", [b"caf\xe9.tif", b"a|b.tif", b"d\xe9/x.tif"])
@pytest.mark.parametrize("many", [False, True])
def test_names_are_whatever_the_disk_takes(
    model: Counted, tmp_path: Path, capsys, name: bytes, many: bool
) -> None:
    path = tmp_path / os.fsdecode(name)
    path.parent.mkdir(exist_ok=True)
    Path(write(tmp_path / "plain.tif", painted(truth()))).rename(path)
    plain = write(tmp_path / "plain.tif", painted(truth()))
    out = tmp_path / "out"
    assert run(path, *([plain] if many else []), "the red ship", "--out", out, "--json") == 0
    shown = str(path).encode("utf-8", "backslashreplace").decode()
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    if many:
        assert [each["source"] for each in report(out)["outcomes"]] == [str(path), plain]
        assert shown in (out / "report.md").read_text("utf-8")
        out = out / folder_name(str(path))
    else:
        assert said["source"] == shown
    with rasterio.open(out / "probability.tif") as dataset:
        assert dataset.tags(ns="SEGMENT_BY_TEXT")["source"] == shown
    meta, _, _, columns = pyogrio.raw.read(out / "polygons.gpkg")
    sources = dict(zip(meta["fields"], columns, strict=True))["source"]
    assert set(sources) == {shown}
