"""The short form of `make fuzz`, and what the fuzzer itself must not let pass."""

import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from scoring.errors import PredictionError, Problem
from scoring.evaluate import Evaluation, evaluate
from scoring.release import Release
from tests.fuzz.__main__ import main
from tests.fuzz.inputs import VALUES, _wrong_part, _wrong_value
from tests.fuzz.judge import Evaluate
from tests.fuzz.run import Trial, run

INPUTS = 12_000


def test_whatever_is_sent_is_scored_or_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--inputs", str(INPUTS), "--seed", "3", "--folder", str(tmp_path)])
    said = capsys.readouterr().out
    assert code == 0, said
    figures = re.fullmatch(
        r"(\d+) inputs, (\d+) rejected, (\d+) scored, 0 unhandled, slowest \d+\.\d\d s, peak memory \d+ MB",
        said.splitlines()[-1],
    )
    assert figures, said
    inputs, rejected, scored = map(int, figures.groups())
    assert inputs == INPUTS == rejected + scored
    assert scored > INPUTS / 10, "too few come past the door"


def forgetful(data: bytes, release: Release, *, partial: Sequence[str] = ()) -> Evaluation:
    """A reader that does not think of one case."""
    if b"gpt_answer" in data and b"1e999" in data:
        raise KeyError("gpt_answer")
    return evaluate(data, release, partial=partial)


def test_an_exception_is_reported_with_the_way_to_see_it_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["--inputs", "3000", "--folder", str(tmp_path)], evaluate=forgetful)
    said = capsys.readouterr().out
    assert code == 1
    assert "KeyError" in said
    [number, *_] = re.findall(r"^.*python -m tests.fuzz --seed 1 --only (\d+)$", said, re.MULTILINE)
    assert (tmp_path / f"seed-1-{number}").read_bytes() == Trial(1).inputs.make(int(number)).data
    with pytest.raises(KeyError):
        main(["--only", number], evaluate=forgetful)


def telling(data: bytes, release: Release, *, partial: Sequence[str] = ()) -> Evaluation:
    """A reader whose errors tell the truth."""
    try:
        return evaluate(data, release, partial=partial)
    except PredictionError as error:
        problem = Problem("unexpected-field", 1, params={"field": str(release.truth.tolist())})
        raise PredictionError.single(problem) from error


def unworded(data: bytes, release: Release, *, partial: Sequence[str] = ()) -> Evaluation:
    """A reader with a code that nobody has words for."""
    raise PredictionError.single(Problem("no-such-code"))


def generous(data: bytes, release: Release, *, partial: Sequence[str] = ()) -> Evaluation:
    """A reader that scores what is no answer file."""
    try:
        return evaluate(data, release, partial=partial)
    except PredictionError:
        ids = ",A\n".join(release.ids)
        return evaluate(f"question_id,answer\n{ids},A".encode(), release)


@pytest.mark.parametrize("reader", [telling, unworded, generous])
def test_an_outcome_that_is_none_of_those_allowed_is_reported(reader: Evaluate, tmp_path: Path) -> None:
    said: list[str] = []
    tally = run(range(200), seed=1, processes=1, say=said.append, folder=tmp_path, evaluate=reader)
    assert tally.unhandled > 5
    assert "WrongError" in said[0]


def test_an_input_is_a_function_of_seed_and_number() -> None:
    one, other = Trial(5).inputs, Trial(5).inputs
    made = [one.make(number) for number in range(300)]
    assert [other.make(number) for number in reversed(range(300))] == made[::-1]
    assert len({given.data for given in made}) > 250


def test_what_one_input_changes_no_other_sees() -> None:
    before = repr(VALUES)
    for seed in range(2000):
        chance, records = random.Random(seed), [{"question": "", "options": ""}]
        for _ in range(4):
            _wrong_value(records, chance)
            _wrong_part(records, chance)
    assert repr(VALUES) == before
