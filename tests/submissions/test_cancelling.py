"""What still waits can be taken back, by its team, until a worker takes it."""

import pytest
from django.test import Client
from django.urls import reverse

from submissions import askers, evaluation, publication, quota
from submissions.models import Benchmark, Event, Submission, Team
from submissions.refusals import Refusal
from tests import material
from tests.material import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return material.team("a", material.person("o@example.org"))


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark()


def test_a_cancelled_one_costs_nothing_and_is_never_scored(team: Team, benchmark: Benchmark) -> None:
    owner = askers.for_user(team.memberships.get().user)
    submission = material.submitted(benchmark, team, public=True)
    assert quota.of(team, benchmark, now=NOON).used_today == 1
    for _again in range(2):
        publication.cancel(submission, by=owner, now=NOON)
    assert quota.of(team, benchmark, now=NOON).used_today == 0
    evaluation.run(submission.pk)
    submission.refresh_from_db()
    assert (submission.status, submission.finished_at) == ("cancelled", NOON)
    assert Event.objects.get(action="cancelled").actor_key == str(team.memberships.get().user_id)


def test_what_a_worker_has_taken_stays(team: Team, benchmark: Benchmark) -> None:
    owner = askers.for_user(team.memberships.get().user)
    submission = material.submitted(benchmark, team)
    assert evaluation.claim(submission.pk, now=NOON)
    with pytest.raises(Refusal, match="not-queued"):
        publication.cancel(submission, by=owner, now=NOON)
    assert Submission.objects.get().status == "scoring"
    assert not Event.objects.filter(action="cancelled").exists()


def test_the_page_offers_it_while_it_waits(team: Team, benchmark: Benchmark) -> None:
    submission = material.submitted(benchmark, team)
    client = Client()
    client.force_login(team.memberships.get().user)
    page, cancel = submission.get_absolute_url(), reverse("submission-cancel", args=[submission.pk])
    assert cancel in client.get(page).content.decode()
    html = client.post(cancel, follow=True).content.decode()
    assert "It does not count against the quota." in html
    assert cancel not in html
    assert "Cancelled before it was scored" in html


def test_by_the_api_a_claimed_one_answers_409(team: Team, benchmark: Benchmark) -> None:
    client = Client(headers={"Authorization": f"Bearer {material.token(team)}"})
    first, second = (material.submitted(benchmark, team, name) for name in ("one", "two"))
    answer = client.post(f"/api/v1/submissions/{first.pk}/cancel/")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert Event.objects.get(action="cancelled").actor_kind == "token"
    evaluation.claim(second.pk, now=NOON)
    answer = client.post(f"/api/v1/submissions/{second.pk}/cancel/")
    assert (answer.status_code, answer.json()["code"]) == (409, "not-queued")
    assert "scoring" in answer.json()["detail"]
