"""What organizers decide of entries and teams, from the desk to what others see of it."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from submissions import askers, audit, moderation, publication, storage
from submissions.askers import Asker
from submissions.models import Benchmark, Entry, Event, Figure, Submission, Team, User
from submissions.refusals import Refusal
from tests import material

pytestmark = pytest.mark.django_db


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark()


@pytest.fixture
def owner() -> User:
    return material.person("owner@example.org")


@pytest.fixture
def team(owner: User) -> Team:
    return material.team("home", owner)


@pytest.fixture
def organizer() -> User:
    return User.objects.create_superuser("staff@example.org", "correct horse battery")


@pytest.fixture
def by(organizer: User) -> Asker:
    return askers.for_user(organizer)


@pytest.fixture
def desk(organizer: User) -> Client:
    client = Client()
    client.force_login(organizer)
    return client


@pytest.fixture
def sent(benchmark: Benchmark, team: Team) -> Submission:
    return material.scored(benchmark, team, "ours", public=True)


def deed(row: Any, name: str) -> str:
    return reverse(f"admin:submissions_{row._meta.model_name}_deed", args=[row.pk, name])


def on_board(benchmark: Benchmark) -> dict[str, int | None]:
    """Entry -> rank."""
    found = Figure.objects.on_board(benchmark, "overall")
    return dict(found.values_list("submission__entry__name", "rank"))


def hide(sent: Submission, by: Asker, reason: str = "a copy") -> None:
    moderation.hide(sent.entry, reason=reason, by=by, now=material.NOON)
    publication.place(sent.entry_id)


def test_a_hidden_entry_leaves_the_board_and_the_others_move_up(
    benchmark: Benchmark, sent: Submission, by: Asker
) -> None:
    other = material.team("away")
    material.scored(benchmark, other, "theirs", file=material.answers(0.3), public=True)
    assert on_board(benchmark) == {"ours": 1, "theirs": 2}
    hide(sent, by)
    assert on_board(benchmark) == {"theirs": 1}
    assert not Figure.objects.filter(submission=sent, rank__isnull=False).exists()


def test_a_restored_entry_stands_where_it_stood(benchmark: Benchmark, sent: Submission, by: Asker) -> None:
    hide(sent, by)
    moderation.restore(sent.entry, by=by)
    publication.place(sent.entry_id)
    assert on_board(benchmark) == {"ours": 1}
    assert Entry.objects.get(pk=sent.entry_id).hidden_reason == ""


def test_what_is_sent_to_a_hidden_entry_does_not_bring_it_back(
    benchmark: Benchmark, team: Team, sent: Submission, by: Asker
) -> None:
    hide(sent, by)
    better = material.scored(benchmark, team, "ours", file=material.answers(0.99), public=True)
    assert on_board(benchmark) == {}
    publication.choose(better, by=audit.COMMAND)
    publication.place(sent.entry_id)
    assert on_board(benchmark) == {}


def test_the_page_of_a_hidden_entry_tells_everybody_why(sent: Submission, by: Asker) -> None:
    hide(sent, by, "copied <b>from</b> another team")
    for address in (sent.entry.get_absolute_url(), sent.get_absolute_url()):
        text = Client().get(address).content.decode()
        assert "Their reason: copied &lt;b&gt;from&lt;/b&gt; another team" in text
    said = Client().get(reverse("api-entry", args=[sent.entry_id])).json()
    assert (said["hidden_reason"], said["submission"], said["rank"]) == (
        "copied <b>from</b> another team",
        None,
        None,
    )


def test_until_the_board_is_ranked_anew_a_hidden_entry_shows_no_report(sent: Submission, by: Asker) -> None:
    moderation.hide(sent.entry, reason="a copy", by=by, now=material.NOON)
    context = Client().get(sent.entry.get_absolute_url()).context
    assert (context["report"], context["standing_due"]) == (None, True)


def test_hiding_needs_a_reason_and_rings_for_the_ranks(
    sent: Submission, desk: Client, rings: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    assert desk.post(deed(sent.entry, "hide"), {"reason": " \n "}).status_code == 422
    assert not Entry.objects.get(pk=sent.entry_id).is_hidden
    with django_capture_on_commit_callbacks(execute=True):
        assert desk.post(deed(sent.entry, "hide"), {"reason": "a copy"}).status_code == 302
    assert ("submissions.tasks.place", str(sent.entry_id)) in rings
    entry = Entry.objects.get(pk=sent.entry_id)
    assert (entry.hidden_reason, entry.standing_due) == ("a copy", True)


def test_hiding_and_restoring_are_written_down_for_everybody(
    sent: Submission, desk: Client, organizer: User
) -> None:
    desk.post(deed(sent.entry, "hide"), {"reason": "a copy"})
    desk.post(deed(sent.entry, "restore"))
    events = Event.objects.visible_to(askers.NOBODY).of("entry", sent.entry_id).order_by("id")
    assert [(event.action, event.details, event.is_organizer) for event in events] == [
        ("entry-hidden", {"reason": "a copy"}, True),
        ("entry-restored", {}, True),
    ]
    assert {event.actor_key for event in events} == {str(organizer.pk)}


def test_what_is_not_hidden_cannot_be_restored(sent: Submission, by: Asker, desk: Client) -> None:
    with pytest.raises(Refusal, match="not-hidden"):
        moderation.restore(sent.entry, by=by)
    assert "is not hidden" in desk.post(deed(sent.entry, "restore")).content.decode()


def test_who_may_only_look_does_nothing_at_the_desk(sent: Submission) -> None:
    client = Client()
    client.force_login(material.person("new@example.org", is_staff=True))
    assert client.get(deed(sent.entry, "hide")).status_code == 403
    assert client.post(deed(sent.entry, "hide"), {"reason": "a copy"}).status_code == 403
    assert not Entry.objects.get(pk=sent.entry_id).is_hidden


def ban(team: Team, by: Asker, reason: str = "other teams' files") -> None:
    moderation.ban(team, reason=reason, by=by, now=material.NOON)
    team.refresh_from_db()


def send_by_token(team: Team) -> Any:
    headers = {"Authorization": f"Bearer {material.token(team)}"}
    form = {"entry": "model", "file": SimpleUploadedFile("answers.csv", material.answers())}
    return Client(headers=headers).post(reverse("api-submissions", args=["mmad"]), form)


def test_a_banned_teams_token_is_told_why_nothing_is_taken(
    benchmark: Benchmark, team: Team, by: Asker
) -> None:
    ban(team, by)
    answer = send_by_token(team)
    assert (answer.status_code, answer.json()["code"]) == (403, "team-banned")
    assert "Their reason: other teams' files" in answer.json()["detail"]
    assert not Submission.objects.exists()


def test_a_banned_team_is_told_so_on_its_pages(
    benchmark: Benchmark, team: Team, owner: User, by: Asker
) -> None:
    ban(team, by)
    client = Client()
    client.force_login(owner)
    upload = reverse("upload", args=["mmad"])
    for address in (upload, team.get_absolute_url()):
        assert "Their reason: other teams&#x27; files" in client.get(address).content.decode()
    form = {"entry": "model", "team": "home", "visibility": "private"}
    file = SimpleUploadedFile("answers.csv", material.answers())
    answer = client.post(upload, {**form, "file": file})
    assert answer.status_code == 403
    assert not Submission.objects.exists()


def test_who_is_in_another_team_too_sends_for_that_one(
    benchmark: Benchmark, team: Team, owner: User, by: Asker
) -> None:
    material.team("second", owner)
    ban(team, by)
    client = Client()
    client.force_login(owner)
    file = SimpleUploadedFile("answers.csv", material.answers())
    form = {"entry": "model", "team": "second", "visibility": "private", "file": file}
    assert client.post(reverse("upload", args=["mmad"]), form).status_code == 303


def test_a_team_that_is_banned_while_its_file_comes_in_sends_nothing(
    benchmark: Benchmark, team: Team, by: Asker
) -> None:
    moderation.ban(team, reason="a copy", by=by, now=material.NOON)
    assert not team.is_banned, "as the request had read it before"
    with pytest.raises(Refusal, match="team-banned"):
        material.submitted(benchmark, team)
    assert not Submission.objects.exists()
    assert not list(storage.answers().keys())


def test_a_banned_teams_entries_stay_and_it_publishes_no_other(
    benchmark: Benchmark, team: Team, sent: Submission, by: Asker
) -> None:
    private = material.scored(benchmark, team, "private")
    ban(team, by)
    assert on_board(benchmark) == {"ours": 1}
    with pytest.raises(Refusal, match="team-banned"):
        publication.publish(private, by=audit.COMMAND, now=material.NOON)
    publication.withdraw(sent, by=audit.COMMAND, reason="by mistake", now=material.NOON)


def test_a_restored_team_sends_again(benchmark: Benchmark, team: Team, desk: Client) -> None:
    assert desk.post(deed(team, "ban"), {"reason": ""}).status_code == 422
    assert desk.post(deed(team, "ban"), {"reason": "a copy"}).status_code == 302
    assert send_by_token(team).status_code == 403
    assert desk.post(deed(team, "restore")).status_code == 302
    assert send_by_token(team).status_code == 202


def test_a_ban_is_written_down_for_the_team_and_the_organizers(
    team: Team, owner: User, desk: Client, by: Asker
) -> None:
    desk.post(deed(team, "ban"), {"reason": "a copy"})
    desk.post(deed(team, "restore"))
    stranger = askers.for_user(material.person("s@example.org"))
    told = {
        name: [event.action for event in Event.objects.visible_to(asker).order_by("id")]
        for name, asker in (("owner", askers.for_user(owner)), ("staff", by), ("stranger", stranger))
    }
    both = ["team-banned", "team-restored"]
    assert told == {"owner": both, "staff": both, "stranger": []}
