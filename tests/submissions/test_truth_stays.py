"""Truth stays where workers read it: looked for in every answer, in the database's rows and beside the truth."""

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from scoring.release import Release as Content
from submissions import evaluation, storage, truths
from submissions.models import Submission, Team, User
from submissions.sealing import SealedError
from tests import material
from tests.truth_search import RUN, TruthSearch

pytestmark = pytest.mark.django_db

TRUTH = material.truth(material.questions(12))
SEARCH = TruthSearch(TRUTH)
CALLS = (
    "/",
    "/benchmarks/mmad/",
    "/benchmarks/mmad/about/",
    "/benchmarks/mmad/sample-answers.csv",
    "/api/v1/benchmarks/mmad/",
    "/api/v1/benchmarks/mmad/leaderboard/",
    "/api/v1/benchmarks/mmad/leaderboard/?format=csv",
    "/api/v1/benchmarks/mmad/questions/",
    "/api/v1/benchmarks/mmad/questions/?format=csv",
    "/api/v1/benchmarks/mmad/questions/?format=jsonl",
    "/api/v1/benchmarks/mmad/submissions/",
    "/admin/submissions/benchmark/",
    "/admin/submissions/submission/",
)
OF_A_SUBMISSION = (
    "/submissions/{}/",
    "/submissions/{}/state/",
    "/submissions/{}/problems.csv",
    "/submissions/{}/answers/",
    "/api/v1/submissions/{}/",
    "/api/v1/submissions/{}/report/",
    "/admin/submissions/submission/{}/change/",
)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, User]:
    """After a good file, a wrong one and a fault of ours: who may ask."""
    member = material.person("member@example.org")
    organizer = User.objects.create_superuser("organizer@example.org", "correct horse battery")
    benchmark, team = material.benchmark(images_a_class=12), material.team("a", member)
    file = material.answers(0.75, material=material.questions(12))
    material.scored(benchmark, team, "good", file=file, public=True)
    material.scored(benchmark, team, "wrong", file=file + b"none#0,A\n")
    broken(benchmark, team, monkeypatch)
    return {"member": member, "organizer": organizer}


def broken(benchmark: Any, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scoring that fails with the truth in its hands."""

    def fault(_data: bytes, release: Any, **_options: Any) -> None:
        raise RuntimeError(f"the truth is {release.truth.tolist()} of {release!r}")

    submission = material.submitted(benchmark, team, "broken", file=material.answers(0.5, seed=9))
    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "evaluate", fault)
        for _attempt in range(Submission.MOST_ATTEMPTS):
            with pytest.raises(SealedError):
                evaluation.run(submission.pk)


def everything(client: Client) -> bytes:
    """Every answer that the client gets, one after the other."""
    keys = Submission.objects.values_list("pk", flat=True)
    addresses = [*CALLS, *(call.format(key) for key in keys for call in OF_A_SUBMISSION)]
    return b"\n".join(client.get(url).getvalue() for url in addresses)


def test_the_search_finds_the_truth_where_it_is(told: dict[str, User]) -> None:
    assert len(TRUTH) > 10 * RUN
    kept = truths.decoded(next(iter(storage.truth().keys("releases/"))).split("/")[1])
    assert isinstance(kept, Content)
    assert SEARCH.in_bytes("truth", bytes(kept.truth.tolist()))
    assert SEARCH.in_bytes("planted", "\n".join(TRUTH.values()).encode())


@pytest.mark.parametrize("who", ["anonymous", "member", "organizer"])
def test_no_answer_holds_a_run_of_truth(told: dict[str, User], who: str) -> None:
    client = Client()
    if who in told:
        client.force_login(told[who])
    assert SEARCH.in_bytes(who, everything(client)) == []


def test_no_row_of_the_database_holds_a_run_of_truth(told: dict[str, User]) -> None:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            values = model._default_manager.values_list(field.attname, flat=True)
            assert SEARCH.in_values(f"{model.__name__}.{field.name}", values) == []


def test_no_file_beside_the_truth_holds_a_run_of_it(told: dict[str, User], stores: Path) -> None:
    files = [path for path in (stores / "answers").rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert SEARCH.in_bytes(path.name, path.read_bytes()) == []
