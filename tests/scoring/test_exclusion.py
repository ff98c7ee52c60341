"""Questions that a release still asks and no longer counts."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scoring.answers.read import read
from scoring.answers.sheet import Sheet
from scoring.errors import PredictionError
from scoring.evaluate import evaluate
from scoring.likeness import likeness
from scoring.release import Release
from scoring.transfer import Changes
from tests import material
from tests.scoring.reports import rescore, undrawn

RELEASE = material.content(20)
FILE = material.answers(material=material.questions(20))
ROWS = ("ids", "images", "kinds", "texts", "options")
ARRAYS = ("source_datasets", "subtasks", "abnormal", "truth")
SOME = frozenset(RELEASE.ids[position] for position in (0, 3, 4, 11))
EXCLUDING = RELEASE.excluding(SOME)


def without(release: Release, ids: frozenset[str]) -> Release:
    """The release as if it had never asked them."""
    kept = [position for position, question_id in enumerate(release.ids) if question_id not in ids]
    columns: dict[str, Any] = {name: [getattr(release, name)[at] for at in kept] for name in ROWS}
    columns |= {name: getattr(release, name)[kept] for name in ARRAYS}
    return replace(release, excluded=frozenset(), **columns)


def answers_to(release: Release) -> bytes:
    lines = FILE.decode().splitlines()
    return "\n".join(
        [lines[0], *(line for line in lines[1:] if line.split(",")[0] in set(release.ids))]
    ).encode()


def test_a_report_is_that_of_a_release_without_them() -> None:
    smaller = without(RELEASE, SOME)
    expected = evaluate(answers_to(smaller), smaller).report
    found = evaluate(FILE, EXCLUDING).report
    assert undrawn(found) == undrawn(replace(expected, readings=evaluate(FILE, RELEASE).report.readings))


def test_a_partial_report_is_that_of_a_release_without_them() -> None:
    smaller, subtask = without(RELEASE, SOME), RELEASE.definition.subtask_slugs[int(RELEASE.subtasks[3])]
    found = evaluate(FILE, EXCLUDING, partial=[subtask]).report
    expected = evaluate(answers_to(smaller), smaller, partial=[subtask]).report
    assert undrawn(found) == undrawn(replace(expected, readings=found.readings))


def test_pandas_counts_the_same() -> None:
    report = evaluate(FILE, EXCLUDING).report
    frame = pd.DataFrame(EXCLUDING.public_questions())
    counted = frame[~frame["is_excluded"]].groupby(["source_dataset", "subtask"]).size()
    assert {(cell.dataset, cell.subtask): cell.asked for cell in report.cells} == counted.to_dict()


def test_outcomes_say_nothing_of_them() -> None:
    bits = np.unpackbits(np.frombuffer(evaluate(FILE, EXCLUDING).outcomes, dtype=np.uint8))[: RELEASE.size]
    assert not bits[~EXCLUDING.counted].any()


def test_a_file_may_leave_them_out() -> None:
    assert evaluate(answers_to(without(RELEASE, SOME)), EXCLUDING).report.present == 1.0


def test_answers_to_them_do_not_make_a_file_complete() -> None:
    only_them = without(RELEASE, frozenset(RELEASE.ids) - SOME)
    with pytest.raises(PredictionError) as caught:
        evaluate(answers_to(only_them), EXCLUDING)
    assert caught.value.problems[0].params["present"] == 0


def test_the_digest_tells_them_and_stays_where_there_are_none() -> None:
    assert EXCLUDING.digest != RELEASE.digest
    assert EXCLUDING.excluding([]).digest == RELEASE.digest
    assert RELEASE.excluding(["no such question"]) is RELEASE


def test_they_come_back_from_the_store() -> None:
    assert Release.decode(EXCLUDING.encode()).excluded == SOME


def test_old_answers_are_carried_to_a_release_that_excludes_some() -> None:
    sheet = read(FILE, RELEASE)
    assert rescore(sheet, RELEASE, EXCLUDING).report == evaluate(FILE, EXCLUDING).report
    assert rescore(sheet, EXCLUDING, RELEASE).report == evaluate(FILE, RELEASE).report


def test_what_is_excluded_and_counted_again_is_told_by_subtask() -> None:
    assert sum(Changes.between(RELEASE, EXCLUDING).excluded.values()) == len(SOME)
    assert sum(Changes.between(EXCLUDING, RELEASE).readmitted.values()) == len(SOME)
    assert not any(Changes.between(EXCLUDING, EXCLUDING).to_dict().values())


def test_likeness_does_not_look_at_them() -> None:
    sheet = read(FILE, RELEASE)
    other = sheet.codes.copy()
    other[~EXCLUDING.counted] = (other[~EXCLUDING.counted] + 1) % 2
    assert likeness(sheet, Sheet(other, sheet.present, {}, "csv"), EXCLUDING).same == 1.0
