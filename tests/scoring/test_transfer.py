"""Answers to one release, scored against another."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scoring.answers.read import read
from scoring.answers.sheet import UNREAD, Sheet
from scoring.errors import PredictionError
from scoring.evaluate import evaluate
from scoring.release import Release
from scoring.transfer import Changes, Transfer
from tests import material
from tests.scoring.reports import rescore, undrawn

ROWS = ("ids", "images", "kinds", "texts", "options")
ARRAYS = ("source_datasets", "subtasks", "abnormal", "truth")


def changed(release: Release, position: int, **columns: Any) -> Release:
    """The release with other values for one question."""
    made: dict[str, Any] = {}
    for name, value in columns.items():
        made[name] = list(getattr(release, name))
        made[name][position] = value
    if "truth" in made:
        made["truth"] = np.array(made["truth"], dtype=np.uint8)
    return replace(release, **made)


def arranged(release: Release, order: list[int]) -> Release:
    """The release's questions at these positions, in this order."""
    made: dict[str, Any] = {name: [getattr(release, name)[at] for at in order] for name in ROWS}
    made |= {name: getattr(release, name)[order] for name in ARRAYS}
    return replace(release, **made)


def without(release: Release, *positions: int) -> Release:
    return arranged(release, [at for at in range(release.size) if at not in positions])


RELEASE = material.content(20)
FILE = material.answers(material=material.questions(20))


def test_the_same_release_gives_the_same_report() -> None:
    first = evaluate(FILE, RELEASE)
    again = rescore(first.sheet, RELEASE, RELEASE)
    assert (again.report, again.outcomes) == (first.report, first.outcomes)


def test_a_sheet_comes_back_as_it_was_kept() -> None:
    sheet = read(FILE, RELEASE)
    kept = Sheet.decode(sheet.encode())
    assert np.array_equal(kept.codes, sheet.codes)
    assert np.array_equal(kept.present, sheet.present)
    assert (kept.readings, kept.format) == (sheet.readings, sheet.format)


@pytest.mark.parametrize("damaged", [b"", b"x", read(FILE, RELEASE).encode()[:-3]])
def test_a_damaged_sheet_is_told(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        Sheet.decode(damaged)


def test_a_corrected_answer_counts_as_if_the_file_were_sent_anew() -> None:
    corrected = changed(RELEASE, 4, truth=(RELEASE.truth[4] + 1) % len(RELEASE.options[4]))
    carried = rescore(read(FILE, RELEASE), RELEASE, corrected)
    assert carried.report == evaluate(FILE, corrected).report
    assert carried.outcomes != evaluate(FILE, RELEASE).outcomes


def test_questions_in_another_order_change_nothing() -> None:
    turned = arranged(RELEASE, list(reversed(range(RELEASE.size))))
    assert rescore(read(FILE, RELEASE), RELEASE, turned).report == evaluate(FILE, RELEASE).report


def test_options_in_another_order_keep_their_answers() -> None:
    options, right = RELEASE.options[4], int(RELEASE.truth[4])
    turned = changed(RELEASE, 4, options=options[::-1], truth=len(options) - 1 - right)
    before = evaluate(FILE, RELEASE)
    after = rescore(before.sheet, RELEASE, turned).report
    # They keep what they say, not their letters.
    told = replace(
        after, commonest=before.report.commonest, commonest_by_subtask=before.report.commonest_by_subtask
    )
    assert after.commonest != before.report.commonest
    assert undrawn(told) == undrawn(before.report)


@pytest.mark.parametrize(
    "change",
    [{"texts": "Something else?"}, {"options": ("one", "two", "three", "four")}],
    ids=["wording", "options"],
)
def test_an_answer_to_another_wording_answers_nothing(change: dict[str, Any]) -> None:
    carried = Transfer.between(RELEASE, changed(RELEASE, 4, **change)).carry(read(FILE, RELEASE))
    assert carried.codes[4] == UNREAD
    assert np.flatnonzero(~carried.present).tolist() == [4]


def test_white_space_and_case_are_no_other_wording() -> None:
    again = changed(RELEASE, 4, texts="  " + RELEASE.texts[4].upper() + "\n")
    assert Transfer.between(RELEASE, again).carry(read(FILE, RELEASE)).present.all()


def test_new_questions_are_missing_from_old_answers() -> None:
    old = without(RELEASE, 0, 7)
    of_file = "\n".join(
        line
        for line in FILE.decode().splitlines()
        if line.split(",")[0] not in {RELEASE.ids[0], RELEASE.ids[7]}
    )
    report = rescore(read(of_file.encode() + b"\n", old), old, RELEASE).report
    assert report.present == pytest.approx(1 - 2 / RELEASE.size)


def test_far_too_few_questions_in_common_are_told() -> None:
    old = without(RELEASE, *range(RELEASE.size // 2))
    kept = set(old.ids)
    lines = FILE.decode().splitlines()
    of_file = "\n".join([lines[0], *(line for line in lines[1:] if line.split(",")[0] in kept)])
    with pytest.raises(PredictionError) as caught:
        rescore(read(of_file.encode() + b"\n", old), old, RELEASE)
    assert caught.value.problems[0].code == "too-few-records"


def test_changes_are_counted_by_subtask() -> None:
    later = without(RELEASE, 0)
    later = changed(later, 3, truth=(later.truth[3] + 1) % len(later.options[3]))
    later = changed(later, 5, texts="Something else?")
    found = Changes.between(RELEASE, later)
    subtask = [RELEASE.definition.subtask_slugs[number] for number in later.subtasks]
    assert found.to_dict() == {
        "added": {},
        "removed": {RELEASE.definition.subtask_slugs[RELEASE.subtasks[0]]: 1},
        "reworded": {subtask[5]: 1},
        "answers_changed": {subtask[3]: 1},
        "excluded": {},
        "readmitted": {},
    }
    assert Changes.between(later, RELEASE).added == found.removed
