"""Trainings on the disk, and what they tell while they run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from segment_by_text.plugin.finetune import jobs, log
from segment_by_text.plugin.settings import Settings

FACTS = {
    "format": 1,
    "id": "fish-ponds",
    "title": "Fish ponds",
    "base": "rsrefseg2-compact",
    "start": "",
    "preset": "quick",
    "state": "paused",
    "step": 120,
    "steps": 500,
    "problem": None,
}


def write(name: str, text: str) -> Path:
    folder = jobs.jobs_folder(Settings()) / name
    folder.mkdir(parents=True)
    (folder / jobs.JOB).write_text(text)
    return folder


def test_jobs_are_found_again_the_latest_first() -> None:
    older = write("older", json.dumps({**FACTS, "id": "older", "state": "done"}))
    os.utime(older / jobs.JOB, (1, 1))
    write("fish-ponds", json.dumps(FACTS))
    first, second = jobs.jobs(Settings())
    assert (first.id, first.title, first.step, first.steps) == (
        "fish-ponds",
        "Fish ponds",
        120,
        500,
    )
    assert (first.unfinished, second.unfinished) == (True, False)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format": 2}', json.dumps({**FACTS, "state": "odd"})]
)
def test_what_cannot_be_read_hides_no_other_job(text: str) -> None:
    write("damaged", text)
    write("fish-ponds", json.dumps(FACTS))
    assert [job.id for job in jobs.jobs(Settings())] == ["fish-ponds"]
    assert not jobs.jobs_folder(Settings()).joinpath("nothing").exists()


def test_there_are_no_jobs_before_the_first_one() -> None:
    assert jobs.jobs(Settings()) == []


def test_a_deleted_job_is_gone() -> None:
    folder = write("fish-ponds", json.dumps(FACTS))
    jobs.delete(folder)
    assert jobs.jobs(Settings()) == []


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("Fish ponds", "fish-ponds"),
        ("  Étangs & mares (2024) ", "etangs-mares-2024"),
        ("油罐", ""),
        ("---", ""),
        ("x" * 100, "x" * 63),
        ("Con", "con-model"),
        (" LPT1 ", "lpt1-model"),
        ("Con air", "con-air"),
    ],
)
def test_an_id_is_made_of_the_name(title: str, model: str) -> None:
    assert jobs.model_id(title) == model


EVENTS = [
    {"event": "loss", "step": 10, "total": 1.5},
    {"event": "note", "step": 20, "message": "The batch was halved."},
    {"event": "validation", "step": 100, "mIoU": 0.4, "best": True, "examples": ["examples/0.png"]},
    {"event": "validation", "step": 200, "mIoU": 0.3, "best": False},
]


def test_the_log_is_read_while_it_is_written(tmp_path: Path) -> None:
    assert log.read(tmp_path) == log.Log()
    lines = "".join(json.dumps(event) + "\n" for event in EVENTS)
    (tmp_path / log.LOG).write_text(lines + '{"event": "loss", "step": 210, "tot')
    told = log.read(tmp_path)
    assert told.losses == ((10, 1.5),)
    assert told.notes == ((20, "The batch was halved."),)
    assert [each.score for each in told.validations] == [0.4, 0.3]
    assert told.best is not None
    assert told.best.step == 100
    assert told.best.examples == (tmp_path / "examples" / "0.png",)


def test_events_of_a_later_version_are_passed_over(tmp_path: Path) -> None:
    lines = ['{"event": "weather", "step": 3}', "7", '{"event": "loss", "step": 1, "total": 2}']
    (tmp_path / log.LOG).write_text("\n".join(lines))
    assert log.read(tmp_path).losses == ((1, 2.0),)
