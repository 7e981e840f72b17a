"""What is wrong with a data set is found, all of it, and told to people."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from engine.command.main import main
from engine.data.audit import Audit, audit
from engine.data.formats import mask_image
from engine.data.sample import ReferringSample
from engine.errors import InputError
from tests.engine.data import folders

Change = Callable[[ReferringSample], ReferringSample]
change = dataclasses.replace


def sample(folder: Path, number: int = 1, **changes: object) -> ReferringSample:
    made = ReferringSample(
        image=folders.picture(folder / f"{number}.png"),
        expression=f"the ship {number}",
        split="train",
        where=f"list, line {number}",
        load=partial(folders.mask().astype, bool),
        category="ship",
    )
    return dataclasses.replace(made, **changes)


def unreadable(given: ReferringSample) -> ReferringSample:
    given.image.write_bytes(b"no image")
    return given


def missing_mask(given: ReferringSample) -> ReferringSample:
    return change(given, load=partial(mask_image.read, Path("none.png"), 0, given.where))


def filled(shape: tuple[int, int], value: bool) -> Callable[[], np.ndarray]:
    return lambda: np.full(shape, value)


def found(audited: Audit) -> list[tuple[str, str]]:
    return [(problem.kind, problem.where) for problem in audited.problems]


@pytest.mark.parametrize(
    ("kind", "words", "spoil"),
    [
        ("missing image", "no.png is not there", lambda s: change(s, image=Path("no.png"))),
        ("unreadable image", "1.png cannot be read", unreadable),
        ("missing or unreadable mask", "the mask none.png is not there", missing_mask),
        (
            "mask of another size than its image",
            "the mask is 10 x 12 pixels, .*1.png is 12 x 10 pixels",
            lambda s: change(s, load=filled((12, 10), True)),
        ),
        ("empty sentence", "1.png", lambda s: change(s, expression=" \t")),
        ("empty mask", "“the ship 1” means no", lambda s: change(s, load=filled((10, 12), False))),
    ],
)
def test_a_problem_is_found_and_the_samples_after_it_are_looked_at(
    tmp_path: Path, kind: str, words: str, spoil: Change
) -> None:
    bad = spoil(sample(tmp_path))
    audited = audit([bad, sample(tmp_path, 2), change(bad, expression="", where="the last")])
    assert (kind, "list, line 1") in found(audited)
    assert found(audited)[-1][1] == "the last"
    assert not any(where == "list, line 2" for _, where in found(audited))
    (problem, *_) = audited.problems
    assert re.search(words, problem.what)
    assert f"- list, line 1: {problem.what}" in audited.markdown().splitlines()
    assert bool(audit([bad]).errors) == (kind != "empty mask")


def test_the_same_sentence_about_the_same_image_is_found_where_it_comes_again(tmp_path: Path):
    one = sample(tmp_path)
    again = change(one, expression="The  Ship 1", where="list, line 9")
    audited = audit([one, sample(tmp_path, 2, expression=one.expression), again])
    assert found(audited) == [("same sentence about the same image", "list, line 9")]
    assert "list, line 1" in audited.problems[0].what


def test_an_image_in_two_splits_is_found_once(tmp_path: Path) -> None:
    one = sample(tmp_path)
    others = [
        change(one, split="test", expression=str(n), where=f"test, line {n}") for n in range(3)
    ]
    audited = audit([one, sample(tmp_path, 2, split="test"), *others])
    assert found(audited) == [("same image in two splits", "test, line 0")]
    assert "in train (list, line 1)" in audited.problems[0].what


def test_an_image_that_is_missing_is_told_once_however_much_is_said_about_it(tmp_path: Path):
    several = [
        sample(tmp_path, image=tmp_path / "no.png", expression=str(n), where=str(n))
        for n in range(5)
    ]
    assert found(audit(several)) == [("missing image", "0")]


def test_a_list_that_breaks_off_keeps_what_was_found_before(tmp_path: Path) -> None:
    def broken() -> Iterator[ReferringSample]:
        yield sample(tmp_path, expression="")
        raise InputError("line 2: no JSON.")

    audited = audit(broken())
    assert [problem.kind for problem in audited.errors] == [
        "empty sentence",
        "unreadable list of samples",
    ]
    assert "line 2: no JSON." in audited.markdown()


def test_only_the_header_of_an_image_is_read(tmp_path: Path) -> None:
    cut = folders.picture(tmp_path / "cut.tif")
    cut.write_bytes(cut.read_bytes()[:-20])
    assert audit([sample(tmp_path, image=cut)]).problems == []


def test_the_report_counts_and_shortens(tmp_path: Path) -> None:
    several = [sample(tmp_path, n, expression="") for n in range(13)]
    report = audit(
        [
            *several,
            sample(tmp_path, 99, split="val"),
            sample(tmp_path, 98, split="val", category=""),
        ]
    ).markdown()
    first, *_ = report.splitlines()
    assert first == "15 samples of 15 images: 13 errors, 0 warnings."
    assert "## Empty sentence: 13 errors" in report
    assert report.count("nothing is said") == 10
    assert report.splitlines()[-1] == "- and 3 more"
    assert "| category | train | val |" in report
    assert "| ship | 13 | 1 |" in report
    assert "| (no category) | 0 | 1 |" in report
    assert "| all | 13 | 2 |" in report


def check(*arguments: object) -> object:
    """The exit status of the command."""
    try:
        main(["check", *map(str, arguments)])
    except SystemExit as end:
        return end.code
    return 0


def test_the_command_fails_where_there_are_errors_and_only_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders.refsegrs(tmp_path, "train", "1 the road\n2 the van\n")
    assert check("--dataset", "refsegrs", "--root", tmp_path) == 0
    assert capsys.readouterr().out.startswith("2 samples of 2 images: 0 errors, 0 warnings.")
    folders.picture(tmp_path / "masks/2.tif", folders.mask(0))
    assert check("--dataset", "refsegrs", "--root", tmp_path) == 0
    assert "Empty mask: 1 warning" in capsys.readouterr().out
    (tmp_path / "images/1.tif").unlink()
    assert check("--dataset", "refsegrs", "--root", tmp_path) == 1
    assert "Missing image: 1 error" in capsys.readouterr().out


def test_the_command_takes_a_jsonl_file_and_its_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "all.jsonl").write_text("")
    assert check("--dataset", "jsonl", "--annotations", tmp_path / "all.jsonl") == 1
    assert "No sample: 1 error" in capsys.readouterr().out
    assert "no format" in str(check("--dataset", "coco", "--root", tmp_path))
