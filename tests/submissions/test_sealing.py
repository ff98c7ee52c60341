"""A fault that quotes the truth leaves none of it: not in the error, nor in what hangs on it, nor in Celery's log."""

import pickle
import traceback
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from botocore.exceptions import EndpointConnectionError, ParamValidationError
from django.db import OperationalError

from scoring.errors import Problem, ReleaseError
from submissions import evaluation, storage, tasks
from submissions.models import Submission
from submissions.sealing import SealedError, sealed
from tests import material
from tests.truth_search import TruthSearch

pytestmark = pytest.mark.django_db

TRUTH = material.truth(material.questions())
LETTERS = "".join(TRUTH.values())
SEARCH = TruthSearch(TRUTH)


def quoting(*_arguments: Any, **_options: Any) -> None:
    """Quote the truth in every way at once."""
    try:
        raise KeyError(list(TRUTH.values()))
    except KeyError as error:
        error.add_note(LETTERS)
        raise ValueError(LETTERS, TRUTH) from error


def while_quoting(*_arguments: Any, **_options: Any) -> None:
    """Find the store away while another error is handled."""
    try:
        quoting()
    finally:
        raise storage.StorageUnavailableError("the store is away")


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def holds_truth(error: BaseException) -> bool:
    """Whether the error, printed or sent elsewhere, tells any of it, or anything that hangs on it does."""
    told = "".join(traceback.format_exception(error)).encode()
    told += b"".join(pickle.dumps(each) + repr(each).encode() for each in chain(error))
    return bool(SEARCH.in_bytes("error", told))


@pytest.fixture
def queued() -> UUID:
    return material.submitted(material.benchmark(), material.team("a")).pk


@pytest.mark.parametrize(
    "place",
    [
        "submissions.truths.decoded",
        "submissions.evaluation.evaluate",
        "submissions.outcomes.keep",
        "submissions.standings.place",
    ],
)
def test_celery_logs_types_and_places_alone(
    queued: UUID, place: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(place, quoting)
    done = tasks.score.apply(args=(str(queued),))
    assert isinstance(done.result, SealedError)
    assert not holds_truth(done.result)
    assert not SEARCH.in_bytes("traceback", str(done.traceback).encode())
    assert "raised unexpected" in caplog.text
    for part in ("builtins.ValueError", "builtins.KeyError", "in quoting", "in _score", __file__):
        assert part in caplog.text
    assert not SEARCH.in_bytes("log", caplog.text.encode())
    assert Submission.objects.get(pk=queued).attempts == 1


def test_a_store_that_is_away_brings_no_truth_along(
    queued: UUID, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(evaluation, "evaluate", while_quoting)

    def unwritable(*_arguments: Any, **_changes: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(evaluation, "_put_back", unwritable)
    with pytest.raises(OperationalError) as raised:
        evaluation.run(queued)
    assert not holds_truth(raised.value)
    assert "the store is away" in caplog.text
    assert not SEARCH.in_bytes("log", caplog.text.encode())


def test_a_fault_that_cannot_be_recorded_is_raised_with_the_reason(
    queued: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwritable(*_arguments: Any, **_changes: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(evaluation, "evaluate", quoting)
    monkeypatch.setattr(evaluation, "_put_back", unwritable)
    with pytest.raises(SealedError, match="in quoting") as raised:
        evaluation.run(queued)
    assert isinstance(raised.value.__cause__, OperationalError)
    assert not holds_truth(raised.value)


def test_the_codes_of_a_damaged_release_are_told_without_their_parameters() -> None:
    error = ReleaseError.single(Problem("wrong-definition", params={"reason": LETTERS}))
    assert "scoring.errors.ReleaseError (wrong-definition)" in str(sealed(error))
    assert not holds_truth(sealed(error))


def test_errors_that_lead_to_each_other_come_to_an_end() -> None:
    one, other = ValueError(), KeyError()
    one.__context__, other.__context__ = other, one
    assert str(sealed(one)).count("builtins.") == 2


def test_the_store_says_what_connects_it_but_not_what_it_carries() -> None:
    away = EndpointConnectionError(endpoint_url="http://127.0.0.1:1/truth")
    assert "http://127.0.0.1:1/truth" in storage._said(away)
    quoting = ParamValidationError(report=f"Invalid type for parameter Body, value: {LETTERS}")
    assert storage._said(quoting) == "ParamValidationError"


def test_the_faults_above_would_be_found() -> None:
    with pytest.raises(ValueError, match=LETTERS) as raised:
        quoting()
    assert holds_truth(raised.value)
