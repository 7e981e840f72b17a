"""`make test` tells everything: no part that fails hides another."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import run
from tests.engine.conftest import SHARING
from tests.run import Part

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
CONTENT = {
    "good": "def test_a(): pass\ndef test_b(): pass\n",
    "bad": "import pytest\ndef test_c(): raise ValueError\n"
    "@pytest.mark.skip(reason='why')\ndef test_d(): pass\n",
    "dead": "import os\ndef test_e(): os._exit(9)\n",
    "broken": "import no_such_module\n",
}


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Part]:
    monkeypatch.setattr(run, "REPORTS", tmp_path / "reports")
    for name, content in CONTENT.items():
        (tmp_path / f"test_{name}.py").write_text(content, "utf-8")
    parts = {
        name: Part(PYTEST, [str(tmp_path / f"test_{name}.py")], beside=name == "bad")
        for name in CONTENT
    }
    return {"missing": Part(["no-such-program"], []), **parts}


def test_every_part_runs_and_one_summary_tells_of_all(
    parts: dict[str, Part], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run.run_all({**parts, "last": parts["good"]}, []) == 1
    said, told = capfd.readouterr().out.split("==== all tests")
    assert said.index("==== last") < said.index("==== bad") < said.index("ValueError")
    told = told.splitlines()
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in told if line.strip()}
    assert lines["good"].startswith("2 passed 0 failed 0 skipped")
    assert lines["last"].startswith("2 passed 0 failed 0 skipped")
    assert lines["bad"].startswith("0 passed 1 failed 1 skipped")
    assert lines["broken"].endswith("FAILED: pytest ended with 2")
    assert lines["dead"].endswith("FAILED: pytest ended with 9")
    assert lines["missing"].endswith("FAILED: pytest ended with 127")
    assert any("test_bad.py::test_c" in line for line in told)
    assert told[-1] == "4 passed, 4 failed, 1 skipped"


def test_where_all_is_well_it_ends_well(parts: dict[str, Part]) -> None:
    assert run.run_all({"good": parts["good"]}, []) == 0


def test_a_run_without_a_test_is_no_success(parts: dict[str, Part]) -> None:
    assert run.run_all({"good": parts["good"]}, ["-m", "slow"]) == 1, "nothing of it is slow"


@pytest.mark.parametrize("content", [None, "", "<testsuites><testsuite><testcase na"])
def test_a_report_that_was_not_finished_is_a_failure(tmp_path: Path, content: str | None) -> None:
    report = tmp_path / "part.xml"
    if content is not None:
        report.write_text(content, "utf-8")
    assert not run.outcome(0, 1.0, report).fine


def test_every_folder_of_tests_belongs_to_a_part() -> None:
    run_by_a_part = {path for part in run.PARTS.values() for path in part.paths}
    with_tests = {
        f"tests/{path.relative_to(run.TESTS).parts[0]}" for path in run.TESTS.rglob("test_*.py")
    }
    assert with_tests == run_by_a_part


def test_files_that_one_process_has_whole_are_there() -> None:
    assert all((run.TESTS / "engine" / path).is_file() for path in SHARING)


def test_each_part_names_folders_that_are_there() -> None:
    assert all((run.ROOT / path).exists() for part in run.PARTS.values() for path in part.paths)
