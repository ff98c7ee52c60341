"""The upload form and the made-up sample, asked in-process."""

import csv
import html
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from submissions import evaluation, storage
from submissions.models import Benchmark, Entry, Submission, User
from tests import material

pytestmark = pytest.mark.django_db
URL = "/benchmarks/mmad/submit/"
FORM = {"entry": "my model", "team": "a", "visibility": "private"}


@pytest.fixture
def member(client: Client) -> User:
    """Somebody signed in, in one team, with an open benchmark."""
    material.benchmark()
    user = material.person("member@example.org")
    material.team("a", user)
    client.force_login(user)
    return user


def send(client: Client, file: bytes | None = None, **fields: Any) -> Any:
    upload = SimpleUploadedFile("answers.csv", material.answers() if file is None else file)
    return client.post(URL, {**FORM, "file": upload, **fields})


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 422
    return {field: [str(one) for one in found] for field, found in answer.context["form"].errors.items()}


def test_a_sent_file_leads_to_its_submission(client: Client, member: User) -> None:
    answer = send(client, shots="1", tools="none", training="none-known")
    submission = Submission.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"/submissions/{submission.pk}/"
    assert (submission.source, submission.sent_by, submission.visibility) == ("web", member, "private")
    assert submission.file_name == "answers.csv"
    assert storage.answers().get(submission.answers_key) == material.answers()
    entry = Entry.objects.get()
    assert (entry.name, entry.shots, entry.division) == ("my model", 1, "closed")


def test_the_form_shows_every_setting_as_not_declared(client: Client, member: User) -> None:
    page = client.get(URL)
    assert page.status_code == 200
    form = page.context["form"]
    for name in Entry.SETTINGS:
        assert not form[name].value()
    assert page.content.decode().count("not declared") >= 7


def test_a_form_that_comes_back_keeps_what_was_typed(client: Client, member: User) -> None:
    answer = send(client, entry="kept", shots="65", paper="ftp://e.org/p", note="a note", visibility="public")
    found = errors(answer)
    assert set(found) == {"shots", "paper", "file"}
    assert "Choose the file again" in found["file"][0]
    html = answer.content.decode()
    assert 'value="kept"' in html
    assert "a note</textarea>" in html
    assert answer.context["form"]["visibility"].value() == "public"
    assert not Submission.objects.exists()


def test_a_rejected_file_is_corrected_without_typing_all_of_it_again(client: Client, member: User) -> None:
    material.team("b", member)
    said: dict[str, Any] = {
        "shots": "1",
        "tools": "none",
        "reasoning": "yes",
        "parameters": "7.5",
        "note": "as before",
    }
    twice = material.answers() + material.answers().split(b"\n")[1]
    send(client, twice, team="b", partial=["anomaly-detection"], visibility="public", **said)
    submission = Submission.objects.get()
    evaluation.run(submission.pk)
    page = client.get(f"/submissions/{submission.pk}/").content.decode()
    (address,) = re.findall(r'href="([^"]+)">Send the corrected file', page)
    form = client.get(html.unescape(address)).context["form"]
    begun = {name: form[name].value() for name in (*said, "team", "entry", "partial", "visibility")}
    assert begun == {
        **said,
        "shots": 1,
        "parameters": 7.5,
        "team": "b",
        "entry": "my model",
        "partial": ["anomaly-detection"],
        "visibility": "public",
    }


@pytest.mark.parametrize("again", ["", "x", "00000000-0000-4000-8000-000000000000", "another's"])
def test_the_form_tells_nothing_of_what_is_not_ones_own(again: str, client: Client, member: User) -> None:
    stranger = material.person("stranger@example.org")
    theirs = material.submitted(Benchmark.objects.get(), material.team("theirs", stranger), "secret model")
    page = client.get(URL, {"again": str(theirs.pk) if again == "another's" else again})
    assert page.status_code == 200
    assert page.context["form"]["entry"].value() is None
    assert "secret model" not in page.content.decode()


def test_a_script_that_keeps_the_file_is_not_told_to_choose_it_again(client: Client, member: User) -> None:
    upload = SimpleUploadedFile("answers.csv", material.answers())
    fields = {**FORM, "file": upload, "shots": "65"}
    assert list(errors(client.post(URL, fields, headers={"Sec-Fetch-Mode": "cors"}))) == ["shots"]


def test_a_form_without_a_file_says_so_beside_the_other_errors(client: Client, member: User) -> None:
    found = errors(client.post(URL, {**FORM, "entry": ""}))
    assert set(found) == {"entry", "file"}


@pytest.mark.parametrize(
    ("file", "word"),
    [
        (b"", "empty"),
        (b"\x80\x04\x95", "pickle"),
        (b"\x89PNG\r\n\x1a\n\0", "image"),
        ("question_id,answer".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04\0\0", "archive"),
        (b"hello", "format"),
    ],
)
def test_a_file_of_the_wrong_kind_is_refused_at_its_field(
    client: Client, member: User, file: bytes, word: str
) -> None:
    found = errors(send(client, file))
    assert list(found) == ["file"]
    assert word in found["file"][0]
    assert not Submission.objects.exists()


def test_a_file_that_is_too_large_is_refused(client: Client, member: User, settings: Settings) -> None:
    settings.VERNIER_MAX_UPLOAD_BYTES = 1024 * 1024
    answer = send(client, b"x" * (2 * 1024 * 1024))
    assert answer.status_code == 413
    assert "1 MiB" in answer.context["form"].errors["file"][0]


def test_other_settings_of_a_known_entry_are_refused_at_the_setting(client: Client, member: User) -> None:
    send(client, shots="1")
    found = errors(send(client, material.answers(seed=2), shots="2"))
    assert "another entry name" in found["shots"][0]


def test_the_same_file_again_leads_to_the_same_submission(client: Client, member: User) -> None:
    first, again = send(client), send(client)
    assert first["Location"] == again["Location"]
    assert "sent for this entry before" in client.get(again["Location"]).content.decode()


def test_a_used_up_day_is_said(client: Client, member: User) -> None:
    Benchmark.objects.update(daily_limit=1)
    send(client)
    found = errors(send(client, material.answers(seed=2)))
    assert "of today are used up (1 a day of UTC)" in found["__all__"][0]
    page = client.get(URL).content.decode()
    said = "Your team’s submissions of today are used up (1 a day of UTC)"
    assert said in page.partition('type="file"')[0]
    assert said in page.partition("data-upload")[2]
    Benchmark.objects.update(daily_limit=5, total_limit=1)
    assert "used up (1 in all)" in client.get(URL).content.decode().partition('type="file"')[0]


def test_the_form_leads_to_the_questions(client: Client, member: User) -> None:
    page = client.get(URL).content.decode()
    for form in ("csv", "jsonl"):
        assert f'/questions/?format={form}"' in page
        assert client.get(f"/api/v1/benchmarks/mmad/questions/?format={form}").status_code == 200


def test_a_closed_benchmark_takes_nothing(client: Client, member: User) -> None:
    Benchmark.objects.update(is_open=False)
    assert client.get(URL).context["intake"] == "closed"
    assert "closed" in errors(send(client))["__all__"][0]


def test_a_benchmark_without_a_release_says_that_the_questions_are_missing(
    client: Client, member: User
) -> None:
    Benchmark.objects.update(current_release=None)
    assert client.get(URL).context["intake"] == "no-release"


def test_a_strangers_team_cannot_be_named(client: Client, member: User) -> None:
    material.team("b", material.person("other@example.org"))
    assert "team" in errors(send(client, team="b"))


def test_a_person_of_several_teams_sees_what_each_has_left(client: Client, member: User) -> None:
    material.team("b", member)
    choices = [label for _slug, label in client.get(URL).context["form"].fields["team"].choices]
    assert [str(label) for label in choices] == ["A (50 left today)", "B (50 left today)"]
    send(client, team="b")
    assert Submission.objects.get().team.slug == "b"


def test_a_person_without_a_team_is_shown_the_way(client: Client) -> None:
    material.benchmark()
    client.force_login(material.person("alone@example.org"))
    assert "/teams/new/" in client.get(URL).content.decode()
    assert "no team yet" in errors(send(client))["__all__"][0]


def test_partial_and_public_reach_the_submission(client: Client, member: User) -> None:
    send(client, partial=["defect-analysis"], visibility="public")
    submission = Submission.objects.get()
    assert (submission.partial, submission.visibility) == (["defect-analysis"], "public")


def test_storage_that_does_not_answer_charges_nothing(
    client: Client, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> storage.Store:
        raise storage.StorageUnavailableError

    monkeypatch.setattr(storage, "answers", away)
    answer = send(client)
    assert answer.status_code == 503
    assert "Nothing was taken" in answer.context["form"].non_field_errors()[0]


def test_who_is_not_signed_in_comes_back_after_signing_in(client: Client) -> None:
    material.benchmark()
    assert client.get(URL)["Location"] == f"/accounts/login/?next={URL}"


def test_the_post_is_protected_from_other_sites(member: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member)
    assert send(strict).status_code == 403


def test_the_sample_is_a_whole_file_that_can_be_scored(client: Client, member: User) -> None:
    answer = client.get("/benchmarks/mmad/sample-answers.csv")
    sample = answer.getvalue()
    rows = list(csv.DictReader(io.StringIO(sample.decode())))
    assert list(rows[0]) == ["question_id", "answer"]
    assert len(rows) == 96
    assert client.get("/benchmarks/mmad/sample-answers.csv").getvalue() == sample
    send(client, sample)
    evaluation.run(Submission.objects.get().pk)
    assert Submission.objects.get().status == "scored"


def test_the_sample_is_not_the_truth(client: Client, member: User) -> None:
    rows = csv.DictReader(io.StringIO(client.get("/benchmarks/mmad/sample-answers.csv").getvalue().decode()))
    truth = material.truth(material.questions())
    right = sum(truth[row["question_id"]] == row["answer"] for row in rows)
    assert right < 0.6 * len(truth)


def test_the_form_asks_the_same_number_of_queries_for_any_number_of_teams(
    client: Client, member: User, django_assert_max_num_queries: Any
) -> None:
    client.get(URL)
    with django_assert_max_num_queries(8):
        client.get(URL)
    for number in range(5):
        material.submitted(
            Benchmark.objects.with_release().get(), material.team(f"t{number}", member), now=timezone.now()
        )
    with django_assert_max_num_queries(8):
        client.get(URL)
