"""What is stored held against what is known."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from submissions import evaluation, reconciler, storage
from submissions.models import Submission
from tests import material

pytestmark = pytest.mark.django_db
LATER = timedelta(hours=2)


@pytest.fixture
def scored() -> Submission:
    return material.scored(material.benchmark(), material.team("home"))


def reconcile(*, pretend: bool = False) -> reconciler.Reconciliation:
    return reconciler.reconcile(now=timezone.now() + LATER, pretend=pretend)


def everything() -> set[str]:
    return {*storage.answers().keys(), *storage.truth().keys()}


def orphans() -> set[str]:
    """One of each kind of object that has no row."""
    gone = uuid4()
    in_answers = {f"answers/{gone}", f"sheets/{gone}-{16 * '0'}", f"problems/{gone}.json"}
    in_truth = {f"releases/{64 * '0'}", f"outcomes/{64 * '0'}/{gone}-1"}
    for key in in_answers:
        storage.answers().put(key, b"nobody's")
    for key in in_truth:
        storage.truth().put(key, b"nobody's")
    return in_answers | in_truth


def test_what_has_a_row_stays(scored: Submission) -> None:
    rejected = material.submitted(scored.benchmark, scored.team, file=b"question_id,answer\nno,A\n")
    evaluation.run(rejected.pk)
    before = everything()
    assert any(key.startswith("problems/") for key in before)
    found = reconcile()
    assert (found.removed, found.missing) == ([], [])
    assert everything() == before


def test_what_no_row_knows_goes(scored: Submission) -> None:
    before = everything()
    lost = orphans()
    found = reconcile()
    assert set(found.removed) == lost
    assert found.removed_bytes == len(lost) * len(b"nobody's")
    assert everything() == before
    assert reconcile().removed == []


def test_what_is_young_is_left_alone(scored: Submission) -> None:
    orphans()
    before = everything()
    assert reconciler.reconcile(now=timezone.now()).removed == []
    assert everything() == before


def test_what_somebody_else_keeps_there_is_left_alone(scored: Submission) -> None:
    storage.answers().put("notes/of-the-operator", b"mine")
    assert reconcile().removed == []


def test_pretending_removes_nothing(scored: Submission) -> None:
    lost = orphans()
    assert set(reconcile(pretend=True).removed) == lost
    assert lost <= everything()


@pytest.mark.parametrize("lose", ["answers", "releases"])
def test_a_row_whose_object_is_gone_is_named(scored: Submission, lose: str) -> None:
    stores: dict[str, Callable[[], storage.Store]] = {"answers": storage.answers, "releases": storage.truth}
    store = stores[lose]()
    key = next(store.keys(f"{lose}/"))
    store.delete(key)
    assert reconcile().missing == [key]
    said = StringIO()
    with pytest.raises(CommandError, match="restore them from a backup"):
        call_command("reconcile", stdout=said, stderr=StringIO())
    assert said.getvalue() == f"missing {key}\n"


def test_the_command_says_what_it_did(scored: Submission) -> None:
    orphans()
    said = StringIO()
    call_command("reconcile", "--age", "-10", "--dry-run", stderr=said)
    assert said.getvalue() == "orphans would go: 5 (40 bytes); missing: 0\n"
    call_command("reconcile", "--age", "-10", stderr=said)
    assert said.getvalue().endswith("orphans removed: 5 (40 bytes); missing: 0\n")
