"""Copies are caught, and models that answer for themselves are not."""

import gzip
import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring import definition, standin
from scoring.answers.read import read
from scoring.answers.sheet import UNREAD, Sheet
from scoring.benchmarks.mmad import importer
from scoring.likeness import likeness
from scoring.release import Release


@pytest.fixture(scope="module")
def release() -> Release:
    return importer.read(json.dumps(standin.mmad_json()).encode(), definition.load("mmad"))


@pytest.fixture(scope="module")
def sheets(release: Release) -> list[Sheet]:
    """The 22 published models' answers, rebuilt."""
    return [read(standin.rebuild(model, release), release) for model in standin.published_models()]


def altered(sheet: Sheet, release: Release, share: float, seed: int = 1) -> Sheet:
    """The sheet with that share of its answers exchanged for another option."""
    chance = np.random.default_rng(seed)
    codes = sheet.codes.copy()
    chosen = chance.choice(release.size, int(share * release.size), replace=False)
    moves = chance.integers(1, release.option_counts[chosen])
    codes[chosen] = (codes[chosen] + moves) % release.option_counts[chosen]
    return replace(sheet, codes=codes)


def test_the_published_models_are_no_copies_of_each_other(sheets: list[Sheet], release: Release) -> None:
    pairs = list(itertools.combinations(sheets, 2))
    assert len(pairs) == 231
    assert not [pair for pair in pairs if likeness(*pair, release).is_alarming]


@pytest.mark.parametrize("share", [0, 0.01, 0.03])
def test_a_copy_with_some_answers_changed_is_caught(
    sheets: list[Sheet], release: Release, share: float
) -> None:
    for number, sheet in enumerate(sheets):
        if np.any(sheet.codes == UNREAD):
            continue  # what was not read has no option to be exchanged for
        assert likeness(sheet, altered(sheet, release, share, number), release).is_alarming


def test_it_does_not_matter_who_comes_first(sheets: list[Sheet], release: Release) -> None:
    one, other = sheets[0], altered(sheets[0], release, 0.02)
    assert likeness(one, other, release) == likeness(other, one, release)


def test_two_perfect_files_are_no_evidence(release: Release) -> None:
    perfect = Sheet(release.truth, np.ones(release.size, dtype=np.bool_), {}, "plain-csv")
    assert not likeness(perfect, perfect, release).is_alarming


def test_two_empty_files_are_no_evidence(release: Release) -> None:
    empty = Sheet(np.full(release.size, UNREAD, dtype=np.uint8), release.abnormal, {}, "plain-csv")
    found = likeness(empty, empty, release)
    assert (found.same, found.both_wrong, found.is_alarming) == (0.0, 0, False)


def test_independent_models_that_are_nearly_right_raise_no_alarm(release: Release) -> None:
    """Both 98.8 % right, wrong by chance: they agree on over 97 % of all, but not on how they are wrong."""
    chance = np.random.default_rng(5)
    made = []
    for _ in range(2):
        wrong = chance.random(release.size) < 0.012
        moves = chance.integers(1, release.option_counts)
        codes = np.where(wrong, (release.truth + moves) % release.option_counts, release.truth)
        made.append(Sheet(codes.astype(np.uint8), np.ones(release.size, dtype=np.bool_), {}, "plain-csv"))
    found = likeness(made[0], made[1], release)
    assert found.same > 0.97
    assert not found.is_alarming


def test_the_real_models_are_no_copies_of_each_other(reference: Path) -> None:
    """RobustMAD's three, to 4,510 questions with five options each."""
    paths = sorted((reference / "robustmad").glob("MCQ_*.json.gz"))
    assert len(paths) == 3
    records = [json.loads(gzip.decompress(path.read_bytes())) for path in paths]
    asked = like_release([record["answer"] for record in records[0]])
    given = [like_sheet([record["mslm_answer"] for record in answers]) for answers in records]
    for one, other in itertools.combinations(given, 2):
        assert not likeness(one, other, asked).is_alarming
    for sheet in given:
        assert likeness(sheet, altered(sheet, asked, 0.03), asked).is_alarming


def codes_of(letters: list[str]) -> NDArray[np.uint8]:
    return np.array(
        ["ABCDE".index(letter) if letter in "ABCDE" else UNREAD for letter in letters], dtype=np.uint8
    )


def like_sheet(letters: list[str]) -> Sheet:
    return Sheet(codes_of(letters), np.ones(len(letters), dtype=np.bool_), {}, "plain-csv")


def like_release(letters: list[str]) -> Release:
    """As much of a release as likeness looks at."""
    size = len(letters)
    zeros = np.zeros(size, dtype=np.uint8)
    return Release(
        definition=definition.load("mmad"),
        ids=[str(number) for number in range(size)],
        images=[""] * size,
        source_datasets=zeros,
        subtasks=zeros,
        kinds=[""] * size,
        texts=[""] * size,
        options=[("a", "b", "c", "d", "e")] * size,
        abnormal=np.zeros(size, dtype=np.bool_),
        truth=codes_of(letters),
    )
