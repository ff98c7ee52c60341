"""A team that has done its work sends nothing more, and what it made public stays."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from submissions import evaluation, teams
from submissions.models import Benchmark, Event, Submission, Team, User
from submissions.refusals import Refusal
from tests import material
from tests.material import NOON

pytestmark = pytest.mark.django_db
API = "/api/v1/benchmarks/mmad/submissions/"


@pytest.fixture
def owner() -> User:
    return material.person("o@example.org")


@pytest.fixture
def team(owner: User) -> Team:
    return material.team("a", owner)


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def upload(**fields: str) -> dict[str, object]:
    file = SimpleUploadedFile("answers.csv", material.answers(seed=9))
    return {"entry": "new", "file": file, "visibility": "private", **fields}


def test_its_results_stay_and_nothing_more_is_taken(team: Team, owner: User, benchmark: Benchmark) -> None:
    shown = material.scored(benchmark, team, public=True)
    token = Client(headers={"Authorization": f"Bearer {material.token(team)}"})
    signed_in(owner).post("/teams/a/archive/")
    answer = token.post(API, upload())
    assert (answer.status_code, answer.json()["code"]) == (403, "team-archived")
    assert "An owner can restore it" in answer.json()["detail"]
    assert "model" in Client().get("/benchmarks/mmad/").content.decode()
    assert Client().get(shown.get_absolute_url()).status_code == 200
    signed_in(owner).post("/teams/a/restore/")
    assert token.post(API, upload()).status_code == 202
    told = Event.objects.filter(object_kind="team").order_by("id")
    assert list(told.values_list("action", flat=True)) == ["archived", "restored"]


def test_what_waits_when_it_is_archived_is_scored(team: Team, owner: User, benchmark: Benchmark) -> None:
    waiting = material.submitted(benchmark, team)
    teams.archive(team, by=owner, now=NOON)
    evaluation.run(waiting.pk)
    assert Submission.objects.get().status == "scored"


def test_an_upload_on_its_way_when_it_is_archived_is_refused(
    team: Team, owner: User, benchmark: Benchmark
) -> None:
    stale = Team.objects.get(pk=team.pk)
    teams.archive(team, by=owner, now=NOON)
    with pytest.raises(Refusal, match="team-archived"):
        material.submitted(benchmark, stale)
    assert not Submission.objects.exists()


def test_it_invites_nobody(team: Team, owner: User) -> None:
    _invitation, secret = teams.invite(team, by=owner, now=NOON)
    for _again in range(2):
        teams.archive(team, by=owner, now=NOON)
    with pytest.raises(Refusal, match="invitation-ended"):
        teams.accept(secret, user=material.person("g@example.org"), now=NOON)
    with pytest.raises(Refusal, match="team-archived"):
        teams.invite(team, by=owner, now=NOON)
    assert Event.objects.filter(action="archived").count() == 1


def test_a_member_archives_nothing(team: Team) -> None:
    member = material.person("m@example.org")
    team.memberships.create(user=member)
    for deed in ("archive", "restore"):
        assert signed_in(member).post(f"/teams/a/{deed}/").status_code == 403
    assert "Archive" not in signed_in(member).get("/teams/a/").content.decode()


def test_who_has_another_team_need_not_name_it(team: Team, owner: User, benchmark: Benchmark) -> None:
    material.team("b", owner)
    client = signed_in(owner)
    assert client.post(API, upload()).json()["code"] == "which-team"
    teams.archive(team, by=owner, now=NOON)
    assert client.post(API, upload()).json()["team"] == "b"
    answer = client.post(API, upload(team="a"))
    assert (answer.status_code, answer.json()["code"]) == (403, "team-archived")


def test_the_pages_say_so_and_offer_it_no_more(team: Team, owner: User, benchmark: Benchmark) -> None:
    client = signed_in(owner)
    assert "/teams/a/archive/" in client.get("/teams/a/").content.decode()
    html = client.post("/teams/a/archive/", follow=True).content.decode()
    assert "/teams/a/restore/" in html
    assert "/teams/a/archive/" not in html
    assert "Send answers" not in html
    assert "archived" in client.get("/teams/").content.decode()
    assert "First, a team" in client.get("/benchmarks/mmad/submit/").content.decode()
    answer = client.post("/benchmarks/mmad/submit/", upload(team="a"))
    assert answer.status_code == 422
