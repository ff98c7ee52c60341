"""The boards of earlier releases, and who moved: read by everybody; of drafts, by organizers alone."""

from datetime import timedelta

import pytest
from django.test import Client

from submissions import audit, publication, releases, rescoring
from submissions.models import Benchmark, Release, Report, Submission, Team
from tests import material

pytestmark = pytest.mark.django_db

BOARD = "/api/v1/benchmarks/mmad/leaderboard/"


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def sent() -> list[Submission]:
    """Three models of a team on the first release."""
    benchmark, team = material.benchmark(), material.team("a")
    return [
        material.scored(
            benchmark,
            team,
            f"model {number}",
            file=material.answers(0.5 + number / 10, seed=number),
            public=True,
            now=material.NOON + timedelta(minutes=number),
        )
        for number in range(3)
    ]


def draft(seed: int = 8) -> Release:
    """Another release with other answers, against which everything is scored."""
    release, _outcome = releases.publish(material.content(seed=seed), slug="mmad")
    while release.rescoring:
        rescoring.take_turn(release.pk, release.rescoring_turn)
        release.refresh_from_db()
    return release


def organizer() -> Client:
    client = Client()
    client.force_login(material.person("o@example.org", is_staff=True))
    return client


def test_the_old_board_answers_with_the_same_bytes(client: Client, sent: list[Submission]) -> None:
    old = sent[0].release
    assert old is not None
    before = {
        name: client.get(BOARD, {"column": name}).json()["results"]
        for name in ("overall", "defect-analysis", "VisA")
    }
    csv = client.get(BOARD, {"format": "csv"}).content
    releases.make_current(draft(), now=material.NOON)
    material.scored(Benchmark.objects.with_release().get(), Team.objects.get(), "late", public=True)
    for name, rows in before.items():
        assert client.get(BOARD, {"column": name, "release": old.digest}).json()["results"] == rows
        assert client.get(BOARD, {"column": name}).json()["results"] != rows
    assert client.get(BOARD, {"format": "csv", "release": old.short_digest}).content == csv


def test_every_score_names_its_release(client: Client, sent: list[Submission]) -> None:
    old = sent[0].release
    assert old is not None
    new = draft()

    def named(**asked: str) -> set[str]:
        return {row["release"] for row in client.get(BOARD, asked).json()["results"]}

    assert named() == {old.digest}
    releases.make_current(new, now=material.NOON)
    assert named() == named(release=new.digest) == {new.digest}
    assert named(release=old.digest) == {old.digest}
    page = client.get("/benchmarks/mmad/", {"release": old.short_digest}).content.decode()
    assert "No longer the board" in page


@pytest.mark.parametrize("digest", ["abcdef", "a", "%", "x" * 300])
def test_an_unknown_release_is_told(client: Client, sent: list[Submission], digest: str) -> None:
    answer = client.get(BOARD, {"release": digest})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown-release")
    assert client.get("/benchmarks/mmad/", {"release": digest}).status_code == 404


def test_nobody_but_organizers_learns_of_a_draft(client: Client, sent: list[Submission]) -> None:
    digest = draft().short_digest
    assert client.get(BOARD, {"release": digest}).status_code == 422
    for path in (f"/benchmarks/mmad/releases/{digest}/", f"/benchmarks/mmad/?release={digest}"):
        assert client.get(path).status_code == 404
    assert digest[:7] not in client.get("/benchmarks/mmad/releases/").content.decode()
    desk = organizer()
    assert digest[:7] in desk.get("/benchmarks/mmad/releases/").content.decode()
    assert "would move" in desk.get(f"/benchmarks/mmad/releases/{digest}/").content.decode()


@pytest.mark.parametrize(
    ("faults", "said"), [(1, "1 of them has no score on it: it lacks"), (2, "2 of them have no")]
)
def test_a_draft_says_how_many_have_no_score_on_it(sent: list[Submission], faults: int, said: str) -> None:
    release = draft()
    known = Report.objects.filter(release=release).order_by("id").values_list("pk", flat=True)[:faults]
    Report.objects.filter(pk__in=list(known)).update(fault="too-few-present")
    page = organizer().get("/benchmarks/mmad/releases/").content.decode()
    assert f"Submissions tried against it: {len(sent)} of {len(sent)}." in page
    assert said in page


def test_a_draft_shows_what_then_happens(client: Client, sent: list[Submission]) -> None:
    release = draft()
    desk, path = organizer(), f"/benchmarks/mmad/releases/{release.short_digest}/"
    would = {move["name"]: move for move in desk.get(path).context["moved"]}
    releases.make_current(release, now=material.NOON)
    did = {move["name"]: move for move in client.get(path).context["moved"]}
    assert did == would
    assert {move["name"] for move in did.values()} == {"model 0", "model 1", "model 2"}
    board = {row["entry"]["name"]: row for row in client.get(BOARD).json()["results"]}
    for name, move in did.items():
        assert str(move["rank_after"]) == str(board[name]["rank"])


def test_an_organizer_makes_a_draft_current_through_the_worker(sent: list[Submission]) -> None:
    release = draft()
    path = f"/benchmarks/mmad/releases/{release.short_digest}/publish/"
    assert organizer().post(path).status_code == 303
    assert Benchmark.objects.get().current_release != release, "the web process ranks nothing"
    releases.switch_if_due(release.pk, now=material.NOON)
    releases.switch_if_due(release.pk, now=material.NOON)
    assert Benchmark.objects.get().current_release == release


def test_an_organizer_discards_a_wrong_draft_and_imports_it_again(sent: list[Submission]) -> None:
    before, release = Benchmark.objects.get().current_release, draft()
    releases.ask_current(release, by=audit.COMMAND)
    desk, path = organizer(), f"/benchmarks/mmad/releases/{release.short_digest}/"
    page = desk.post(f"{path}discard/", follow=True).content.decode()
    assert "The draft is discarded" in page
    assert release.short_digest[:7] not in page
    releases.switch_if_due(release.pk, now=material.NOON)
    found = Benchmark.objects.get()
    assert (found.current_release, found.draft_release) == (before, None)
    again = desk.post(f"{path}discard/", follow=True).content.decode()
    assert "is not the draft of its benchmark any more" in again
    assert draft() == release
    assert Benchmark.objects.get().draft_release == release


@pytest.mark.parametrize("deed", ["publish", "rescore", "discard"])
def test_others_can_do_nothing_to_a_release(client: Client, sent: list[Submission], deed: str) -> None:
    release = draft()
    path = f"/benchmarks/mmad/releases/{release.short_digest}/{deed}/"
    assert client.post(path).status_code == 302
    client.force_login(material.person("s@example.org"))
    assert client.post(path).status_code == 404
    assert not Release.objects.get(pk=release.pk).switch_due
    assert Benchmark.objects.get().draft_release == release


def test_who_lacks_too_much_is_named(client: Client, sent: list[Submission]) -> None:
    release, _outcome = releases.publish(material.content(images_a_class=6), slug="mmad")
    rescoring.take_turn(release.pk, 0)
    releases.make_current(release, now=material.NOON)
    shown = client.get(f"/benchmarks/mmad/releases/{release.short_digest}/")
    assert {move["name"] for move in shown.context["lost"]} == {"model 0", "model 1", "model 2"}


def test_what_is_withdrawn_later_keeps_its_old_place(client: Client, sent: list[Submission]) -> None:
    old = sent[0].release
    releases.make_current(draft(), now=material.NOON)
    before = client.get(BOARD, {"release": old.digest}).json()  # type: ignore[union-attr]  # it is scored
    publication.withdraw(sent[2], reason="by mistake", by=audit.SITE, now=material.NOON)
    publication.place(sent[2].entry_id)
    after = client.get(BOARD, {"release": old.digest}).json()  # type: ignore[union-attr]  # as above
    assert after == before
    assert len(client.get(BOARD).json()["results"]) == 2


def test_a_submission_keeps_the_reports_on_earlier_releases(client: Client, sent: list[Submission]) -> None:
    submission = sent[0]
    old, path = submission.release, f"/api/v1/submissions/{submission.pk}/report/"
    assert old is not None
    before = client.get(path).json()
    new = draft()
    assert client.get(path, {"release": new.digest}).status_code == 409, "a draft is nobody's"
    releases.make_current(new, now=material.NOON)
    assert client.get(path, {"release": old.digest}).json() == before
    assert client.get(path).json()["release"] == new.digest
    page = client.get(f"/submissions/{submission.pk}/").content.decode()
    assert f"On release {old.digest[:7]}" in page
    assert "of an earlier release" not in page


def test_a_submission_says_what_it_lacks_of_the_present_release(
    client: Client, sent: list[Submission]
) -> None:
    release, _outcome = releases.publish(material.content(images_a_class=6), slug="mmad")
    rescoring.take_turn(release.pk, 0)
    releases.make_current(release, now=material.NOON)
    page = client.get(f"/submissions/{sent[0].pk}/").content.decode()
    assert "too few of that release" in page
